"""The Channels page: a filter sums over all channels; depthwise, 1 × 1 and separable ones beside it; a bank of many."""

import streamlit as st

from pages.ui import channels_controls, channels_grid, channels_tabs, picture_controls
from pages.ui.navigation import frame, show_complaints
from pages.ui.state import PageState, session_lock

SETTINGS = (*picture_controls.SETTINGS, *channels_controls.SETTINGS, *channels_tabs.SETTINGS)
state = PageState("channels", SETTINGS)

frame(
    "pages/4_Channels.py",
    "Channels and filters",
    "A filter is as deep as its input: it sums over all channels and adds one bias. Many filters make many maps.",
)
message = st.empty()
complaints = state.begin()
values = state.values()
with session_lock():
    place = st.container()  # a Streamlit call: a run that has been superseded ends here, before it computes
    picture = picture_controls.chosen_picture(state, complaints)
    found, values = channels_grid.compute_or_last(state, values, picture, complaints)
with place:
    channels_grid.draw(state, values, found)
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
