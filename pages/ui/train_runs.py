"""The runs of a session, in a table: which is shown, which stand beside it in the charts, and how they did."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cnncore.datasets import Dataset
from cnncore.training import TrainConfig
from pages.ui import train_session as session
from pages.ui.run_view import RunView
from pages.ui.state import PageState, set_widget, touch, widget
from pages.ui.train_settings import CHOSEN, DATASETS, OPTIMIZERS, optimizer_of
from pages.ui.words import number as say

POLL = 2.0  # seconds between two looks at runs that go on


def draw(state: PageState, config: TrainConfig, dataset: Dataset, view: RunView | None) -> None:
    """Draw the table, and keep it up to date while a run goes on."""
    moving = any(run.alive for run in session.my_runs())
    before = (state["run"], session.overlays(), len(session.my_runs()))

    def table() -> None:
        if (state["run"], session.overlays(), len(session.my_runs())) != before:
            st.rerun()  # another run is shown, or another curve: that is for the whole page
        runs = session.my_runs()
        for run in runs:
            _row(state, run)
        if moving and not any(run.alive for run in runs):
            st.rerun()

    if not session.my_runs():
        st.caption("No run yet. Press Train: each run stays here, with its settings, to be compared with the next.")
        return
    st.fragment(table, run_every=POLL if moving else None)()
    st.caption(
        "Loss and accuracy on validation: pictures that no run learns from, the same for every run. “Continue from "
        "here”, in the player at a past moment, makes a run of its own: with the settings at the left where they fit "
        "its network, else with those it had."
    )


def _row(state: PageState, run: RunView) -> None:
    is_shown, key = run.token == state["run"], f"train-run-{run.token[:8]}"
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=key):
        with st.container(gap=None, width=430):
            st.markdown(f"**{session.name_of(run)}** · {measured(run)}")
            st.caption(said(run))
        if is_shown:
            st.button("Shown", key=f"{key}-show", disabled=True)
        else:
            st.button("Show", key=f"{key}-show", on_click=session.show, args=(state, run.token))
        over = f"{key}-over"
        set_widget(over, is_shown or run.token in session.overlays())
        st.toggle("In the charts", key=over, disabled=is_shown, on_change=_overlay, args=(run.token, over))
        st.button("Remove", key=f"{key}-remove", on_click=session.remove, args=(state, run.token))


def _overlay(token: str, key: str) -> None:
    session.set_overlay(token, bool(widget(key)))
    touch()


def said(run: RunView) -> str:
    """Return a run's settings in a line.

    >>> said(RunView(token="t", number=1, config=TrainConfig(seed=7).to_dict(), origin="run 1, step 40"))[-28:]
    'seed 7, from run 1, step 40.'
    """
    config = TrainConfig.from_dict(dict(run.config))
    blocks = " → ".join(_block(block) for block in config.architecture.blocks)
    words = [
        DATASETS[config.dataset],
        blocks,
        f"{OPTIMIZERS[optimizer_of(config)]} {config.learning_rate:g}",
        f"batch {config.batch_size}",
        f"{config.epochs} epochs",
    ]
    if config.first_layer == "presets":
        words.append(CHOSEN["first_layer"]["presets"])
    if config.freeze_first:
        words.append(CHOSEN["freeze_first"][True])
    words.append(f"seed {config.seed}")
    if run.origin:
        words.append(f"from {run.origin}")
    return ", ".join(words) + "."


def _block(block: Any) -> str:
    kernel = block.kernel if isinstance(block.kernel, int) else "×".join(map(str, block.kernel))
    return f"{block.filters} of {kernel}" + ("" if block.pool is None else ", pool")


def measured(run: RunView) -> str:
    """Return what was measured last on validation, at which epoch where that was before, and how far the run is.

    >>> run = RunView(token="t", number=1, status="paused", step=40, steps_per_epoch=34, validation=((34, 0.5, 0.9),))
    >>> measured(run)
    '90.0 %, loss 0.5 at epoch 1 · paused'
    """
    status = session.status_of(run)
    if not run.validation:
        return f"{status}, step {run.step:,}"
    step, loss, accuracy = run.validation[-1]
    when = "" if step == run.step else f" at epoch {say(step / run.steps_per_epoch)}"
    return f"{100 * accuracy:.1f} %, loss {say(loss)}{when} · {status}"
