"""What stands under the equation of the Pooling page, in tabs: only the open one is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from pages.ui import (
    pooling_gradient,
    pooling_panes,
    pooling_picture,
    pooling_shift,
    pooling_words,
)
from pages.ui.picture_controls import Picture
from pages.ui.pooling_grid import PooledGrid
from pages.ui.sharing import save_and_share
from pages.ui.state import PageState, Setting, choice, recall, remember, session_lock

PICTURE, MAP, SHIFT, GRADIENT, WORDS, SHARE = (
    *("On your picture", "On a feature map", "Shift", "Gradient", "Names and claims"),
    "Save and share",
)
TABS = (PICTURE, MAP, SHIFT, GRADIENT, WORDS, SHARE)
SETTINGS: tuple[Setting, ...] = (
    choice("tab", TABS[0], TABS, "tab"),
    *pooling_panes.SETTINGS,
    *pooling_gradient.SETTINGS,
    *pooling_shift.SETTINGS,
)
Found = TypeVar("Found")
SAFE = {"kind": "max", "window": 1, "window_across": 1, "stride": 1, "stride_across": 1, "padding": "valid"}
"""A pool that fits every picture."""


def draw(state: PageState, values: dict[str, Any], grid: PooledGrid, picture: Picture, complaints: list[str]) -> None:
    """Draw the tabs and what is in the open one; say in `complaints` what could not be drawn."""
    tabs = st.tabs(TABS, key=state.key("tab"), on_change="rerun")
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                DRAW[name](state, values, grid, picture, complaints)


def _first_that_works(
    name: str, attempts: Sequence[dict[str, Any]], make: Callable[[dict[str, Any]], Found], complaints: list[str]
) -> tuple[Found, dict[str, Any]]:
    """Return what `make` gives for the first settings; else say why not, and take the last that worked, or the rest."""
    known = recall(f"good.{name}")
    tries = [attempts[0], *([known] if known is not None else []), *attempts[1:]]
    for attempt in tries[:-1]:
        try:
            made = make(attempt)
        except ValueError as error:
            if attempt is tries[0]:
                complaints.append(str(error))
            continue
        remember(f"good.{name}", attempt)
        return made, attempt
    return make(tries[-1]), tries[-1]


def _defaults(state: PageState) -> dict[str, Any]:
    return {name: setting.default for name, setting in state.settings.items()}


def _dark() -> bool:
    return st.context.theme.type == "dark"


def _on_picture(
    state: PageState, values: dict[str, Any], grid: PooledGrid, picture: Picture, complaints: list[str]
) -> None:
    with session_lock():
        st.container()  # a run that has been superseded ends here, before it computes
        found, _ = _first_that_works(
            "pooling.picture",
            [values, _defaults(state), {**_defaults(state), **SAFE}],
            lambda attempt: pooling_picture.pooled_picture(attempt, picture),
            complaints,
        )
    pooling_picture.draw_picture(state, found, picture)


def _on_map(
    state: PageState, values: dict[str, Any], grid: PooledGrid, picture: Picture, complaints: list[str]
) -> None:
    with session_lock():
        st.container()
        found, _ = _first_that_works(
            "pooling.map",
            [values, _defaults(state), {**_defaults(state), **SAFE}],
            lambda attempt: pooling_picture.chain(attempt, picture),
            complaints,
        )
    pooling_picture.draw_chain(state, found)


def _shift(state: PageState, values: dict[str, Any], grid: PooledGrid, picture: Picture, complaints: list[str]) -> None:
    pooling_shift.controls(state)
    with session_lock():
        st.container()
        (image, found), used = _first_that_works(
            "pooling.shift",
            [values, _defaults(state), {**_defaults(state), **SAFE}],
            lambda attempt: pooling_shift.measure(attempt, grid, picture),
            complaints,
        )
    pooling_shift.draw({**used, "shift": values["shift"]}, image, found, dark=_dark())


def _gradient(
    state: PageState, values: dict[str, Any], grid: PooledGrid, picture: Picture, complaints: list[str]
) -> None:
    pooling_gradient.draw(state, grid, dark=_dark())


def _words(state: PageState, values: dict[str, Any], grid: PooledGrid, picture: Picture, complaints: list[str]) -> None:
    pooling_words.draw(grid)


def _share(state: PageState, values: dict[str, Any], grid: PooledGrid, picture: Picture, complaints: list[str]) -> None:
    save_and_share(
        state, name="pooling", film=grid.data, own_picture=not picture.travels, settings="grids and settings"
    )


DRAW = {PICTURE: _on_picture, MAP: _on_map, SHIFT: _shift, GRADIENT: _gradient, WORDS: _words, SHARE: _share}
