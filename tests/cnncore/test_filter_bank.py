"""Banks of filters: their scale, their order, and that the same seed gives the same bank."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore import ops
from cnncore.filter_bank import (
    ANGLES,
    EYES,
    MIXES,
    named_bank,
    named_filters,
    oriented_bank,
    oriented_waves,
    random_bank,
    turned,
)
from cnncore.kernels import PRESETS


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


@pytest.mark.parametrize("size", [3, 4, 7])
def test_every_wave_is_told_by_its_angle_colours_and_length(size: int) -> None:
    waves = oriented_waves(512, size)
    assert len(set(waves)) == 512
    for weights, wave in zip(oriented_bank(512, size), waves, strict=True):
        shares = np.array(MIXES[wave.mix])
        plane = weights[np.abs(shares).argmax()] / shares[np.abs(shares).argmax()]
        np.testing.assert_allclose(weights, plane * shares[:, None, None], atol=1e-12)
        mirrored = plane[::-1, ::-1]
        np.testing.assert_allclose(plane, -mirrored if wave.phase == 90 else mirrored, atol=1e-12)


def test_named_ones_are_the_presets_turned_and_weighted() -> None:
    bank, made_of = named_bank(512)
    for weights, (key, mix, turn) in zip(bank, made_of, strict=True):
        for plane, share in zip(weights, MIXES[mix], strict=True):
            np.testing.assert_array_equal(plane, turned(PRESETS[key].weights(), turn // 45) * share)
    assert named_bank(1, ["sobel_x"])[1] == [("sobel_x", "luma", 0)]
    # Few of them are already varied: every kernel as it is, by light and by both contrasts of colour, comes first.
    unturned = {(key, mix) for key, mix, turn in made_of[:48] if not turn}
    alike = "laplacian_4"  # the article's edge detection by another name
    assert unturned == {(key, mix) for key in named_filters() for mix in EYES if key != alike}


@settings(max_examples=10, deadline=None)
@given(st.integers(8, 512))
def test_any_number_of_named_ones_is_that_many_all_different(count: int) -> None:
    bank, made_of = named_bank(count)
    assert bank.shape == (count, 3, 3, 3)
    assert len(set(made_of)) == count
    alike = bank / np.abs(bank).sum(axis=(1, 2, 3), keepdims=True)  # not even a multiple of another
    assert len(np.unique(alike.round(9) + 0.0, axis=0)) == count
    most, all_made_of = named_bank(512)
    np.testing.assert_array_equal(bank, most[:count])
    assert made_of == all_made_of[:count]


def test_a_turned_edge_filter_answers_to_a_turned_edge() -> None:
    """Each of the eight answers most to the edge that is bright on its own side, as compass masks do."""
    y, x = np.mgrid[1:-2:-1, -1:2]
    directions = [45 * turn for turn in range(8)]
    edges = [np.sign(np.round(x * np.cos(np.deg2rad(a)) + y * np.sin(np.deg2rad(a)), 9)) for a in directions]
    for turn in range(8):
        kernel = turned(PRESETS["sobel_x"].weights(), turn)
        assert np.argmax([(kernel * edge).sum() for edge in edges]) == turn


def test_turning_twice_is_a_quarter_turn_and_eight_times_nothing() -> None:
    kernel = rng().normal(size=(5, 5))
    np.testing.assert_array_equal(turned(kernel, 2), np.rot90(kernel))
    np.testing.assert_array_equal(turned(turned(kernel, 3), 5), kernel)
    for other in (kernel[:4, :4], kernel[:3]):
        np.testing.assert_array_equal(turned(other, 1), other)


def test_refuses_by_name() -> None:
    with pytest.raises(ValueError, match="`filters`"):
        random_bank(0, 3, 3, rng=rng())
    with pytest.raises(ValueError, match="`size`"):
        oriented_bank(8, 2)
    with pytest.raises(ValueError, match="`names` has 'nothing'"):
        named_bank(8, ["nothing"])
