"""The test set: looked at last, and only when the person asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cnncore.datasets import Dataset
from cnncore.evaluation import confusion_matrix, per_class
from cnncore.training import TrainConfig, Trainer
from pages.ui import runner
from pages.ui import train_session as session
from pages.ui.run_view import RunView
from pages.ui.state import PageState, memo, recall, remember
from pages.ui.words import number as say


@dataclass(frozen=True, eq=False)
class Tested:
    """The weights that are tested, and of which step they are: a checkpoint may be another one a moment later."""

    token: str
    step: int
    arrays: Mapping[str, Any]


def draw(state: PageState, config: TrainConfig, dataset: Dataset, view: RunView | None) -> None:
    """Draw the button that looks, and what was seen."""
    st.caption(
        "A fifth of the digits has been kept away from everything above: nothing was learned from it, no setting was "
        "chosen by it. Look when you are done; whoever looks often, and keeps what does best, learns from it after all."
    )
    if view is None:
        st.caption("There is no trained network yet.")
        return
    looks: dict[str, int] = recall("train.looks") or {}
    step, arrays = session.weights(view)
    moving = view.alive and session.asked_step() is None

    def test() -> None:
        seen = runner.engine().view(view.token) if moving else None  # it went on since this was drawn
        remember("train.tested", Tested(view.token, *((step, arrays) if seen is None else (seen.step, seen.arrays))))

    said = "as it is now" if moving else f"at step {step:,}"
    st.button(f"Test {session.name_of(view)} {said}", on_click=test, key="train-test")
    tested: Tested | None = recall("train.tested")
    if tested is None or tested.token != view.token:
        return
    result = memo("train.test_result", tested, lambda: _look(view, tested.arrays, looks))
    if result is None:
        return
    accuracy, loss, wrong, count, table = result
    st.markdown(
        f"At step {tested.step:,}: **{100 * accuracy:.2f} %** of {count:,} test digits are read right, {wrong} are "
        f"not; mean loss {say(loss)}. Looks at the test set in this run so far: {looks.get(view.token, 1)}."
    )
    st.dataframe(table, hide_index=True, width="content")


def _look(view: RunView, arrays: Mapping[str, Any], looks: dict[str, int]) -> tuple | None:
    dataset = runner.engine().dataset(view.token)
    if dataset is None:
        return None
    trainer = Trainer(TrainConfig.from_dict(dict(view.config)), dataset)
    trainer.network.load(arrays)
    result = trainer.evaluate("test")
    counts = confusion_matrix(result.labels, result.probabilities.argmax(axis=1), len(dataset.classes))
    scores = per_class(counts)
    table = {
        "Digit": list(dataset.classes),
        "Precision": [f"{100 * value:.1f} %" for value in scores.precision],
        "Recall": [f"{100 * value:.1f} %" for value in scores.recall],
        "In the set": [int(value) for value in scores.support],
    }
    remember("train.looks", {**looks, view.token: looks.get(view.token, 0) + 1})
    looks[view.token] = looks.get(view.token, 0) + 1
    wrong = int(counts.sum() - counts.trace())
    return result.accuracy, result.loss, wrong, len(result.labels), table
