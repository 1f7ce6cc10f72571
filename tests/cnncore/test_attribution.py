"""Explanations against computations that know nothing of the network's own gradients."""

from __future__ import annotations

import numpy as np
import pytest

from cnncore import attribution
from cnncore.network import Architecture, ConvBlock, Network


def small_network(**block) -> Network:
    blocks = (ConvBlock(5, 3, pool="average", **block), ConvBlock(4, 2, activation="tanh", pool="max"))
    return Network(Architecture(blocks, dense=(6,)), input_shape=(2, 9, 8), classes=4, seed=3, dtype=np.float64)


@pytest.fixture
def pictures():
    return np.random.default_rng(5).random((3, 2, 9, 8))


def slopes(function, x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """The gradient of a function of `x`, pixel by pixel, by central differences."""
    found = np.empty_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        found[place] = (function(up) - function(down)) / (2 * step)
    return found


@pytest.mark.parametrize("block", [{}, {"batch_norm": True, "activation": "leaky_relu"}])
def test_saliency_is_the_slope_of_the_score(pictures, block):
    network, targets = small_network(**block), [0, 3, 1]
    expected = np.stack(
        [
            slopes(lambda x, label=label: network.forward(x[None])[0, label], picture)
            for picture, label in zip(pictures, targets, strict=True)
        ]
    )
    np.testing.assert_allclose(
        attribution.saliency(network, pictures, targets), np.abs(expected).max(axis=1), rtol=1e-5, atol=1e-8
    )
    np.testing.assert_allclose(
        attribution.gradient_times_input(network, pictures, targets), (expected * pictures).sum(axis=1), atol=1e-7
    )


def test_grad_cam_of_a_network_whose_map_is_known(pictures):
    """Scores that are weighted means of the maps: the evidence is the weighted sum of the maps, by their size."""
    network = Network(
        Architecture((ConvBlock(3, 1),), head="global_average"),
        input_shape=(2, 9, 8),
        classes=4,
        seed=1,
        dtype=np.float64,
    )
    parameters = network.parameters()
    weight, bias = parameters["conv1.weight"][:, :, 0, 0], parameters["conv1.bias"]
    bias[...] = [0.1, -0.2, 0.3]
    maps = np.maximum(np.einsum("fc,nchw->nfhw", weight, pictures) + bias[:, None, None], 0)
    for label in range(4):
        evidence = np.einsum("f,nfhw->nhw", parameters["logits.weight"][label], maps) / (9 * 8)
        found = attribution.grad_cam(network, pictures, label, layer="relu1")
        np.testing.assert_allclose(found, np.maximum(evidence, 0), atol=1e-12)


def test_grad_cam_differentiates_the_maps_not_the_picture(pictures):
    """Against slopes of the score with respect to the maps, taken by putting changed maps into the network."""
    network = small_network()
    maps = network.activations(pictures[:1])["pool1"]
    slope = slopes(lambda values: network.run_from("pool1", values)[0, 2], maps)
    expected = np.maximum(np.einsum("nc,nchw->nhw", slope.mean(axis=(2, 3)), maps), 0)
    found = attribution.grad_cam(network, pictures[:1], 2, layer="pool1")
    assert found.shape == (1, 4, 4)
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_occlusion_covers_and_asks_again(pictures):
    network, told = small_network(), []
    found = attribution.occlusion(
        network,
        pictures[:1],
        1,
        window=(3, 2),
        stride=(2, 3),
        value=0.5,
        progress=lambda done, total: told.append((done, total)),
    )
    assert found.shape == (4, 3)
    whole = network.predict_proba(pictures[:1])[0, 1]
    for row, column in np.ndindex(found.shape):
        covered = pictures[:1].copy()
        covered[:, :, 2 * row : 2 * row + 3, 3 * column : 3 * column + 2] = 0.5
        assert found[row, column] == pytest.approx(whole - network.predict_proba(covered)[0, 1], abs=1e-12)
    assert told[-1] == (12, 12)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda n, x: attribution.saliency(n, x, 4), "`target`"),
        (lambda n, x: attribution.saliency(n, x, -1), "`target`"),
        (lambda n, x: attribution.saliency(n, x, [0, 1]), "`target`"),
        (lambda n, x: attribution.saliency(n, x, 1.5), "`target`"),
        (lambda n, x: attribution.saliency(n, x[:, :1], 1), "`x`"),
        (lambda n, x: attribution.grad_cam(n, x, 1, layer="logits"), "`layer`"),
        (lambda n, x: attribution.grad_cam(n, x, 1, layer="nothing"), "`layer`"),
        (lambda n, x: attribution.occlusion(n, x, 1, window=2), "one picture"),
        (lambda n, x: attribution.occlusion(n, x[:1], 1, window=10), "`window`"),
        (lambda n, x: attribution.occlusion(n, x[:1], 1, window=0), "`window`"),
        (lambda n, x: attribution.occlusion(n, x[:1], 9, window=2), "`target`"),
    ],
)
def test_refusals_name_the_argument(pictures, call, said):
    with pytest.raises(ValueError, match=said):
        call(small_network(), pictures)
