"""The settings of the Stride page, their controls, and examples to start from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.ui import grid_controls
from pages.ui.filter_controls import BORDERS
from pages.ui.grid_controls import OWN
from pages.ui.state import PageState, Setting, choice, flag, number, set_widget, widget

MOST_KERNEL, MOST_STRIDE, MOST_DILATION, MOST_PADDING = 7, 5, 4, 9
OPERATIONS = {"convolution": "Convolution", "transposed": "Transposed"}
PADDINGS = {
    "valid": "Valid: none",
    "same": "Same, the odd one at the end",
    "same_lower": "Same, the odd one first",
    "full": "Full",
    "pixels": "So many cells on each side",
    "sides": "Each side apart",
}
CROPS = {"valid": "None", "pixels": "So many cells on each side", "sides": "Each side apart"}
SIDES = ("top", "bottom", "left", "right")
PER_AXIS = ("stride", "dilation", "output_padding")
LABELS = {
    **grid_controls.LABELS,
    "pixels": "Cells on each side",
    "crop": "Padding, which here is cut off",
    "per_axis": "Rows and columns apart",
}
OPTIONS = {
    **grid_controls.OPTIONS,
    "operation": OPERATIONS,
    "padding": PADDINGS,
    "crop": CROPS,
    "border": BORDERS,
}

SETTINGS: tuple[Setting, ...] = (
    choice("operation", "convolution", list(OPERATIONS), "operation"),
    *grid_controls.grid_settings(),
    *grid_controls.window_settings(most=MOST_KERNEL),
    number("stride", 2, 1, MOST_STRIDE, "stride", whole=True),
    number("stride_across", 2, 1, MOST_STRIDE, "stride across", whole=True),
    number("dilation", 1, 1, MOST_DILATION, "dilation", whole=True),
    number("dilation_across", 1, 1, MOST_DILATION, "dilation across", whole=True),
    flag("per_axis", False, "per_axis"),
    choice("padding", "same", list(PADDINGS), "padding"),
    choice("crop", "pixels", list(CROPS), "padding of a transposed convolution"),
    number("pixels", 1, 0, MOST_PADDING, "padding", whole=True),
    *(number(side, 1, 0, MOST_PADDING, f"padding at the {side}", whole=True) for side in SIDES),
    number("output_padding", 0, 0, MOST_STRIDE - 1, "output padding", whole=True),
    number("output_padding_across", 0, 0, MOST_STRIDE - 1, "output padding across", whole=True),
    choice("border", "constant", list(BORDERS), "border rule"),
    number("value", 0.0, -1000.0, 1000.0, "value beyond the border"),
)

GUIDE = {"numbers": "2 2 3 3 3;0 1 3 0 3;2 3 0 1 3;3 3 2 1 2;3 3 0 2 3", "weights": "2 0 1;1 0 0;0 1 1"}
EXAMPLES: dict[str, dict[str, Any]] = {
    "Same padding is lopsided": {},
    "A stride that does not divide": {"padding": "valid"},
    "The guide's strided figure": {
        "input": OWN,
        "window": OWN,
        **GUIDE,
        "stride": 2,
        "padding": "pixels",
    },
    "Dilation: 3 taps span 5": {"rows": 7, "columns": 7, "stride": 1, "dilation": 2, "padding": "valid"},
    "Full padding": {"rows": 4, "columns": 4, "stride": 1, "padding": "full"},
    "1 down, 3 across": {"rows": 5, "columns": 10, "per_axis": True, "stride": 1, "stride_across": 3},
    "Transposed: 4 become 8": {
        "operation": "transposed",
        "rows": 4,
        "columns": 4,
        "window": "ramp",
        "output_padding": 1,
    },
    "Transposed: checkerboards": {
        "operation": "transposed",
        "input": OWN,
        "numbers": "1 1 1 1;1 1 1 1;1 1 1 1;1 1 1 1",
        "window": "box",
        "crop": "valid",
    },
}
NOTES = {
    "The guide's strided figure": "After V. Dumoulin, F. Visin, arXiv:1603.07285. Their animation of it shows the "
    "numbers of stride 1; these are right.",
    "Transposed: checkerboards": "3 taps every 2 cells overlap unevenly (A. Odena et al., Distill 2016): a kernel of 2 "
    "or 4 would not.",
}


def labels(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what the controls are called where that is not the setting's name."""
    apart = {name: f"{name.replace('_', ' ').capitalize()} down" for name in PER_AXIS}
    return LABELS | (apart if values["per_axis"] else {})


def take_example(state: PageState, name: str) -> None:
    """Set everything as the example has it. For callbacks."""
    state.change(**{setting.name: EXAMPLES[name].get(setting.name, setting.default) for setting in SETTINGS}, pin="")


def current_example(state: PageState) -> str | None:
    """Return which example the settings are, or None."""
    for name, changed in EXAMPLES.items():
        if all(state[setting.name] == changed.get(setting.name, setting.default) for setting in SETTINGS):
            return name
    return None


def controls(state: PageState) -> None:
    """Draw the controls, in the order in which a person decides."""
    key = f"{state.page}.example"
    set_widget(key, current_example(state))

    def choose() -> None:
        if widget(key) in EXAMPLES:
            take_example(state, widget(key))

    st.selectbox("Example", list(EXAMPLES), index=None, key=key, placeholder="Your own settings", on_change=choose)
    if widget(key) in NOTES:
        st.caption(NOTES[widget(key)])
    st.segmented_control(
        "Operation", list(OPERATIONS), format_func=OPERATIONS.__getitem__, key=state.key("operation"), required=True
    )
    grid_controls.grid_controls(state)
    grid_controls.window_controls(state, most=MOST_KERNEL)
    _steps(state)
    if state["operation"] == "transposed":
        st.selectbox(
            "Padding, which here is cut off",
            list(CROPS),
            format_func=CROPS.__getitem__,
            key=state.key("crop"),
            help="What a convolution adds to its input at the start, its transpose takes off its output in the end.",
        )
        _amounts(state, state["crop"])
        _pair(state, "output_padding", "Output padding", MOST_STRIDE - 1, least=0)
    else:
        st.selectbox("Padding", list(PADDINGS), format_func=PADDINGS.__getitem__, key=state.key("padding"))
        _amounts(state, state["padding"])
        st.selectbox("Border rule", list(BORDERS), format_func=BORDERS.__getitem__, key=state.key("border"))
        if state["border"] == "constant":
            st.number_input("Value beyond the border", -1000.0, 1000.0, step=1.0, key=state.key("value"))


def _steps(state: PageState) -> None:
    if state["per_axis"]:
        _pair(state, "stride", "Stride", MOST_STRIDE)
        _pair(state, "dilation", "Dilation", MOST_DILATION)
    else:
        left, right = st.columns(2)
        left.number_input("Stride", 1, MOST_STRIDE, key=state.key("stride"))
        right.number_input(
            "Dilation", 1, MOST_DILATION, key=state.key("dilation"), help="1 means no gaps between the taps."
        )
    st.toggle("Rows and columns apart", key=state.key("per_axis"), on_change=_split, args=(state,))


def _split(state: PageState) -> None:
    """Begin with the same numbers across as down."""
    if widget(state.key("per_axis")):
        state.change(**{f"{name}_across": state[name] for name in PER_AXIS})


def _pair(state: PageState, name: str, label: str, most: int, *, least: int = 1) -> None:
    if not state["per_axis"]:
        st.number_input(label, least, most, key=state.key(name))
        return
    left, right = st.columns(2)
    left.number_input(f"{label} down", least, most, key=state.key(name))
    right.number_input(f"{label} across", least, most, key=state.key(f"{name}_across"))


def _amounts(state: PageState, padding: str) -> None:
    if padding == "pixels":
        st.number_input("Cells on each side", 0, MOST_PADDING, key=state.key("pixels"))
    elif padding == "sides":
        for pair in (SIDES[:2], SIDES[2:]):
            for column, side in zip(st.columns(2), pair, strict=True):
                column.number_input(side.capitalize(), 0, MOST_PADDING, key=state.key(side))
