"""`filter2d` on NaN, infinities, and numbers near the ends of the floating-point range."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore import _filter_plan
from cnncore.filtering import filter2d
from tests.cnncore.filtering_reference import cases, exact, sum_of_products


@pytest.fixture
def rng():
    return np.random.default_rng(2024)


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


@pytest.mark.parametrize(
    "kernel", [np.outer(np.ones(9), [1, 0, 0, 0, 0, 0, 0, 0, -1]), np.outer([1, 2, -4, 1, 1], [1, -2, 1, 1, 2, 1])]
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_in_the_padding_only(rng, kernel, value):
    image = rng.standard_normal((150, 150))
    result = filter2d(image, kernel, border="constant", value=value)
    expected = sum_of_products(image, kernel, border="constant", value=value)
    np.testing.assert_allclose(result, expected, atol=1e-12)
    assert np.isfinite(result[4:-4, 4:-4]).all()
    assert not np.isfinite(result[:2]).any()
    # without padding the value is never met
    assert np.isfinite(filter2d(image, kernel, border="constant", value=value, padding="valid")).all()


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_nan_and_infinity_in_the_kernel(rng, number):
    image, kernel = rng.standard_normal((200, 200)), rng.standard_normal((20, 20))
    image[:, 90:] = 0
    kernel[3, 4] = number
    np.testing.assert_array_equal(np.isnan(filter2d(image, kernel)), np.isnan(sum_of_products(image, kernel)))


def test_a_weight_too_small_to_count_makes_infinity_of_infinity():
    image, kernel = np.ones((120, 120)), np.ones((5, 5))
    image[60, 60] = np.inf
    kernel[2] = 0
    kernel[2, 3] = 1e-17
    np.testing.assert_allclose(filter2d(image, kernel), sum_of_products(image, kernel))


def test_what_is_too_large_for_single_precision_is_infinite():
    image = np.array([[1, 0], [-1, 2]], np.float32)
    np.testing.assert_array_equal(filter2d(image, [[1e39]]), [[np.inf, np.nan], [-np.inf, np.inf]])
    result = filter2d(image, [[1, 1]], border="constant", value=-1e39)
    np.testing.assert_array_equal(result, [[1, -np.inf], [1, -np.inf]])


@pytest.mark.parametrize("scale", [1e-42, 1e-30, 1e30, 3e38])
@pytest.mark.parametrize("size", [3, 5, 7, 31])
def test_numbers_near_the_ends_of_the_range(rng, size, scale):
    """A mean of numbers that fit is a number that fits, though their spectrum would not."""
    image = (rng.random((300, 300)) * scale).astype(np.float32)
    for kernel in (rng.random((size, size)), np.outer(rng.random(size), rng.random(size)), np.eye(size)):
        kernel = (kernel / kernel.sum()).astype(np.float32)
        expected = exact(np.pad(image, size // 2, mode="reflect"), kernel)
        # single precision holds nothing finer than 1.4e-45 down there
        assert np.abs(filter2d(image, kernel) - expected).max() <= 1e-5 * image.max() + size**2 * 1.4e-45
