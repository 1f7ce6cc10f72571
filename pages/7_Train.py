"""The Train page: a small network learns digits before one's eyes, and time can be turned back."""

import streamlit as st

from pages.ui import train_controls, train_session, train_stage, train_tabs
from pages.ui.navigation import dress, frame, show_complaints
from pages.ui.state import PageState

SETTINGS = (*train_controls.SETTINGS, *train_session.SETTINGS, *train_tabs.SETTINGS)
state = PageState("train", SETTINGS, usual=train_controls.recommended)

dress()
frame(
    "pages/7_Train.py", "Train", "The filters start as noise. Watch what the digits make of them, then drag time back."
)
message = st.empty()
complaints = state.begin()
refused = len(complaints)  # so many speak of settings; what follows is told in full
train_controls.receive_own(complaints)
values, config, dataset = train_controls.place_or_last(state, complaints)
view = train_session.current(state, complaints)
train_tabs.say_if_changed(state, config, dataset, view, values["stop_minutes"])
train_stage.draw(
    state, config, dataset, values["stop_minutes"], complaints, follow=state["tab"] in train_tabs.OF_THE_MOMENT
)
behind = st.container()
with st.sidebar:
    train_controls.controls(state, values, dataset)
    st.button("Back to defaults", on_click=train_controls.reset, args=(state,), width="stretch")
with behind:
    train_tabs.draw(state, config, dataset, view)
with message:
    show_complaints(train_session.told(complaints[:refused], complaints[refused:]))
state.finish()
