"""The Channels page: a filter sums over all channels; depthwise, 1 × 1 and separable ones beside it; a bank of many."""

import streamlit as st

from pages.ui import channels_controls, channels_grid, channels_tabs, picture_controls
from pages.ui.navigation import dress, frame, let_go, show_complaints
from pages.ui.state import PageState, enter, give_way, session_lock

PAGE = "pages/4_Channels.py"
SETTINGS = (*picture_controls.SETTINGS, *channels_controls.SETTINGS, *channels_tabs.SETTINGS)
enter(PAGE)
dress()
state = PageState("channels", SETTINGS)

complaints = state.begin()
values = state.values()
with session_lock():
    give_way()
    picture = picture_controls.chosen_picture(state, complaints)
    found, values = channels_grid.compute_or_last(state, values, picture, complaints)

# The equation goes first, into its place below the heading: it is what the person waits for.
top = st.container()
channels_grid.draw(state, values, found)
let_go()
with top:
    frame(
        PAGE,
        "Channels and filters",
        "A filter is as deep as its input: it sums over all channels and adds one bias. Many filters make many maps.",
    )
    message = st.empty()
channels_grid.say(values, found)
behind = st.container()
with st.sidebar:
    shape = picture.rgb.shape[:2]
    channels_controls.controls(state, shape, channels_grid.middle(values, shape))
    if state["input"] != channels_controls.PICTURE:
        with st.expander("Your picture"):
            picture_controls.picture_controls(state)
    st.button("Back to defaults", on_click=state.reset, width="stretch")
with behind:
    channels_tabs.draw(state, values, found, picture, complaints)
with message:
    show_complaints(complaints)
state.finish()
