"""A hundred training steps end where PyTorch's end: recorded everywhere, live where PyTorch is installed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cnncore import ops
from cnncore._arrays import batch_last
from cnncore._fused_pass import FusedPass
from cnncore.blas import OneThread
from cnncore.layers import Workspace
from cnncore.network import Network, views
from cnncore.optim import SGD, Adam
from tests.golden.training_cases import BATCH, CASES, Case, ask_torch, batches, pictures, recorded, starting_weights

Step = Callable[[np.ndarray, np.ndarray], float]


def by_layers(network: Network, gradients: dict[str, np.ndarray]) -> Step:
    """Return the step by step way: loss and gradients of a batch, layer after layer."""
    work = Workspace(training=True, gradients=gradients)

    def step(x: np.ndarray, labels: np.ndarray) -> float:
        loss, dlogits = ops.softmax_cross_entropy(network.run(batch_last(x), work).T, labels)
        network.backward(dlogits.T.copy(), work)
        return float(loss)

    return step


def fused(network: Network, gradients: dict[str, np.ndarray]) -> Step:
    """Return the way that the Trainer takes."""
    run = FusedPass(network, BATCH, gradients)

    def step(x: np.ndarray, labels: np.ndarray) -> float:
        loss, _ = run.forward(x, labels)
        run.backward()
        return loss

    return step


def train(case: Case, way: Callable[[Network, dict[str, np.ndarray]], Step]) -> dict[str, np.ndarray]:
    """Return what the run gives, under the names of `ask_torch`."""
    network = Network(case.architecture, input_shape=case.shape, dtype=np.float64)
    network.load(starting_weights(case))
    images, labels = pictures(case.dataset)
    gradient = np.zeros_like(network.flat)
    step = way(network, views(gradient, {name: values.shape for name, values in network.parameters().items()}))
    optimizer = {"sgd": SGD, "adam": Adam}[case.optimizer](network.flat.size, **case.options)
    losses = []
    with OneThread():
        for batch in batches():
            losses.append(step(images[batch], labels[batch]))
            optimizer.step(network.flat, gradient, learning_rate=case.learning_rate)
    return {**network.state(), "losses": np.array(losses)}


def compare(case: Case, theirs: dict[str, np.ndarray], way: Callable[..., Step]) -> None:
    ours = train(case, way)
    assert set(ours) == set(theirs)
    for name, values in theirs.items():
        # Relative to the parameter itself: the smallest number of each array counts as much as its largest.
        # A bias before batch normalisation has a gradient of 0, of which both have rounding errors.
        cancels = name.startswith("conv") and name.endswith("bias") and case.architecture.blocks[0].batch_norm
        np.testing.assert_allclose(ours[name], values, rtol=1e-6, atol=1e-9 if cancels else 1e-12, err_msg=name)
    assert theirs["losses"][-10:].mean() < theirs["losses"][:10].mean()  # it did learn


@pytest.mark.parametrize("name", CASES)
def test_every_parameter_ends_where_pytorchs_did(name: str) -> None:
    compare(CASES[name], recorded(name), fused)


@pytest.mark.parametrize("name", ["digits sgd", "digits rich momentum", "digits rich adam", "digits global adam"])
def test_every_parameter_ends_there_layer_by_layer(name: str) -> None:
    compare(CASES[name], recorded(name), by_layers)


@pytest.mark.parametrize("name", ["digits momentum", "digits adam", "digits rich adam", "mnist sgd"])
def test_every_parameter_ends_where_pytorchs_does(name: str) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    compare(CASES[name], ask_torch(CASES[name]), fused)
