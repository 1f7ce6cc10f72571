"""Two networks on the same picture: two runs, two checkpoints of one, or a run beside a bundled network."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnncore.whatif import accuracy_without
from pages.ui import inspect_html as html
from pages.ui import inspect_network as networks
from pages.ui.inspect_answer import digits_on_offer
from pages.ui.inspect_network import BUNDLED, NEWEST, Chosen
from pages.ui.inspect_source import Given, fitted
from pages.ui.state import PageState, memo, set_widget, widget

OTHER, STEP = "inspect.other", "inspect.other_step"


def draw(state: PageState, chosen: Chosen, given: Given) -> None:
    """Draw the choice of the other network, and both answers side by side."""
    runs = {f"run:{view.token}": view for view in networks.trained_runs()}
    names = {**{key: f"Run {view.number}" for key, view in runs.items()}, **BUNDLED}
    if widget(OTHER) not in names:
        set_widget(OTHER, next((key for key in names if key != chosen.key[1]), "mnist"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Beside it", list(names), format_func=names.__getitem__, key=OTHER, width=260)
        picked = widget(OTHER)
        step = NEWEST
        if picked in runs:
            steps = [NEWEST, *runs[picked].checkpoints]
            if widget(STEP) not in steps:
                set_widget(STEP, steps[min(1, len(steps) - 1)])
            with st.container(width=300):
                st.select_slider(
                    "Its checkpoint", steps, format_func=lambda at: "newest" if at == NEWEST else f"{at:,}", key=STEP
                )
            step = widget(STEP)
    other = networks.of_run(runs[picked], step) if picked in runs else networks.bundled(picked)
    second = _same_picture(other, given)
    columns = st.columns(2, gap="large")
    for column, network, picture in zip(columns, (chosen, other), (given, second), strict=True):
        with column:
            _answer(network, picture)


def _same_picture(other: Chosen, given: Given) -> Given:
    """Return the picture in the size that the other network takes."""
    x = fitted(given.x, other.network.input_shape)
    return Given(given.title, x, {}, (), given.label, (*given.key, other.network.input_shape))


def _answer(chosen: Chosen, given: Given) -> None:
    shares = chosen.network.predict_proba(given.x)[0]
    best = int(np.argmax(shares))
    st.markdown(f"**{chosen.title}** reads **{chosen.classes[best]}**, with {html.percent(float(shares[best]))}")
    st.html(html.bars(shares, chosen.classes, right=given.label))
    layer = next(plan for plan in chosen.network.plan if plan.kind == "activation")
    maps = chosen.network.activations(given.x)[layer.name][0]
    bound = float(np.abs(maps).max(initial=0))
    paint = html.signed_masks if maps.min(initial=0) < 0 else html.amount_masks
    shots = [html.figure(paint(plane, bound), "", side=52, shape=plane.shape) for plane in maps[:16]]
    st.html(html.row(shots))
    weights = chosen.network.parameters()["conv1.weight"].mean(axis=1)[:16]
    reach = float(np.abs(weights).max(initial=0))
    st.html(html.row([html.figure(html.signed_masks(w, reach), "", side=52, shape=w.shape) for w in weights]))
    said = "Above: the first layer's maps of this picture, and its filters. "
    if chosen.judged:
        slot = f"inspect.accuracy.{chosen.key[0]}.{chosen.key[1]}"
        accuracy = memo(slot, chosen.key, lambda: accuracy_without(chosen.network, *digits_on_offer(chosen), {})[1])
        said += f"On the test digits: {100 * accuracy:.2f} % right. "
    st.caption(f"{said}{chosen.network.parameter_count:,} parameters.")
