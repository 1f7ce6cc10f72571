"""Pictures to begin with: two photographs, handwritten digits, and patterns that show what a filter does.

The photographs are those that scikit-learn ships; the digits are MNIST's. Each pattern is made by a formula of its own.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cnncore.assets import asset_path
from cnncore.images import decode

Pixels = NDArray[np.uint8]

# For each class a digit that is well drawn: how many of its class come before it in the file.
WELL_DRAWN = (3, 6, 5, 7, 4, 3, 6, 5, 8, 4)


@dataclass(frozen=True)
class Sample:
    """A bundled picture.

    Parameters
    ----------
    key : str
        Its stable name in links.
    title, group : str
        What it is called on the screen, and the kind it belongs to.
    source : str
        Where it comes from, or its formula.
    load : callable
        () -> (H, W, 3) or (H, W) uint8.
    """

    key: str
    title: str
    group: str
    source: str
    load: Callable[[], Pixels]


def load_sample(key: str) -> Pixels:
    """Return a bundled picture.

    Parameters
    ----------
    key : str
        One of `SAMPLES`.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        sRGB; a fresh array.

    Raises
    ------
    ValueError
        If there is no such sample.

    Examples
    --------
    >>> load_sample("impulse").sum(axis=(0, 1)).tolist()
    [255, 255, 255]
    """
    if key not in SAMPLES:
        raise ValueError(f"`key` (={key!r}) must be one of {', '.join(SAMPLES)}")
    pixels = SAMPLES[key].load()
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels.copy()


@cache
def _photograph(name: str) -> Pixels:
    """Read one of scikit-learn's pictures without importing scikit-learn, which takes seconds."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("scikit-learn, which ships the sample photographs, is not installed")
    folder = Path(next(iter(spec.submodule_search_locations))) / "datasets" / "images"
    return decode((folder / f"{name}.jpg").read_bytes())


@cache
def _digits() -> Pixels:
    """Return one digit of each class, shape (10, 28, 28)."""
    with np.load(asset_path("mnist_10k.npz"), allow_pickle=False) as data:
        images, labels = data["images"], data["labels"]
    return np.stack([images[labels == digit][place] for digit, place in enumerate(WELL_DRAWN)])


def _digit(digit: int) -> Pixels:
    return _digits()[digit]


def _bytes(shares: NDArray[np.float64]) -> Pixels:
    """Turn shares from 0 to 1 into pixels."""
    return np.rint(255 * np.clip(shares, 0, 1)).astype(np.uint8)


def _edges(size: int = 256) -> Pixels:
    down, right = np.mgrid[0:size, 0:size]
    half = size // 2
    steps = np.zeros((size, size))
    steps[:half, :half] = right[:half, :half] >= half // 2
    steps[:half, half:] = down[:half, half:] >= half // 2
    steps[half:, :half] = down[half:, :half] - half > right[half:, :half]
    steps[half:, half:] = (down[half:, half:] - 3 * half / 2) ** 2 + (right[half:, half:] - 3 * half / 2) ** 2 < (
        0.35 * half
    ) ** 2
    return _bytes(0.2 + 0.6 * steps)


def _checkerboard(size: int = 256, square: int = 16) -> Pixels:
    down, right = np.mgrid[0:size, 0:size] // square
    return _bytes(((down + right) % 2).astype(np.float64))


def _zone_plate(size: int = 512) -> Pixels:
    # The phase pi * r^2 / size has the local frequency r / size: half a cycle a pixel where r = size / 2, at the sides.
    offset = np.arange(size) - (size - 1) / 2
    window = offset[:, None] ** 2 + offset[None, :] ** 2
    inside = window <= (size / 2) ** 2
    return _bytes(np.where(inside, 0.5 + 0.5 * np.cos(np.pi * window / size), 0.5))


def _impulse(size: int = 31) -> Pixels:
    pixels = np.zeros((size, size), np.uint8)
    pixels[size // 2, size // 2] = 255
    return pixels


def _ramp(size: int = 256) -> Pixels:
    return np.tile(np.arange(size, dtype=np.uint8), (size // 2, 1))


def _samples() -> tuple[Sample, ...]:
    shipped = "shipped with scikit-learn, CC BY 2.0"
    mnist = "MNIST, Y. LeCun, C. Cortes, C. J. C. Burges, CC BY-SA 3.0"
    return (
        Sample("china", "Summer palace", "Photographs", f"china.jpg, {shipped}", partial(_photograph, "china")),
        Sample("flower", "Flower", "Photographs", f"flower.jpg, {shipped}", partial(_photograph, "flower")),
        *(
            Sample(f"digit_{digit}", f"Handwritten {digit}", "Digits", mnist, partial(_digit, digit))
            for digit in range(10)
        ),
        Sample("edges", "Step edges", "Patterns", "Upright, level, slanted and round steps from 51 to 204", _edges),
        Sample("checkerboard", "Checkerboard", "Patterns", "Squares of 16 pixels, 0 and 255", _checkerboard),
        Sample("zone_plate", "Zone plate", "Patterns", "cos(π r² / 512): the stripes grow finer outwards", _zone_plate),
        Sample("impulse", "Impulse", "Patterns", "One white pixel: the output shows the kernel itself", _impulse),
        Sample("ramp", "Ramp", "Patterns", "Brightness rises by 1 a pixel: its slope is constant", _ramp),
    )


SAMPLES: Mapping[str, Sample] = MappingProxyType({sample.key: sample for sample in _samples()})
"""Every bundled picture by its key, in the order in which they are offered."""
