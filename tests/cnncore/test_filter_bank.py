"""Banks of filters: their scale, their order, and that the same seed gives the same bank."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore import ops
from cnncore.filter_bank import ANGLES, named_bank, named_filters, oriented_bank, random_bank
from cnncore.kernels import CHANNEL_WEIGHTS, PRESETS


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("channels", "size"), [(3, 3), (1, 5), (16, 1), (3, 7)])
def test_random_ones_have_he_s_scale(channels: int, size: int) -> None:
    bank = random_bank(4096 // size, channels, size, rng=rng())
    assert bank.shape == (4096 // size, channels, size, size)
    variance = 2 / (channels * size * size)
    assert bank.var() == pytest.approx(variance, rel=0.1)
    assert abs(bank.mean()) < 4 * np.sqrt(variance / bank.size)


def test_random_ones_keep_the_size_of_rectified_signals() -> None:
    """What He's scale is for: after a ReLU, the mean square stays what it was."""
    x = rng(1).normal(size=(1, 64, 24, 24))
    y = ops.conv2d(np.maximum(x, 0), random_bank(64, 64, 3, rng=rng(2)))
    assert np.mean(np.maximum(y, 0) ** 2) == pytest.approx(np.mean(np.maximum(x, 0) ** 2), rel=0.25)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(0, 20))
def test_the_same_seed_gives_the_same_bank_and_a_larger_one_begins_with_it(seed: int, count: int, more: int) -> None:
    bank = random_bank(count, 3, 3, rng=rng(seed))
    np.testing.assert_array_equal(bank, random_bank(count + more, 3, 3, rng=rng(seed))[:count])


@pytest.mark.parametrize("size", [3, 4, 5, 7, 11])
@pytest.mark.parametrize("count", [1, 8, 100, 512])
def test_oriented_ones_answer_nothing_to_an_even_picture(count: int, size: int) -> None:
    bank = oriented_bank(count, size)
    assert bank.shape == (count, 3, size, size)
    np.testing.assert_allclose(bank.sum(axis=(2, 3)), 0, atol=1e-14)
    np.testing.assert_allclose(np.abs(bank).sum(axis=(1, 2, 3)), 1, rtol=1e-12)
    assert len(np.unique(bank.round(12), axis=0)) == count


def test_oriented_ones_turn() -> None:
    """The first answers most to an edge between left and right; a quarter turn on, to one between up and down."""
    bank = oriented_bank(ANGLES, 5)
    upright = np.zeros((1, 3, 5, 5))
    upright[..., 3:] = 1
    for picture, best in ((upright, 0), (upright.swapaxes(2, 3), ANGLES // 2)):
        answers = np.abs(ops.conv2d(picture, bank)[0, :, 0, 0])
        assert answers.argmax() == best
        assert answers[(best + ANGLES // 2) % ANGLES] < 1e-12


def test_named_ones_are_the_presets() -> None:
    bank, made_of = named_bank(512)
    assert len(bank) == len(made_of) == 3 * len(named_filters()) < 512
    for weights, (key, mix) in zip(bank, made_of, strict=True):
        for plane, share in zip(weights, CHANNEL_WEIGHTS[mix], strict=True):
            np.testing.assert_array_equal(plane, PRESETS[key].weights() * share)
    few, first = named_bank(8)
    np.testing.assert_array_equal(few, bank[:8])
    assert first == made_of[:8]
    assert named_bank(1, ["sobel_x"])[1] == [("sobel_x", "luma")]


def test_refuses_by_name() -> None:
    with pytest.raises(ValueError, match="`filters`"):
        random_bank(0, 3, 3, rng=rng())
    with pytest.raises(ValueError, match="`size`"):
        oriented_bank(8, 2)
    with pytest.raises(ValueError, match="`names` has 'nothing'"):
        named_bank(8, ["nothing"])
