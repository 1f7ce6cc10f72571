"""Small grids of numbers that a person chooses, makes or types: the input and the kernel of the explorer's pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import kernel_text
from cnncore.samples import load_sample
from pages.ui.explorer import Edit
from pages.ui.state import PageState, Setting, choice, number, text

Grid = NDArray[np.float64]

OWN = "own"
SOURCES = {"random": "Random", "digit": "A digit", "gradient": "Gradient", OWN: "Your own"}
LEAST, MOST = 3, 16
TOP = 9  # the largest number of the made grids: sums stay readable
WINDOWS: dict[str, str] = {
    "sobel": "Sobel, left to right",
    "box": "All ones",
    "laplacian": "Laplacian",
    "identity": "Identity",
    "ramp": "1, 2, 3, …",
    OWN: "Your own",
}
LABELS = {"window": "Kernel", "numbers": "Its numbers", "weights": "Its weights"}
OPTIONS = {"input": SOURCES, "window": WINDOWS}
"""What the controls below are called where that is not the setting's name, and what they call its values."""


def grid_settings(*, rows: int = 6, columns: int = 6, source: str = "random") -> tuple[Setting, ...]:
    """Return the settings of the input grid, for a page's table."""
    return (
        choice("input", source, list(SOURCES), "input"),
        number("rows", rows, LEAST, MOST, "number of rows", whole=True),
        number("columns", columns, LEAST, MOST, "number of columns", whole=True),
        number("seed", 1, 0, 9999, "seed", whole=True),
        number("digit", 3, 0, 9, "digit", whole=True),
        text("numbers", ""),
    )


def window_settings(*, size: int = 3, most: int = 7, kind: str = "sobel") -> tuple[Setting, ...]:
    """Return the settings of the kernel, for a page's table."""
    return (
        choice("window", kind, list(WINDOWS), "kernel"),
        number("kernel_rows", size, 1, most, "number of kernel rows", whole=True),
        number("kernel_columns", size, 1, most, "number of kernel columns", whole=True),
        text("weights", ""),
    )


def grid_controls(state: PageState) -> None:
    """Draw the controls of the input grid."""
    st.selectbox("Input", list(SOURCES), format_func=SOURCES.__getitem__, key=state.key("input"))
    source = state["input"]
    if source == OWN:
        _text_area(state, "numbers", "Its numbers", small_grid)
        return
    left, right = st.columns(2)
    left.number_input("Rows", LEAST, MOST, key=state.key("rows"))
    right.number_input("Columns", LEAST, MOST, key=state.key("columns"))
    if source == "random":
        st.number_input("Seed", 0, 9999, key=state.key("seed"))
    elif source == "digit":
        st.number_input("Digit", 0, 9, key=state.key("digit"))


def window_controls(state: PageState, *, most: int = 7) -> None:
    """Draw the controls of the kernel."""
    st.selectbox("Kernel", list(WINDOWS), format_func=WINDOWS.__getitem__, key=state.key("window"))
    if state["window"] == OWN:
        _text_area(state, "weights", "Its weights", small_kernel)
        return
    left, right = st.columns(2)
    left.number_input("Kernel rows", 1, most, key=state.key("kernel_rows"))
    right.number_input("Kernel columns", 1, most, key=state.key("kernel_columns"))


def _text_area(state: PageState, name: str, label: str, make: Callable[[dict[str, Any]], Grid]) -> None:
    empty = not state[name].strip()  # only then the placeholder is seen, and what `make` gives is sure to be a grid
    st.text_area(
        label,
        key=state.key(name),
        height=110,
        placeholder=kernel_text.format_kernel(make(state.values()), most=MOST).replace(";", "\n") if empty else None,
        help="Rows on lines of their own or parted by “;”, numbers by spaces or commas. Or type into the grid itself.",
    )


def small_grid(values: dict[str, Any]) -> Grid:
    """Return the input grid that the settings describe, shape (rows, columns). ValueError with a sentence."""
    rows, columns = values["rows"], values["columns"]
    if values["input"] == OWN and values["numbers"].strip():
        grid = _read(values["numbers"], "input")
        if min(grid.shape) < 1 or max(grid.shape) > MOST:
            raise ValueError(f"The input has {grid.shape[0]} × {grid.shape[1]} numbers; at most {MOST} × {MOST} fit.")
        return grid
    if values["input"] == "digit":
        return _digit(values["digit"], rows, columns)
    if values["input"] == "gradient":
        down, right = np.mgrid[0:rows, 0:columns]
        return np.round(TOP * (down + right) / max(rows + columns - 2, 1))
    return np.random.default_rng(values["seed"]).integers(0, TOP + 1, (rows, columns)).astype(np.float64)


def _digit(digit: int, rows: int, columns: int) -> Grid:
    """Return a handwritten digit as numbers from 0 to 9: the mean of the pixels under each cell."""
    picture = load_sample(f"digit-{digit}")[..., 0].astype(np.float64)
    share = _cover(rows, picture.shape[0]) @ picture @ _cover(columns, picture.shape[1]).T
    return np.round(TOP * share / max(share.max(), 1e-9))


def _cover(cells: int, pixels: int) -> Grid:
    """Return (cells, pixels): how much of each pixel lies under each cell, as shares that sum to 1."""
    edges = np.linspace(0, pixels, cells + 1)
    at = np.arange(pixels)
    overlap = np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at)
    overlap = np.clip(overlap, 0, None)
    return overlap / overlap.sum(axis=1, keepdims=True)


def small_kernel(values: dict[str, Any]) -> Grid:
    """Return the kernel that the settings describe, shape (KH, KW). ValueError with a sentence."""
    rows, columns = values["kernel_rows"], values["kernel_columns"]
    kind = values["window"]
    if kind == OWN and values["weights"].strip():
        return _read(values["weights"], "kernel")
    if kind == "box":
        return np.ones((rows, columns))
    if kind == "identity":
        grid = np.zeros((rows, columns))
        grid[(rows - 1) // 2, (columns - 1) // 2] = 1
        return grid
    if kind == "ramp":
        return np.arange(1.0, rows * columns + 1).reshape(rows, columns)
    if kind == "laplacian":
        grid = np.ones((rows, columns))
        grid[(rows - 1) // 2, (columns - 1) // 2] = 1 - rows * columns
        return grid
    across = np.sign(np.arange(columns) - (columns - 1) / 2)
    down = np.minimum(np.arange(rows), np.arange(rows)[::-1]) + 1.0
    return np.outer(down, across)


def _read(words: str, what: str) -> Grid:
    try:
        grid = kernel_text.parse(words, most=MOST)
    except ValueError as error:
        raise ValueError(f"The {what} cannot be read: {error}.") from None
    if grid.ndim != 2:
        raise ValueError(f"The {what} must be one grid, not {len(grid)} planes.")
    return grid


def edit_grids(state: PageState, grid: Grid, kernel: Grid | None) -> Callable[[Edit], None]:
    """Return what takes a number typed into the explorer: the grid it was typed into becomes the person's own."""

    def take(edit: Edit) -> None:
        before = grid if edit.where == "input" else kernel
        if before is None:
            raise ValueError("This grid cannot be changed.")
        changed = before.copy()
        changed[edit.row, edit.column] = edit.value
        written = kernel_text.format_kernel(changed, most=MOST)
        if edit.where == "input":
            state.change(input=OWN, numbers=written)
        else:
            state.change(window=OWN, weights=written)

    return take
