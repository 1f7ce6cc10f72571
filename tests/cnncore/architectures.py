"""Random small architectures, with the pictures they take, for hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from cnncore.architecture import Architecture, ConvBlock
from cnncore.network import Network

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))
PADDINGS = st.sampled_from(["valid", "same", "same_lower", "full", 0, 2, (1, 0), ((0, 2), (1, 0))])


@st.composite
def conv_blocks(draw: Any) -> ConvBlock:
    """Draw one block with few filters."""
    return ConvBlock(
        draw(st.integers(1, 5)),
        draw(PAIRS),
        stride=draw(st.one_of(st.just(1), PAIRS)),
        padding=draw(PADDINGS),
        activation=draw(st.sampled_from(["relu", "leaky_relu", "tanh"])),
        pool=draw(st.sampled_from([None, "max", "average"])),
        pool_size=draw(st.integers(2, 3)),
        batch_norm=draw(st.booleans()),
        dropout=draw(st.sampled_from([0.0, 0.0, 0.4])),
    )


@st.composite
def architectures(draw: Any) -> tuple[Architecture, tuple[int, int, int]]:
    """Draw an architecture, and the shape of pictures that it takes."""
    shape = (draw(st.integers(1, 2)), draw(st.integers(3, 9)), draw(st.integers(3, 9)))
    network = Architecture(
        tuple(draw(st.lists(conv_blocks(), min_size=1, max_size=3))),
        draw(st.sampled_from(["flatten", "global_average"])),
        tuple(draw(st.lists(st.integers(1, 6), max_size=2))),
    )
    try:
        network.plan(shape, 3)
    except ValueError:
        assume(False)
    return network, shape


def draw_weights(network: Network, rng: np.random.Generator) -> None:
    """Give every parameter and running statistic a random number, for the starting ones are special."""
    for name, values in {**network.parameters(), **network.buffers()}.items():
        values[...] = rng.uniform(0.5, 1.5, values.shape) if "norm" in name else rng.normal(0, 0.7, values.shape)
