"""The bundled digits, the split, and the variety that augmentation adds."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cnncore.augmentation import augment
from cnncore.datasets import load, split

# Pictures ------------------------------------------------------------------------------------------------------------


def test_the_digits_are_scikit_learns() -> None:
    from sklearn.datasets import load_digits

    theirs, ours = load_digits(), load("digits")
    np.testing.assert_array_equal(ours.images[:, 0] * 16, theirs.images)
    np.testing.assert_array_equal(ours.labels, theirs.target)
    assert ours.shape == (1, 8, 8)


def test_reading_them_does_not_import_scikit_learn() -> None:
    program = "import sys, cnncore.datasets as d; d.load('digits'); d.load('mnist'); sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_pictures_are_between_0_and_1_with_a_dark_edge(name: str) -> None:
    data = load(name)
    assert data is load(name)
    assert data.images.dtype == np.float32
    assert data.labels.dtype == np.int64
    assert (data.images.min(), data.images.max()) == (0, 1)
    assert data.images[:, :, 0].mean() < 0.3
    assert data.classes == tuple("0123456789")
    assert len(data.images) == {"digits": 1797, "mnist": 10_000}[name]
    with pytest.raises(ValueError, match="read-only"):
        data.images[0] = 1


def test_there_is_no_other_set() -> None:
    with pytest.raises(ValueError, match=r"`name` \(='cifar'\)"):
        load("cifar")


# Split ---------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(3, 60), min_size=1, max_size=6), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_every_picture_is_in_one_part_and_every_class_in_all(counts: list[int], seed: int) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    parts = split(labels)
    together = np.concatenate([parts.train, parts.validation, parts.test])
    np.testing.assert_array_equal(np.sort(together), np.arange(len(labels)))
    for part, share in ((parts.train, 0.6), (parts.validation, 0.2), (parts.test, 0.2)):
        assert (np.diff(part) > 0).all()
        found = np.bincount(labels[part], minlength=len(counts))
        assert (found >= 1).all()
        assert (abs(found - share * np.array(counts)) <= 1).all()
    np.testing.assert_array_equal(parts.test, split(labels).test)


def test_a_class_of_two_cannot_be_parted() -> None:
    with pytest.raises(ValueError, match="2 of class 7"):
        split([1, 1, 1, 7, 7])


# Augmentation --------------------------------------------------------------------------------------------------------


def test_shifts_are_whole_evenly_likely_and_leave_zeros() -> None:
    x = np.zeros((2000, 2, 5, 6), np.float32)
    x[:, 0, 2, 3], x[:, 1, 2, 3] = 1, 2
    moved = augment(x, np.random.default_rng(0), shift=1)
    assert moved.dtype == x.dtype
    np.testing.assert_array_equal(moved[:, 1], 2 * moved[:, 0])
    places = moved[:, 0].sum(axis=0)
    assert places.sum() == 2000
    assert (places[1:4, 2:5] > 150).all()  # nine places; 222 each on average


def test_shifts_are_pads_and_cuts() -> None:
    x = np.random.default_rng(1).random((30, 1, 4, 4))
    moves = np.random.default_rng(5).integers(-2, 3, (2, 30))
    for picture, found, (down, right) in zip(x, augment(x, np.random.default_rng(5), shift=2), moves.T, strict=True):
        np.testing.assert_array_equal(found[0], ndimage.shift(picture[0], (down, right), order=0, prefilter=False))


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 2), st.integers(0, 2), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_turns_are_scipys(rows: int, columns: int, channels: int, shift: int, seed: int) -> None:
    x = np.random.default_rng(seed).random((4, channels, rows, columns))
    found = augment(x, np.random.default_rng(seed), shift=shift, rotate=30)
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-np.pi / 6, np.pi / 6, 4)
    moves = rng.uniform(-shift, shift, (2, 4))
    middle = np.array([(rows - 1) / 2, (columns - 1) / 2])
    for picture, got, angle, move in zip(x, found, angles, moves.T, strict=True):
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        for channel in range(channels):
            wanted = ndimage.affine_transform(
                picture[channel], turn, middle - turn @ (middle + move), order=1, mode="grid-constant"
            )
            np.testing.assert_allclose(got[channel], wanted, atol=2e-5)


def test_many_pictures_turn_as_few_do() -> None:
    x = np.random.default_rng(0).random((70, 1, 28, 28), dtype=np.float32)
    found = augment(x, np.random.default_rng(3), rotate=20)
    assert found.dtype == np.float32
    angles = np.degrees(np.random.default_rng(3).uniform(-np.pi / 9, np.pi / 9, 70))
    for place in (0, 14, 15, 16, 69):
        wanted = ndimage.rotate(x[place, 0], angles[place], reshape=False, order=1, mode="grid-constant")
        np.testing.assert_allclose(found[place, 0], wanted, atol=2e-5)


def test_no_variety_is_a_copy_and_the_seed_decides() -> None:
    x = np.random.default_rng(0).random((3, 1, 8, 8))
    same = augment(x, np.random.default_rng(0))
    assert same is not x
    np.testing.assert_array_equal(same, x)
    first, again, other = (augment(x, np.random.default_rng(seed), shift=1, rotate=9) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert augment(x[:0], np.random.default_rng(0), rotate=9).shape == (0, 1, 8, 8)
