"""A hundred training steps end where PyTorch's end: recorded everywhere, live where PyTorch is installed."""

from __future__ import annotations

import numpy as np
import pytest

from cnncore import ops
from cnncore._arrays import batch_last
from cnncore.layers import Workspace
from cnncore.network import Network, views
from cnncore.optim import SGD, Adam
from tests.golden.training_cases import CASES, Case, ask_torch, batches, pictures, recorded, starting_weights


def train(case: Case) -> dict[str, np.ndarray]:
    """Return what the run gives, under the names of `ask_torch`."""
    network = Network(case.architecture, input_shape=case.shape, dtype=np.float64)
    network.load(starting_weights(case))
    images, labels = pictures(case.dataset)
    gradient = np.zeros_like(network.flat)
    named = views(gradient, {name: values.shape for name, values in network.parameters().items()})
    optimizer = {"sgd": SGD, "adam": Adam}[case.optimizer](network.flat.size, **case.options)
    work, losses = Workspace(training=True, gradients=named), []
    for batch in batches():
        scores = network.run(batch_last(images[batch]), work)
        loss, dlogits = ops.softmax_cross_entropy(scores.T, labels[batch])
        network.backward(dlogits.T.copy(), work)
        optimizer.step(network.flat, gradient, learning_rate=case.learning_rate)
        losses.append(float(loss))
    return {**network.state(), "losses": np.array(losses)}


def compare(case: Case, theirs: dict[str, np.ndarray]) -> None:
    ours = train(case)
    assert set(ours) == set(theirs)
    for name, values in theirs.items():
        # Relative to the parameter itself: the smallest number of each array counts as much as its largest.
        # A bias before batch normalisation has a gradient of 0, of which both have rounding errors.
        cancels = name.startswith("conv") and name.endswith("bias") and case.architecture.blocks[0].batch_norm
        np.testing.assert_allclose(ours[name], values, rtol=1e-6, atol=1e-9 if cancels else 1e-12, err_msg=name)
    assert theirs["losses"][-10:].mean() < theirs["losses"][:10].mean()  # it did learn


@pytest.mark.parametrize("name", CASES)
def test_every_parameter_ends_where_pytorchs_did(name: str) -> None:
    compare(CASES[name], recorded(name))


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("digits") or name == "mnist rich adam"])
def test_every_parameter_ends_where_pytorchs_does(name: str) -> None:
    pytest.importorskip("torch")
    compare(CASES[name], ask_torch(CASES[name]))
