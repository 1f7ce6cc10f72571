"""The Channels page: a filter sums over all channels; depthwise, 1 × 1 and separable ones beside it; a bank of many."""

import streamlit as st

from pages.ui import channels_controls, channels_grid, channels_tabs, picture_controls
from pages.ui.navigation import frame
from pages.ui.state import PageState, session_lock
from pages.ui.words import literal

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
    try:
        found = channels_grid.compute(values, picture)
        state.mark_good(values)
    except ValueError as error:
        complaints.append(str(error))
        values = state.last_good or {setting.name: setting.default for setting in SETTINGS}
        found = channels_grid.compute(values, picture)
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
if complaints:
    message.error(literal(" ".join(dict.fromkeys(complaints))))
state.finish()
