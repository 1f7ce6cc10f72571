"""What stands under the equation of the Stride page, in tabs: only the open one is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from cnncore.stack_text import STACKS
from pages.ui import stride_picture, stride_stack
from pages.ui.picture_controls import Picture
from pages.ui.sharing import save_and_share
from pages.ui.state import PageState, Setting, choice, recall, remember, session_lock
from pages.ui.stride_grid import PlacedGrid, draw_formula
from pages.ui.stride_stack import DEFAULT
from pages.ui.stride_view import padding_table

PICTURE, FIELD, PADDINGS, SHARE = "On your picture", "Receptive field", "Paddings side by side", "Save and share"
TABS = (PICTURE, FIELD, PADDINGS, SHARE)
SETTINGS: tuple[Setting, ...] = (
    choice("tab", TABS[0], TABS, "tab"),
    *stride_picture.SETTINGS,
    *stride_stack.SETTINGS,
)


Found = TypeVar("Found")
Attempt = TypeVar("Attempt")


def draw(state: PageState, values: dict[str, Any], grid: PlacedGrid, picture: Picture, complaints: list[str]) -> None:
    """Draw the tabs and what is in the open one; say in `complaints` what could not be drawn."""
    tabs = st.tabs(TABS, key=state.key("tab"), on_change="rerun")
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                DRAW[name](state, values, grid, picture, complaints)


def _first_that_works(
    name: str, attempts: Sequence[Attempt], make: Callable[[Attempt], Found], complaints: list[str]
) -> Found:
    """Return what `make` gives for the first attempt; else say why not, and take the last that worked, or the rest."""
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
        return made
    return make(tries[-1])


def _on_picture(
    state: PageState, values: dict[str, Any], grid: PlacedGrid, picture: Picture, complaints: list[str]
) -> None:
    defaults = {name: setting.default for name, setting in state.settings.items()}  # "same": it always fits
    with session_lock():
        st.container()  # a run that has been superseded ends here, before it computes
        view = _first_that_works(
            "stride.picture",
            [(values, grid.kernel), (defaults, grid.kernel)],
            lambda attempt: stride_picture.compute(*attempt, picture),
            complaints,
        )
    stride_picture.draw(state, view)
    draw_formula(view.placed, brief=True)
    if view.image.shape != picture.rgb.shape[:2]:
        st.caption("Your picture was reduced first: all of it would give an output too large to be shown.")


def _receptive_field(
    state: PageState, values: dict[str, Any], grid: PlacedGrid, picture: Picture, complaints: list[str]
) -> None:
    found = _first_that_works(
        "stride.stack",
        [state["stack"], STACKS[DEFAULT].text, "c1"],
        lambda text: stride_stack.read(text, picture),
        complaints,
    )
    stride_stack.draw(state, found, picture)


def _paddings(
    state: PageState, values: dict[str, Any], grid: PlacedGrid, picture: Picture, complaints: list[str]
) -> None:
    shape, kernel = grid.image.shape, grid.kernel.shape
    heads = ["Padding", "Above + below → rows", "Left + right → columns"]
    if grid.placed.transposed:
        st.caption("Of the convolution whose transpose this is:")
        shape = grid.placed.pair("out")
    table = padding_table(values, shape, kernel)
    lines = [heads, ["---"] * 3, *table]
    st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))
    st.caption(
        "“Same” is TensorFlow's rule: ⌈n / stride⌉ numbers come out, and an odd cell of padding stands at the end "
        "(ONNX: SAME_UPPER) or, as ONNX's SAME_LOWER has it, first. “Full” counts every window that touches the input."
    )


def _share(state: PageState, values: dict[str, Any], grid: PlacedGrid, picture: Picture, complaints: list[str]) -> None:
    save_and_share(state, name="stride", film=grid.data, own_picture=not picture.travels, settings="grids and layers")


DRAW = {PICTURE: _on_picture, FIELD: _receptive_field, PADDINGS: _paddings, SHARE: _share}
