"""The settings of the Pooling page, their controls, and examples to start from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.ui import grid_controls, kernel_controls
from pages.ui.grid_controls import OWN
from pages.ui.pooling_view import KINDS, is_windowed
from pages.ui.state import PageState, Setting, choice, flag, number, set_widget, widget

MOST_WINDOW, MOST_STRIDE, MOST_DILATION, MOST_PADDING = 7, 5, 4, 9
PADDINGS = {"valid": "Valid: none", "same": "Same (TensorFlow's)", "pixels": "So many cells on each side"}

SETTINGS: tuple[Setting, ...] = (
    choice("kind", "max", list(KINDS), "kind of pooling"),
    number("window", 2, 1, MOST_WINDOW, "window", whole=True),
    number("window_across", 2, 1, MOST_WINDOW, "window across", whole=True),
    number("stride", 2, 1, MOST_STRIDE, "stride", whole=True),
    number("stride_across", 2, 1, MOST_STRIDE, "stride across", whole=True),
    number("dilation", 1, 1, MOST_DILATION, "dilation", whole=True),
    number("dilation_across", 1, 1, MOST_DILATION, "dilation across", whole=True),
    flag("per_axis", False, "per_axis"),
    choice("padding", "valid", list(PADDINGS), "padding"),
    number("pixels", 1, 0, MOST_PADDING, "padding", whole=True),
    number("pixels_across", 1, 0, MOST_PADDING, "padding across", whole=True),
    flag("ceil_mode", False, "ceil_mode"),
    flag("count_include_pad", False, "count_include_pad"),
    *grid_controls.grid_settings(),
    choice("colour", "gray", ["gray"], "way to treat colour"),  # the feature map's kernels have one plane,
    choice("flip", False, [False], "kind of convolution"),  # and are laid on as they are
    *kernel_controls.SETTINGS,
)
PER_AXIS = ("window", "stride", "dilation", "pixels")
# The window is a number here, and the kernel is that of the feature map.
LABELS = {
    "kind": "Pooling",
    "numbers": grid_controls.LABELS["numbers"],
    "pixels": "Cells on each side",
    "pixels_across": "Cells on each side across",
    "per_axis": "Rows and columns apart",
    "ceil_mode": "Round up (ceil_mode)",
    "count_include_pad": "Count padding (count_include_pad)",
}
OPTIONS = {"input": grid_controls.SOURCES, "kind": KINDS, "padding": PADDINGS}

COUNTING = ";".join(" ".join(str(7 * row + column) for column in range(7)) for row in range(7))
EXAMPLES: dict[str, dict[str, Any]] = {
    "Max, 2 × 2": {},
    "Average, 2 × 2": {"kind": "average"},
    "Overlapping: 3 × 3, stride 2": {"rows": 7, "columns": 7, "window": 3},
    "Rounded up (ceil mode)": {
        "kind": "average",
        "input": OWN,
        "numbers": COUNTING,
        "stride": 3,
        "ceil_mode": True,
    },
    "Padding counted in the average": {
        "kind": "average",
        "window": 3,
        "padding": "pixels",
        "count_include_pad": True,
    },
    "Negative numbers and padding": {
        "input": OWN,
        "numbers": "-5 -3 -8 -2;-1 -7 -4 -6;-9 -2 -5 -3;-4 -8 -1 -7",
        "window": 3,
        "padding": "pixels",
    },
    "Ties: the first one wins": {"input": OWN, "numbers": "3 3 1 2;3 3 2 2;0 5 4 4;5 5 4 1"},
    "Global average": {"kind": "global_average", "rows": 4, "columns": 4},
    "The article's: across the channels": {"kind": "cross_max", "rows": 4, "columns": 4},
}
NOTES = {
    "Rounded up (ceil mode)": "The last window holds one number, 48: the mean of one is 48, not 48 / 4 = 12.",
    "Negative numbers and padding": "Were the padding 0, it would win wherever a window touches it.",
    "Ties: the first one wins": "First in reading order, as in PyTorch; the whole gradient goes to it.",
}


def labels(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what the controls are called where that is not the setting's name."""
    apart = {name: f"{LABELS.get(name, name.capitalize())} down" for name in PER_AXIS} if values["per_axis"] else {}
    return LABELS | apart


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
    st.selectbox("Pooling", list(KINDS), format_func=KINDS.__getitem__, key=state.key("kind"))
    if is_windowed(state["kind"]):
        _windows(state)
    grid_controls.grid_controls(state)
    if not is_windowed(state["kind"]) and state["input"] == OWN:
        st.caption("Part the three channels by “|”.")


def _windows(state: PageState) -> None:
    _pair(state, "window", "Window", 1, MOST_WINDOW)
    _pair(state, "stride", "Stride", 1, MOST_STRIDE)
    _pair(state, "dilation", "Dilation", 1, MOST_DILATION)
    st.selectbox("Padding", list(PADDINGS), format_func=PADDINGS.__getitem__, key=state.key("padding"))
    if state["padding"] == "pixels":
        _pair(state, "pixels", "Cells on each side", 0, MOST_PADDING)
    st.toggle("Rows and columns apart", key=state.key("per_axis"), on_change=_split, args=(state,))
    same = state["padding"] == "same"
    st.toggle(
        "Round up (ceil_mode)",
        key=state.key("ceil_mode"),
        disabled=same,
        help="Without effect with “same”, which leaves nothing over."
        if same
        else "Also take a last window that hangs over the edge, unless it would start in the padding.",
    )
    if state["kind"] == "average":
        st.toggle(
            "Count padding (count_include_pad)",
            key=state.key("count_include_pad"),
            help="On, padding counts as zeros, as PyTorch does unless told otherwise. Off, it is left out, as in "
            "TensorFlow.",
        )


def _split(state: PageState) -> None:
    """Begin with the same numbers across as down."""
    if widget(state.key("per_axis")):
        state.change(**{f"{name}_across": state[name] for name in PER_AXIS})


def _pair(state: PageState, name: str, label: str, least: int, most: int) -> None:
    if not state["per_axis"]:
        st.number_input(label, least, most, key=state.key(name))
        return
    left, right = st.columns(2)
    left.number_input(f"{label} down", least, most, key=state.key(name))
    right.number_input(f"{label} across", least, most, key=state.key(f"{name}_across"))
