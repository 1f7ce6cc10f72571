"""What the views of a network and of one number are given: the core's own numbers, and formulas that come out right."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from cnncore.architecture import Architecture, ConvBlock
from cnncore.network import Network
from cnncore.tracing import receptive_field, trace_cell
from cnncore.whatif import activations_without
from pages.ui import cell_data, cell_pixel, network_data
from pages.ui.cell_view import read_go
from pages.ui.network_view import Pick, read_pick
from tests.cnncore.architectures import architectures, draw_weights
from tests.pages.conftest import component_data

CLASSES = ("a", "b", "c")


def unpack(packed: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    size = int.from_bytes(packed[:4], "little")
    head = json.loads(packed[4 : 4 + size])
    parts, start = {}, 4 + size
    for name, length in head["bytes"].items():
        parts[name] = packed[start : start + length]
        start += length
    assert start == len(packed)
    return head, parts


def made(case: tuple[Architecture, tuple[int, int, int]], seed: int = 0) -> tuple[Network, np.ndarray, dict[str, Any]]:
    """A network with random numbers everywhere, a picture, and what it gives."""
    architecture, shape = case
    network = Network(architecture, input_shape=shape, classes=3)
    rng = np.random.default_rng(seed)
    draw_weights(network, rng)
    x = rng.random((1, *shape), np.float32)
    return network, x, network.activations(x)


def described(network: Network, x: np.ndarray, activations: dict[str, Any], **options: Any) -> Any:
    return unpack(network_data.data(network, x, activations, network.predict_proba(x), CLASSES, **options))


def worked_out(formula: str) -> int:
    """What ⌊(n + begin + end − kernel) / stride⌋ + 1, or ⌊n / size⌋, comes out at."""
    above, below = re.fullmatch(r"⌊\(?([^)]*?)\)? / (\d+)⌋(?: \+ 1)? = \d+", formula).groups()  # type: ignore[union-attr]
    terms = [int(term) for term in above.replace("− ", "+ -").split(" + ")]
    return sum(terms) // int(below) + ("+ 1 =" in formula)


def cells_read(layer: dict[str, Any], before: dict[str, Any], index: tuple[int, ...]) -> set[tuple[int, ...]]:
    """The cells that `reads` names, one by one: what networkSources in network_layout.js outlines."""
    shape, reads = tuple(before["shape"]), layer["reads"]
    everything = set(np.ndindex(shape))
    if reads["kind"] == "all":
        return everything
    if reads["kind"] == "same":
        return {index}
    if reads["kind"] == "cell":
        return {tuple(int(n) for n in np.unravel_index(index[0], shape))}
    if reads["kind"] == "map":
        return {cell for cell in everything if cell[0] == index[0]}
    first = [index[axis + 1] * reads["stride"][axis] - reads["begin"][axis] for axis in (0, 1)]
    return {
        (channel, row, column)
        for channel, row, column in everything
        if (reads["all"] or channel == index[0])
        and first[0] <= row < first[0] + reads["size"][0]
        and first[1] <= column < first[1] + reads["size"][1]
    }


@settings(max_examples=25, deadline=None)
@given(case=architectures(), data=st.data())
def test_numbers_places_and_fields_are_the_cores(case: Any, data: Any) -> None:
    network, x, activations = made(case)
    head, parts = described(network, x, activations)
    values = np.frombuffer(parts["values"], "<f4")
    layers = {layer["name"]: layer for layer in head["layers"]}
    assert list(layers) == ["input", *activations, "probabilities"]
    everything = {"input": x, **activations, "probabilities": network.predict_proba(x)}
    for name, layer in layers.items():
        count = int(np.prod(layer["shape"]))
        shown = values[layer["start"] : layer["start"] + count].reshape(layer["shape"])
        np.testing.assert_array_equal(shown, everything[name][0])
        if layer["scale"] != "grey":
            assert layer["bound"] >= np.abs(shown).max()
        assert layer["scale"] == "signed" or shown.min() >= 0
    name = data.draw(st.sampled_from(list(activations)))
    layer = layers[name]
    index = tuple(data.draw(st.integers(0, most - 1)) for most in layer["shape"])
    trace = trace_cell(network, x, name, index, activations=activations)
    assert layer["before"] == trace.before
    traced: set[tuple[int, ...]] = set()
    for part in trace.parts:
        if part.rows.size:
            for (i, j), inside in np.ndenumerate(part.inside):
                if inside:
                    traced.add((part.channel, int(part.rows[i]), int(part.columns[j])))
        else:
            traced |= (
                {index}
                if part.inputs.size == 1 and layer["kind"] == "activation"
                else {(n,) for n in range(part.inputs.size)}
            )
    assert cells_read(layer, layers[trace.before], index) == traced
    place = next(iter(cells_read(layer, layers[trace.before], index))) if layer["kind"] == "flatten" else index
    fields = [spans[min(n, len(spans) - 1)] for spans, n in zip(layer["fields"], (*place, 0, 0)[1:], strict=False)]
    expected = receptive_field(network, name, index)
    if all(first <= last for first, last in expected):
        assert fields == [list(span) for span in expected]
    else:
        assert any(first > last for first, last in fields)


@settings(max_examples=25, deadline=None)
@given(case=architectures(), data=st.data())
def test_a_number_is_followed_to_where_it_was_made_and_adds_up(case: Any, data: Any) -> None:
    network, x, activations = made(case, seed=1)
    name = data.draw(st.sampled_from(list(activations)))
    shape = activations[name].shape[1:]
    index = tuple(data.draw(st.integers(0, most - 1)) for most in shape)
    trace = trace_cell(network, x, name, index, activations=activations)
    head, parts = unpack(cell_data.data(network, x, trace, activations, CLASSES))
    assert head["value"] == float(activations[name][0][index])
    inputs, weights = (np.frombuffer(parts[part], "<f8") for part in ("inputs", "weights"))
    shape = (len(head["channels"]), *head["window"])
    sums = (inputs * weights).reshape(shape[0], -1).sum(axis=1)
    np.testing.assert_allclose(head["sums"], sums, rtol=1e-12, atol=1e-12)
    assert head["total"] == pytest.approx(sums.sum() + head["bias"], rel=1e-9, abs=1e-12)
    chain = [plan.kind for plan in network.plan if plan.name == head["made_by"]]
    assert chain[0] in ("conv", "dense", "pool", "global_average")
    source = x if head["before"] == "input" else activations[head["before"]]
    inside = np.frombuffer(parts["inside"], np.uint8).reshape(shape)
    for place, value in np.ndenumerate(inputs.reshape(shape)):
        at: tuple[int, ...] = place[1:]
        if len(shape) == 3:
            at = (head["channels"][place[0]], head["rows"][place[1]], head["columns"][place[2]])
        assert value == (source[0][at] if inside[place] else 0)
    if head["kind"] == "max":
        assert inputs.reshape(head["window"])[tuple(head["winner"])] == inputs.max()
    last = head["steps"][-1]
    assert last["layer"] == name
    # every step but a copy ends in the number it gives, as a person reads it
    made_there = re.findall(r"−?[\d.,]+(?:e−?\d+)?", last["text"].split("=")[-1])
    if "=" in last["text"]:
        assert float(made_there[0].replace("−", "-").replace(",", "")) == pytest.approx(trace.total, rel=2e-3, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(case=architectures())
def test_the_formulas_come_out_at_the_sizes_and_counts(case: Any) -> None:
    network, x, activations = made(case)
    head, _ = described(network, x, activations)
    learned = network.parameters()
    for layer in head["layers"]:
        own = sum(values.size for name, values in learned.items() if name.split(".")[0] == layer["name"])
        numbers = [int(n.replace(",", "")) for n in re.findall(r"= ([\d,]+)", layer["parameters"])]
        assert numbers == ([own] if own else [])
        if layer["kind"] in ("conv", "pool"):
            sizes = [int(n.replace(",", "")) for n in re.findall(r"= ([\d,]+)", layer["size"])]
            assert (sizes if len(sizes) == 2 else sizes * 2) == layer["shape"][1:]
            for formula in layer["size"].replace("rows ", "").split("\ncolumns "):
                assert worked_out(formula) == int(formula.split("= ")[1])
    kinds = [layer["kind"] for layer in head["layers"]]
    assert kinds[0] == "input"
    assert kinds[-1] == "softmax"


CASE = (Architecture((ConvBlock(4, pool="max"), ConvBlock(5, batch_norm=True)), dense=(6,)), (1, 8, 8))


def test_trace_path_and_what_is_switched_off_or_left_out() -> None:
    network, x, activations = made(CASE)
    trace = trace_cell(network, x, "relu1", (3, 0, 7))
    path = [network_data.path_entry("logits", (1,), CLASSES), network_data.path_entry("input", (0, 2, 3))]
    options = {"off": {"relu1": {3, 1}}, "skip_kinds": ("flatten", "batch_norm"), "path": path}
    head, _ = described(network, x, activations, trace=trace, **options)
    assert head["at"] == {"layer": "relu1", "index": [3, 0, 7]}
    assert [stop["text"] for stop in head["path"]] == ["logits, class “b”", "input, channel 0, row 2, column 3"]
    assert [stop["short"] for stop in head["path"]] == ["logits · “b”", "input · 0 · 2,3"]
    layers = {layer["name"]: layer for layer in head["layers"]}
    assert all(layer["purpose"] for name, layer in layers.items() if name != "input")
    assert layers["relu1"]["off"] == [1, 3]
    assert layers["conv1"]["off"] == []
    assert [name for name, layer in layers.items() if layer["hidden"]] == ["norm2", "flatten"]
    assert described(network, x, activations, path=path)[0]["at"] == {"layer": "input", "index": [0, 2, 3]}
    assert described(network, x, activations)[0]["at"] is None


def test_a_filter_that_is_switched_off_is_0_from_there_on() -> None:
    network, x, _ = made(CASE)
    off = {"relu1": {3}}
    known = activations_without(network, x, off)
    trace = trace_cell(network, x, "relu1", (3, 2, 2), activations=known)
    head, _ = unpack(cell_data.data(network, x, trace, known, off=off))
    assert head["value"] == 0
    assert head["steps"][-1] == {"layer": "relu1", "text": "map 3 is switched off: 0"}
    after = trace_cell(network, x, "conv2", (0, 1, 1), activations=known)
    head, parts = unpack(cell_data.data(network, x, after, known, off=off))
    assert head["total"] == pytest.approx(head["value"], rel=1e-5)
    assert not np.frombuffer(parts["inputs"], "<f8").reshape(4, 3, 3)[3].any()
    assert [step["layer"] for step in head["steps"]] == ["conv2", "conv2"]


@settings(max_examples=25, deadline=None)
@given(case=architectures(), data=st.data())
def test_a_pixel_is_read_by_the_cells_that_are_traced_to_it(case: Any, data: Any) -> None:
    network, x, activations = made(case, seed=2)
    pixel = tuple(data.draw(st.integers(0, most - 1)) for most in network.input_shape)
    head, parts = unpack(cell_pixel.data(network, x, pixel))
    assert head["value"] == float(x[0][pixel])
    maps, rows, columns = network.plan[0].output_shape
    expected = {}
    for row, column in np.ndindex(
        rows, columns
    ):  # the slow way: trace every cell, and look for the pixel in its window
        part = trace_cell(network, x, "conv1", (0, row, column), activations=activations).parts[pixel[0]]
        at = (part.rows == pixel[1])[:, None] & (part.columns == pixel[2])[None, :] & part.inside
        if at.any():
            expected[row, column] = part.weights[at].item()
    found = [(row, column) for row in head["rows"] for column in head["columns"]]
    assert set(found) == set(expected)
    shape = (maps, len(head["rows"]), len(head["columns"]))
    inputs, weights = (np.frombuffer(parts[part], "<f8").reshape(shape) for part in ("inputs", "weights"))
    assert head["window"] == (list(shape[1:]) if weights.size else [0, 0])
    assert weights[0].reshape(-1).tolist() == [expected[cell] for cell in found]
    assert (inputs == x[0][pixel]).all()
    np.testing.assert_allclose(head["sums"], (inputs * weights).sum(axis=(1, 2)), rtol=1e-9, atol=1e-12)
    assert ("No cell of conv1 reads" in head["steps"][0]["text"]) == (not expected)
    if expected:  # and the way leads on to each of them
        message = {"channel": maps - 1, "row": found[-1][0], "column": found[-1][1]}
        assert read_go(message, head) == Pick("conv1", (maps - 1, *found[-1]))


def test_wrong_pictures_and_names_are_refused() -> None:
    network, x, activations = made(CASE)
    with pytest.raises(ValueError, match=r"`x` has shape \(2, 1, 8, 8\)"):
        network_data.data(network, np.zeros((2, 1, 8, 8)), activations, network.predict_proba(x), CLASSES)
    with pytest.raises(ValueError, match="`classes` has 2 names"):
        network_data.data(network, x, activations, network.predict_proba(x), CLASSES[:2])


@pytest.mark.parametrize(
    "message",
    [
        None, 3, [], {}, {"layer": "conv9", "index": [0, 0, 0]}, {"layer": ["conv1"], "index": [0, 0, 0]},
        {"layer": "conv1"}, {"layer": "conv1", "index": [0, 0]}, {"layer": "conv1", "index": [0, 0, 8]},
        {"layer": "conv1", "index": [0, -1, 0]}, {"layer": "conv1", "index": [0, 0.0, 0]},
        {"layer": "conv1", "index": [True, 0, 0]}, {"layer": "logits", "index": "0"},
    ],
)  # fmt: skip
def test_what_the_browser_sends_is_checked(message: Any) -> None:
    known = {"input": (1, 8, 8), "conv1": (4, 8, 8), "logits": (3,), "probabilities": (3,)}
    with pytest.raises(ValueError, match="no such cell"):
        read_pick(message, known)


def test_picks_that_exist() -> None:
    known = {"input": (1, 8, 8), "logits": (3,), "probabilities": (3,)}
    assert read_pick({"layer": "probabilities", "index": [2]}, known) == Pick("logits", (2,))
    assert read_pick({"layer": "input", "index": [0, 7, 7]}, known) == Pick("input", (0, 7, 7))
    assert read_pick({"layer": None}, known) is None


def test_going_on_is_checked() -> None:
    window = {"before": "relu1", "window": [1, 2], "channels": [0, 2], "rows": [3], "columns": [-1, 0]}
    assert read_go({"channel": 2, "row": 3, "column": 0}, window) == Pick("relu1", (2, 3, 0))
    units = {"before": "flatten", "window": [5], "channels": [0], "rows": [], "columns": []}
    assert read_go({"unit": 4}, units) == Pick("flatten", (4,))
    for message, head in (
        ({"channel": 1, "row": 3, "column": 0}, window),
        ({"channel": 2, "row": 3, "column": -1}, window),
        ({"channel": 2, "row": 3}, window),
        ({"unit": 5}, units),
        ({"unit": "4"}, units),
        (None, units),
    ):
        with pytest.raises(ValueError, match="such"):
            read_go(message, head)


def test_filters_that_are_off_are_named_above_the_layers_and_can_be_switched_on(
    open_page: Callable[..., AppTest],
) -> None:
    app = open_page("pages/8_Inspect.py", source="test", network="digits", off="relu1.1 relu2.0", path="input.0.3.4")
    words = " ".join(block.value for block in app.markdown)
    assert "**2 filters are switched off** (What if): these are the numbers without them" in words
    head = next(data for data in component_data(app) if data.get("kind") == "pixel")
    assert head["index"] == [0, 3, 4]
    next(button for button in app.button if button.label == "Switch them on again").click().run()
    assert "switched off** (What if)" not in " ".join(block.value for block in app.markdown)
    assert not app.exception
