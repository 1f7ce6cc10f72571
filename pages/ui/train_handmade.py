"""Hand-made or learned: the article's claim about the first layer's filters, put to the test."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import streamlit as st

from cnncore.datasets import Dataset
from cnncore.training import TrainConfig
from pages.ui import runner
from pages.ui import train_session as session
from pages.ui.run_view import RunView
from pages.ui.state import PageState, complain, recall, remember, touch
from pages.ui.words import number as say

CLAIM = "manually specifying what convolution filters the network should use would most likely yield poor results"
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "learned": ("Learned", {"first_layer": "random", "freeze_first": False}),
    "handmade": ("Hand-made, frozen", {"first_layer": "presets", "freeze_first": True}),
    "random": ("Random, frozen", {"first_layer": "random", "freeze_first": True}),
    "start": ("Hand-made, then learned", {"first_layer": "presets", "freeze_first": False}),
}
HEADS = ("First layer", "Run", "Accuracy on validation", "Loss", "State")
CLEAR = 2.0
"""Standard errors beyond which a difference is taken for more than chance."""
POOR = 0.9
"""Nobody would call a larger share of digits read right a poor result."""


def draw(state: PageState, config: TrainConfig, dataset: Dataset, view: RunView | None) -> None:
    """Draw the experiment: what it compares, the button that runs it, and what came out."""
    st.caption(
        f"“{CLAIM}”, says the article. Here four networks learn the same digits, in the same order, from the same "
        "seed. Only the first layer differs: learned as usual; ten presets of the Convolution page (edges, blurs, "
        "sharpening) at the scale of random weights, never changed; random and never changed; and hand-made at the "
        "start, then learned."
    )
    st.button("Run the four at full speed", on_click=_run, args=(state, config, dataset), key="train-handmade")
    tokens: dict[str, str] = recall("train.handmade") or {}
    engine, _ = runner.arrive()
    views = {name: found for name, token in tokens.items() if (found := engine.view(token)) is not None}
    if not views:
        return
    _results(views, _pictures(views, dataset), moving=any(found.alive for found in views.values()))


def _run(state: PageState, config: TrainConfig, dataset: Dataset) -> None:
    """Start one run for each variant in the place of the last four, and show them in one chart. For callbacks."""
    touch()
    engine, owner = runner.arrive()
    tokens: dict[str, str] = recall("train.handmade") or {}
    remember("train.handmade", tokens)  # filled below: a second press that cuts this one short finds what was begun
    for token in tokens.values():
        engine.remove(token)
    tokens.clear()
    try:
        for name, (_, changes) in VARIANTS.items():
            tokens[name] = engine.start(owner, replace(config, **changes), dataset)
    except ValueError as error:
        complain(str(error))
        for token in tokens.values():
            engine.remove(token)
        tokens.clear()
        return
    remember("train.beside", tuple(tokens.values()))
    session.show(state, tokens["learned"])


def _pictures(views: dict[str, RunView], otherwise: Dataset) -> Dataset:
    """Return what the four learn from: other digits may be chosen at the left by now."""
    found = (runner.engine().dataset(view.token) for view in views.values())
    return next((each for each in found if each is not None), otherwise)


def _results(views: dict[str, RunView], dataset: Dataset, *, moving: bool) -> None:
    def table() -> None:
        engine, _ = runner.arrive()
        newest = {name: engine.view(view.token) or view for name, view in views.items()}
        rows: dict[str, list[str]] = {name: [] for name in HEADS}
        for name, view in newest.items():
            accuracy, loss = _last(view)
            line = (
                VARIANTS[name][0],
                session.name_of(view),
                "–" if accuracy is None else f"{100 * accuracy:.2f} %",
                "–" if loss is None else say(loss),
                f"training, epoch {view.epoch:.1f}" if view.alive else session.status_of(view),
            )
            for head, words in zip(HEADS, line, strict=True):
                rows[head].append(words)
        st.dataframe(rows, hide_index=True, width="content")
        if not any(view.alive for view in newest.values()):
            st.markdown(verdict(newest, len(session.pictures_of(dataset).labels)))
            st.caption("One seed is one sample. Change the seed and run the four again before you believe it.")

    st.fragment(table, run_every=0.5 if moving else None)()


def _last(view: RunView) -> tuple[float | None, float | None]:
    return (view.validation[-1][2], view.validation[-1][1]) if view.validation else (None, None)


def verdict(views: dict[str, RunView], digits: int) -> str:
    """Return what was measured on so many digits, in sentences, whichever way it came out.

    "Worse" and "poor" are two things: the article says "poor".
    """
    measured = {name: _last(view)[0] for name, view in views.items()}
    learned, handmade, chance = (measured.get(name) for name in ("learned", "handmade", "random"))
    if learned is None or handmade is None or chance is None:
        return "At least one of them ended before it was measured."
    gap = 100 * (learned - handmade)
    # One right and one wrong more than there were: of a few digits that were all read, chance might have missed one.
    shares = [(share * digits + 1) / (digits + 2) for share in (learned, handmade)]
    error = 100 * math.sqrt(sum(share * (1 - share) for share in shares) / digits)
    clear = abs(gap) > CLEAR * error
    first = (
        f"Learned filters read {100 * learned:.1f} % of the {digits:,} digits right, hand-made ones "
        f"{100 * handmade:.1f} %."
    )
    margin = f"chance alone moves such a difference by about {error:.1f} points, its standard error"
    if not clear:
        said = f"These cannot be told apart: {margin}, and only twice that would be clear."
    else:
        more = "Learned" if gap > 0 else "Hand-made"
        said = f"{more} filters are clearly better, by {abs(gap):.1f} points: {margin}."
    if handmade > POOR:
        worse = "are worse, but not poor" if clear and gap > 0 else "are not poor"
        claim = f"The hand-made filters' results {worse}: here the claim does not hold."
    elif clear and gap > 0:
        claim = "The hand-made filters' results are poor, and worse than what is learned: here the claim holds."
    else:
        claim = "The hand-made filters' results are poor, but learned ones do no better: it is not their doing."
    other = f"Random filters that never change reached {100 * chance:.1f} %: so much the layers behind can do alone."
    return f"{first} {said} {claim} {other}"
