"""What stands below the film on the Train page, tab by tab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnncore.datasets import Dataset
from cnncore.training import TrainConfig
from pages.ui import runner, train_handmade, train_runs, train_save, train_test, train_weight
from pages.ui import train_session as session
from pages.ui.run_view import RunView
from pages.ui.state import PageState, Setting, choice, complain, touch
from pages.ui.train_controls import own_dataset, use_own
from pages.ui.train_settings import values_of
from pages.ui.words import literal

Draw = Callable[[PageState, TrainConfig, Dataset, "RunView | None"], None]
TABS: dict[str, tuple[str, Draw]] = {
    "runs": ("Runs", train_runs.draw),
    "handmade": ("Hand-made or learned", train_handmade.draw),
    "weight": ("One weight", train_weight.draw),
    "test": ("The test set", train_test.draw),
    "save": ("Save and share", train_save.draw),
}

OF_THE_MOMENT = ("weight", "test", "save")
"""Tabs that speak of the moment that is shown."""

SETTINGS: tuple[Setting, ...] = (choice("tab", "runs", list(TABS), "tab"), *train_weight.SETTINGS)


def draw(state: PageState, config: TrainConfig, dataset: Dataset, view: RunView | None) -> None:
    """Draw the row of tabs and what stands in the chosen one: the others cost nothing."""
    st.segmented_control(
        "Below the film",
        list(TABS),
        format_func=lambda name: TABS[name][0],
        key=state.key("tab"),
        label_visibility="collapsed",
        required=True,
    )
    TABS[state["tab"]][1](state, config, dataset, view)


def say_if_changed(
    state: PageState, config: TrainConfig, dataset: Dataset, view: RunView | None, minutes: float
) -> None:
    """Where the settings, or one's own digits, are no longer those of the run that is shown, offer a run with them."""
    if view is None:
        return
    others = [] if config == TrainConfig.from_dict(dict(view.config)) else ["settings"]
    if config.dataset == view.config["dataset"] and not session.learns_from(view, dataset):
        others.append("digits")
    if not others:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="train-changed"):
        st.caption(
            f"{literal(session.name_of(view))}, shown here, has other {' and other '.join(others)} than those at the "
            "left.",
            width="stretch",
        )
        st.button(
            f"Train with the new {' and '.join(others)}",
            type="primary",
            on_click=_start,
            args=(state, config, dataset, minutes),
            key="train-new",
        )
        st.button(f"Take the run's {' and '.join(others)}", on_click=_take_back, args=(state, view), key="train-back")


def _start(state: PageState, config: TrainConfig, dataset: Dataset, minutes: float) -> None:
    shown = runner.engine().view(state["run"])
    same = shown is not None and dict(shown.config) == config.to_dict() and session.learns_from(shown, dataset)
    if same and shown is not None and shown.alive:
        return  # pressed twice
    try:
        session.start(state, config, dataset, minutes=minutes)
    except ValueError as error:
        complain(str(error))
    touch()


def _take_back(state: PageState, view: Any) -> None:
    pictures = runner.engine().dataset(view.token)
    if view.config["dataset"] == "own" and pictures is not None and not session.learns_from(view, own_dataset()):
        use_own(f"the digits of run {view.number}", pictures)
    state.change(**values_of(TrainConfig.from_dict(dict(view.config))))
