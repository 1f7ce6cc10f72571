"""Layer by layer: what every layer makes of the picture, and any number of it followed back to the pixels."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from cnncore.ops import softmax
from cnncore.tracing import trace_cell
from cnncore.whatif import activations_without
from pages.ui import cell_data, cell_pixel, cell_view, network_data, network_view
from pages.ui.inspect_answer import probabilities
from pages.ui.inspect_network import Chosen
from pages.ui.inspect_source import Given
from pages.ui.inspect_whatif import switched_off
from pages.ui.network_view import Pick
from pages.ui.state import PageState, Setting, memo

MOST_STEPS = 24
"""Of the way back; a longer one forgets its beginning."""


def _check_path(value: Any) -> str:
    if not re.fullmatch(r"(\w{1,24}(\.\d{1,4}){1,3}( \w{1,24}(\.\d{1,4}){1,3})*)?", str(value)):
        raise ValueError(f"A cell is written as layer.map.row.column, such as conv1.0.3.4, not “{str(value)[:40]}”.")
    return str(value)


SETTINGS: tuple[Setting, ...] = (Setting("path", "", _check_path),)


def path_of(state: PageState, chosen: Chosen) -> list[Pick]:
    """Return the cells that the person went through; those that this network does not have end the way."""
    shapes = {plan.name: plan.output_shape for plan in chosen.network.plan if plan.kind != "dropout"}
    shapes["input"] = chosen.network.input_shape
    way: list[Pick] = []
    for part in str(state["path"]).split():
        layer, *numbers = part.split(".")
        index = tuple(int(number) for number in numbers)
        shape = shapes.get(layer, ())
        if len(index) != len(shape) or any(n >= most for n, most in zip(index, shape, strict=True)):
            break
        way.append(Pick(layer, index))
    return way


def draw(state: PageState, chosen: Chosen, given: Given) -> None:
    """Draw the whole network and, docked at the window's lower edge, the number that is traced, taken apart."""
    off = switched_off(state, chosen)
    switched = tuple(sorted((name, tuple(sorted(channels))) for name, channels in off.items()))
    known: dict[str, Any] = memo(
        "inspect.activations",
        (chosen.key, given.key, switched),
        lambda: activations_without(chosen.network, given.x, off),
    )
    if off:
        _say_off(state, sum(map(len, off.values())))
    shares = softmax(known["logits"])[0] if off else probabilities(chosen, given)
    way = path_of(state, chosen)
    traced = way[-1] if way else None
    trace = None
    if traced is not None and traced.layer != "input":
        trace = trace_cell(chosen.network, given.x, traced.layer, traced.index, activations=known)
    packed = network_data.data(
        chosen.network,
        given.x,
        known,
        shares,
        chosen.classes,
        trace=trace,
        off=off,
        path=[network_data.path_entry(pick.layer, pick.index, chosen.classes) for pick in way],
    )
    network_view.show(packed, key="inspect-layers", on_pick=lambda pick: pick_cell(state, chosen, pick))
    if traced is None:
        return
    taken_apart = (
        cell_pixel.data(chosen.network, given.x, traced.index)
        if trace is None
        else cell_data.data(chosen.network, given.x, trace, known, chosen.classes, off=off)
    )
    with st.container(key="trace-dock"):
        cell_view.show(taken_apart, key="inspect-cell", on_go=lambda pick: go(state, chosen, pick))


def _say_off(state: PageState, count: int) -> None:
    """Say why these numbers are others than the answer's, and offer the way back."""
    words = "1 filter is switched off" if count == 1 else f"{count} filters are switched off"
    without = "it" if count == 1 else "them"
    with st.container(key="layers-off", horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{words}** (What if): these are the numbers without {without}, not those of the answer above.",
            width="content",
        )
        st.button(f"Switch {without} on again", on_click=lambda: state.change(off=""))


def go(state: PageState, chosen: Chosen, pick: Pick) -> None:
    """Go on to a cell that the traced one was made of."""
    _write(state, [*path_of(state, chosen), pick])


def pick_cell(state: PageState, chosen: Chosen, pick: Pick | None) -> None:
    """Begin a way at a cell; or go back to one of the way; or end it."""
    way = path_of(state, chosen)
    if pick is None:
        way = []
    elif pick in way:
        way = way[: way.index(pick) + 1]
    else:
        way = [pick]
    _write(state, way)


def _write(state: PageState, way: list[Pick]) -> None:
    state.change(path=" ".join(".".join(map(str, (pick.layer, *pick.index))) for pick in way[-MOST_STEPS:]))
