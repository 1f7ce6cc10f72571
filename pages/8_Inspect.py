"""The Inspect page: draw a digit and follow it through the network, down to any single number."""

import streamlit as st

from pages.ui import inspect_answer, inspect_canvas, inspect_network, inspect_source, inspect_tabs
from pages.ui.navigation import dress, frame, let_go, show_complaints
from pages.ui.sharing import link_to
from pages.ui.state import PageState, complain, enter

SETTINGS = (*inspect_source.SETTINGS, *inspect_network.SETTINGS, *inspect_tabs.SETTINGS)
PAGE = "pages/8_Inspect.py"
enter(PAGE)
state = PageState("inspect", SETTINGS)
complaints = state.begin()
chosen = inspect_network.chosen(state, complaints)
for sentence in (*inspect_source.put_right(state), *inspect_tabs.put_right(state, chosen)):
    complain(sentence)
    complaints.append(sentence)

# The answer goes first, into its place below the heading: it is what the person waits for after a stroke. It is made
# before anything is sent, and sent at once with what comes before it: the browser draws the whole page for whatever has
# arrived. The pause lets go of the interpreter, so that it leaves the server before all the rest is made.
drawing = inspect_canvas.received() if state["source"] == "draw" else None
given = inspect_source.given(state, chosen, drawing, complaints)
said = inspect_answer.answer(chosen, given, inspect_tabs.filters_off(state, chosen))
dress()
top = st.container()
picture, answer, near = st.columns([270, 320, 280], gap="medium")
answer.html(said)
with picture:
    if state["source"] == "draw":
        inspect_canvas.canvas()
let_go()
with top:
    frame(PAGE, "Inspect", "Draw a digit, and follow it through the network down to any single number.")
    show_complaints(complaints)
with picture:
    inspect_answer.draw_given(state, given)
with near:
    inspect_answer.draw_neighbours(chosen, given)
with st.container():  # always there: what follows stays where it is in the page's tree
    inspect_answer.draw_stages(state, given)
behind = st.container()
with st.sidebar:
    inspect_source.controls(state, given)
    inspect_network.controls(state, chosen)
    st.button("Back to defaults", on_click=state.reset, width="stretch")
with behind:
    inspect_tabs.draw(state, chosen, given)
    link_to(state, "A link that opens this view; a drawing, a picture or a network of yours stays here.")
state.finish()
