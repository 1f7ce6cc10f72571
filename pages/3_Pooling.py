"""The Pooling page: maximum, mean, global, across channels; what a shift changes, and where the gradient goes."""

import streamlit as st

from pages.ui import kernel_controls, picture_controls, pooling_controls, pooling_grid, pooling_tabs
from pages.ui.navigation import frame, show_complaints
from pages.ui.state import PageState, session_lock

SETTINGS = (
    *pooling_controls.SETTINGS,
    *pooling_grid.SETTINGS,
    *picture_controls.SETTINGS,
    *pooling_tabs.SETTINGS,
)
state = PageState("pooling", SETTINGS)

frame(
    "pages/3_Pooling.py",
    "Pooling",
    "One number stands for many: the largest under a window, or their mean. Nothing is learned here, and much is lost.",
)
message = st.empty()
complaints = state.begin()
values = state.values()
with session_lock():
    place = st.container()  # a Streamlit call: a run that has been superseded ends here, before it computes
    picture = picture_controls.chosen_picture(state, complaints)
    grid, values = pooling_grid.place_or_last(state, values, complaints)
with place:
    pooling_grid.draw(state, values, grid)
    behind = st.container()
with st.sidebar:
    pooling_controls.controls(state)
    with st.expander("Your picture"):
        picture_controls.picture_controls(state)
    with st.expander("The feature map's kernel"):
        kernel_controls.kernel_controls(state)
    st.button("Back to defaults", on_click=state.reset, width="stretch")
with behind:
    pooling_tabs.draw(state, values, grid, picture, complaints)
with message:
    show_complaints(complaints)
state.finish()
