"""The Stride page: where windows land, what the stride drops, what padding adds, and how far a stack of layers sees."""

import streamlit as st

from pages.ui import picture_controls, stride_controls, stride_grid, stride_tabs
from pages.ui.navigation import frame, show_complaints
from pages.ui.state import PageState, session_lock

SETTINGS = (
    *stride_controls.SETTINGS,
    *stride_grid.SETTINGS,
    *picture_controls.SETTINGS,
    *stride_tabs.SETTINGS,
)
state = PageState("stride", SETTINGS)

frame(
    "pages/2_Stride.py",
    "Stride and padding",
    "The window moves in steps, over an edge that is padded or not: that decides which numbers there are at all.",
)
message = st.empty()
complaints = state.begin()
values = state.values()
with session_lock():
    place = st.container()  # a Streamlit call: a run that has been superseded ends here, before it computes
    picture = picture_controls.chosen_picture(state, complaints)
    grid, values = stride_grid.place_or_last(state, values, complaints)
with place:
    stride_grid.draw(state, values, grid)
    behind = st.container()
with st.sidebar:
    stride_controls.controls(state)
    with st.expander("Your picture"):
        picture_controls.picture_controls(state)
    st.button("Back to defaults", on_click=state.reset, width="stretch")
with behind:
    stride_tabs.draw(state, values, grid, picture, complaints)
with message:
    show_complaints(complaints)
state.finish()
