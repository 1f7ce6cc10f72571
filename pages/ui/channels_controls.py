"""The settings of the Channels page and their controls: the patch, the filter over R, G and B, its bias, the 1 × 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import kernel_text
from cnncore.kernels import CHANNEL_WEIGHTS, PRESETS
from pages.ui import picks, picture_controls
from pages.ui.pins import pin_setting
from pages.ui.state import PageState, Setting, choice, complain, number, set_widget, text, touch, widget

Grid = NDArray[np.float64]

PICTURE, RANDOM, OWN = "picture", "random", "own"
MOST = 16
"""Most rows and columns of the input."""
MOST_KERNEL = 7
OPERATIONS = {
    "standard": "Standard: one sum over all",
    "depthwise": "Depthwise: each apart",
    "pointwise": "1 × 1: mixes each pixel",
    "separable": "Separable: depthwise, then 1 × 1",
}
INPUTS = {PICTURE: "Your picture", RANDOM: "Random numbers", OWN: "Your own numbers"}
FILTERS = {
    "weighted": "One kernel, weighted",
    "red_minus_green": "Red minus green",
    "luma": "Luma: light and dark",
    RANDOM: "Random",
    OWN: "Your own",
}
NOTES = {
    "red_minus_green": "No neighbours count: the centre of R, minus the centre of G.",
    "luma": "The grey of the pixel in the middle: 0.2989 R + 0.587 G + 0.114 B.",
    RANDOM: "Normal weights of He's scale, as before training.",
}
KERNELS = ("identity", "box", "sobel_x", "sobel_y", "laplacian_4", "sharpen", "article_blur", "article_edge")
MIXES = {
    "sum": "Sum: 1, 1, 1",
    "average": "Average: a third each",
    "luma": "Luma: 0.2989, 0.587, 0.114",
    "red_minus_green": "Red minus green: 1, −1, 0",
    "blue_minus_yellow": "Blue minus yellow: −0.5, −0.5, 1",
}
NAMES = ("Red", "Green", "Blue")
MIX_DEFAULT = "0.5 1 -1"


SETTINGS: tuple[Setting, ...] = (
    choice("operation", "standard", list(OPERATIONS), "operation"),
    choice("input", PICTURE, list(INPUTS), "input"),
    number("side", 6, 3, MOST, "side of the patch", whole=True),
    *picks.place_settings(),
    number("seed", 1, 0, 9999, "seed", whole=True),
    text("numbers", ""),
    choice("filter", "weighted", list(FILTERS), "filter"),
    choice("kernel", "sobel_x", list(KERNELS), "kernel"),
    choice("mix", "blue_minus_yellow", list(MIXES), "weighting of the channels"),
    number("filter_seed", 1, 0, 9999, "seed of the filter", whole=True),
    text("weights", ""),
    number("bias", 0.0, -1000.0, 1000.0, "bias"),
    text("pointwise", MIX_DEFAULT),
    pin_setting("map"),
)

LABELS = {
    "operation": "Convolution",
    "numbers": "Its numbers",
    "weights": "Its weights",
    "side": "Cells a side",
    "mix": "Weight of R, G and B",
    "filter_seed": "Seed of the filter",
    "pointwise": "Weights of the 1 × 1",
}
OPTIONS = {
    "operation": OPERATIONS,
    "input": INPUTS,
    "filter": FILTERS,
    "kernel": {key: PRESETS[key].title for key in KERNELS},
    "mix": MIXES,
}


def labels(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what the controls are called where that is not the setting's name."""
    return LABELS | ({"side": "Pixels a side"} if values["input"] == PICTURE else {})


def the_filter(values: dict[str, Any]) -> Grid:
    """Return the filter over R, G and B, shape (3, KH, KW). ValueError with a sentence."""
    kind = values["filter"]
    if kind == OWN and values["weights"].strip():
        return _planes(values["weights"], "filter", MOST_KERNEL)
    if kind == RANDOM:
        rng = np.random.default_rng(values["filter_seed"])
        return np.round(rng.normal(0.0, np.sqrt(2 / 27), (3, 3, 3)), 2)
    kernel = PRESETS["identity" if kind in MIXES else values["kernel"]].weights()
    mix = np.array(CHANNEL_WEIGHTS[kind if kind in MIXES else values["mix"]])
    return kernel * mix[:, None, None] + 0.0


def the_mix(values: dict[str, Any]) -> Grid:
    """Return the 1 × 1 filter's three weights, shape (3, 1, 1). ValueError with a sentence."""
    try:
        weights = kernel_text.parse(values["pointwise"])
    except ValueError as error:
        raise ValueError(f"The 1 × 1 filter cannot be read: {error}.") from None
    if weights.size != 3:
        raise ValueError(
            f"The 1 × 1 filter has {weights.size} numbers; it needs 3, one for each channel, such as 0.5 1 −1."
        )
    return weights.reshape(3, 1, 1)


def typed_input(values: dict[str, Any]) -> Grid:
    """Return the numbers that do not come from a picture, shape (3, H, W). ValueError with a sentence."""
    if values["input"] == OWN and values["numbers"].strip():
        return _planes(values["numbers"], "input", MOST)
    side = values["side"]
    return np.random.default_rng(values["seed"]).integers(0, 10, (3, side, side)).astype(np.float64)


def _planes(words: str, what: str, most: int) -> Grid:
    try:
        grid = kernel_text.parse(words, most=MOST)
    except ValueError as error:
        raise ValueError(f"The {what} cannot be read: {error}.") from None
    if grid.ndim != 3:
        raise ValueError(f"The {what} has one plane; it needs three, for red, green and blue, parted by “|”.")
    if max(grid.shape[1:]) > most:
        rows, columns = grid.shape[1:]
        raise ValueError(f"The {what} has planes of {rows} × {columns} numbers; at most {most} × {most} fit.")
    return grid


def controls(state: PageState, shape: tuple[int, int], place: tuple[int, int]) -> None:
    """Draw the controls in the order in which a person decides.

    Parameters
    ----------
    shape, place : tuple of int
        Rows and columns of the picture; row and column of the patch's middle in it.
    """
    st.selectbox("Convolution", list(OPERATIONS), format_func=OPERATIONS.__getitem__, key=state.key("operation"))
    st.selectbox("Input", list(INPUTS), format_func=INPUTS.__getitem__, key=state.key("input"))
    _input_controls(state, shape, place)
    st.selectbox("Filter", list(FILTERS), format_func=FILTERS.__getitem__, key=state.key("filter"))
    _filter_controls(state)
    st.number_input("Bias", -1000.0, 1000.0, step=1.0, key=state.key("bias"), help="One number for each map.")
    st.text_input(
        "Weights of the 1 × 1",
        key=state.key("pointwise"),
        help="How much of R, G and B (or of the depthwise maps) each pixel takes: three numbers.",
    )


def _input_controls(state: PageState, shape: tuple[int, int], place: tuple[int, int]) -> None:
    source = state["input"]
    if source == OWN:
        _text_area(
            state, "numbers", "Its numbers", typed_input(state.values()) if not state["numbers"].strip() else None
        )
        return
    if source == PICTURE:
        picture_controls.picture_controls(state)
        for column, name, limit, at in zip(st.columns(2), ("row", "column"), shape, place, strict=True):
            field = f"{state.page}.{name}_typed"
            set_widget(field, at)
            column.number_input(
                name.capitalize(), 0, limit - 1, key=field, on_change=_typed, args=(state, name, field),
                help="Of the pixel in the middle of the patch, counted from 0. Or click in the picture below.",
            )  # fmt: skip
    left, right = st.columns(2)
    left.number_input("Pixels a side" if source == PICTURE else "Cells a side", 3, MOST, key=state.key("side"))
    if source == RANDOM:
        right.number_input("Seed", 0, 9999, key=state.key("seed"))


def _typed(state: PageState, name: str, field: str) -> None:
    try:
        state.change(**{name: widget(field)})
    except ValueError as error:
        complain(str(error))
    touch()


def _filter_controls(state: PageState) -> None:
    kind = state["filter"]
    if kind == OWN:
        _text_area(
            state, "weights", "Its weights", the_filter(state.values()) if not state["weights"].strip() else None
        )
    elif kind == "weighted":
        st.selectbox(
            "Kernel", list(KERNELS), format_func=lambda key: PRESETS[key].title, key=state.key("kernel"),
            label_visibility="collapsed",
        )  # fmt: skip
        st.selectbox("Weight of R, G and B", list(MIXES), format_func=MIXES.__getitem__, key=state.key("mix"))
    else:
        if kind == RANDOM:
            st.number_input("Seed of the filter", 0, 9999, key=state.key("filter_seed"))
        st.caption(NOTES[kind])


def _text_area(state: PageState, name: str, label: str, instead: Grid | None) -> None:
    st.text_area(
        label,
        key=state.key(name),
        height=110,
        placeholder=kernel_text.format_kernel(instead, most=MOST) if instead is not None else None,
        help="Three planes, for red, green and blue, parted by “|”; rows by “;”, numbers by spaces. "
        "Or type into the grid itself.",
    )
