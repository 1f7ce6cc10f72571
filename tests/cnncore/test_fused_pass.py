"""The training pass gives the layers' numbers: loss, every gradient, running statistics, scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncore import _fused_columns
from cnncore._fused_pass import FusedPass
from cnncore.architecture import Architecture, ConvBlock
from cnncore.network import Network
from tests.cnncore.architectures import architectures, draw_weights


def empty_gradients(network: Network) -> dict[str, np.ndarray]:
    return {name: np.full_like(values, np.nan) for name, values in network.parameters().items()}


@given(architectures(), st.integers(1, 4), st.integers(1, 2000), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_it_gives_the_layers_numbers(drawn, images: int, block_bytes: int, seed: int) -> None:
    """Twice from the same memory, in blocks of rows large and small."""
    architecture, shape = drawn
    rng = np.random.default_rng(seed)
    network = Network(architecture, input_shape=shape, classes=3, dtype=np.float64)
    draw_weights(network, rng)
    other, gradients = network.copy(), empty_gradients(network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_fused_columns, "BLOCK_BYTES", block_bytes)
        run = FusedPass(network, images, gradients)
    for turn in range(2):
        x, labels = rng.standard_normal((images, *shape)), rng.integers(0, 3, images)
        loss, correct = run.forward(x, labels, np.random.default_rng(turn))
        run.backward()
        wanted, theirs = other.loss_and_gradients(x, labels, training=True, rng=np.random.default_rng(turn))
        assert loss == pytest.approx(wanted, rel=1e-10, abs=1e-10)
        assert 0 <= correct <= images
        for name, gradient in gradients.items():
            np.testing.assert_allclose(gradient, theirs[name], rtol=1e-7, atol=1e-9, err_msg=name)
        for name, values in network.buffers().items():
            np.testing.assert_allclose(values, other.buffers()[name], rtol=1e-10, err_msg=name)
        some = rng.standard_normal((max(1, images - 1), *shape))
        np.testing.assert_allclose(run.scores(some), network.forward(some), rtol=1e-8, atol=1e-9)


def test_it_counts_what_is_right() -> None:
    network = Network(Architecture(), seed=1)
    run = FusedPass(network, 50, empty_gradients(network))
    x = np.random.default_rng(0).random((50, 1, 8, 8), dtype=np.float32)
    guesses = network.forward(x).argmax(axis=1)
    labels = guesses.copy()
    labels[:20] = (labels[:20] + 1) % 10
    assert run.forward(x, labels)[1] == 30


@pytest.mark.parametrize("side", [8, 28])
def test_blocks_of_rows_change_no_bit_of_what_comes_out(side: int) -> None:
    """Nor does a second run of the same batch."""
    blocks = (ConvBlock(8, pool="max"), ConvBlock(16, pool="max"))
    network = Network(Architecture(blocks), input_shape=(1, side, side))
    rng = np.random.default_rng(0)
    x, labels = rng.random((32, 1, side, side), dtype=np.float32), rng.integers(0, 10, 32)
    found = []
    for block_bytes in (1 << 10, 1 << 16, 1 << 16, 1 << 30):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_fused_columns, "BLOCK_BYTES", block_bytes)
            run = FusedPass(network, 32, gradients := empty_gradients(network))
        losses = [run.forward(x, labels)[0] for _ in range(2)]
        run.backward()
        found.append((losses, gradients))
    for losses, gradients in found[1:]:
        assert losses == found[0][0]
        for name, gradient in gradients.items():
            np.testing.assert_array_equal(gradient, found[0][1][name], err_msg=name)


def test_dropout_needs_a_generator() -> None:
    network = Network(Architecture((ConvBlock(2, dropout=0.5),)))
    run = FusedPass(network, 1, empty_gradients(network))
    with pytest.raises(ValueError, match="rng"):
        run.forward(np.zeros((1, 1, 8, 8), np.float32), np.array([0]))
