"""What stands under the equation of the Text page, in tabs: only the open one is computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from cnncore.text import bag_of_words, one_hot, tokenise
from pages.ui.explorer_data import Data
from pages.ui.sharing import save_and_share
from pages.ui.state import PageState, Setting, choice
from pages.ui.text_model import MOST_TOKENS, TextView, answer, joined, padded, shown
from pages.ui.text_view import chosen
from pages.ui.words import literal, number

ORDER, FORMULA, SHARE = "Word order", "Formula", "Save and share"
TABS = (ORDER, FORMULA, SHARE)
SETTINGS: tuple[Setting, ...] = (choice("tab", TABS[0], TABS, "tab"),)


def draw(state: PageState, values: dict[str, Any], view: TextView, data: Data) -> None:
    """Draw the tabs and what is in the open one."""
    tabs = st.tabs(TABS, key=state.key("tab"), on_change="rerun")
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                DRAW[name](state, values, view, data)


def _order(state: PageState, values: dict[str, Any], view: TextView, data: Data) -> None:
    name = "other" if view.by == "words" else "other_letters"

    def turn_round() -> None:
        tokens = tokenise(values["sentence" if view.by == "words" else "letters"], view.by)
        state.change(**{name: joined(tokens[:MOST_TOKENS][::-1], view.by).replace("␣", " ")})

    field, button = st.columns([4, 1], vertical_alignment="bottom")
    field.text_input("Compare it with", key=state.key(name), max_chars=300)
    button.button("The same, backwards", on_click=turn_round, width="stretch")
    other = tokenise(values[name], view.by)[:MOST_TOKENS]
    if not other:
        st.caption(f"Type a second sentence: there is no {view.unit} in it.")
        return
    filters = [one.found for one in view.answers]
    columns = padded(one_hot(other, view.entries), filters)
    theirs = [answer(columns, found, with_relu=values["relu"]) for found in filters]
    st.markdown(literal(verdict(view, other, [one.best for one in theirs])))
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**A bag of {view.by}** counts, and forgets the order.")
        counts = [bag_of_words(tokens, view.entries) for tokens in (view.tokens, other)]
        rows = [(shown(token), *(number(bag[i]) for bag in counts)) for i, token in enumerate(view.entries)]
        rest = [str(sum(token not in view.entries for token in tokens)) for tokens in (view.tokens, other)]
        _table(
            (view.unit.capitalize(), "yours", "the other"),
            [*rows, ("any other", *rest)] if any(map(int, rest)) else rows,
        )
    with right:
        st.markdown(f"**The filters** see {view.by} beside one another.")
        both = zip(view.answers, theirs, strict=True)
        _table(
            ("Max over time", "yours", "the other"),
            [(mine.found.name, number(mine.best), number(their.best)) for mine, their in both],
        )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table whose texts are shown as they are."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *[[literal(cell) for cell in row] for row in rows]]
    st.markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


def verdict(view: TextView, other: Sequence[str], best: Sequence[float]) -> str:
    """Return in sentences what a bag of words and what the filters can tell of two sentences."""
    differ = [f"“{mine.found.name}”" for mine, their in zip(view.answers, best, strict=True) if mine.best != their]
    told = f"{_list(differ)} answer{'s' if len(differ) == 1 else ''} differently"
    if Counter(view.tokens) != Counter(other):
        filters = f"; {told}." if differ else ", and these filters answer alike."
        return f"The two have different {view.by}, so that a bag of {view.by} tells them apart already{filters}"
    if list(other) == view.tokens:
        return "The two are the same."
    same = f"Both have the same {view.by}, so that a bag of {view.by} cannot tell one from the other"
    if differ:
        return f"{same}. {told}."
    if all(one.found.width == 1 for one in view.answers):
        return (
            f"{same}. Filters of width 1 cannot, either: they see no order. Look for two {view.by} beside one another."
        )
    return f"{same}. These filters answer alike, too: what they look for is in both, or in neither."


def _list(words: Sequence[str]) -> str:
    """Write words one after another.

    >>> _list(["a"]), _list(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _formula(state: PageState, values: dict[str, Any], view: TextView, data: Data) -> None:
    one = view.answers[chosen(values, view)]
    entries, width, positions = len(view.entries), one.found.width, view.columns.shape[1]
    st.markdown("A response is a sum over all rows and over the filter's columns, plus the bias:")
    st.latex(
        rf"y[t] = \sum_{{v=0}}^{{{entries - 1}}} \sum_{{u=0}}^{{{width - 1}}} w[v, u] \; x[v, t + u] + b, "
        rf"\qquad t = 0, \dots, {positions - width}"
    )
    st.markdown("There are as many as the window has places, and one number of them goes on:")
    inside = r"\max\left(0,\, y[t]\right)" if values["relu"] else "y[t]"
    st.latex(rf"{positions} - {width} + 1 = {positions - width + 1}, \qquad m = \max_t {inside} = {number(one.best)}")
    st.markdown(
        f"A column has a single 1, so that each response is looked up rather than multiplied: the "
        f"{'sum of the weights of the ' + str(width) + ' ' + view.by if width > 1 else 'weight of the ' + view.unit} "
        f"under the window, plus the bias. This filter has {entries} × {width} weights and one bias: "
        f"{one.found.parameters:,} parameters."
    )
    if view.patterns:
        st.markdown(
            f"It looks for “{literal(one.found.name)}”: weight 1 where its {view.by} stand, and bias 1 − {width} = "
            f"{number(1 - width)}, so that only a full match gives 1 and everything else 0 or less. A network learns "
            "weights like these by itself."
        )
    st.caption(
        "The same for sentences of any length: max over time leaves one number for each filter, and a dense layer "
        "reads these. Filters of several widths over word vectors: Y. Kim, “Convolutional Neural Networks for Sentence "
        "Classification”, 2014 (arXiv:1408.5882). Such networks are an alternative to recurrent ones, which read a "
        "sentence from its beginning: all windows are computed at once, but a filter sees no further than its width."
    )


def _share(state: PageState, values: dict[str, Any], view: TextView, data: Data) -> None:
    save_and_share(state, name="text", film=data)


DRAW = {ORDER: _order, FORMULA: _formula, SHARE: _share}
