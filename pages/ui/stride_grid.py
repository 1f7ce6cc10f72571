"""The equation of the Stride page on a small grid, the formula of its size, and what to notice in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.ui import pins
from pages.ui.explorer import Pin, annotate, convolution, explorer, pixels, transposed_convolution
from pages.ui.explorer_data import Data, output_shape
from pages.ui.grid_controls import TOP, Grid, edit_grids, small_grid, small_kernel
from pages.ui.repair import make_or_last
from pages.ui.state import PageState, Setting
from pages.ui.stride_controls import MOST_KERNEL, OPTIONS, labels
from pages.ui.stride_view import AXES, Geometry, formula, geometry, pad_note, sentences

SETTINGS: tuple[Setting, ...] = (pins.pin_setting(),)
FIRST = (
    *("kernel_rows", "kernel_columns", "dilation", "dilation_across", "output_padding", "output_padding_across"),
    *("pixels", "top", "bottom", "left", "right", "padding", "crop", "window", "input"),
)
"""What is put back first where the settings do not go together: the input last."""


@dataclass(frozen=True, eq=False)
class PlacedGrid:
    """Input, kernel, where the windows land, and the explorer's data."""

    image: Grid
    kernel: NDArray[np.float64]
    placed: Geometry
    data: Data


def place(values: dict[str, Any]) -> PlacedGrid:
    """Return what the settings describe. Raises ValueError with a sentence."""
    image, kernel = small_grid(values), small_kernel(values)
    if max(kernel.shape) > MOST_KERNEL:
        rows, columns = kernel.shape
        raise ValueError(f"The kernel has {rows} × {columns} weights; at most {MOST_KERNEL} × {MOST_KERNEL} fit here.")
    placed = geometry(values, image.shape, kernel.shape)
    how: dict[str, Any] = {
        "stride": placed.pair("stride"),
        "padding": placed.pads,
        "dilation": placed.pair("dilation"),
    }
    if placed.transposed:
        made = transposed_convolution(image, kernel, **how, output_padding=placed.pair("output_padding"))
    else:
        made = convolution(image, kernel, **how, border=values["border"], value=values["value"])
    note = "" if placed.transposed else pad_note(placed.pads)
    words: dict[str, Any] = {"note": note}
    if (image >= 0).all():
        words["scale"] = pixels(0, max(TOP, float(image.max())))
    data = annotate(made, input=words, pinned=pins.read(values["pin"]), editable=["input", "kernel"])
    return PlacedGrid(image, kernel, placed, data)


def place_or_last(state: PageState, values: dict[str, Any], complaints: list[str]) -> tuple[PlacedGrid, dict[str, Any]]:
    """Return what the settings describe, and them; if it cannot be drawn say why, and return the last that could."""
    grid, drawn = make_or_last(state, values, complaints, place, first=FIRST, labels=labels(values), options=OPTIONS)
    if drawn is values:
        pins.drop_lost(state, [output_shape(grid.data)], complaints)
    return grid, drawn


def draw(state: PageState, grid: PlacedGrid) -> None:
    """Draw the equation."""

    def take_pin(pin: Pin | None) -> None:
        state.change(pin=pins.write(pin))

    explorer(grid.data, key="stride-grid", on_pin=take_pin, on_edit=edit_grids(state, grid.image, grid.kernel))


def draw_formula(placed: Geometry, *, brief: bool = False) -> None:
    """Draw how many rows and columns come out, with the numbers, and what to notice (with `brief` less of it)."""
    gap = " " if placed.transposed else "  \n"
    for column, axis, name in zip(st.columns(2), placed.axes, AXES, strict=True):
        first, rest = formula(axis, name)
        column.markdown(f"$\\small {first}$ {gap}$\\small {{{rest}}}$")
    st.markdown(" ".join(sentences(placed, brief=brief)))
