"""Where the gradient of one output goes: to the winner of a maximum, spread over what a mean counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.ui.explorer_data import signed
from pages.ui.pooling_grid import PooledGrid
from pages.ui.pooling_tables import amount, below_one_another, beside, table
from pages.ui.pooling_view import reduces, route
from pages.ui.sharing import output_numbers
from pages.ui.state import PageState, Setting, choice
from pages.ui.words import number as say

UPSTREAM = {"one": "One output", "every": "Every output"}
SETTINGS: tuple[Setting, ...] = (choice("upstream", "one", list(UPSTREAM), "gradient at the output"),)
Array = NDArray[Any]


def gradients(grid: PooledGrid, upstream: str) -> tuple[Array, Array]:
    """Return a gradient of 1 at the shown output, or at every one, and what the core makes of it at the input."""
    output = output_numbers(grid.data)
    above = np.ones(output.shape) if upstream == "every" else np.zeros(output.shape)
    above[grid.shown] = 1.0
    return above, route(grid.kind, grid.pool, above, grid.maps)


def draw(state: PageState, grid: PooledGrid, *, dark: bool) -> None:
    """Draw the gradient at the output and at the input, beside the input, and say where it went."""
    st.segmented_control(
        "Gradient of 1 at", list(UPSTREAM), format_func=UPSTREAM.__getitem__, key=state.key("upstream"), required=True
    )
    one = state["upstream"] == "one"
    above, below = gradients(grid, state["upstream"])
    several = len(grid.maps) > 1
    shades = grid.data["input"]["scale"] if grid.data["input"]["scale"]["kind"] == "pixels" else signed(grid.maps)
    scale = amount(below)
    figures = []
    for at, plane in enumerate(above):
        if one and at != grid.shown[0]:
            continue
        name = f", channel {at}" if len(above) > 1 else ""
        figures.append(table(f"Gradient at the output{name}", plane, amount(above), dark=dark, side=150))
    for at, (plane, gradient) in enumerate(zip(grid.maps, below, strict=True)):
        if several and one and len(above) > 1 and at != grid.shown[0]:
            continue
        name = f", channel {at}" if several else ""
        reached = {(int(r), int(c)) for r, c in np.argwhere(gradient)}
        pair = [
            table(f"Input{name}", plane, shades, dark=dark, marked=reached),
            table(f"Gradient at the input{name}", gradient, scale, dark=dark),
        ]
        figures += [below_one_another(pair)] if several else pair
    st.html(beside(figures))
    st.markdown(" ".join(sentences(grid, state["upstream"], above, below)))


def sentences(grid: PooledGrid, upstream: str, above: Array, below: Array) -> list[str]:
    """Say where the gradient went, with the numbers."""
    largest = reduces(grid.kind) == "max"
    if upstream == "every":
        total, lost = float(below.sum()), float(above.sum() - below.sum())
        reached = int(np.count_nonzero(below))
        lines = [
            f"{above.size} outputs, each with a gradient of 1: {say(total)} arrives at {reached} of {below.size} cells."
        ]
        if below.size > reached:
            lines.append("The others get 0: nothing is learned through them this time.")
        if below.max() > 1 and largest:
            lines.append(f"A cell that wins in several windows gets the sum: here up to {say(float(below.max()))}.")
        return [*lines, *_lost(lost)]
    plane, row, column = grid.shown
    value = output_numbers(grid.data)[grid.shown]
    pinned = grid.data["pinned"] is not None
    where = f"row {row}, column {column}" + (f" of channel {plane}" if len(above) > 1 else "")
    lines = [f"Output {where} is {say(float(value), 4)}."]
    places = np.argwhere(below)
    if len(places) == 0:
        lines.append("It comes from no cell of the input, so its gradient goes nowhere.")
    elif largest:
        _, r, c = (int(at) for at in places[0])
        channel = f" of channel {int(places[0][0])}" if len(grid.maps) > 1 else ""
        lines.append(
            f"It is the number at row {r}, column {c}{channel}, so its whole gradient, 1, goes there: if that number "
            "grows a little, so does the output. All others get 0: they could change a little, and nothing would."
        )
        if _tied(grid, below):
            lines.append("Others are as large: of equals, the first in reading order has it all.")
    else:
        share = float(below[tuple(places[0])])
        counted = round(1 / share)
        lines.append(f"It is a mean of {counted} numbers, so each has 1/{counted} of the gradient: {say(share, 4)}.")
        lines += _lost(1 - float(below.sum()), counted - len(places))
    if not pinned:
        lines.append("Click another output above to pin it.")
    return lines


def _lost(lost: float, cells: int = 0) -> list[str]:
    if abs(lost) < 1e-9:
        return []
    which = f", {cells} of the cells that counted," if cells else ""
    return [f"The rest, {say(lost)}, falls on the padding{which} and is lost."]


def _tied(grid: PooledGrid, below: Array) -> bool:
    """Whether another cell of the shown window is as large as the winner."""
    taps, (plane, row, column) = grid.data["taps"], grid.shown
    value = output_numbers(grid.data)[grid.shown]
    pads = grid.data["input"]["pad"]
    ties = 0
    for source, _ in grid.data["sources"][plane]:
        for r, _ in taps["rows"][row]:
            for c, _ in taps["columns"][column]:
                at = r - pads[0], c - pads[2]
                if 0 <= at[0] < grid.maps.shape[1] and 0 <= at[1] < grid.maps.shape[2]:
                    ties += bool(grid.maps[source][at] == value)
    return ties > 1
