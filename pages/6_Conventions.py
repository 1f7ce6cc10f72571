"""The Conventions page: one input and kernel, as each library computes them, and the rule behind every difference."""

import numpy as np
import streamlit as st

from pages.ui import conventions_controls, conventions_gallery, conventions_tables, pins
from pages.ui.conventions_view import Comparison, compare, core_settings
from pages.ui.grid_controls import small_grid, small_kernel
from pages.ui.navigation import frame, show_complaints
from pages.ui.state import PageState, memo, session_lock

SETTINGS = (*conventions_controls.SETTINGS, *conventions_tables.SETTINGS)
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


frame(
    "pages/6_Conventions.py",
    "Who computes what",
    "The same numbers under the same kernel, and yet every library has its own answer. Each difference has a rule.",
)
message = st.empty()
complaints = state.begin()
values = state.values()
with session_lock():
    place = st.container()  # a Streamlit call: a run that has been superseded ends here, before it computes
    try:
        comparison = compute(values)
        state.mark_good(values)
        pins.drop_lost(state, [(1, *shape) for shape in comparison.shapes], complaints)
    except ValueError as error:
        complaints.append(str(error))
        values = state.last_good or {setting.name: setting.default for setting in SETTINGS}
        comparison = compute(values)
with place:
    conventions_gallery.draw(state, values, comparison)
    conventions_tables.draw(state, comparison)
with st.sidebar:
    conventions_controls.controls(state, comparison.base.profile.key)
    st.button("Back to defaults", on_click=state.reset, width="stretch")
with message:
    show_complaints(complaints)
state.finish()
