"""The equation of the Pooling page on a small grid, the formula of its size, and what to notice in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import kernel_text
from pages.ui import pins
from pages.ui.explorer import (
    Edit,
    Pin,
    annotate,
    cross_channel_pooling,
    explorer,
    global_pooling,
    pixels,
    pooling,
)
from pages.ui.explorer_data import Data, has_output, output_shape
from pages.ui.grid_controls import MOST, OWN, TOP, small_grid
from pages.ui.pooling_controls import OPTIONS, labels
from pages.ui.pooling_view import AXES, Pool, formula, is_windowed, place_pool, reduces, sentences, shape_sentence
from pages.ui.repair import make_or_last
from pages.ui.state import PageState, Setting

CHANNELS = 3


SETTINGS: tuple[Setting, ...] = (pins.pin_setting("channel"),)
FIRST = ("dilation", "dilation_across", "pixels", "pixels_across", "window", "window_across", "padding", "input")
"""What is put back first where the settings do not go together: the input last."""


@dataclass(frozen=True, eq=False)
class PooledGrid:
    """The input's channels (C, H, W), where the windows land if there are any, and the explorer's data."""

    kind: str
    maps: NDArray[np.float64]
    pool: Pool | None
    data: Data

    @property
    def shown(self) -> Pin:
        """The output cell that is spoken of: the pinned one, else the first."""
        place = self.data["pinned"] or (0, 0, 0)
        return place[0], place[1], place[2]


def channels(values: dict[str, Any]) -> NDArray[np.float64]:
    """Return the input, (C, H, W): one channel, or three for a pool that is global or goes across the channels."""
    if values["input"] == OWN and values["numbers"].strip():
        try:
            own = kernel_text.parse(values["numbers"], most=MOST)
        except ValueError as error:
            raise ValueError(f"The input cannot be read: {error}.") from None
        return own[None] if own.ndim == 2 else own
    if is_windowed(values["kind"]):
        return small_grid(values)[None]
    rows, columns = values["rows"], values["columns"]
    if values["input"] == "gradient":
        down, right = np.mgrid[0:rows, 0:columns]
        ramps = (down / (rows - 1), right / (columns - 1), (down + right) / (rows + columns - 2))
        return np.round(TOP * np.stack(ramps))
    made = [
        small_grid({**values, "seed": values["seed"] + at, "digit": (values["digit"] + at) % 10})
        for at in range(CHANNELS)
    ]
    return np.stack(made)


def place(values: dict[str, Any]) -> PooledGrid:
    """Return what the settings describe. Raises ValueError with a sentence."""
    maps, kind = channels(values), values["kind"]
    pool = place_pool(values, maps.shape[1:]) if is_windowed(kind) else None
    if pool is not None:
        made = pooling(maps, pool.pair("k"), kind=kind, **pool.options)
    elif kind.startswith("global"):
        made = global_pooling(maps, kind=reduces(kind))
    else:
        made = cross_channel_pooling(maps, kind=reduces(kind))
    names = [f"Channel {at}" for at in range(len(maps))] if len(maps) > 1 else None
    words: dict[str, Any] = {"names": names}
    result: dict[str, Any] = {"names": names if len(made["output"]["planes"]) > 1 else None}
    if (maps >= 0).all():
        words["scale"] = pixels(0, max(TOP, float(maps.max())))
        result["scale"] = words["scale"]
    data = annotate(made, input=words, output=result, pinned=pins.read(values["pin"]), editable=["input"])
    return PooledGrid(kind, maps, pool, data)


def place_or_last(state: PageState, values: dict[str, Any], complaints: list[str]) -> tuple[PooledGrid, dict[str, Any]]:
    """Return what the settings describe, and them; if it cannot be drawn say why, and return the last that could."""
    grid, drawn = make_or_last(state, values, complaints, place, first=FIRST, labels=labels(values), options=OPTIONS)
    if drawn is values:
        pins.drop_lost(state, [output_shape(grid.data)], complaints)
    return grid, drawn


def draw(state: PageState, grid: PooledGrid) -> None:
    """Draw the equation."""

    def take_pin(pin: Pin | None) -> None:
        if pin is not None and not has_output(grid.data, pin):
            raise ValueError("The output has no such cell.")
        state.change(pin=pins.write(pin))

    def take_edit(edit: Edit) -> None:
        changed = grid.maps.copy()
        changed[edit.channel, edit.row, edit.column] = edit.value
        state.change(
            input=OWN, numbers=kernel_text.format_kernel(changed[0] if len(changed) == 1 else changed, most=MOST)
        )

    explorer(grid.data, key="pooling-grid", on_pin=take_pin, on_edit=take_edit)


def draw_size(grid: PooledGrid) -> None:
    """Draw the size of the output, and what to notice."""
    if grid.pool is None:
        st.markdown(shape_sentence(grid.kind, *grid.maps.shape))
    else:
        draw_formula(grid.pool)


def draw_formula(pool: Pool, *, brief: bool = False) -> None:
    """Draw how many rows and columns come out, with the numbers, and what to notice (with `brief` less of it)."""
    for column, axis, name in zip(st.columns(2), pool.axes, AXES, strict=True):
        first, rest = formula(axis, name)
        column.markdown(f"$\\small {first}$  \n$\\small {{{rest}}}$")
    st.markdown(" ".join(sentences(pool, brief=brief)))
