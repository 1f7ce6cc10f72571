"""The Text page: filters slide along a sentence, and max over time keeps the best answer of each."""

import streamlit as st

from pages.ui import text_controls, text_tabs, text_view
from pages.ui.navigation import frame, show_complaints
from pages.ui.state import PageState
from pages.ui.text_model import read
from pages.ui.text_view import keep_place

SETTINGS = (*text_controls.SETTINGS, *text_tabs.SETTINGS)
state = PageState("text", SETTINGS)

frame(
    "pages/5_Text.py",
    "Text",
    "A filter spans the whole vocabulary and a few positions. It slides along the sentence only, and answers where it "
    "finds its pattern.",
)
message = st.empty()
complaints = state.begin()
values = state.values()
try:
    view = read(values)
    state.mark_good(values)
    values = keep_place(state, values, view, complaints)
except ValueError as error:
    complaints.append(str(error))
    values = state.last_good or {setting.name: setting.default for setting in SETTINGS}
    view = read(values)
data = text_view.sliding(values, view)
text_view.draw(state, values, view, data)
with st.sidebar:
    text_controls.controls(state)
    st.button("Back to defaults", on_click=state.reset, width="stretch")
text_tabs.draw(state, values, view, data)
with message:
    show_complaints(complaints)
state.finish()
