"""What-if questions, each against a second way to ask it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from cnncore import whatif
from cnncore.network import Architecture, ConvBlock, Network


@pytest.fixture
def network():
    return Network(Architecture((ConvBlock(6, pool="max"), ConvBlock(5)), dense=(8,)), seed=2, dtype=np.float64)


@pytest.fixture
def pictures():
    return np.random.default_rng(1).random((4, 1, 8, 8))


def test_a_filter_switched_off_is_one_that_nothing_reads(network, pictures):
    """Off after the activation equals weights of zero in the layer that reads it."""
    twin = network.copy()
    twin.parameters()["conv2.weight"][:, [1, 4]] = 0
    np.testing.assert_allclose(
        whatif.forward_without(network, pictures, {"relu1": {1, 4}}), twin.forward(pictures), atol=1e-12
    )
    twin.parameters()["logits.weight"][...] = network.parameters()["logits.weight"]
    several = whatif.forward_without(network, pictures, {"relu1": {1, 4}, "relu2": {0}})
    maps = twin.activations(pictures)["relu2"].copy()
    maps[:, 0] = 0
    np.testing.assert_allclose(several, twin.run_from("relu2", maps), atol=1e-12)
    loss, share = whatif.accuracy_without(network, pictures, several.argmax(axis=1), {"relu1": {1, 4}, "relu2": {0}})
    assert share == 1
    assert loss == pytest.approx(-np.log(np.exp(several).max(1) / np.exp(several).sum(1)).mean())


@pytest.mark.parametrize("off", [{"relu9": {0}}, {"relu1": {6}}, {"relu1": {-1}}, {"logits": {0}}])
def test_only_filters_that_exist_can_be_off(network, pictures, off):
    with pytest.raises(ValueError, match="`off`"):
        whatif.forward_without(network, pictures, off)


def test_changes_against_scipy(pictures):
    np.testing.assert_allclose(
        whatif.changed(pictures, "shift_down", 1.5), ndimage.shift(pictures, (0, 0, 1.5, 0), order=1), atol=1e-12
    )
    np.testing.assert_allclose(
        whatif.changed(pictures, "shift_right", -2), ndimage.shift(pictures, (0, 0, 0, -2), order=1), atol=1e-12
    )
    np.testing.assert_allclose(whatif.changed(pictures, "rotate", 90), np.rot90(pictures, 1, axes=(2, 3)), atol=1e-12)
    np.testing.assert_allclose(
        whatif.changed(pictures, "rotate", 30),
        ndimage.rotate(pictures, 30, axes=(3, 2), reshape=False, order=1),
        atol=1e-12,
    )
    doubled = whatif.changed(np.pad(np.ones((1, 1, 2, 2)), ((0, 0), (0, 0), (3, 3), (3, 3))), "scale", 2)
    assert doubled.sum() == pytest.approx(16)
    noisy = whatif.changed(pictures, "noise", 0.1, seed=3)
    assert noisy.min() >= 0
    assert noisy.max() <= 1
    assert 0.05 < np.std(noisy - pictures) < 0.11
    np.testing.assert_array_equal(noisy, whatif.changed(pictures, "noise", 0.1, seed=3))
    for change in whatif.CHANGES:
        same = whatif.changed(pictures, change, 1.0 if change == "scale" else 0.0)
        np.testing.assert_allclose(same, pictures, atol=1e-12)
    with pytest.raises(ValueError, match="`change`"):
        whatif.changed(pictures, "melt", 1)
    with pytest.raises(ValueError, match="`amount`"):
        whatif.changed(pictures, "scale", 0)


def test_curve_asks_the_network_at_every_amount(network, pictures):
    amounts = [-1.0, 0.0, 2.0]
    curve = whatif.probability_curve(network, pictures[:1], "shift_right", amounts)
    for amount, row in zip(amounts, curve, strict=True):
        moved = ndimage.shift(pictures[:1], (0, 0, 0, amount), order=1)
        np.testing.assert_allclose(row, network.predict_proba(moved)[0], atol=1e-12)


def test_features_and_the_nearest(network, pictures):
    own = whatif.features(network, pictures)
    np.testing.assert_allclose(own, network.activations(pictures)["dense1_relu"])
    indices, distances = whatif.nearest(own, own[2], 3)
    expected = np.linalg.norm(own - own[2], axis=1)
    assert indices[0] == 2
    np.testing.assert_allclose(distances, np.sort(expected)[:3])


def test_top_patches_are_where_the_map_is_largest(network, pictures):
    maps = network.activations(pictures)["relu2"][:, 3]
    found = whatif.top_patches(network, "relu2", 3, pictures, 2)
    of_all = whatif.all_top_patches(network, "relu2", pictures, 2)
    assert len(of_all) == network.activations(pictures)["relu2"].shape[1]
    assert [(patch.picture, patch.index, patch.value) for patch in of_all[3]] == [
        (patch.picture, patch.index, patch.value) for patch in found
    ]
    peaks = maps.reshape(len(maps), -1).max(axis=1)
    assert [patch.picture for patch in found] == np.argsort(-peaks, kind="stable")[:2].tolist()
    for patch in found:
        assert patch.value == maps[patch.picture].max() == maps[patch.picture][patch.index]
        (top, bottom), (left, right) = patch.field
        padded = np.pad(pictures[patch.picture], ((0, 0), (9, 9), (9, 9)))
        np.testing.assert_array_equal(patch.pixels, padded[:, top + 9 : bottom + 10, left + 9 : right + 10])
    with pytest.raises(ValueError, match="`layer`"):
        whatif.top_patches(network, "logits", 0, pictures)
    with pytest.raises(ValueError, match="`channel`"):
        whatif.top_patches(network, "relu2", 5, pictures)
