"""What stands under the equation of the Channels page, in tabs: only the open one is computed."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui import channels_bank, channels_compare, channels_counts, channels_picture
from pages.ui.channels_grid import Channels, equation
from pages.ui.picture_controls import Picture
from pages.ui.sharing import save_and_share
from pages.ui.state import PageState, Setting, choice

PICTURE, BESIDE, BANK, COST = "On your picture", "Four ways side by side", "A bank of filters", "What it costs"
SHARE = "Save and share"
TABS = (BESIDE, BANK, PICTURE, COST, SHARE)
SETTINGS: tuple[Setting, ...] = (
    choice("tab", TABS[0], TABS, "tab"),
    *channels_picture.SETTINGS,
    *channels_bank.SETTINGS,
    *channels_counts.SETTINGS,
)


def draw(state: PageState, values: dict[str, Any], found: Channels, picture: Picture, complaints: list[str]) -> None:
    """Draw the tabs and what is in the open one; say in `complaints` what could not be drawn."""
    tabs = st.tabs(TABS, key=state.key("tab"), on_change="rerun")
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                DRAW[name](state, values, found, picture, complaints)


def _beside(*given: Any) -> None:
    channels_compare.draw(given[2])


def _bank(state: PageState, values: dict[str, Any], found: Channels, picture: Picture, complaints: list[str]) -> None:
    channels_bank.draw(state, values, picture, complaints)


def _picture(
    state: PageState, values: dict[str, Any], found: Channels, picture: Picture, complaints: list[str]
) -> None:
    channels_picture.draw(state, values, found, picture, complaints)


def _cost(state: PageState, values: dict[str, Any], found: Channels, picture: Picture, complaints: list[str]) -> None:
    channels_counts.draw(state, picture)


def _share(state: PageState, values: dict[str, Any], found: Channels, picture: Picture, complaints: list[str]) -> None:
    save_and_share(
        state,
        name="channels",
        film=equation(values, found),
        numbers=found.outputs[values["operation"]],
        own_picture=not picture.travels,
        settings="filters",
    )


DRAW = {PICTURE: _picture, BESIDE: _beside, BANK: _bank, COST: _cost, SHARE: _share}
