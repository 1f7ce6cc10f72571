"""The network as a whole: gradients, weights in and out, what-if runs, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore import ops
from cnncore.architecture import Architecture, ConvBlock
from cnncore.network import Network
from tests.cnncore.architectures import architectures, draw_weights

STEP = 1e-6
RICH = Architecture(
    (
        ConvBlock(3, batch_norm=True, pool="max", dropout=0.4),
        ConvBlock(4, 2, activation="leaky_relu", pool="average", dropout=0.2),
    ),
    dense=(6,),
)


def rich_network(seed: int = 0, dtype: type = np.float64) -> tuple[Network, np.ndarray, np.ndarray]:
    """Return a network whose parameters and statistics are all random, pictures, and their classes."""
    network = Network(RICH, seed=seed, dtype=dtype)
    rng = np.random.default_rng(seed)
    for name, values in {**network.parameters(), **network.buffers()}.items():
        if values.ndim == 1:
            values[...] = rng.uniform(0.5, 1.5, values.shape) if "norm" in name else rng.normal(0, 0.3, values.shape)
    return network, rng.random((7, 1, 8, 8)), rng.integers(0, 10, 7)


# Gradients -----------------------------------------------------------------------------------------------------------


@given(architectures(), st.integers(1, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_gradients_at_every_layer(drawn, images: int, seed: int) -> None:
    """Moving what a layer gives moves a random sum of the scores as its gradient says; so for the pictures."""
    architecture, shape = drawn
    network = Network(architecture, input_shape=shape, classes=3, seed=seed, dtype=np.float64)
    rng = np.random.default_rng(seed)
    draw_weights(network, rng)
    x, dlogits = rng.standard_normal((images, *shape)), rng.standard_normal((images, 3))
    outputs = {"input": x, **network.activations(x)}
    found = network.gradients(x, dlogits, at=list(outputs))
    assert list(found) == list(outputs)
    compared = 0
    for name, values in outputs.items():
        assert found[name].shape == values.shape
        direction = rng.standard_normal(values.shape) * (values != 0)  # a rectifier's zeros often tie for a maximum
        below, here, above = (
            (network.run_from(name, values + step * direction) * dlogits).sum() for step in (-STEP, 0, STEP)
        )
        size = np.linalg.norm(found[name]) * np.linalg.norm(direction) + 1
        if abs(above - 2 * here + below) > 1e-5 * STEP * size:
            continue  # a kink, at equal numbers under a maximum
        wanted = (above - below) / (2 * STEP)
        assert abs((found[name] * direction).sum() - wanted) < 1e-7 * size, name
        compared += 1
    assert compared


@pytest.mark.parametrize("training", [False, True])
def test_gradients_of_every_parameter(training: bool) -> None:
    network, x, labels = rich_network()

    def loss() -> float:
        return network.copy().loss_and_gradients(x, labels, training=training, rng=np.random.default_rng(3))[0]

    found = network.copy().loss_and_gradients(x, labels, training=training, rng=np.random.default_rng(3))[1]
    assert list(found) == list(network.parameters())
    rng = np.random.default_rng(1)
    for name, values in network.parameters().items():
        for _ in range(3):
            direction, kept = rng.standard_normal(values.shape), values.copy()
            values[...] = kept + STEP * direction
            above = loss()
            values[...] = kept - STEP * direction
            wanted = (above - loss()) / (2 * STEP)
            values[...] = kept
            assert (found[name] * direction).sum() == pytest.approx(wanted, rel=1e-6, abs=1e-8), name


def test_the_loss_is_the_cross_entropy_of_the_scores() -> None:
    network, x, labels = rich_network()
    assert network.loss_and_gradients(x, labels)[0] == pytest.approx(
        ops.softmax_cross_entropy(network.forward(x), labels)[0]
    )


def test_training_updates_the_running_statistics_and_inference_leaves_them() -> None:
    network, x, labels = rich_network()
    before = network.state()
    network.loss_and_gradients(x, labels)
    network.gradients(x, np.ones((7, 10)))
    network.activations(x)
    assert all(np.array_equal(before[name], values) for name, values in network.state().items())
    network.loss_and_gradients(x, labels, training=True, rng=np.random.default_rng(0))
    maps = ops.conv2d(x, before["conv1.weight"], before["conv1.bias"], padding="same")
    mean, variance = maps.mean(axis=(0, 2, 3)), maps.var(axis=(0, 2, 3), ddof=1)
    np.testing.assert_allclose(
        network.buffers()["norm1.running_mean"], 0.9 * before["norm1.running_mean"] + 0.1 * mean, rtol=1e-12
    )
    np.testing.assert_allclose(
        network.buffers()["norm1.running_var"], 0.9 * before["norm1.running_var"] + 0.1 * variance, rtol=1e-12
    )


def test_dropout_keeps_the_mean_and_needs_a_generator() -> None:
    network, x, labels = rich_network()
    with pytest.raises(ValueError, match="rng"):
        network.loss_and_gradients(x, labels, training=True)
    from cnncore.layers import Workspace

    (dropout, _) = (layer for layer in network.layers if layer.plan.kind == "dropout")
    y = dropout.forward(np.ones((3, 40, 40, 50)), Workspace(training=True, rng=np.random.default_rng(0)))
    assert set(np.unique(y)) == {0.0, 1 / 0.6}
    assert (y == 0).mean() == pytest.approx(0.4, abs=0.005)


# Weights -------------------------------------------------------------------------------------------------------------


def test_parameters_are_the_live_arrays() -> None:
    network, x, _ = rich_network()
    before = network.forward(x)
    network.parameters()["logits.bias"] += 1
    np.testing.assert_allclose(network.forward(x), before + 1, rtol=1e-12)
    assert list(network.parameters()) == [
        *("conv1.weight", "conv1.bias", "norm1.weight", "norm1.bias", "conv2.weight", "conv2.bias"),
        *("dense1.weight", "dense1.bias", "logits.weight", "logits.bias"),
    ]
    assert sum(p.size for p in network.parameters().values()) == network.parameter_count
    assert network.parameter_count == sum(plan.parameters for plan in network.plan)


def test_state_and_load_and_copy() -> None:
    network, x, _ = rich_network()
    other = network.reinitialised(1)
    assert not np.allclose(other.forward(x), network.forward(x))
    state = network.state()
    other.load(state)
    np.testing.assert_array_equal(other.forward(x), network.forward(x))
    twin = network.copy()
    network.parameters()["conv1.weight"][...] = 0
    np.testing.assert_array_equal(twin.forward(x), other.forward(x))
    assert state["conv1.weight"].any()
    narrow = twin.copy(dtype=np.float32)
    assert narrow.forward(x).dtype == np.float32
    np.testing.assert_allclose(narrow.forward(x), twin.forward(x), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state.pop("conv1.bias"),
        lambda state: state.update(extra=np.zeros(1)),
        lambda state: state.update({"conv1.bias": np.zeros(4)}),
        lambda state: state.update({"conv1.bias": np.array(["a", "b", "c"])}),
    ],
)
def test_a_load_that_is_refused_changes_nothing(spoil) -> None:
    network, x, _ = rich_network()
    before = network.forward(x)
    state = {name: values + 1 for name, values in network.state().items()}
    spoil(state)
    with pytest.raises(ValueError, match="`arrays`"):
        network.load(state)
    np.testing.assert_array_equal(network.forward(x), before)


def test_starting_weights_have_the_variance_that_their_names_promise() -> None:
    wide = Architecture((ConvBlock(64, 7), ConvBlock(64, 5)), dense=(256,))
    for init in ("he", "glorot"):
        network = Network(wide, init=init, seed=3)
        for name, values in network.parameters().items():
            if values.ndim == 1:
                assert not values.any()
                continue
            window = int(np.prod(values.shape[2:]))
            inputs, outputs = window * values.shape[1], window * values.shape[0]
            wanted = 2 / inputs if init == "he" else 2 / (inputs + outputs)
            assert values.var() == pytest.approx(wanted, rel=6 / np.sqrt(values.size)), (init, name)


def test_a_seed_gives_the_same_weights_and_another_seed_others() -> None:
    first, again, other = (Network(RICH, seed=seed).state() for seed in (4, 4, 5))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["conv1.weight"], other["conv1.weight"])


# Many pictures, few, and wrong ones -----------------------------------------------------------------------------------


def test_pictures_do_not_influence_each_other() -> None:
    network, *_ = rich_network()
    x = np.random.default_rng(0).random((600, 1, 8, 8))
    together = network.forward(x)
    np.testing.assert_allclose(together[[0, 299, 599]], network.forward(x[[0, 299, 599]]), rtol=1e-10)
    assert network.forward(x[:0]).shape == network.predict_proba(x[:0]).shape == (0, 10)
    kept = x.copy()
    network.activations(x)
    np.testing.assert_array_equal(x, kept)


def test_a_layer_can_be_replaced() -> None:
    network, x, _ = rich_network()
    found = network.activations(x)
    for name, values in {"input": x, **found}.items():
        np.testing.assert_allclose(network.run_from(name, values), found["logits"], rtol=1e-12)
    silent = found["pool2"] * 0
    assert np.ptp(network.run_from("pool2", silent), axis=0).max() < 1e-12  # only biases are left


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda net: net.forward(np.zeros((2, 8, 8))), r"\(N, C, H, W\)"),
        (lambda net: net.forward(np.zeros((2, 1, 8, 9))), r"\(2, 1, 8, 9\).*\(N, 1, 8, 8\)"),
        (lambda net: net.forward(np.zeros((2, 3, 8, 8))), "takes"),
        (lambda net: net.gradients(np.zeros((2, 1, 8, 8)), np.zeros((2, 9))), "`dlogits`"),
        (lambda net: net.gradients(np.zeros((2, 1, 8, 8)), np.zeros((2, 10)), at=["conv9"]), "conv9"),
        (lambda net: net.loss_and_gradients(np.zeros((2, 1, 8, 8)), [0, 10]), "`labels`"),
        (lambda net: net.run_from("pool1", np.zeros((2, 3, 8, 8))), "`values`"),
        (lambda net: Network(RICH, dtype=np.float16), "`dtype`"),
        (lambda net: Network(RICH, init="zeros"), "`init`"),
        (lambda net: Network(RICH, classes=1), "`classes`"),
        (lambda net: Network(RICH, input_shape=(1, 1, 1)), "does not fit"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(rich_network()[0])
