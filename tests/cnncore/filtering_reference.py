"""What `filter2d` must give: its definition written out, for its tests."""

import numpy as np
import scipy.signal
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from cnncore.filtering import _filter2d, filter2d
from cnncore.geometry import as_pair, resolve_padding_2d

BORDERS = ("constant", "reflect", "symmetric", "edge", "wrap")
WAYS = ("plain", "dense", "sparse", "passes", "bands", "fft")


def sum_of_products(image, kernel, *, stride=1, dilation=1, padding="same", border="reflect", value=0.0, flip=False):
    """The definition, in double precision: pad with `numpy.pad`, lay every window, multiply, add."""
    image, kernel = np.asarray(image, np.float64), np.asarray(kernel, np.float64)
    if flip:
        kernel = kernel[::-1, ::-1]
    (sv, sh), (dv, dh) = as_pair(stride, "stride"), as_pair(dilation, "dilation")
    pads = resolve_padding_2d(image.shape[:2], kernel.shape, stride=stride, padding=padding, dilation=dilation)
    extra = {"constant_values": value} if border == "constant" else {}
    padded = np.pad(image, [*pads, (0, 0)][: image.ndim], mode=border, **extra)
    extent = dv * (kernel.shape[0] - 1) + 1, dh * (kernel.shape[1] - 1) + 1
    windows = sliding_window_view(padded, extent, axis=(0, 1))[::sv, ::sh, ..., ::dv, ::dh]
    with np.errstate(invalid="ignore"):
        return (windows * kernel).sum((-2, -1))


def tolerance(image, kernel, value=0.0):
    """What the contract allows."""
    return 1e-5 * np.abs(kernel).sum() * max(np.abs(image).max(), abs(value)) + 1e-37


def check(image, kernel, way=None, **options):
    result = by(way, image, kernel, **options)
    expected = sum_of_products(image, kernel, **options)
    assert result.shape == expected.shape
    assert result.flags.c_contiguous
    error = np.abs(result - expected).max()
    assert error <= tolerance(np.asarray(image, float), np.asarray(kernel, float), options.get("value", 0.0)), error
    return result


def by(way, image, kernel, **options):
    """`filter2d` the given way; or the cheapest one, where that way does not suit the kernel or the steps."""
    try:
        return _filter2d(image, kernel, way=way, **options)
    except ValueError as error:
        if "does not suit" not in str(error):
            raise
        return filter2d(image, kernel, **options)


@st.composite
def cases(draw):
    """An image, a kernel and options that fit them: everything the signature allows, small."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    height, width = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    kh, kw = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    channels = draw(st.sampled_from([(), (1,), (2,), (3,)]))
    dtype = draw(st.sampled_from([np.float32, np.float64, np.float16, np.uint8, np.int16, np.int64, np.bool_]))
    image = (rng.standard_normal((height, width, *channels)) * 100).astype(dtype)
    image = draw(st.sampled_from([image, image[::-1], image[:, ::-1], image.swapaxes(0, 1), np.asfortranarray(image)]))
    kernel = rng.standard_normal((kh, kw))
    form = draw(st.sampled_from(["full", "rank 1", "rank 2", "sparse", "whole numbers", "zero"]))
    if form == "rank 1":
        kernel = np.outer(kernel[:, 0], kernel[0])
    elif form == "rank 2":
        kernel = np.outer(kernel[:, 0], kernel[0]) + np.outer(kernel[:, -1], kernel[-1])
    elif form == "sparse":
        kernel *= rng.random((kh, kw)) < 0.3
    elif form == "whole numbers":
        kernel = kernel.round().astype(int)
    elif form == "zero":
        kernel = np.zeros((kh, kw), bool)
    pixels = st.integers(0, 12)
    padding = draw(
        st.one_of(
            st.sampled_from(["same", "same_lower", "full", "valid"]),
            pixels,
            st.tuples(pixels, pixels),
            st.tuples(st.tuples(pixels, pixels), st.tuples(pixels, pixels)),
        )
    )
    steps = st.one_of(st.just(1), st.integers(1, 4), st.tuples(st.integers(1, 4), st.integers(1, 4)))
    options = {
        "stride": draw(steps),
        "dilation": draw(steps),
        "padding": padding,
        "border": draw(st.sampled_from(BORDERS)),
        "value": draw(st.sampled_from([0.0, -2.5, 100.0])),
        "flip": draw(st.booleans()),
    }
    return image, kernel, options


def exact(image, kernel):
    """Correlation over a picture already padded, in double precision; the transforms' own error is 1e-15 or so."""
    return scipy.signal.oaconvolve(image.astype(float), kernel[::-1, ::-1].astype(float), mode="valid")
