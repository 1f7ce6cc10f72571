"""Smaller working copies of a picture, and its grey."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cnncore.images import decode, resize, to_gray

WIDTH, HEIGHT = 37, 23


def scene(channels: int = 3) -> np.ndarray:
    """Return a picture without any symmetry: smooth (JPEG keeps it), each channel and corner different."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    planes = (x * 6, y * 10, (x + y) * 3.5, 255 - x * 3 - y * 4)
    return np.stack(planes[:channels], -1).clip(0, 255).round().astype(np.uint8)


def saved(picture: Image.Image | np.ndarray, kind: str, **options) -> bytes:
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def grey3(levels: np.ndarray) -> np.ndarray:
    return np.repeat(levels[..., None], 3, 2)


RGB = scene()
GREY = scene(1)[..., 0]
RGBA = scene(4)


def test_longest_limits_the_sides():
    large = np.tile(RGB, (20, 20, 1))
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        whole = decode(saved(large, kind))
        small = decode(saved(large, kind), longest=100)
        assert small.shape == (62, 100, 3)
        error = np.abs(small.astype(int) - resize(whole, 100))
        assert error.mean() < 4 if kind == "JPEG" else error.max() == 0
        assert decode(saved(RGB, kind), longest=100).shape == RGB.shape
    turned = Image.Exif()
    turned[0x0112] = 6
    assert decode(saved(large, "JPEG", exif=turned), longest=100).shape == (100, 62, 3)


def test_resize_averages_and_never_enlarges():
    fine = (np.indices((300, 400)).sum(0) % 2 * 255).astype(np.uint8)
    half = resize(grey3(fine), 200)
    assert half.shape == (150, 200, 3)
    assert np.abs(half[5:-5, 5:-5].astype(int) - 127.5).max() < 2
    assert resize(RGB, 5000) is RGB
    assert (resize(np.full((99, 77, 3), 200, np.uint8), 13) == 200).all()
    assert resize(GREY, 10).shape == (6, 10)
    edge = np.where(np.arange(90) < 45, 30, 220).astype(np.uint8)[None].repeat(90, 0)
    assert resize(edge, 20).min() == 30
    assert resize(edge, 20).max() == 220


@pytest.mark.parametrize(
    ("image", "longest"),
    [(RGB.astype(float), 9), (RGBA, 9), (RGB[0, 0], 9), (RGB[:0], 9), (RGB, 0), (RGB, 2.5), (RGB, True)],
)
def test_resize_refuses(image, longest):
    with pytest.raises(ValueError, match=r"`(image|longest)`"):
        resize(image, longest)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.float16, np.float32, np.float64])
def test_gray_is_the_weighted_sum(dtype):
    rng = np.random.default_rng(3)
    rgb = rng.integers(0, 256, (700, 301, 3)).astype(dtype)
    exact = rgb.astype(np.float64) @ np.array([0.2989, 0.5870, 0.1140])
    for view, wanted in ((rgb, exact), (rgb[::-2, ::3], exact[::-2, ::3]), (rgb.swapaxes(0, 1), exact.T)):
        grey = to_gray(view)
        assert grey.dtype == np.float32
        assert grey.shape == view.shape[:2]
        assert np.abs(grey - wanted).max() < 1e-4


def test_gray_passes_on_what_is_not_finite():
    rgb = np.zeros((1, 4, 3))
    rgb[0, :, 0] = np.nan, np.inf, -np.inf, 1
    rgb[0, 1, 1] = -np.inf
    assert np.isnan(to_gray(rgb)[0, :2]).all()
    assert to_gray(rgb)[0, 2] == -np.inf
    assert to_gray(rgb)[0, 3] == np.float32(0.2989)


@pytest.mark.parametrize("bad", [GREY, RGBA, RGB[None], RGB.astype(bool), RGB.astype(complex), "abc"])
def test_gray_refuses(bad):
    with pytest.raises(ValueError, match="`rgb`"):
        to_gray(bad)
