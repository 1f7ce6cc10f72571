"""The Conventions page: one input and kernel, as each library computes them, and the rule behind every difference."""

import numpy as np
import streamlit as st

from pages.ui import conventions_controls, conventions_gallery, conventions_tables, pins
from pages.ui.conventions_view import Comparison, compare, core_settings
from pages.ui.grid_controls import small_grid, small_kernel
from pages.ui.navigation import dress, frame, let_go, show_complaints
from pages.ui.repair import make_or_last
from pages.ui.state import PageState, enter, give_way, memo, session_lock

PAGE = "pages/6_Conventions.py"
SETTINGS = (*conventions_controls.SETTINGS, *conventions_tables.SETTINGS)
# What is put back first where the settings do not go together: the input last.
FIRST = ("kernel_rows", "kernel_columns", "dilation", "border", "padding", "stride", "window", "input")
enter(PAGE)
dress()
state = PageState("conventions", SETTINGS)


def compute(values: dict) -> Comparison:
    """Compute what every library gives, or take it from last time. ValueError with a sentence."""
    image, settings = small_grid(values), core_settings(values)
    if settings.operation == "convolution":
        kernel = small_kernel(values)
    else:
        kernel = np.ones((values["kernel_rows"], values["kernel_columns"]))
    key = (image.tobytes(), image.shape, kernel.tobytes(), kernel.shape, settings, values["reference"])
    return memo("conventions.view", key, lambda: compare(image, kernel, settings, values["reference"]))


complaints = state.begin()
values = state.values()
with session_lock():
    give_way()
    comparison, drawn = make_or_last(
        state,
        values,
        complaints,
        compute,
        first=FIRST,
        labels=conventions_controls.labels(values),
        options=conventions_controls.OPTIONS,
    )
    if drawn is values:
        pins.drop_lost(state, [(1, *shape) for shape in comparison.shapes], complaints)
    values = drawn

# The gallery goes first, into its place below the heading: it is what the person waits for.
top = st.container()
conventions_gallery.draw(state, values, comparison)
let_go()
with top:
    frame(
        PAGE,
        "Who computes what",
        "The same numbers under the same kernel, and yet every library has its own answer. Each difference has a rule.",
    )
    message = st.empty()
conventions_tables.draw(state, comparison)
with st.sidebar:
    conventions_controls.controls(state, comparison.base.profile.key)
    st.button("Back to defaults", on_click=state.reset, width="stretch")
with message:
    show_complaints(complaints)
state.finish()
