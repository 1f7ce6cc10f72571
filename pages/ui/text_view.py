"""The equation of the Text page: one filter along the sentence, and the largest answer of each filter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import streamlit as st

from pages.ui.explorer import Pin, annotate, convolution, explorer, pooling, signed
from pages.ui.explorer_data import Data
from pages.ui.state import PageState, set_widget, widget
from pages.ui.text_controls import BEST, NOWHERE
from pages.ui.text_model import Answer, TextView, joined, shown
from pages.ui.words import literal, number

AMOUNT: Data = {"kind": "amount", "bound": 1.0}


def chosen(values: dict[str, Any], view: TextView) -> int:
    """Return which filter is shown: there can be fewer than the link, or the last click, knew."""
    return min(int(values["filter"]), len(view.answers) - 1)


def pinned_place(values: dict[str, Any], answer: Answer) -> int | None:
    """Return where the window is pinned, or None."""
    if values["place"] == NOWHERE:
        return None
    return answer.position if values["place"] == BEST else min(int(values["place"]), len(answer.sums) - 1)


def keep_place(state: PageState, values: dict[str, Any], view: TextView, complaints: list[str]) -> dict[str, Any]:
    """Return the settings; say so, and go to the best place, if the filter has no answer at the pinned one."""
    answer = view.answers[chosen(values, view)]
    if values["place"] in (BEST, NOWHERE) or int(values["place"]) < len(answer.sums):
        return values
    complaints.append(
        f"The filter answers at positions 0 to {len(answer.sums) - 1}, not at {values['place']}: the pin went to its "
        "best answer."
    )
    state.settle(place=BEST)
    return {**values, "place": BEST}


def sliding(values: dict[str, Any], view: TextView) -> Data:
    """Return the explorer's data of the chosen filter along the sentence."""
    answer = view.answers[chosen(values, view)]
    filled = view.columns[:, : len(view.tokens)]
    made = convolution(filled, answer.found.weights, bias=answer.found.bias, padding=((0, 0), (0, view.padding)))
    place = pinned_place(values, answer)
    entries = [shown(token) for token in view.entries]
    labels = [shown(token) for token in view.tokens] + [""] * view.padding
    # Room above the filter, so that its rows stand beside the sentence's.
    blanks = ["\u00a0"] * answer.found.weights.shape[1]
    return annotate(
        made,
        input={
            "title": f"Sentence, one-hot {view.by}",
            "row_labels": entries,
            "column_labels": labels[: len(view.tokens)],
            "scale": AMOUNT,
        },
        kernel={"title": f"Filter “{answer.found.name}”", "row_labels": entries, "column_labels": blanks},
        output={"title": "Response", "column_labels": labels[: len(answer.sums)]},
        pinned=None if place is None else [0, 0, place],
        pin_word=_word(answer) if values["place"] == BEST else "pinned",
        above=_above(view),
    )


def _word(answer: Answer) -> str:
    """What the place of the maximum is called: behind a ReLU the first of many zeros need not be the largest sum."""
    return "the largest" if answer.sums[answer.position] == max(answer.sums) else "after ReLU, all are 0"


def _notes(view: TextView) -> list[str]:
    """What was left out or added."""
    notes = []
    if view.total > len(view.tokens):
        notes.append(f"The sentence has {view.total:,} {view.by}; the first {len(view.tokens)} are used.")
    if view.dropped:
        notes.append(f"There are {len(view.answers) + view.dropped} patterns; the first {len(view.answers)} are used.")
    if view.padding:
        notes.append(f"The sentence is shorter than the widest filter: {view.padding} empty positions stand behind it.")
    return notes


def _above(view: TextView) -> int:
    """How many pixels the notes and the choice of a filter take."""
    return 40 * len(_notes(view)) + (50 if len(view.answers) > 1 else 0)


def maxima(values: dict[str, Any], view: TextView) -> Data:
    """Return the explorer's data of max over time: a row for each filter, as long as it has responses."""
    longest = max(len(answer.map) for answer in view.answers)
    rows = np.full((len(view.answers), longest), -math.inf)
    for row, answer in zip(rows, view.answers, strict=True):
        row[: len(answer.map)] = answer.map
    made = pooling(rows, (1, longest), kind="max")
    planes = [[None if value == "−∞" else value for value in line] for line in made["input"]["planes"][0]]
    scale = signed(rows[np.isfinite(rows)])
    made |= {
        "sign": "max over time",
        "operation": "the maximum of each row",
        "kernel": {**made["kernel"], "hidden": True},
        "input": {**made["input"], "planes": [planes]},
    }
    names = [answer.found.name for answer in view.answers]
    labels = [shown(token) for token in view.tokens] + [""] * view.padding
    relu = "after ReLU" if values["relu"] else ""
    return annotate(
        made,
        input={
            "title": "Responses",
            "row_labels": names,
            "column_labels": labels[:longest],
            "note": relu,
            "scale": scale,
        },
        output={"title": "Maxima", "row_labels": names, "scale": scale},
        pinned=None if values["place"] == NOWHERE else [0, chosen(values, view), 0],
        pin_word="of the filter in the equation",
        player=False,
    )


def draw_sliding(state: PageState, data: Data) -> None:
    """Draw the equation of the chosen filter."""

    def take_place(pin: Pin | None) -> None:
        state.change(place=str(pin[2]) if pin else NOWHERE)

    explorer(data, key="text-sliding", on_pin=take_place)


def draw_choice(state: PageState, values: dict[str, Any], view: TextView) -> None:
    """Draw which filter is shown, and say what was left out or added."""
    for note in _notes(view):
        st.caption(note)
    _choose(state, values, view)


def draw_maxima(state: PageState, values: dict[str, Any], view: TextView) -> None:
    """Draw the largest answer of each filter, and say where it is."""

    def take_filter(pin: Pin | None) -> None:
        state.change(filter=pin[1] if pin else chosen(values, view), place=BEST if pin else NOWHERE)

    st.markdown("##### Max over time: of each filter only its largest answer goes on")
    explorer(maxima(values, view), key="text-maxima", on_pin=take_filter)
    st.markdown("  \n".join(literal(told(answer, view)) for answer in view.answers))


def _choose(state: PageState, values: dict[str, Any], view: TextView) -> None:
    if len(view.answers) == 1:
        return
    key = "text-filter"
    set_widget(key, chosen(values, view))
    st.segmented_control(
        "Filter in the equation",
        range(len(view.answers)),
        format_func=lambda at: literal(view.answers[at].found.name),
        key=key,
        required=True,
        label_visibility="collapsed",
        on_change=lambda: state.change(filter=widget(key), place=BEST),
    )


def told(answer: Answer, view: TextView) -> str:
    """Return in a sentence where a filter answered most."""
    best = number(answer.best)
    if view.patterns and answer.best < 1:
        return f"“{answer.found.name}” stands nowhere in the sentence, so its largest answer is {best}."
    if view.patterns:
        return f"“{answer.found.name}” stands at position {answer.position}, so its largest answer is {best}."
    window = view.tokens[answer.position : answer.position + answer.found.width]
    where = f"at position {answer.position}, to “{joined(window, view.by)}”"
    return f"{answer.found.name} answers most {where}, with {best}."
