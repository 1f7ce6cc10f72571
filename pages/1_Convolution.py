"""The Convolution page: a picture, a kernel, a feature map, and any of its numbers taken apart."""

import streamlit as st

from pages.ui import below, filter_controls, kernel_controls, picture_controls, stage
from pages.ui.filter_view import FilterView, filter_picture, make_operation, operation_key
from pages.ui.navigation import frame
from pages.ui.state import PageState, memo, session_lock
from pages.ui.words import literal

SETTINGS = (
    *picture_controls.SETTINGS,
    *filter_controls.COLOUR_SETTINGS,
    *kernel_controls.SETTINGS,
    *filter_controls.SETTINGS,
    *stage.SETTINGS,
    *below.SETTINGS,
)
state = PageState("convolution", SETTINGS)


def compute(values: dict, picture: picture_controls.Picture) -> tuple[FilterView, kernel_controls.ChosenKernel]:
    """Filter the picture as the settings say, or take the result from last time. ValueError with a sentence."""
    kernel = kernel_controls.chosen_kernel(values)
    operation = make_operation(values, kernel)
    image = picture.array(operation.mode)
    key = (picture.digest, operation_key(operation))
    return memo("convolution.view", key, lambda: filter_picture(operation, image)), kernel


frame(
    "pages/1_Convolution.py",
    "Convolution",
    "A small grid of weights slides over a picture. At each place: multiply, add up, write one number.",
)
message = st.empty()
complaints = state.begin()
with st.sidebar:
    picture = picture_controls.picture_controls(state, complaints)
    filter_controls.colour_controls(state)
    kernel_controls.kernel_controls(state)
    filter_controls.window_controls(state)
    filter_controls.display_controls(state)
    more = st.expander("Border, bias, operation")
    with more:
        filter_controls.border_controls(state)
    change = st.expander("Change the kernel")
    st.button("Like the article", on_click=filter_controls.like_the_article, args=(state,), width="stretch")
    st.button("Back to defaults", on_click=state.reset, width="stretch")

values = state.values()
with session_lock():
    place = st.container()  # a Streamlit call: a run that has been superseded ends here, before it computes
    try:
        view, kernel = compute(values, picture)
        state.mark_good(values)
    except ValueError as error:
        complaints.append(str(error))
        values = state.last_good or {setting.name: setting.default for setting in SETTINGS}
        view, kernel = compute(values, picture)
if complaints:
    message.error(literal(" ".join(dict.fromkeys(complaints))))
with place:
    stage.draw_equation(state, values, view, kernel)
    stage.draw_number(state, values, view)
    below.draw_tabs(state, values, view, picture)
with change:
    kernel_controls.change_controls(state, kernel)
state.finish()
