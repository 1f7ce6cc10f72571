"""Pools and their gradients: known results, slow twins, ties and NaN, gradient checks, refusals."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore.geometry import resolve_padding_2d, window_extent
from cnncore.ops import (
    avg_pool2d,
    avg_pool2d_backward,
    cross_channel_avg_pool,
    cross_channel_max_pool,
    global_avg_pool2d,
    global_max_pool2d,
    max_pool2d,
    max_pool2d_backward,
)
from tests.cnncore import oracles

INF, NAN = np.inf, np.nan


def counting(rows: int, columns: int) -> np.ndarray:
    """Return 0, 1, 2, ... as one map."""
    return np.arange(float(rows * columns)).reshape(1, 1, rows, columns)


# Known results


def test_ceil_mode_counts_what_is_there_48_not_12() -> None:
    """AvgPool2d(2, stride=3, ceil_mode=True) on arange(49): the last window holds the one pixel 48."""
    y = avg_pool2d(counting(7, 7), 2, stride=3, ceil_mode=True)
    np.testing.assert_array_equal(y[0, 0], [[4, 7, 9.5], [25, 28, 30.5], [42.5, 45.5, 48]])
    y = avg_pool2d(counting(7, 7), 2, stride=3, ceil_mode=True, count_include_pad=True)
    assert y[0, 0, 2, 2] == 48
    assert max_pool2d(counting(7, 7), 2, stride=3, ceil_mode=True)[0, 0, 2, 2] == 48
    assert max_pool2d(counting(7, 7), 2, stride=3).shape == (1, 1, 2, 2)


def test_padding_never_wins_a_maximum() -> None:
    y = max_pool2d(np.full((1, 1, 3, 3), -5.0), 3, stride=1, padding=1)
    assert (y == -5).all()


def test_padding_counts_as_zeros_only_where_asked() -> None:
    x = np.ones((1, 1, 2, 2))
    assert (avg_pool2d(x, 3, stride=1, padding=1) == 1).all()
    assert (avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=True) == 4 / 9).all()


def test_what_overhangs_the_padding_never_counts() -> None:
    """Rows 0..4 padded by 1: the third window starts at row 3 and has rows 3, 4 and the padding."""
    x = np.ones((1, 1, 5, 1))
    y = avg_pool2d(x, (4, 1), stride=(4, 1), padding=(1, 0), ceil_mode=True, count_include_pad=True)
    np.testing.assert_allclose(y[0, 0, :, 0], [3 / 4, 2 / 3])


def test_the_stride_is_the_size_unless_given() -> None:
    x = counting(6, 6)
    np.testing.assert_array_equal(max_pool2d(x, (2, 3)), max_pool2d(x, (2, 3), stride=(2, 3)))
    assert max_pool2d(x, (2, 3)).shape == (1, 1, 3, 2)


def test_a_shift_by_one_pixel_changes_a_strided_maximum() -> None:
    x = np.zeros((1, 1, 1, 8))
    x[..., 3] = 1
    shifted = np.roll(x, 1, axis=3)
    assert not np.array_equal(max_pool2d(x, (1, 2)), max_pool2d(shifted, (1, 2)))


def test_same_ignores_ceil_mode() -> None:
    x = counting(7, 6)
    for name in ("same", "same_lower"):
        for pool in (max_pool2d, avg_pool2d):
            y = pool(x, 3, stride=2, padding=name, ceil_mode=True)
            np.testing.assert_array_equal(y, pool(x, 3, stride=2, padding=name))
            assert y.shape == (1, 1, 4, 3)


def test_same_and_same_lower_put_the_odd_pixel_at_their_ends() -> None:
    x = counting(1, 4)
    np.testing.assert_array_equal(max_pool2d(x, (1, 2), stride=1, padding="same")[0, 0, 0], [1, 2, 3, 3])
    np.testing.assert_array_equal(max_pool2d(x, (1, 2), stride=1, padding="same_lower")[0, 0, 0], [0, 1, 2, 3])


def test_a_window_over_no_pixel() -> None:
    """Taps two apart around a single pixel: all of them are padding."""
    x = np.full((1, 2, 1, 1), 5.0)
    arguments: dict[str, Any] = {"size": 2, "stride": 1, "padding": 1, "dilation": 2}
    assert (max_pool2d(x, **arguments) == -INF).all()
    assert (avg_pool2d(x, **arguments) == 0).all()
    assert (avg_pool2d(x, **arguments, count_include_pad=True) == 0).all()
    dy = np.ones((1, 2, 1, 1))
    assert not max_pool2d_backward(dy, x, **arguments).any()
    assert not avg_pool2d_backward(dy, x, **arguments).any()


def test_global_and_cross_channel_pools() -> None:
    x = np.random.default_rng(0).standard_normal((3, 4, 5, 6))
    np.testing.assert_allclose(global_max_pool2d(x), x.max((2, 3)))
    np.testing.assert_allclose(global_avg_pool2d(x), x.mean((2, 3)))
    np.testing.assert_allclose(cross_channel_max_pool(x), x.max(1, keepdims=True))
    np.testing.assert_allclose(cross_channel_avg_pool(x), x.mean(1, keepdims=True))
    assert global_max_pool2d(x).shape == (3, 4)
    assert cross_channel_avg_pool(x).shape == (3, 1, 5, 6)
    np.testing.assert_allclose(global_avg_pool2d(x), avg_pool2d(x, (5, 6))[:, :, 0, 0])


def test_a_global_mean_keeps_its_digits() -> None:
    """A running float32 sum over a million numbers would be off by a thousandth."""
    x = np.full((2, 1, 1000, 1000), 0.1, np.float32)
    batch_last = np.ascontiguousarray(x.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2)
    assert global_avg_pool2d(batch_last).dtype == np.float32
    np.testing.assert_allclose(global_avg_pool2d(batch_last), np.float32(0.1), rtol=1e-7)


# Against the slow twins


@st.composite
def pools(draw) -> tuple[np.ndarray, dict[str, Any], tuple]:
    """A batch of maps and the arguments of a pool, padding in pixels or by name, and that padding in pixels."""
    size = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    stride = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    dilation = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    reach = [window_extent(k, d) - 1 for k, d in zip(size, dilation, strict=True)]
    pixels = tuple((draw(st.integers(0, r)), draw(st.integers(0, r))) for r in reach)
    padding = draw(st.one_of(st.just(pixels), st.sampled_from(["valid", "same", "same_lower", "full"])))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.integers(-3, 4, (draw(st.integers(0, 2)), draw(st.integers(1, 2)), *shape)).astype(float)  # many ties
    arguments = {"size": size, "stride": stride, "padding": padding, "dilation": dilation}
    named = isinstance(padding, str) and padding.startswith("same")
    arguments["ceil_mode"] = draw(st.booleans())
    return x, arguments, (resolve_padding_2d(shape, size, stride=stride, padding=padding, dilation=dilation), named)


@given(case=pools(), nan=st.booleans())
@settings(max_examples=200, deadline=None)
def test_max_pool_equals_its_slow_twin(case, nan: bool) -> None:
    x, arguments, (pixels, named) = case
    rng = np.random.default_rng(1)
    x[rng.random(x.shape) < 0.2] = -INF
    if nan:
        x[rng.random(x.shape) < 0.1] = NAN
    where = arguments["size"], arguments["stride"], pixels, arguments["dilation"]
    expected = oracles.max_pool2d(x, *where, ceil_mode=arguments["ceil_mode"] and not named)
    if 0 in expected.shape[2:]:
        with pytest.raises(ValueError, match=r"the window spans .* \(`size` has"):
            max_pool2d(x, **arguments)
        return
    np.testing.assert_array_equal(max_pool2d(x, **arguments), expected)
    dy = rng.standard_normal(expected.shape)
    dx = max_pool2d_backward(dy, x, **arguments)
    np.testing.assert_allclose(dx, oracles.max_pool2d_backward(dy, x, *where), atol=1e-12)


@given(case=pools(), count_include_pad=st.booleans())
@settings(max_examples=200, deadline=None)
def test_avg_pool_equals_its_slow_twin(case, count_include_pad: bool) -> None:
    x, arguments, (pixels, named) = case
    where = arguments["size"], arguments["stride"], pixels, arguments["dilation"]
    expected = oracles.avg_pool2d(x, *where, arguments["ceil_mode"] and not named, count_include_pad)
    if 0 in expected.shape[2:]:
        with pytest.raises(ValueError, match="the window spans"):
            avg_pool2d(x, **arguments, count_include_pad=count_include_pad)
        return
    y = avg_pool2d(x, **arguments, count_include_pad=count_include_pad)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, atol=1e-12)
    # The pool is linear, so its gradient is its adjoint: <pool(x), dy> = <x, backward(dy)>.
    dy = np.random.default_rng(2).standard_normal(y.shape)
    dx = avg_pool2d_backward(dy, x, **arguments, count_include_pad=count_include_pad)
    assert np.vdot(y, dy) == pytest.approx(np.vdot(x, dx), abs=1e-9)


# Ties, infinities, NaN


@pytest.mark.parametrize(
    ("x", "dx"),
    [
        ([[1, 2], [2, 2]], [[0, 7], [0, 0]]),
        ([[2, 1], [2, 2]], [[7, 0], [0, 0]]),
        ([[1, 1], [2, 2]], [[0, 0], [7, 0]]),
        ([[-0.0, 0.0], [0.0, -1]], [[7, 0], [0, 0]]),
        ([[-INF, -INF], [-INF, -INF]], [[7, 0], [0, 0]]),
        ([[INF, INF], [0, 0]], [[7, 0], [0, 0]]),
        ([[1, NAN], [3, 2]], [[0, 7], [0, 0]]),
        ([[NAN, 5], [NAN, 5]], [[0, 0], [7, 0]]),
    ],
)
def test_who_gets_the_gradient(x, dx) -> None:
    np.testing.assert_array_equal(max_pool2d_backward([[[[7.0]]]], np.array([[x]], float), 2)[0, 0], dx)


def test_gradients_that_are_not_finite_reach_the_winner_only() -> None:
    x = np.array([[[[1.0, 2.0, 3.0, 0.0]]]])
    dx = max_pool2d_backward(np.array([[[[INF, NAN]]]]), x, (1, 2))
    np.testing.assert_array_equal(dx[0, 0, 0], [0, INF, NAN, 0])


def test_gradients_of_overlapping_windows_add_up() -> None:
    x = np.array([[[[0.0, 9.0, 1.0]]]])
    np.testing.assert_array_equal(max_pool2d_backward([[[[2.0, 3.0]]]], x, (1, 2), stride=1)[0, 0, 0], [0, 5, 0])
    np.testing.assert_array_equal(avg_pool2d_backward([[[[2.0, 4.0]]]], x, (1, 2), stride=1)[0, 0, 0], [1, 3, 2])


def test_nan_and_infinities_pass_without_a_warning() -> None:
    x = np.array([[[[NAN, 1.0, INF, -INF]]]])
    np.testing.assert_array_equal(avg_pool2d(x, (1, 2))[0, 0, 0], [NAN, NAN])
    np.testing.assert_array_equal(max_pool2d(x, (1, 2))[0, 0, 0], [NAN, INF])
    assert np.isnan(global_max_pool2d(x)).all()
    assert np.isnan(global_avg_pool2d(x)).all()
    assert np.isnan(cross_channel_max_pool(x)[0, 0, 0, 0])
    assert np.isnan(cross_channel_avg_pool(np.concatenate([x, -x], 1))[0, 0, 0, 2])


# Gradients

SETTINGS = [
    {"size": 2},
    {"size": (3, 2), "stride": (1, 2), "padding": 1},
    {"size": 3, "stride": 2, "padding": "same"},
    {"size": 2, "stride": 3, "ceil_mode": True},
    {"size": (2, 3), "stride": 1, "dilation": (3, 2), "padding": ((1, 0), (2, 3))},
    {"size": 2, "stride": 5},
]


@pytest.mark.parametrize("arguments", SETTINGS, ids=str)
def test_gradients_by_central_differences(arguments) -> None:
    rng = np.random.default_rng(3)
    x = rng.permutation(2 * 2 * 6 * 7).reshape(2, 2, 6, 7) * 0.1  # no two within the step of each other
    y = max_pool2d(x, **arguments)
    dy = rng.standard_normal(y.shape)
    numeric = oracles.numeric_gradient(lambda x: max_pool2d(x, **arguments), x, dy)
    np.testing.assert_allclose(max_pool2d_backward(dy, x, **arguments), numeric, atol=1e-8)
    for count in (False, True):
        a = {**arguments, "count_include_pad": count}
        numeric = oracles.numeric_gradient(lambda x, a=a: avg_pool2d(x, **a), x, dy)
        np.testing.assert_allclose(avg_pool2d_backward(dy, x, **a), numeric, atol=1e-8)


# Memory and dtypes


@pytest.mark.parametrize("images", [1, 3])
def test_any_memory_goes_in_and_stays_as_it_was(images: int) -> None:
    rng = np.random.default_rng(4)
    x, dy = rng.standard_normal((images, 2, 6, 6)), rng.standard_normal((images, 2, 3, 3))
    calls = [
        lambda x, _: max_pool2d(x, 2),
        lambda x, _: avg_pool2d(x, 2),
        lambda x, dy: max_pool2d_backward(dy, x, 2),
        lambda x, dy: avg_pool2d_backward(dy, x, 2),
        lambda x, _: max_pool2d(x, 1),
        lambda x, _: avg_pool2d(x, 1),
        lambda x, _: global_max_pool2d(x[:, :, :1, :1]),
        lambda x, _: cross_channel_avg_pool(x[:, :1]),
    ]
    kinds = [
        lambda a: np.ascontiguousarray(a.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2),
        np.asfortranarray,
        lambda a: np.ascontiguousarray(a[:, ::-1, ::-1])[:, ::-1, ::-1],
        lambda a: np.repeat(a, 2, axis=3)[..., ::2],
    ]
    for call in calls:
        expected = call(x, dy)
        assert expected.flags.writeable
        for kind in kinds:
            there = kind(x), kind(dy)
            for array in there:
                array.flags.writeable = False
            result = call(*there)
            np.testing.assert_allclose(result, expected, atol=1e-15)
            assert result.flags.writeable
            assert not any(np.shares_memory(result, array) for array in there)
            np.testing.assert_array_equal(there[0], x)


@pytest.mark.parametrize(
    ("given_dtype", "dtype"), [("f4", "f4"), ("f8", "f8"), ("u1", "f4"), ("?", "f4"), (">f4", "f4")]
)
def test_the_result_has_the_dtype_of_x(given_dtype: str, dtype: str) -> None:
    x, dy = np.ones((2, 3, 4, 4), given_dtype), np.ones((2, 3, 2, 2))
    for result in (
        max_pool2d(x, 2),
        avg_pool2d(x, 2),
        max_pool2d_backward(dy, x, 2),
        avg_pool2d_backward(dy, x, 2),
        global_max_pool2d(x),
        global_avg_pool2d(x),
        cross_channel_max_pool(x),
        cross_channel_avg_pool(x),
    ):
        assert result.dtype == np.dtype(dtype)


def test_an_empty_batch_is_an_empty_batch() -> None:
    x, dy = np.zeros((0, 2, 4, 4)), np.zeros((0, 2, 2, 2))
    assert max_pool2d(x, 2).shape == avg_pool2d(x, 2).shape == dy.shape
    assert max_pool2d_backward(dy, x, 2).shape == avg_pool2d_backward(dy, x, 2).shape == x.shape
    assert global_max_pool2d(x).shape == global_avg_pool2d(x).shape == (0, 2)
    assert cross_channel_max_pool(x).shape == cross_channel_avg_pool(x).shape == (0, 1, 4, 4)


def test_a_pool_as_large_as_the_picture() -> None:
    x = np.random.default_rng(5).standard_normal((1, 1, 300, 400))
    assert max_pool2d(x, (300, 400)).item() == x.max()
    assert avg_pool2d(x, (300, 400)).item() == pytest.approx(x.mean())
    assert max_pool2d_backward([[[[3.0]]]], x, (300, 400)).sum() == 3


# Refusals

X = np.zeros((2, 3, 6, 5))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"size": 0}, "`size` (=0) must be at least 1"),
        ({"size": (2, 2, 2)}, "`size` (=(2, 2, 2)) must be a whole number or a pair"),
        ({"size": 2.0}, "`size` (=2.0) must be a whole number"),
        ({"size": 2, "stride": 0}, "`stride` (=0) must be at least 1"),
        ({"size": 2, "padding": 2}, "`padding` (=2) must be smaller than the 2 pixels that the window spans"),
        ({"size": 3, "padding": ((0, 0), (0, 3))}, "(`size` (=3), `dilation` (=1))"),
        ({"size": 2, "padding": 3, "dilation": 2}, "must be smaller than the 3 pixels"),
        ({"size": 2, "padding": "sane"}, "`padding` (='sane')"),
        ({"size": 7}, "the window spans 7 rows (`size` has 7, `dilation` is 1), but `x` (shape (2, 3, 6, 5))"),
        ({"size": (1, 3), "dilation": 3}, "the window spans 7 columns (`size` has 3, `dilation` is 3)"),
        ({"size": 2, "dilation": -1}, "`dilation` (=-1) must be at least 1"),
    ],
)
def test_bad_arguments_are_named(arguments, words: str) -> None:
    dy = np.zeros((2, 3, 3, 2))
    for call in (
        lambda: max_pool2d(X, **arguments),
        lambda: avg_pool2d(X, **arguments),
        lambda: max_pool2d_backward(dy, X, **arguments),
        lambda: avg_pool2d_backward(dy, X, **arguments),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            call()


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
def test_padding_that_dilation_makes_room_for_is_fine(pool) -> None:
    assert pool(X, 2, padding=2, dilation=2, stride=1).shape == (2, 3, 8, 7)


@pytest.mark.parametrize(
    "pool",
    [
        lambda x: max_pool2d(x, 2),
        lambda x: avg_pool2d(x, 2),
        lambda x: max_pool2d_backward(X, x, 2),
        lambda x: avg_pool2d_backward(X, x, 2),
        global_max_pool2d,
        global_avg_pool2d,
        cross_channel_max_pool,
        cross_channel_avg_pool,
    ],
)
def test_maps_of_another_rank_or_of_nothing_are_named(pool) -> None:
    with pytest.raises(ValueError, match=r"`x` must have shape \(N, C, H, W\), but has shape \(3, 4\)"):
        pool(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="must have at least one channel, row and column"):
        pool(np.zeros((3, 0, 4, 4)))
    with pytest.raises(ValueError, match="`x` has dtype float16"):
        pool(np.zeros((3, 1, 4, 4), np.float16))


@pytest.mark.parametrize("backward", [max_pool2d_backward, avg_pool2d_backward])
def test_a_gradient_of_another_shape_is_named(backward) -> None:
    with pytest.raises(ValueError, match=r"`dy` has shape \(2, 3, 2, 2\), .* has shape \(2, 3, 3, 2\)"):
        backward(np.zeros((2, 3, 2, 2)), X, 2)
