"""The memory foretold is the memory taken, as NumPy reports it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore._fused_pass import FusedPass
from cnncore.architecture import Architecture, ConvBlock
from cnncore.network import Network
from cnncore.training import TrainConfig, Trainer
from cnncore.training_memory import pass_bytes, training_bytes
from tests.cnncore.architectures import architectures


def taken(make) -> int:
    """Return what is still allocated after a call, its result included."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = make()
        after = tracemalloc.get_traced_memory()[0]
        del kept
    finally:
        tracemalloc.stop()
    return after - before


@given(architectures(), st.sampled_from([40, 150]))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_of_a_pass(drawn, images: int) -> None:
    architecture, shape = drawn
    network = Network(architecture, input_shape=shape, classes=3)
    gradients = {name: np.zeros_like(values) for name, values in network.parameters().items()}

    def run() -> FusedPass:
        made = FusedPass(network, images, gradients)
        made.forward(np.zeros((images, *shape), np.float32), np.zeros(images, int), np.random.default_rng(0))
        made.backward()
        return made

    said, real = pass_bytes(network.plan, images), taken(run)
    assert abs(said - real) < 0.05 * real + 40_000


@pytest.mark.parametrize(
    "block",
    [
        ConvBlock(32, 7, pool="max"),
        ConvBlock(24, stride=2, batch_norm=True),
        ConvBlock(16, pool="average", dropout=0.5),
    ],
)
def test_of_a_trainer(block: ConvBlock) -> None:
    config = TrainConfig(architecture=Architecture((block, block)), batch_size=300, epochs=1, shift=0, rotate=0)
    plan = config.architecture.plan((1, 8, 8), 10)

    def run() -> Trainer:
        trainer = Trainer(config)
        while not trainer.finished:
            trainer.step()
        return trainer

    run()  # what is imported and cached on the way is not the Trainer's
    said, real = training_bytes(plan, batch_size=300, pictures=1078), taken(run)
    assert abs(said - real) < 0.1 * real
