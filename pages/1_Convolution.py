"""The Convolution page: a picture, a kernel, a feature map, and any of its numbers taken apart."""

import streamlit as st

from cnncore.display import finite_range
from pages.ui import below, filter_controls, kernel_controls, picture_controls, stage
from pages.ui.filter_view import FilterView, filter_picture, make_operation, operation_key
from pages.ui.navigation import dress, folded, frame, let_go, show_complaints
from pages.ui.repair import make_or_last
from pages.ui.state import PageState, enter, give_way, memo, session_lock

SETTINGS = (
    *picture_controls.SETTINGS,
    *filter_controls.COLOUR_SETTINGS,
    *kernel_controls.SETTINGS,
    *filter_controls.SETTINGS,
    *stage.SETTINGS,
    *below.SETTINGS,
)
# What is put back first where the settings do not go together: what is laid over the picture before the kernel.
FIRST = ("dilation", "stride", "padding", "pixels", "colour", "kernel")
LABELS = {**kernel_controls.LABELS, **filter_controls.LABELS}
OPTIONS = {**kernel_controls.OPTIONS, **filter_controls.OPTIONS}
PAGE = "pages/1_Convolution.py"
enter(PAGE)
dress()
state = PageState("convolution", SETTINGS)


def compute(values: dict, picture: picture_controls.Picture) -> tuple[FilterView, kernel_controls.ChosenKernel]:
    """Filter the picture as the settings say, or take the result from last time. ValueError with a sentence."""
    kernel = kernel_controls.chosen_kernel(values)
    operation = make_operation(values, kernel)
    image = picture.array(operation.mode)
    key = (picture.digest, operation_key(operation))
    known = memo("convolution.input_range", (picture.digest, image.ndim), lambda: finite_range(image))
    return memo("convolution.view", key, lambda: filter_picture(operation, image, known)), kernel


complaints = state.begin()
values = state.values()
with session_lock():
    give_way()
    picture = picture_controls.chosen_picture(state, complaints)
    (view, kernel), values = make_or_last(
        state,
        values,
        complaints,
        lambda attempt: compute(attempt, picture),
        first=FIRST,
        labels=LABELS,
        options=OPTIONS,
        last="You still see the last view that worked.",
    )

# The output goes first, into its place below the heading: it is what the person waits for.
top = st.container()
equation = stage.Equation(state, values, view, kernel)
places = equation.draw_output()
let_go()
with top:
    frame(
        PAGE,
        "Convolution",
        "A small grid of weights slides over a picture. At each place: multiply, add up, write one number.",
    )
    show_complaints(complaints)
equation.draw_rest(*places)
stage.draw_number(state, values, view)
behind = st.container()
with st.sidebar:
    picture_controls.picture_controls(state)
    filter_controls.colour_controls(state)
    kernel_controls.kernel_controls(state)
    filter_controls.window_controls(state)
    filter_controls.display_controls(state)
    with folded("Border, bias, operation", state) as unfolded:
        if unfolded:
            filter_controls.border_controls(state)
    with folded("Change the kernel", state) as unfolded:
        if unfolded:
            kernel_controls.change_controls(state, kernel)
    st.button("Like the article", on_click=filter_controls.like_the_article, args=(state,), width="stretch")
    st.button("Back to defaults", on_click=state.reset, width="stretch")
with behind:
    below.draw_tabs(state, values, view, picture)
state.finish()
