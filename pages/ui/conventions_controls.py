"""The settings of the Conventions page, their controls, and known differences to start from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cnncore.conventions import PROFILES
from pages.ui import grid_controls
from pages.ui.conventions_view import MOST_KERNEL, OWN_BORDER, shown_profiles
from pages.ui.grid_controls import OWN
from pages.ui.pins import pin_setting
from pages.ui.state import PageState, Setting, choice, flag, number, set_widget, widget

MOST_STRIDE, MOST_DILATION, MOST_ORIGIN = 5, 4, 3
OPERATIONS = {"convolution": "Convolution", "max": "Max pool", "average": "Average pool"}
PADDINGS = {"same": "Same", "valid": "Valid", "full": "Full"}
RULES = {
    OWN_BORDER: "Each library's own",
    "constant": "constant: 0 0 0 | a b c d | 0 0 0",
    "reflect": "reflect: d c b | a b c d | c b a",
    "symmetric": "symmetric: c b a | a b c d | d c b",
    "edge": "edge: a a a | a b c d | d d d",
    "wrap": "wrap: b c d | a b c d | a b c",
}
LABELS = {
    **grid_controls.LABELS,
    "what": "Operation",
    "reference": "Compare with",
    "border": "Border rule",
    "ceil_mode": "ceil_mode",
    "count_include_pad": "count_include_pad",
    "origin_down": "Move the window: Rows",
    "origin_right": "Move the window: Columns",
}
OPTIONS = {
    **grid_controls.OPTIONS,
    "what": OPERATIONS,
    "reference": {key: profile.name for key, profile in PROFILES.items()},
    "padding": PADDINGS,
    "border": RULES,
}

SETTINGS: tuple[Setting, ...] = (
    choice("what", "convolution", list(OPERATIONS), "operation"),
    choice("reference", "torch.conv2d", list(PROFILES), "library"),
    *grid_controls.grid_settings(),
    *grid_controls.window_settings(most=MOST_KERNEL),
    choice("padding", "same", list(PADDINGS), "padding"),
    choice("border", OWN_BORDER, list(RULES), "border rule"),
    number("stride", 1, 1, MOST_STRIDE, "stride", whole=True),
    number("dilation", 1, 1, MOST_DILATION, "dilation", whole=True),
    flag("ceil_mode", False, "ceil_mode"),
    flag("count_include_pad", True, "count_include_pad"),
    number("origin_down", 0, -MOST_ORIGIN, MOST_ORIGIN, "shift down", whole=True),
    number("origin_right", 0, -MOST_ORIGIN, MOST_ORIGIN, "shift to the right", whole=True),
    pin_setting(),
)

_EVEN = {"window": "ramp", "kernel_rows": 2, "kernel_columns": 2, "border": "constant"}
_NEGATIVE = "-5 -3 -8 -2;-7 -6 -4 -9;-2 -8 -5 -3;-6 -1 -7 -4"
_SEVENS = ";".join(" ".join(str(7 * row + column) for column in range(7)) for row in range(7))
EXAMPLES: dict[str, dict[str, Any]] = {
    "SciPy's convolve turns the kernel": {},
    "Every library its own border": {"window": "box"},
    "An even kernel has no middle": _EVEN,
    "An origin brings them together": {**_EVEN, "origin_down": -1, "origin_right": -1},
    "Same with a stride": {"stride": 2},
    "Full, and turned or not": {"padding": "full", "rows": 4, "columns": 4},
    "Zeros counted in a mean": {"what": "average", "window": "box"},
    "The last mean: 48, not 12": {
        "what": "average",
        "input": OWN,
        "numbers": _SEVENS,
        "kernel_rows": 2,
        "kernel_columns": 2,
        "padding": "valid",
        "stride": 3,
        "ceil_mode": True,
        "pin": "2.2",
    },
    "A zero that wins a maximum": {"what": "max", "input": OWN, "numbers": _NEGATIVE, "border": "constant"},
}
NOTES = {
    "The last mean: 48, not 12": "The last window hangs over the edge with three of its four cells. They are not "
    "counted: 48 is divided by 1, not by 4.",
    "An origin brings them together": "ndimage's origin and OpenCV's anchor move the window back by the pixel that an "
    "even kernel is off.",
    "A zero that wins a maximum": "SciPy's “constant” puts zeros round the input, and a zero beats every negative "
    "number. Networks pad a maximum with minus infinity.",
}


def labels(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what the controls are called where that is not the setting's name."""
    pools = {"kernel_rows": "Window rows", "kernel_columns": "Window columns"}
    return LABELS | (pools if values["what"] != "convolution" else {})


def take_example(state: PageState, name: str) -> None:
    """Set everything as the example has it. For callbacks."""
    state.change(**{setting.name: EXAMPLES[name].get(setting.name, setting.default) for setting in SETTINGS})


def current_example(state: PageState) -> str | None:
    """Return which example the settings are, whatever is pinned and compared with, or None."""
    free = ("pin", "reference")
    for name, changed in EXAMPLES.items():
        if all(
            state[setting.name] == changed.get(setting.name, setting.default)
            for setting in SETTINGS
            if setting.name not in free
        ):
            return name
    return None


def controls(state: PageState, reference: str) -> None:
    """Draw the controls, in the order in which a person decides; `reference` is what is really compared with."""
    _examples(state)
    st.segmented_control(
        "Operation", list(OPERATIONS), format_func=OPERATIONS.__getitem__, key=state.key("what"), required=True
    )
    keys = [profile.key for profile in shown_profiles(state["what"], state["padding"])]
    names = {key: PROFILES[key].name for key in keys}
    if state["reference"] not in keys:  # of another operation
        set_widget(state.key("reference"), reference)
    st.selectbox("Compare with", keys, format_func=names.__getitem__, key=state.key("reference"))
    grid_controls.grid_controls(state)
    if state["what"] == "convolution":
        grid_controls.window_controls(state, most=MOST_KERNEL)
    else:
        left, right = st.columns(2)
        left.number_input("Window rows", 1, MOST_KERNEL, key=state.key("kernel_rows"))
        right.number_input("Window columns", 1, MOST_KERNEL, key=state.key("kernel_columns"))
    st.segmented_control(
        "Padding", list(PADDINGS), format_func=PADDINGS.__getitem__, key=state.key("padding"), required=True
    )
    st.selectbox(
        "Border rule",
        list(RULES),
        format_func=RULES.__getitem__,
        key=state.key("border"),
        help="What stands outside the input, by NumPy's names. The tab “Border names” has each library's own.",
    )
    left, right = st.columns(2)
    left.number_input("Stride", 1, MOST_STRIDE, key=state.key("stride"))
    right.number_input(
        "Dilation", 1, MOST_DILATION, key=state.key("dilation"), help="1 means no gaps between the taps."
    )
    if state["what"] != "convolution":
        st.toggle(
            "ceil_mode",
            key=state.key("ceil_mode"),
            help="PyTorch only: also pool the last windows, which hang over the edge where the stride leaves a rest.",
        )
    if state["what"] == "average":
        st.toggle(
            "count_include_pad",
            key=state.key("count_include_pad"),
            help="PyTorch only: padded zeros count in the mean, which is its default.",
        )
    with st.expander("Move the window"):
        left, right = st.columns(2)
        left.number_input("Rows", -MOST_ORIGIN, MOST_ORIGIN, key=state.key("origin_down"))
        right.number_input("Columns", -MOST_ORIGIN, MOST_ORIGIN, key=state.key("origin_right"))
        st.caption("SciPy ndimage's `origin`; OpenCV's `anchor` as the distance from its default. No other has it.")


def _examples(state: PageState) -> None:
    key = f"{state.page}.example"
    set_widget(key, current_example(state))

    def choose() -> None:
        if widget(key) in EXAMPLES:
            take_example(state, widget(key))

    st.selectbox("Example", list(EXAMPLES), index=None, key=key, placeholder="Your own settings", on_change=choose)
    if widget(key) in NOTES:
        st.caption(NOTES[widget(key)])
