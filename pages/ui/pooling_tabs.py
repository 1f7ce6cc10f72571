"""What stands under the equation of the Pooling page, in tabs: only the open one is computed."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.picture_controls import Picture
from pages.ui.pooling_grid import PooledGrid
from pages.ui.sharing import save_and_share
from pages.ui.state import PageState, Setting, choice

SHARE = "Save and share"
TABS = (SHARE,)
SETTINGS: tuple[Setting, ...] = (choice("tab", TABS[0], TABS, "tab"),)


def draw(state: PageState, values: dict[str, Any], grid: PooledGrid, picture: Picture, complaints: list[str]) -> None:
    """Draw the tabs and what is in the open one; say in `complaints` what could not be drawn."""
    tabs = st.tabs(TABS, key=state.key("tab"), on_change="rerun")
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                DRAW[name](state, values, grid, picture, complaints)


def _share(state: PageState, values: dict[str, Any], grid: PooledGrid, picture: Picture, complaints: list[str]) -> None:
    save_and_share(state, name="pooling", film=grid.data, own_picture=not picture.travels, settings="grids and settings")


DRAW = {SHARE: _share}
