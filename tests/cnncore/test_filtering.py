"""`filter2d` against a plain sum of products, and against SciPy and OpenCV."""

import os
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from cnncore import _filter_plan, _filter_tiles
from cnncore.filtering import _filter2d, filter2d
from cnncore.geometry import as_pair, resolve_padding_2d

BORDERS = ("constant", "reflect", "symmetric", "edge", "wrap")
WAYS = ("plain", "dense", "sparse", "passes", "bands", "fft")
NDIMAGE_MODES = {
    "constant": "constant",
    "reflect": "mirror",
    "symmetric": "reflect",
    "edge": "nearest",
    "wrap": "grid-wrap",
}


@pytest.fixture
def rng():
    return np.random.default_rng(2024)


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


@settings(max_examples=400, deadline=None)
@given(cases(), st.sampled_from([None, *WAYS]))
def test_sum_of_products(case, way):
    image, kernel, options = case
    before = image.copy(), kernel.copy()
    try:
        expected = sum_of_products(image, kernel, **options)
    except ValueError:
        with pytest.raises(ValueError, match=r"`kernel` of .* spans .* padded `image` has only"):
            filter2d(image, kernel, **options)
        return
    result = by(way, image, kernel, **options)
    assert result.dtype == (np.float64 if image.dtype == np.float64 else np.float32)
    assert result.shape == expected.shape
    assert np.abs(result - expected).max() <= tolerance(image.astype(float), kernel, options["value"])
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(kernel, before[1])


@settings(max_examples=200, deadline=None)
@given(cases(), st.lists(st.sampled_from([np.nan, np.inf, -np.inf]), min_size=1, max_size=4), st.data())
def test_sum_of_products_that_are_not_finite(case, numbers, data):
    image, kernel, options = case
    image = image.astype(np.float64)
    for number in numbers:
        row, column = data.draw(st.tuples(*(st.integers(0, n - 1) for n in image.shape[:2])))
        image[row, column, ...] = number
    try:
        expected = sum_of_products(image, kernel, **options)
    except ValueError:
        return
    # Small pictures are summed plainly without further ado: have a way chosen for some of them, too.
    with mock.patch.object(_filter_plan, "SMALL", data.draw(st.sampled_from([0, _filter_plan.SMALL]))):
        result = filter2d(image, kernel, **options)
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-9)


def test_docstring_conventions_on_an_asymmetric_kernel():
    """Correlation leaves the kernel as it is, flip=True turns it round; the windows of an even kernel stay put."""
    impulse = np.zeros((5, 5))
    impulse[2, 2] = 1
    kernel = np.arange(1.0, 5.0).reshape(2, 2)
    np.testing.assert_array_equal(filter2d(impulse, kernel)[1:3, 1:3], kernel[::-1, ::-1])
    np.testing.assert_array_equal(filter2d(impulse, kernel, flip=True)[1:3, 1:3], kernel)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [(3, 3), (1, 7), (5, 1), (9, 13), (31, 31)])
@pytest.mark.parametrize("border", BORDERS)
def test_ndimage(rng, border, size, dtype):
    image, kernel = rng.standard_normal((61, 83)).astype(dtype), rng.standard_normal(size).astype(dtype)
    mode = NDIMAGE_MODES[border]
    allowed = tolerance(image, kernel) if dtype == np.float32 else 1e-11
    for flip, reference in ((False, scipy.ndimage.correlate), (True, scipy.ndimage.convolve)):
        expected = reference(image, kernel, mode=mode, cval=1.5)
        result = filter2d(image, kernel, border=border, value=1.5, flip=flip)
        assert result.dtype == expected.dtype
        np.testing.assert_allclose(result, expected, rtol=0, atol=allowed)


@pytest.mark.parametrize("padding", ["full", "valid"])
@pytest.mark.parametrize("size", [(2, 2), (3, 4), (16, 11)])
def test_scipy_signal(rng, padding, size):
    image, kernel = rng.standard_normal((40, 50)), rng.standard_normal(size)
    expected = scipy.signal.convolve2d(image, kernel, mode=padding)
    result = filter2d(image, kernel, padding=padding, border="constant", flip=True)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("size", [1, 3, 5, 11, 21])
def test_opencv(rng, size):
    cv2 = pytest.importorskip("cv2", reason="opencv-python-headless is in the extras test and bench")
    borders = {
        "constant": cv2.BORDER_CONSTANT,
        "reflect": cv2.BORDER_REFLECT_101,
        "symmetric": cv2.BORDER_REFLECT,
        "edge": cv2.BORDER_REPLICATE,
    }
    image = rng.random((120, 90, 3)).astype(np.float32)
    kernel = rng.standard_normal((size, size)).astype(np.float32)
    for border, code in borders.items():
        expected = cv2.filter2D(image, cv2.CV_32F, kernel, borderType=code)
        np.testing.assert_allclose(
            filter2d(image, kernel, border=border), expected, rtol=0, atol=tolerance(image, kernel)
        )


def test_whole_numbers_stay_exact(rng):
    image = rng.integers(0, 256, (300, 400), dtype=np.uint8)
    for kernel in ([[0, 1, 0], [1, -4, 1], [0, 1, 0]], [[1, 0, -1], [2, 0, -2], [1, 0, -1]], np.eye(5), np.eye(1)):
        np.testing.assert_array_equal(filter2d(image, kernel), sum_of_products(image, kernel))


@pytest.mark.parametrize("padding", ["same", "same_lower", "full"])
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("shape", [(5, 5), (1, 1), (1, 9), (9, 1), (2, 3)])
def test_kernel_larger_than_the_picture(rng, shape, border, padding):
    image, kernel = rng.standard_normal(shape), rng.standard_normal((15, 15))
    for stride in (1, 3):
        for way in (None, "plain", "dense", "fft"):
            check(image, kernel, way, border=border, padding=padding, stride=stride, value=3.0)


@pytest.mark.parametrize("way", [None, "plain", "fft"])
def test_kernel_in_blocks(rng, way):
    """A kernel that spans more than a tile is laid in parts, which must meet without a seam."""
    image = rng.standard_normal((40, 30)).astype(np.float32)
    check(image, rng.standard_normal((300, 20)), way)
    check(image, rng.standard_normal((3, 270)), way, padding="full", border="wrap", stride=(1, 2))
    check(image, rng.standard_normal((4, 3)), way, dilation=(150, 300), border="symmetric")
    check(image, np.outer(rng.standard_normal(300), rng.standard_normal(4)), way, stride=(3, 1))


@pytest.mark.parametrize("shape", [(20_000, 1), (1, 20_000), (7, 9_001), (9_001, 7)])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (31, 5), (2, 40)])
def test_long_and_thin(rng, shape, size):
    image, kernel = rng.standard_normal(shape).astype(np.float32), rng.standard_normal(size)
    for way in (None, "fft"):
        check(image, kernel, way, stride=(1, 2) if shape[0] == 7 else 1)
    check(image, np.outer(kernel[:, 0], kernel[0]), "bands")


def exact(image, kernel):
    """Correlation over a picture already padded, in double precision; the transforms' own error is 1e-15 or so."""
    return scipy.signal.oaconvolve(image.astype(float), kernel[::-1, ::-1].astype(float), mode="valid")


PICTURES = {
    "noise": lambda rng, shape: rng.standard_normal(shape),
    "far from zero": lambda rng, shape: 1e4 + rng.standard_normal(shape),
    "flat": lambda rng, shape: np.full(shape, 0.1),
    "one bright pixel": lambda rng, shape: np.where(np.arange(shape[0] * shape[1]).reshape(shape) == 70_000, 1e6, 0.1),
}
KERNELS = {
    "noise": lambda rng, size: rng.standard_normal((size, size)),
    "flat": lambda rng, size: np.full((size, size), 0.1),
    "smooth": lambda rng, size: np.outer(np.hanning(size + 2)[1:-1], rng.random(size) + 0.1),
    "two products": lambda rng, size: rng.random((size, 2)) @ rng.random((2, size)),
    "one large weight": lambda rng, size: (
        rng.random((size, size)) * 1e-3 + (np.arange(size * size).reshape(size, size) == 4)
    ),
    "half zeros": lambda rng, size: rng.standard_normal((size, size)) * (rng.random((size, size)) < 0.5),
}


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("size", [3, 7, 15, 31, 63])
def test_error_bound(rng, picture, size):
    """Every way stays within 1e-5 sum|k| max|image|, on pictures of many tiles."""
    image = PICTURES[picture](rng, (440, 670)).astype(np.float32)
    padded = np.pad(image, size // 2, mode="reflect")
    for make in KERNELS.values():
        kernel = make(rng, size).astype(np.float32)
        expected, allowed = exact(padded, kernel), tolerance(image, kernel)
        for way in WAYS:
            if size > 31 and way in ("plain", "dense", "sparse") and picture != "flat":
                continue  # slow, and a flat picture is what rounds worst
            result = by(way, image, kernel)
            assert np.abs(result - expected).max() <= allowed, way


@pytest.mark.parametrize("way", [None, *WAYS])
@pytest.mark.parametrize("stride", [(2, 2), (1, 3), (5, 1)])
def test_stride_and_dilation_over_many_tiles(rng, way, stride):
    image = rng.standard_normal((500, 700, 2)).astype(np.float32)
    kernel = np.outer(rng.standard_normal(5), rng.standard_normal(7))
    kernel[2] = 0
    dilation = (2, 3)
    spread = np.zeros((9, 19))
    spread[::2, ::3] = kernel
    padded = np.pad(image, ((40, 41), (30, 0), (0, 0)), mode="wrap")
    expected = np.stack([exact(padded[..., c], spread)[:: stride[0], :: stride[1]] for c in (0, 1)], axis=-1)
    result = by(way, image, kernel, stride=stride, dilation=dilation, padding=((40, 41), (30, 0)), border="wrap")
    assert result.shape == expected.shape
    assert np.abs(result - expected).max() <= tolerance(image, kernel)


@pytest.mark.parametrize("size", [1, 3, 6, 15, 31])
@pytest.mark.parametrize("form", ["full", "half zeros", "rank 1", "shift", "zero"])
def test_nan_and_infinity_stay_where_they_are(rng, form, size):
    """Also under zero weights, as 0 * nan and 0 * inf are nan; nowhere else, whatever the way would mix."""
    kernel = rng.standard_normal((size, size))
    if form == "half zeros":
        kernel *= rng.random((size, size)) < 0.5
    elif form == "rank 1":
        kernel = np.outer(kernel[0], kernel[-1])
    elif form == "shift":
        kernel = np.eye(size)
    elif form == "zero":
        kernel = np.zeros((size, size))
    image = rng.standard_normal((150, 180))
    for places, number in ((3, np.nan), (4, np.inf), (4, -np.inf)):
        image[rng.integers(0, 150, places), rng.integers(0, 180, places)] = number
    image[0, 0] = np.inf
    for border in ("symmetric", "constant"):
        for picture in (image, image.astype(np.float32)):
            result = filter2d(picture, kernel, border=border)
            expected = sum_of_products(image, kernel, border=border)
            np.testing.assert_array_equal(np.isnan(result), np.isnan(expected))
            np.testing.assert_array_equal(np.isinf(result) * result, np.isinf(expected) * expected)
            np.testing.assert_allclose(result, expected, rtol=0, atol=1e-4 * max(np.abs(kernel).sum(), 1))


def test_nan_in_the_padding_only(rng):
    image, kernel = rng.standard_normal((64, 64)), np.outer(np.ones(9), [1, 0, 0, 0, 0, 0, 0, 0, -1])
    for value in (np.nan, np.inf):
        result = filter2d(image, kernel, border="constant", value=value)
        expected = sum_of_products(image, kernel, border="constant", value=value)
        np.testing.assert_allclose(result, expected, atol=1e-12)
        assert np.isfinite(result[4:-4, 4:-4]).all()
        assert not np.isfinite(result[:4]).any()
        # without padding the value is never met
        assert np.isfinite(filter2d(image, kernel, border="constant", value=value, padding="valid")).all()


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_nan_and_infinity_in_the_kernel(rng, number):
    image, kernel = rng.standard_normal((50, 60)), rng.standard_normal((12, 12))
    image[:, 30:] = 0
    kernel[3, 4] = number
    np.testing.assert_array_equal(np.isnan(filter2d(image, kernel)), np.isnan(sum_of_products(image, kernel)))


@pytest.mark.parametrize("scale", [1e-42, 1e-30, 1e30, 1e37])
@pytest.mark.parametrize("size", [3, 31])
def test_numbers_near_the_ends_of_the_range(rng, size, scale):
    """A mean of numbers that fit is a number that fits, though their spectrum would not."""
    image = (rng.random((300, 300)) * scale).astype(np.float32)
    for kernel in (rng.random((size, size)), np.outer(rng.random(size), rng.random(size)), np.eye(size)):
        kernel = (kernel / kernel.sum()).astype(np.float32)
        expected = exact(np.pad(image, size // 2, mode="reflect"), kernel)
        # single precision holds nothing finer than 1.4e-45 down there
        assert np.abs(filter2d(image, kernel) - expected).max() <= 1e-5 * image.max() + size**2 * 1.4e-45


def test_channels_are_filtered_apart(rng):
    image, kernel = rng.standard_normal((80, 70, 4)), rng.standard_normal((5, 4))
    result = filter2d(image, kernel, stride=2)
    for channel in range(4):
        alone = filter2d(image[..., channel], kernel, stride=2)
        np.testing.assert_allclose(result[..., channel], alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_same_bits_whatever_the_number_of_threads(rng, way, monkeypatch):
    image = rng.standard_normal((640, 640)).astype(np.float32)
    kernel = np.outer(rng.standard_normal(11), rng.standard_normal(11))
    kernel[:, 3] = 0
    several = _filter2d(image, kernel, way=way)
    monkeypatch.setattr(_filter_tiles, "cpu_count", lambda: 1)
    np.testing.assert_array_equal(_filter2d(image, kernel, way=way), several)


def test_many_callers_at_once(rng):
    image, kernel = rng.standard_normal((300, 600)).astype(np.float32), rng.standard_normal((5, 5))
    expected = filter2d(image, kernel)
    results = []
    callers = [threading.Thread(target=lambda: results.append(filter2d(image, kernel))) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(results) == 8
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_an_error_in_a_worker_reaches_the_caller(monkeypatch):
    monkeypatch.setattr(_filter_tiles, "cpu_count", lambda: 2)
    caller, both = threading.current_thread(), threading.Barrier(2, timeout=10)

    def work(queue):
        both.wait()
        if threading.current_thread() is not caller:
            raise MemoryError("no scratch")

    out = np.empty((4, 4, 1))
    job = _filter_tiles.Job(
        _filter_tiles.Padded(out, ((0, 0), (0, 0)), "edge", 0.0), np.ones((1, 1)), out, (1, 1), (1, 1)
    )
    with pytest.raises(MemoryError, match="no scratch"):
        _filter_tiles.share(work, job.tiles(1, 4), job, 1)


def test_a_forked_child_filters_too():
    """It inherits the pool, but none of its threads: waiting for them would be for ever."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    code = """
import os, signal, warnings
import numpy as np
from cnncore import _filter_plan, _filter_tiles
from cnncore.filtering import filter2d
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 up warns of fork beside threads
_filter_tiles.cpu_count = lambda: 2
image, kernel = np.ones((700, 700), np.float32), np.arange(9.0).reshape(3, 3)
expected = filter2d(image, kernel)
child = os.fork()
if not child:
    signal.alarm(20)
    os._exit(0 if (filter2d(image, kernel) == expected).all() else 1)
raise SystemExit(os.waitpid(child, 0)[1])
"""
    run_python(code)


def test_imports_only_what_it_needs():
    code = """
import sys
import numpy as np
from cnncore.filtering import filter2d
filter2d(np.ones((300, 300)), np.arange(9.0).reshape(3, 3))
heavy = {"scipy.fft", "scipy.linalg", "scipy.signal", "scipy.ndimage", "streamlit"} & set(sys.modules)
assert not heavy, heavy
filter2d(np.ones((300, 300)), np.random.default_rng(0).random((31, 31)))
assert "scipy.fft" in sys.modules
assert "scipy.signal" not in sys.modules
"""
    run_python(code)


def run_python(code):
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("form", "size"),
    [(form, size) for form in ("full", "rank 1") for size in (3, 7, 15, 63, 255, 1023)]
    + [("sparse", size) for size in (3, 9, 63)],
)
def test_memory(rng, size, form):
    """At most four copies of the result are in use at once, the result among them, whatever the kernel's size."""
    image = rng.standard_normal((1024, 1024)).astype(np.float32)
    kernel = rng.standard_normal((size, size)).astype(np.float32)
    if form == "rank 1":
        kernel = np.outer(kernel[0], kernel[1])
    elif form == "sparse":
        kernel *= rng.random((size, size)) < 0.02
    filter2d(image[:64, :64], kernel)  # what is imported and kept from the first call on is not this call's
    tracemalloc.start()
    try:
        result = filter2d(image, kernel)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result.nbytes < peak <= 4 * result.nbytes + kernel.nbytes


IMAGE, KERNEL = np.ones((5, 6)), np.ones((3, 3))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((np.ones(5), KERNEL), {}, r"`image` must have the shape \(H, W\) or \(H, W, C\), none of them 0, not \(5,\)"),
        ((np.ones((2, 2, 2, 2)), KERNEL), {}, r"`image` .* not \(2, 2, 2, 2\)"),
        ((np.ones((0, 5)), KERNEL), {}, r"`image` .* not \(0, 5\)"),
        ((np.ones((5, 5, 0)), KERNEL), {}, r"`image` .* not \(5, 5, 0\)"),
        ((IMAGE + 1j, KERNEL), {}, r"`image` must hold real numbers, not complex128"),
        ((np.full((3, 3), "a"), KERNEL), {}, r"`image` must hold real numbers, not <U1"),
        ((np.full((3, 3), None), KERNEL), {}, r"`image` must hold real numbers, not object"),
        (([[1, 2], [3]], KERNEL), {}, r"`image` must be a rectangular array of numbers"),
        ((IMAGE, np.ones(3)), {}, r"`kernel` must have the shape \(KH, KW\), none of them 0, not \(3,\)"),
        ((IMAGE, np.ones((3, 3, 3))), {}, r"`kernel` .* not \(3, 3, 3\)"),
        ((IMAGE, np.ones((0, 3))), {}, r"`kernel` .* not \(0, 3\)"),
        ((IMAGE, [["a"]]), {}, r"`kernel` must hold real numbers, not <U1"),
        ((IMAGE, KERNEL * 1j), {}, r"`kernel` must hold real numbers, not complex128"),
        ((IMAGE, KERNEL), {"border": "mirror"}, r"`border` \(='mirror'\) must be one of 'constant', 'reflect'"),
        ((IMAGE, KERNEL), {"border": ["edge"]}, r"`border` \(=\['edge'\]\) must be one of"),
        ((IMAGE, KERNEL), {"value": "zero"}, r"`value` must hold real numbers"),
        ((IMAGE, KERNEL), {"value": [1, 2]}, r"`value` must be one number"),
        ((IMAGE, KERNEL), {"stride": 0}, r"`stride` \(=0\) must be at least 1"),
        ((IMAGE, KERNEL), {"dilation": 1.5}, r"`dilation` \(=1.5\) must be a whole number"),
        ((IMAGE, KERNEL), {"padding": "some"}, r"`padding` \(='some'\)"),
        ((IMAGE, KERNEL), {"padding": -1}, r"`padding` \(=-1\) must be at least 0"),
        (
            (IMAGE, np.ones((7, 3))),
            {"padding": "valid"},
            r"`kernel` of 7 rows spans 7 at `dilation` 1, but the padded `image` has only 5 \(5 \+ 0 \+ 0",
        ),
        (
            (IMAGE, KERNEL),
            {"padding": ((0, 0), (1, 0)), "dilation": (1, 4)},
            r"`kernel` of 3 columns spans 9 at `dilation` 4, but the padded `image` has only 7 \(6 \+ 1 \+ 0",
        ),
    ],
)
def test_bad_arguments(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        filter2d(*arguments, **options)
