"""The Stride page: where windows land, what the stride drops, what padding adds, and how far a stack of layers sees."""

import streamlit as st

from pages.ui import picture_controls, stride_controls, stride_grid, stride_tabs
from pages.ui.navigation import dress, frame, let_go, show_complaints
from pages.ui.state import PageState, enter, give_way, session_lock

PAGE = "pages/2_Stride.py"
SETTINGS = (
    *stride_controls.SETTINGS,
    *stride_grid.SETTINGS,
    *picture_controls.SETTINGS,
    *stride_tabs.SETTINGS,
)
enter(PAGE)
dress()
state = PageState("stride", SETTINGS)

complaints = state.begin()
values = state.values()
with session_lock():
    give_way()
    picture = picture_controls.chosen_picture(state, complaints)
    grid, values = stride_grid.place_or_last(state, values, complaints)

# The equation goes first, into its place below the heading: it is what the person waits for.
top = st.container()
stride_grid.draw(state, grid)
let_go()
with top:
    frame(
        PAGE,
        "Stride and padding",
        "The window moves in steps, over an edge that is padded or not: that decides which numbers there are at all.",
    )
    message = st.empty()
stride_grid.draw_formula(grid.placed)
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
