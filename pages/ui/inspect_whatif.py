"""What if: filters switched off, and the picture moved, turned, scaled or made noisy."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.ops import softmax
from cnncore.whatif import CHANGES, accuracy_without, changed, forward_without, probability_curve
from pages.ui import inspect_html as html
from pages.ui.figures import DARK, LIGHT
from pages.ui.inspect_answer import digits_on_offer, probabilities
from pages.ui.inspect_network import Chosen
from pages.ui.inspect_source import Given
from pages.ui.inspect_why import target_of
from pages.ui.state import PageState, Setting, choice, memo, number, set_widget, text, widget
from pages.ui.words import brief, literal
from pages.ui.words import number as say

TITLES = {
    "shift_right": "Move right",
    "shift_down": "Move down",
    "rotate": "Turn",
    "scale": "Scale",
    "noise": "Add noise",
}
RANGES = {"rotate": (-90.0, 90.0, 5.0), "scale": (0.4, 1.8, 0.05), "noise": (0.0, 1.0, 0.05)}
STILL = {"scale": 1.0}
"""The amount that changes nothing, where it is not 0."""
SETTINGS: tuple[Setting, ...] = (
    text("off", ""),
    choice("change", "shift_right", list(TITLES), "change"),
    number("amount", 0.0, -1000.0, 1000.0, "amount of change"),
)


def switched_off(state: PageState, chosen: Chosen) -> dict[str, set[int]]:
    """Return the filters that are off, by the layer whose maps they give; unknown ones are left out."""
    shapes = {plan.name: plan.output_shape for plan in chosen.network.plan if plan.kind == "activation"}
    off: dict[str, set[int]] = {}
    for part in str(state["off"]).split():
        layer, _, channel = part.partition(".")
        shape = shapes.get(layer, ())
        if len(shape) == 3 and channel.isdecimal() and int(channel) < shape[0]:
            off.setdefault(layer, set()).add(int(channel))
    return off


def put_right(state: PageState, chosen: Chosen) -> list[str]:
    """Take out of the settings what this network does not have; return a sentence about each."""
    return [*_put_amount_right(state, chosen), *_put_filters_right(state, chosen)]


def _put_amount_right(state: PageState, chosen: Chosen) -> list[str]:
    low, high, _ = _range(state, chosen)
    amount, still = float(state["amount"]), STILL.get(state["change"], 0.0)
    if low <= amount <= high:
        return []
    state.settle(amount=still)
    if amount == 0:  # as in every link that says nothing of it
        return []
    title, unit = TITLES[state["change"]], CHANGES[state["change"]]
    return [f"“{title}” goes from {say(low)} to {say(high)} {unit} for this network, not to {say(amount)}."]


def _range(state: PageState, chosen: Chosen) -> tuple[float, float, float]:
    """Return the least and the largest amount of the change, and the step between."""
    half = float(round(min(chosen.network.input_shape[1:]) / 2))
    return RANGES.get(state["change"], (-half, half, 0.5))


def _put_filters_right(state: PageState, chosen: Chosen) -> list[str]:
    off = switched_off(state, chosen)
    known = [f"{layer}.{channel}" for layer, channels in off.items() for channel in sorted(channels)]
    parts = str(state["off"]).split()
    unknown = [part for part in parts if part not in known]
    if not unknown:
        return []
    state.settle(off=" ".join(known))
    if len(unknown) == 1:
        return [f"This network has no filter “{unknown[0][:40]}” that could be switched off."]
    rest = "one other" if len(unknown) == 2 else f"{len(unknown) - 1} others"
    return [f"This network has no filter “{unknown[0][:40]}” that could be switched off, nor {rest} in the link."]


def draw(state: PageState, chosen: Chosen, given: Given) -> None:
    """Draw both questions."""
    left, right = st.columns(2, gap="large")
    with left:
        _filters(state, chosen, given)
    with right:
        _changes(state, chosen, given)


def _filters(state: PageState, chosen: Chosen, given: Given) -> None:
    st.markdown("**Switch filters off**")
    off = switched_off(state, chosen)
    result = st.container(key="inspect-without")
    colours = DARK if st.context.theme.type == "dark" else LIGHT
    maps = memo("inspect.maps", (chosen.key, given.key), lambda: chosen.network.activations(given.x))
    for plan in chosen.network.plan:
        if plan.kind != "activation" or len(plan.output_shape) != 3:
            continue
        key = f"inspect.off.{plan.name}.{plan.output_shape[0]}"
        set_widget(key, sorted(off.get(plan.name, ())))
        planes = maps[plan.name][0]
        bound = float(np.abs(planes).max(initial=0.0))
        signed = bool((planes < 0).any())
        shots = [html.opaque_uri(plane, bound, colours, signed=signed) for plane in planes]
        with st.container(key=f"filters-{plan.name}"):
            st.pills(
                f"{plan.name}: off",
                range(plan.output_shape[0]),
                selection_mode="multi",
                format_func=partial(_with_map, shots),
                key=key,
                on_change=_switch,
                args=(state, chosen),
                wrap=True,
            )
    with result:
        _without(state, chosen, given, off)


def _without(state: PageState, chosen: Chosen, given: Given, off: dict[str, set[int]]) -> None:
    """Say what the answer is without the filters that are off."""
    if not off:
        st.caption("Choose filters by their maps of this picture: those become 0 wherever they would be read.")
        return
    before = probabilities(chosen, given)
    after = softmax(forward_without(chosen.network, given.x, off))[0]
    target = target_of(state, chosen, given)
    name = chosen.classes[target]
    said = f"Probability of {name}: {html.percent(float(before[target]))} → **{html.percent(float(after[target]))}**."
    st.markdown(said + _accuracies(state, chosen, off))
    st.html(html.bars(after, chosen.classes, right=given.label))


def _with_map(shots: list[str], number_: int) -> str:
    return f"![]({shots[number_]}) {number_}"


def _accuracies(state: PageState, chosen: Chosen, off: dict[str, set[int]]) -> str:
    """Return how many test digits are read right with all filters and without those that are off, a sentence."""
    if not chosen.judged:
        return ""
    off_key = (chosen.key, state["off"])
    images, labels = digits_on_offer(chosen)
    whole = memo("inspect.whole", chosen.key, lambda: accuracy_without(chosen.network, images, labels, {}))
    part = memo("inspect.part", off_key, lambda: accuracy_without(chosen.network, images, labels, off))
    return f" Accuracy on the {len(labels):,} test digits: {100 * whole[1]:.2f} % → **{100 * part[1]:.2f} %**."


def _switch(state: PageState, chosen: Chosen) -> None:
    parts = []
    for plan in chosen.network.plan:
        if plan.kind == "activation" and len(plan.output_shape) == 3:
            picked = widget(f"inspect.off.{plan.name}.{plan.output_shape[0]}") or []
            parts += [f"{plan.name}.{channel}" for channel in sorted(picked)]
    state.change(off=" ".join(parts))


def _changes(state: PageState, chosen: Chosen, given: Given) -> None:
    st.markdown("**Change the picture**")
    st.segmented_control(
        "Change",
        list(TITLES),
        format_func=TITLES.__getitem__,
        key=state.key("change"),
        required=True,
        label_visibility="collapsed",
        wrap=True,
        on_change=_from_still,
        args=(state,),
    )
    change = state["change"]
    low, high, step = _range(state, chosen)
    st.slider(CHANGES[change].capitalize(), low, high, step=step, key=state.key("amount"))
    amount = float(state["amount"])
    amounts = [round(low + step * n, 6) for n in range(round((high - low) / step) + 1)]
    curve = memo(
        "inspect.curve",
        (chosen.key, given.key, change),
        lambda: probability_curve(chosen.network, given.x, change, amounts),
    )
    whole = probabilities(chosen, given)
    moved = changed(given.x, change, amount)
    shares = chosen.network.predict_proba(moved)[0]
    shot = html.figure(html.grey_uri(moved[0, 0]), "what it reads now", side=96, shape=(moved.shape[2], moved.shape[3]))
    picture, chart = st.columns([1, 3], vertical_alignment="center")
    with picture:
        st.html(html.row([shot]))
        best = int(np.argmax(shares))
        share = html.percent(float(shares[best]))
        st.markdown(f"**{literal(str(chosen.classes[best]))}**, {share}")
    with chart:
        st.plotly_chart(
            _chart(curve, amounts, amount, chosen, CHANGES[change], shown_classes(curve, whole)),
            config={"displayModeBar": False},
        )


def _from_still(state: PageState) -> None:
    """Begin a new change with the amount that changes nothing. For callbacks."""
    state.change(amount=STILL.get(str(widget(state.key("change"))), 0.0))


def shown_classes(curve: NDArray[Any], whole: NDArray[Any]) -> list[int]:
    """Return the class that is read in the picture as it is, and the two others that come to most under the change."""
    read = int(np.argmax(whole))
    others = [int(n) for n in np.argsort(-curve.max(axis=0), kind="stable") if n != read]
    return [read, *others[:2]]


def _chart(
    curve: NDArray[Any], amounts: list[float], amount: float, chosen: Chosen, unit: str, classes: list[int]
) -> Any:
    """Return the probability of some classes over the amount of change; the first stands out."""
    import plotly.graph_objects as go

    colours = DARK if st.context.theme.type == "dark" else LIGHT
    figure = go.Figure()
    for line, place in zip(("solid", "dash", "dot"), classes, strict=False):
        figure.add_scatter(
            x=amounts,
            y=curve[:, place],
            name=brief(str(chosen.classes[place]), 16),
            mode="lines",
            line={"color": colours.primary if line == "solid" else colours.text, "dash": line, "width": 2},
        )
    figure.add_vline(x=amount, line={"color": colours.quiet, "width": 1})
    figure.update_layout(
        height=250,
        margin={"l": 10, "r": 10, "t": 36, "b": 10},
        xaxis={"title": unit, "gridcolor": colours.border, "zeroline": False},
        yaxis={"title": "probability", "range": [0, 1.02], "gridcolor": colours.border},
        legend={"orientation": "h", "x": 0, "y": 1.03, "yanchor": "bottom"},  # above the lines, not on them
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": colours.text},
    )
    return figure
