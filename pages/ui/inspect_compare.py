"""Two networks on the same picture: two runs, two checkpoints of one, or a run beside a bundled network."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.whatif import accuracy_without
from pages.ui import inspect_html as html
from pages.ui import inspect_network as networks
from pages.ui.inspect_answer import digits_on_offer, probabilities, verdict
from pages.ui.inspect_network import BUNDLED, Chosen
from pages.ui.inspect_source import Given, for_another
from pages.ui.run_view import RunView
from pages.ui.state import PageState, Setting, choice, memo, number, set_widget, widget
from pages.ui.train_session import SETTINGS as RUN_SETTINGS
from pages.ui.words import literal

RUN = "run"
FIRST = -2
"""Of a run: its first checkpoint, which is beside most others the most telling."""
MOST = 32
"""Maps and filters of each network that are shown, the first ones."""
SETTINGS: tuple[Setting, ...] = (
    choice("other", "auto", ["auto", *BUNDLED, RUN], "network to compare with"),
    Setting("other_run", "", RUN_SETTINGS[0].check, private=True),
    number("other_step", FIRST, FIRST, 10**9, "step of the network to compare with", whole=True, shown=0),
)


def draw(state: PageState, chosen: Chosen, given: Given) -> None:
    """Draw the choice of the other network, and both answers side by side."""
    other = _other(state, chosen)
    second = for_another(given, other)
    shares = probabilities(chosen, given), other.network.predict_proba(second.x)[0]
    left, right, between = st.columns(3, gap="medium")
    for column, network, picture, found in zip((left, right), (chosen, other), (given, second), shares, strict=True):
        with column:
            _answer(network, picture, found)
    with between:
        if chosen.classes == other.classes:
            st.html(html.differences(*shares, chosen.classes))
        else:
            st.caption("The two know other classes, so their probabilities cannot be set against each other.")
    _inside((chosen, other), (given, second))


# The other network ---------------------------------------------------------------------------------------------------


def _other(state: PageState, chosen: Chosen) -> Chosen:
    """Draw the choice, and return what is chosen."""
    runs = {view.token: view for view in networks.trained_runs()}
    names = {**{token: f"Run {view.number}" for token, view in runs.items()}, **BUNDLED}
    picked = picked_other(state, list(runs), chosen)
    key = "inspect.beside"
    set_widget(key, picked)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Beside it",
            list(names),
            format_func=lambda name: names.get(name, name),
            key=key,
            width=260,
            on_change=_pick,
            args=(state, key),
        )
        if state["other"] == RUN and picked != state["other_run"]:
            st.caption("The run that was compared is not on this server.", width="content")
        if picked not in runs:
            return networks.bundled(picked)
        return networks.of_run(runs[picked], _step(state, runs[picked]))


def picked_other(state: PageState, runs: list[str], chosen: Chosen) -> str:
    """Return the token of a run, or the name of a bundled network: as the settings say, else another than is shown."""
    kind = state["other"]
    if kind in BUNDLED:
        return str(kind)
    if kind == RUN and state["other_run"] in runs:
        return str(state["other_run"])
    return next(name for name in (*runs, *BUNDLED) if name != chosen.key[1])


def _pick(state: PageState, key: str) -> None:
    picked = str(widget(key))
    if picked in BUNDLED:
        state.change(other=picked, other_run="")
    else:
        state.change(other=RUN, other_run=picked)


def _step(state: PageState, view: RunView) -> int:
    """Draw the choice of a moment of the other run, and return it."""
    steps = networks.steps_of(view)
    if state["other_step"] not in steps:
        state.settle(other_step=steps[0])
    with st.container(width=300):
        st.select_slider("Its checkpoint", steps, format_func=networks.say_step, key=state.key("other_step"))
    return int(state["other_step"])


# What is shown -------------------------------------------------------------------------------------------------------


def _answer(chosen: Chosen, given: Given, shares: NDArray[Any]) -> None:
    """Draw what one network read, and what it says of it."""
    rows, columns = given.x.shape[2:]
    reading = html.reading(
        html.grey_uri(given.x[0, 0]),
        (rows, columns),
        verdict(chosen, shares),
        f"From {rows} × {columns} pixels.",
        whose=chosen.title,
    )
    right = given.label if chosen.judged else None
    st.html(reading + html.bars(shares, chosen.classes, right=right, ordered=True))
    said = f"{chosen.network.parameter_count:,} parameters."
    if chosen.judged:
        slot = f"inspect.accuracy.{chosen.key[0]}.{chosen.key[1]}"
        accuracy = memo(slot, chosen.key, lambda: accuracy_without(chosen.network, *digits_on_offer(chosen), {})[1])
        said += f" On the test digits of its set: {100 * accuracy:.2f} % right."
    if not given.stages:
        said = " ".join([said, *given.notes])  # of a test digit that was made ready for this network
    st.caption(said)


def _inside(both: tuple[Chosen, Chosen], pictures: tuple[Given, Given]) -> None:
    """Draw the first layer's maps and filters of both networks, each of the two on one scale."""
    maps, weights = [], []
    for network, picture in zip(both, pictures, strict=True):
        layer = next(plan for plan in network.network.plan if plan.kind == "activation")
        maps.append(network.network.activations(picture.x)[layer.name][0])
        weights.append(network.network.parameters()["conv1.weight"].mean(axis=1))
    titles = tuple(network.title for network in both)
    _row("First layer's maps of this picture", titles, maps)
    _row("First layer's filters", titles, weights)


def _row(what: str, titles: tuple[str, ...], sides: list[NDArray[Any]]) -> None:
    bound = common_bound(sides)
    signed = any(planes.min(initial=0) < 0 for planes in sides)
    paint = html.signed_masks if signed else html.amount_masks
    st.html(html.scale(bound, signed=signed, what=f"{what}, one scale for both"))
    for column, title, planes in zip(st.columns(2, gap="large"), titles, sides, strict=True):
        with column:
            st.caption(literal(title + how_many(len(planes))))
            st.html(
                html.row(
                    [
                        html.figure(paint(plane, bound), str(n), side=44, shape=plane.shape)
                        for n, plane in enumerate(planes[:MOST])
                    ]
                )
            )


def how_many(count: int) -> str:
    """Return what follows a network's name: how many maps or filters it has, and how many of them are shown.

    >>> how_many(8), how_many(64)
    (': 8', ': the first 32 of 64')
    """
    return f": {count}" if count <= MOST else f": the first {MOST} of {count}"


def common_bound(sides: list[NDArray[Any]]) -> float:
    """Return the largest size of any number of either side."""
    return max(float(np.abs(planes).max(initial=0.0)) for planes in sides)
