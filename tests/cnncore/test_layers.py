"""Every layer: the numbers of the stateless operations, and gradients that finite differences confirm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore import ops
from cnncore.architecture import Architecture, ConvBlock
from cnncore.layers import Layer, Workspace
from cnncore.network import Network, views
from tests.cnncore.architectures import architectures, draw_weights

EVERY_KIND = Architecture(
    (
        ConvBlock(3, (3, 2), stride=(1, 2), padding="same", batch_norm=True, pool="max", dropout=0.3),
        ConvBlock(4, 2, padding=1, activation="leaky_relu", pool="average"),
        ConvBlock(2, 3, stride=2, activation="tanh", padding="full"),
    ),
    dense=(5,),
)
STEP = 1e-6


def expected(network: Network, name: str, kind: str, x: np.ndarray) -> np.ndarray:
    """Return what a layer should give, by the stateless operations."""
    values = {**network.parameters(), **network.buffers()}
    detail = next(plan.detail for plan in network.plan if plan.name == name)
    if kind == "conv":
        weight, bias = values[f"{name}.weight"], values[f"{name}.bias"]
        return ops.conv2d(x, weight, bias, stride=detail["stride"], padding=detail["padding"])
    if kind == "batch_norm":
        mean, var, weight, bias = (
            values[f"{name}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / np.sqrt(var + 1e-5) * weight + bias
    if kind == "activation":
        return {"relu": ops.relu, "tanh": np.tanh, "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x)}[
            detail["function"]
        ](x)
    if kind == "pool":
        return (ops.max_pool2d if detail["pool"] == "max" else ops.avg_pool2d)(x, detail["size"])
    if kind == "flatten":
        return x.reshape(len(x), -1)
    if kind == "global_average":
        return ops.global_avg_pool2d(x)
    return ops.dense(x, values[f"{name}.weight"], values[f"{name}.bias"])


@given(architectures(), st.integers(1, 4), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_layer_gives_what_the_operations_give(drawn, images: int, seed: int) -> None:
    architecture, shape = drawn
    network = Network(architecture, input_shape=shape, classes=3, dtype=np.float64)
    rng = np.random.default_rng(seed)
    draw_weights(network, rng)
    x = rng.standard_normal((images, *shape))
    found = network.activations(x)
    before = x
    for plan in network.plan:
        if plan.kind == "dropout":
            assert plan.name not in found
            continue
        assert found[plan.name].shape == (images, *plan.output_shape)
        np.testing.assert_allclose(
            found[plan.name], expected(network, plan.name, plan.kind, before), rtol=1e-12, atol=1e-12, err_msg=plan.name
        )
        before = found[plan.name]
    assert list(found)[-1] == "logits"
    np.testing.assert_allclose(network.forward(x), found["logits"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(network.predict_proba(x), ops.softmax(found["logits"]), rtol=1e-12, atol=1e-12)


def slope(layer: Layer, values: np.ndarray, direction: np.ndarray, x: np.ndarray, dy: np.ndarray) -> float:
    """Return how fast ``sum(forward(x) * dy)`` rises as `values`, `x` itself or a parameter, move along `direction`."""

    def total() -> float:
        work = Workspace(training=True, rng=np.random.default_rng(5))
        return float((layer.forward(x.copy(), work) * dy).sum())

    kept = values.copy()
    values[...] = kept + STEP * direction
    above = total()
    values[...] = kept - STEP * direction
    below = total()
    values[...] = kept
    return (above - below) / (2 * STEP)


def check_gradients(layer: Layer, rng: np.random.Generator, images: int) -> None:
    """Compare a layer's gradients, as in training, with finite differences for a random gradient from above."""
    x = rng.standard_normal((*layer.plan.input_shape, images))
    dy = rng.standard_normal((*layer.plan.output_shape, images))
    shapes = layer.parameter_shapes()
    gradients = views(np.zeros(sum(int(np.prod(shape)) for shape in shapes.values())), shapes)
    work = Workspace(training=True, rng=np.random.default_rng(5), gradients=gradients)
    layer.forward(x.copy(), work)
    dx = layer.backward(dy.copy(), work)
    assert dx is not None
    for name, values, gradient in [("x", x, dx), *((n, layer.parameters[n], g) for n, g in gradients.items())]:
        assert gradient.shape == values.shape, name
        for _ in range(3):
            direction = rng.standard_normal(values.shape)
            wanted = slope(layer, values, direction, x, dy)
            size = np.linalg.norm(gradient) * np.linalg.norm(direction) + 1
            assert abs((gradient * direction).sum() - wanted) < 1e-7 * size, (layer.plan, name)


@pytest.mark.parametrize("place", range(len(EVERY_KIND.plan((2, 9, 8)))))
@pytest.mark.parametrize("images", [1, 4])
def test_gradients_of_every_layer(place: int, images: int) -> None:
    network = Network(EVERY_KIND, input_shape=(2, 9, 8), dtype=np.float64)
    rng = np.random.default_rng(place)
    draw_weights(network, rng)
    check_gradients(network.layers[place], rng, images)


def test_every_kind_of_layer_was_among_them() -> None:
    kinds = {plan.kind for plan in EVERY_KIND.plan((2, 9, 8))}
    assert kinds == {"conv", "batch_norm", "activation", "pool", "dropout", "flatten", "dense"}
    network = Network(Architecture(head="global_average"), dtype=np.float64)
    (average,) = (layer for layer in network.layers if layer.plan.kind == "global_average")
    check_gradients(average, np.random.default_rng(0), 3)


@given(architectures(), st.integers(1, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_gradients_of_every_layer_of_any_architecture(drawn, images: int, seed: int) -> None:
    architecture, shape = drawn
    network = Network(architecture, input_shape=shape, classes=3, dtype=np.float64)
    rng = np.random.default_rng(seed)
    draw_weights(network, rng)
    for layer in network.layers:
        if layer.plan.kind == "batch_norm" and images * np.prod(layer.plan.output_shape[1:]) < 3:
            continue  # two numbers become -1 and 1 whatever they are: their gradient is all rounding
        check_gradients(layer, rng, images)


def test_a_workspace_that_is_kept_gives_the_same_numbers_again() -> None:
    """Also after a smaller batch, whose arrays are others."""
    network = Network(EVERY_KIND, input_shape=(2, 9, 8))
    rng = np.random.default_rng(0)
    batches = [rng.random((2, 9, 8, images), dtype=np.float32) for images in (5, 2, 5)]
    labels = [rng.integers(0, 10, x.shape[-1]) for x in batches]
    gradients = views(np.zeros_like(network.flat), {name: p.shape for name, p in network.parameters().items()})
    kept = Workspace(gradients=gradients)
    for x, y in zip(batches, labels, strict=True):
        loss, wanted = network.loss_and_gradients(x.transpose(3, 0, 1, 2), y)
        again, dlogits = ops.softmax_cross_entropy(network.run(x.copy(), kept).T, y)
        network.backward(dlogits.T.copy(), kept)
        assert float(again) == loss
        for name, gradient in gradients.items():
            np.testing.assert_array_equal(gradient, wanted[name], err_msg=name)
