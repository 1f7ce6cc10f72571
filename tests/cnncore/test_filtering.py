"""`filter2d` against a plain sum of products, and against SciPy and OpenCV."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore.filtering import filter2d
from tests.cnncore.filtering_reference import BORDERS, WAYS, by, cases, check, sum_of_products, tolerance

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


def test_channels_are_filtered_apart(rng):
    image, kernel = rng.standard_normal((80, 70, 4)), rng.standard_normal((5, 4))
    result = filter2d(image, kernel, stride=2)
    for channel in range(4):
        alone = filter2d(image[..., channel], kernel, stride=2)
        np.testing.assert_allclose(result[..., channel], alone, rtol=0, atol=1e-12)


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
