"""The Text page: filters slide along a sentence, and max over time keeps the best answer of each."""

import streamlit as st

from pages.ui import text_controls, text_tabs, text_view
from pages.ui.navigation import dress, frame, let_go, show_complaints
from pages.ui.repair import make_or_last
from pages.ui.state import PageState, enter
from pages.ui.text_model import read

PAGE = "pages/5_Text.py"
# What is put back first where the settings do not go together: the sentence last.
FIRST = ("patterns", "letter_patterns", "sentence", "letters")
SETTINGS = (*text_controls.SETTINGS, *text_tabs.SETTINGS)
enter(PAGE)
dress()
state = PageState("text", SETTINGS)

complaints = state.begin()
values = state.values()
view, drawn = make_or_last(
    state, values, complaints, read, first=FIRST, labels=text_controls.LABELS, options=text_controls.OPTIONS
)
values = text_view.keep_place(state, values, view, complaints) if drawn is values else drawn
data = text_view.sliding(values, view)

# The equation goes first, into its place below the heading: it is what the person waits for.
top = st.container()
choice = st.container()
text_view.draw_sliding(state, data)
let_go()
with top:
    frame(
        PAGE,
        "Text",
        "A filter spans the whole vocabulary and a few positions. It slides along the sentence only, and answers where "
        "it finds its pattern.",
    )
    message = st.empty()
with choice:
    text_view.draw_choice(state, values, view)
text_view.draw_maxima(state, values, view)
with st.sidebar:
    text_controls.controls(state)
    st.button("Back to defaults", on_click=state.reset, width="stretch")
text_tabs.draw(state, values, view, data)
with message:
    show_complaints(complaints)
state.finish()
