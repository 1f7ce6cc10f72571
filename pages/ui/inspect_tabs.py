"""What stands below the answer on the Inspect page, tab by tab: only the open one is drawn."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.ui import inspect_compare, inspect_layers, inspect_likes, inspect_whatif, inspect_why
from pages.ui.inspect_network import Chosen
from pages.ui.inspect_source import Given
from pages.ui.state import PageState, Setting, choice

Draw = Callable[[PageState, Chosen, Given], None]
TABS: dict[str, tuple[str, Draw]] = {
    "layers": ("Layer by layer", inspect_layers.draw),
    "why": ("Why", inspect_why.draw),
    "likes": ("What filters like", inspect_likes.draw),
    "whatif": ("What if", inspect_whatif.draw),
    "compare": ("Compare", inspect_compare.draw),
}
SETTINGS: tuple[Setting, ...] = (
    choice("tab", "layers", list(TABS), "tab"),
    *inspect_layers.SETTINGS,
    *inspect_why.SETTINGS,
    *inspect_likes.SETTINGS,
    *inspect_whatif.SETTINGS,
    *inspect_compare.SETTINGS,
)


def put_right(state: PageState, chosen: Chosen) -> list[str]:
    """Take out of the settings what this network does not have, in any tab; return a sentence about each."""
    said = [part for tab in (inspect_why, inspect_likes, inspect_whatif) for part in tab.put_right(state, chosen)]
    steps = str(state["path"]).split()
    known = len(inspect_layers.path_of(state, chosen))
    if known < len(steps):
        said.append(f"This network has no cell “{steps[known][:40]}”: the way of the traced number ends before it.")
        state.settle(path=" ".join(steps[:known]))
    return said


def filters_off(state: PageState, chosen: Chosen) -> int:
    """Return how many filters are switched off: the answer above the tabs is of the whole network all the same."""
    return sum(map(len, inspect_whatif.switched_off(state, chosen).values()))


def draw(state: PageState, chosen: Chosen, given: Given) -> None:
    """Draw the row of tabs and what stands in the chosen one."""
    st.segmented_control(
        "Below the answer",
        list(TABS),
        format_func=lambda name: TABS[name][0],
        key=state.key("tab"),
        label_visibility="collapsed",
        required=True,
        wrap=True,
    )
    TABS[state["tab"]][1](state, chosen, given)
