"""How the filter is laid over the picture, and how its output is shown."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.state import PageState, Setting, choice, flag, number

COLOURS = {"gray": "Grey", "each": "Channels", "rgb": "RGB filter"}
PADDINGS = {"same": "Same", "valid": "Valid", "full": "Full", "pixels": "So many pixels"}
BORDERS = {
    "reflect": "reflect: d c b | a b c d | c b a",
    "symmetric": "symmetric: c b a | a b c d | d c b",
    "edge": "edge: a a a | a b c d | d d d",
    "wrap": "wrap: b c d | a b c d | a b c",
    "constant": "constant: v v v | a b c d | v v v",
}
SHOWN = {"auto": "Auto", "signed": "Signed", "clipped": "Clipped", "minmax": "Min-max", "range": "Input's range"}
CHANNELS = ("R", "G", "B")

COLOUR_SETTINGS: tuple[Setting, ...] = (
    choice("colour", "gray", list(COLOURS), "way to treat colour"),
    choice("channel", "R", CHANNELS, "channel"),
)
SETTINGS: tuple[Setting, ...] = (
    number("stride", 1, 1, 16, "stride", whole=True),
    number("dilation", 1, 1, 16, "dilation", whole=True),
    choice("padding", "same", list(PADDINGS), "padding"),
    number("pixels", 1, 0, 64, "padding", whole=True),
    choice("border", "reflect", list(BORDERS), "border rule"),
    number("value", 0.0, -1000.0, 1000.0, "value beyond the border"),
    flag("flip", False, "True convolution"),
    number("bias", 0.0, -10_000.0, 10_000.0, "bias"),
    flag("relu", False, "ReLU"),
    choice("show", "auto", list(SHOWN), "way to show the output"),
)
LABELS = {
    "pixels": "Pixels on each side",
    "border": "Border rule",
    "value": "Value beyond the border",
    "flip": "Operation",
    "relu": "ReLU",
    "show": "Show output as",
}
NAMES = {False: "Cross-correlation", True: "True convolution"}
OPTIONS: dict[str, dict[Any, str]] = {
    "colour": COLOURS,
    "padding": PADDINGS,
    "border": BORDERS,
    "flip": NAMES,
    "show": SHOWN,
}

ARTICLE: dict[str, Any] = {
    "colour": "gray",
    "stride": 1,
    "dilation": 1,
    "padding": "same",
    "border": "symmetric",
    "flip": True,
    "bias": 0.0,
    "relu": False,
    "show": "range",
}
ARTICLE_KERNELS = ("article_edge", "article_blur")


def colour_controls(state: PageState) -> None:
    """Draw how colour is treated."""
    st.segmented_control(
        "Colour", list(COLOURS), format_func=COLOURS.__getitem__, key=state.key("colour"), required=True
    )
    if state["colour"] == "each":
        st.segmented_control("Channel shown", CHANNELS, key=state.key("channel"), required=True)


def window_controls(state: PageState) -> None:
    """Draw stride, dilation and padding."""
    left, right = st.columns(2)
    left.number_input("Stride", 1, 16, key=state.key("stride"))
    right.number_input("Dilation", 1, 16, key=state.key("dilation"), help="1 means no gaps between the taps.")
    st.selectbox("Padding", list(PADDINGS), format_func=PADDINGS.__getitem__, key=state.key("padding"))
    if state["padding"] == "pixels":
        st.number_input("Pixels on each side", 0, 64, key=state.key("pixels"))


def display_controls(state: PageState) -> None:
    """Draw how the output is shown."""
    st.segmented_control(
        "Show output as",
        list(SHOWN),
        format_func=SHOWN.__getitem__,
        key=state.key("show"),
        required=True,
        help="Signed: zero is the background, negative blue, positive red. Clipped: what lies outside 0 to 255 is cut. "
        "Min-max: the smallest value black, the largest white. Input's range: black and white as in the input. "
        "Auto: clipped while the output still is a picture (weights that sum to 1, or none negative), else signed.",
    )


def border_controls(state: PageState) -> None:
    """Draw what is rarely changed: the border rule, the operation's name, bias, ReLU."""
    st.selectbox(
        "Border rule",
        list(BORDERS),
        format_func=BORDERS.__getitem__,
        key=state.key("border"),
        help="What stands beyond the picture's edge, by NumPy's names. SciPy's ndimage calls symmetric “reflect”, "
        "reflect “mirror”, edge “nearest” and wrap “grid-wrap”.",
    )
    if state["border"] == "constant":
        st.number_input("Value beyond the border", -1000.0, 1000.0, step=1.0, key=state.key("value"))
    st.segmented_control(
        "Operation",
        [False, True],
        format_func=NAMES.__getitem__,
        key=state.key("flip"),
        required=True,
        help="CNNs cross-correlate: the kernel is laid on as it is. True convolution turns it by 180° first.",
    )
    left, right = st.columns(2, vertical_alignment="bottom")
    left.number_input("Bias", -10_000.0, 10_000.0, step=1.0, key=state.key("bias"))
    right.toggle("ReLU", key=state.key("relu"), help="Negative results become 0.")


def like_the_article(state: PageState) -> None:
    """Set everything as the article's script had it. For a button."""
    kernel = state["kernel"] if state["kernel"] in ARTICLE_KERNELS else ARTICLE_KERNELS[0]
    state.change(kernel=kernel, **ARTICLE)
