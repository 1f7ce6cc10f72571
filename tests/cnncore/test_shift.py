"""The shift experiment: blurred pooling against SciPy, the measures against their own definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from cnncore.shift import POOLS, apart, binomial, blur_pool2d, cyclic_pool, moved, shift_experiment

MODES = {"reflect": "mirror", "symmetric": "reflect", "edge": "nearest", "wrap": "grid-wrap", "constant": "constant"}


@pytest.mark.parametrize("size", range(1, 8))
def test_the_blur_is_pascal_s_triangle_and_sums_to_one(size: int) -> None:
    expected = np.ones(1)
    for _ in range(size - 1):
        expected = np.convolve(expected, [0.5, 0.5])
    np.testing.assert_allclose(binomial(size), expected, rtol=1e-15)
    assert binomial(size).sum() == 1.0


@pytest.mark.parametrize("border", list(MODES))
@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, (3, 2)])
def test_blur_pooling_is_scipy_s_blur_sampled(border: str, size: int, stride: int | tuple[int, int]) -> None:
    x = np.random.default_rng(1).normal(size=(2, 3, 9, 8))
    blurred = x
    for axis in (2, 3):
        blurred = ndimage.correlate1d(blurred, binomial(size), axis=axis, mode=MODES[border])
    down, right = stride if isinstance(stride, tuple) else (stride, stride)
    np.testing.assert_allclose(
        blur_pool2d(x, size, stride=stride, border=border), blurred[:, :, ::down, ::right], atol=1e-13
    )


def test_an_even_blur_sees_one_pixel_more_behind_than_before() -> None:
    x = np.arange(5.0).reshape(1, 1, 1, 5) ** 2
    found = blur_pool2d(np.repeat(x, 2, axis=2), 2, stride=(2, 1), border="edge")
    np.testing.assert_allclose(found[0, 0, 0], [0.5, 2.5, 6.5, 12.5, 16])


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (3, 3), (2, 3), (1, 2), (5, 2)])
def test_cyclic_pools_against_a_plain_loop(size: int, stride: int) -> None:
    picture = np.random.default_rng(2).normal(size=(6, 12))
    rows, columns = picture.shape
    weights = np.outer(binomial(3), binomial(3))

    def window(of: np.ndarray, r: int, c: int, n: int, before: int) -> np.ndarray:
        return of[np.ix_((np.arange(n) + r - before) % rows, (np.arange(n) + c - before) % columns)]

    dense = np.array([[window(picture, r, c, size, 0).max() for c in range(columns)] for r in range(rows)])
    for kind in POOLS:
        found = cyclic_pool(picture, kind, size=size, stride=stride)
        assert found.shape == (rows // stride, columns // stride)
        for (r, c), value in np.ndenumerate(found):
            at = r * stride, c * stride
            expected = {
                "max": dense[at],
                "average": window(picture, *at, size, 0).mean(),
                "blur": (window(picture, *at, 3, 1) * weights).sum(),
                "max_blur": (window(dense, *at, 3, 1) * weights).sum(),
            }[kind]
            assert value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize("stride", [2, 3])
def test_a_shift_by_whole_strides_moves_the_output_along(kind: str, stride: int) -> None:
    picture = np.random.default_rng(3).normal(size=(6, 18)).astype(np.float32)
    before = cyclic_pool(picture, kind, size=3, stride=stride)
    for steps in (1, 2):
        after = cyclic_pool(np.roll(picture, steps * stride, axis=1), kind, size=3, stride=stride)
        np.testing.assert_allclose(after, np.roll(before, steps, axis=1), atol=1e-6)


def test_one_pixel_changes_a_strided_maximum() -> None:
    """Zhang's example: the same stripes give 0 4 0 4 or 4 4 4 4."""
    stripes = np.array([[0.0, 0, 4, 4, 0, 0, 4, 4]] * 2)
    found = {result.kind: result for result in shift_experiment(stripes, most=4)}
    assert found["max"].outputs[:2].tolist() == [[[0, 4, 0, 4]], [[4, 4, 4, 4]]]
    assert found["max_blur"].outputs[:2].tolist() == [[[2, 4, 2, 4]], [[3, 3, 3, 3]]]
    assert found["max"].error.tolist() == [0, 1, 0, 1, 0]
    assert found["max"].change[1] == pytest.approx(np.sqrt(2))
    assert found["max"].change[4] == 0  # the stripes repeat after four


def test_the_experiment_measures_what_it_says() -> None:
    picture = np.random.default_rng(4).uniform(0, 255, size=(13, 17))
    for result in shift_experiment(picture, size=3, stride=2, blur=5, most=3):
        cut = picture[:12, :16]
        assert len(result.outputs) == len(result.change) == len(result.error) == 4
        for shift in range(4):
            here = cyclic_pool(np.roll(cut, shift, axis=1), result.kind, size=3, stride=2, blur=5)
            np.testing.assert_array_equal(result.outputs[shift], here)
            first = result.outputs[0]
            change = np.sqrt(((here - first) ** 2).mean()) / first.std()
            assert result.change[shift] == pytest.approx(change)
        half = (np.roll(first, 1, axis=1) + first) / 2
        assert result.error[1] == pytest.approx(np.sqrt(((result.outputs[1] - half) ** 2).mean()) / first.std())
        assert result.error[2] == pytest.approx(0, abs=1e-12)


@given(st.integers(-5, 5), st.integers(-5, 5))
def test_moving_by_whole_cells_is_a_roll_and_adds_up(first: int, second: int) -> None:
    values = np.arange(12.0).reshape(2, 6) ** 2
    np.testing.assert_array_equal(moved(values, first), np.roll(values, first, axis=1))
    np.testing.assert_allclose(moved(moved(values, first), second + 0.25), moved(values, first + second + 0.25))


def test_an_even_picture_has_nothing_to_change() -> None:
    for result in shift_experiment(np.full((4, 4), 7.0)):
        assert not result.change.any()
        assert not result.error.any()
    assert np.isnan(apart([1.0], [2.0], 0.0))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cyclic_pool(np.ones((4, 4)), "median"), "`kind` \\(='median'\\)"),
        (lambda: cyclic_pool(np.ones((4, 5)), "max"), r"shape \(4, 5\).*`stride` \(=2\)"),
        (lambda: cyclic_pool(np.ones((4, 4)), "max", size=0), "`size` \\(=0\\)"),
        (lambda: shift_experiment(np.ones((1, 4))), r"shape \(1, 4\)"),
        (lambda: shift_experiment(np.ones((4, 4)), most=-1), "`most` \\(=-1\\)"),
        (lambda: binomial(0), "`size` \\(=0\\)"),
        (lambda: blur_pool2d(np.ones((4, 4)), 3), "four|4"),
        (lambda: blur_pool2d(np.ones((1, 1, 4, 4)), 3, border="round"), "`border`"),
        (lambda: blur_pool2d(np.ones((1, 1, 4, 4)), 3, stride=0), "`stride`"),
    ],
)
def test_bad_arguments_are_named(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()  # type: ignore[operator]
