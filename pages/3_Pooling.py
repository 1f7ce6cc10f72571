"""The Pooling page: maximum, mean, global, across channels; what a shift changes, and where the gradient goes."""

import streamlit as st

from pages.ui import kernel_controls, picture_controls, pooling_controls, pooling_grid, pooling_tabs
from pages.ui.navigation import dress, frame, let_go, show_complaints
from pages.ui.state import PageState, enter, give_way, session_lock

PAGE = "pages/3_Pooling.py"
SETTINGS = (
    *pooling_controls.SETTINGS,
    *pooling_grid.SETTINGS,
    *picture_controls.SETTINGS,
    *pooling_tabs.SETTINGS,
)
enter(PAGE)
dress()
state = PageState("pooling", SETTINGS)

complaints = state.begin()
values = state.values()
with session_lock():
    give_way()
    picture = picture_controls.chosen_picture(state, complaints)
    grid, values = pooling_grid.place_or_last(state, values, complaints)

# The equation goes first, into its place below the heading: it is what the person waits for.
top = st.container()
pooling_grid.draw(state, grid)
let_go()
with top:
    frame(
        PAGE,
        "Pooling",
        "One number stands for many: the largest under a window, or their mean. Nothing is learned here, and much is "
        "lost.",
    )
    message = st.empty()
pooling_grid.draw_size(grid)
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
