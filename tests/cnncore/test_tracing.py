"""Numbers taken apart: they add up to what the network gives, and nothing outside their field moves them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cnncore.network import Architecture, ConvBlock, Network
from cnncore.tracing import layer_before, receptive_field, trace_cell

NETWORKS = {
    "plain": Architecture(dense=(7,)),
    "all kinds": Architecture(
        (
            ConvBlock(4, (3, 2), stride=(2, 1), padding="same_lower", activation="tanh", pool="average", dropout=0.5),
            ConvBlock(3, 3, padding=((2, 1), (0, 1)), activation="leaky_relu", batch_norm=True, pool="max"),
            ConvBlock(2, 1, padding="valid"),
        ),
        head="global_average",
        dense=(5, 4),
    ),
}


@pytest.fixture(params=NETWORKS)
def network(request):
    made = Network(NETWORKS[request.param], input_shape=(2, 13, 11), classes=3, seed=8, dtype=np.float64)
    rng = np.random.default_rng(2)
    for values in made.parameters().values():  # biases and batch normalisation that would be missed
        values[...] += rng.normal(0, 0.2, values.shape)
    for values in made.buffers().values():
        values[...] = rng.uniform(0.5, 2, values.shape)
    return made


@pytest.fixture
def picture():
    return np.random.default_rng(4).random((1, 2, 13, 11))


def cells(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The corners of a layer's output, and a few cells within."""
    corners = {tuple(np.minimum(corner, np.array(shape) - 1)) for corner in np.ndindex(*(2,) * len(shape))}
    corners |= {tuple(n - 1 for n in shape), tuple(n // 2 for n in shape)}
    return sorted(tuple(int(n) for n in corner) for corner in corners)


def test_every_number_adds_up(network, picture):
    known = network.activations(picture)
    for layer, values in known.items():
        for index in cells(values.shape[1:]):
            trace = trace_cell(network, picture, layer, index, activations=known)
            assert trace.value == values[0][index]
            assert trace.total == pytest.approx(trace.value, abs=1e-12)
            source = picture[0] if trace.before == "input" else known[trace.before][0]
            for part in trace.parts:
                np.testing.assert_allclose(part.products, part.inputs * part.weights)
                if part.rows.size:  # the cells named are the cells that were read
                    for (row, column), given, inside in zip(
                        [(r, c) for r in part.rows for c in part.columns],
                        part.inputs.ravel(),
                        part.inside.ravel(),
                        strict=True,
                    ):
                        assert given == (source[part.channel, row, column] if inside else 0)


def test_the_field_is_what_can_move_the_number(network, picture):
    """Against the pixels that really move it, on a network of the same windows in which nothing hides a change."""
    blocks = tuple(
        replace(block, activation="leaky_relu", pool=block.pool and "average", batch_norm=False)
        for block in network.architecture.blocks
    )
    open_network = Network(
        replace(network.architecture, blocks=blocks), input_shape=(2, 13, 11), classes=3, dtype=np.float64
    )
    for values in open_network.parameters().values():
        values[...] = np.abs(values) + 0.1
    known = open_network.activations(picture)
    changed = np.repeat(picture, 13 * 11, axis=0)
    for number, (row, column) in enumerate(np.ndindex(13, 11)):
        changed[number, :, row, column] += 5
    after = open_network.activations(changed)
    for layer, values in known.items():
        for index in cells(values.shape[1:]):
            moved = np.abs(after[layer][(slice(None), *index)] - values[(0, *index)]).reshape(13, 11) > 1e-12
            (top, bottom), (left, right) = receptive_field(open_network, layer, index)
            expected = np.zeros_like(moved)
            expected[max(top, 0) : bottom + 1, max(left, 0) : right + 1] = True
            np.testing.assert_array_equal(moved, expected, err_msg=f"{layer} {index}")


def test_a_maximum_names_its_winner_and_ties_go_to_the_first():
    network = Network(Architecture((ConvBlock(1, 1, pool="max"),)), input_shape=(1, 4, 4), seed=0)
    network.parameters()["conv1.weight"][...] = 1
    picture = np.zeros((1, 1, 4, 4), np.float32)
    picture[0, 0, 2:, 2:] = [[0.1, 0.7], [0.7, 0.2]]
    trace = trace_cell(network, picture, "pool1", (0, 1, 1))
    assert trace.detail["winner"] == (2, 3)
    assert trace.parts[0].weights.tolist() == [[0, 1], [0, 0]]
    assert trace_cell(network, picture, "pool1", (0, 0, 0)).detail["winner"] == (0, 0)


def test_the_way_back_ends_at_the_pixels(network, picture):
    layer, way = "logits", ["logits"]
    while layer != "input":
        layer = layer_before(network, layer)
        way.append(layer)
    assert way == ["logits", *reversed(list(network.activations(picture))[:-1]), "input"]


@pytest.mark.parametrize(
    ("layer", "index", "said"),
    [
        ("conv9", (0, 0, 0), "`layer`"),
        ("drop1", (0, 0, 0), "`layer`"),
        ("conv1", (0, 0), "`index`"),
        ("conv1", (0, 99, 0), "`index`"),
        ("conv1", (-1, 0, 0), "`index`"),
        ("logits", 3, "`index`"),
    ],
)
def test_refusals(picture, layer, index, said):
    network = Network(NETWORKS["all kinds"], input_shape=(2, 13, 11), classes=3)
    with pytest.raises(ValueError, match=said):
        trace_cell(network, picture, layer, index)
    with pytest.raises(ValueError, match="one picture"):
        trace_cell(network, np.zeros((2, 2, 13, 11)), "conv1", (0, 0, 0))
