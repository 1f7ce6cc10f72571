"""The settings and controls of the Text page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cnncore.text import UNITS
from pages.ui.state import PageState, Setting, choice, flag, number, text
from pages.ui.text_model import BLANK, MOST_FILTERS, MOST_TOKENS, MOST_WIDTH

KINDS = {"patterns": "Patterns", "random": "Random"}
SENTENCES = {"words": "It was not bad, it was good", "characters": "Cat in a hat"}
PATTERNS = {
    "words": "was not bad\nwas not good\nit was good\nit was bad",
    "characters": f"cat\nhat\na{BLANK}h\na{BLANK}c",
}
OTHERS = {"words": "It was not good, it was bad", "characters": "Hat in a cat"}


BEST, NOWHERE = "best", "none"


def _check_place(value: Any) -> str:
    written = str(value)
    if written in (BEST, NOWHERE) or (written.isascii() and written.isdigit() and int(written[:9]) < MOST_TOKENS):
        return written
    raise ValueError(f"A position is a number from 0 to {MOST_TOKENS - 1}, not “{written[:40]}”.")


SETTINGS: tuple[Setting, ...] = (
    choice("by", UNITS[0], UNITS, "unit"),
    text("sentence", SENTENCES["words"]),
    text("letters", SENTENCES["characters"]),
    choice("kind", "patterns", list(KINDS), "kind of filter"),
    text("patterns", PATTERNS["words"]),
    text("letter_patterns", PATTERNS["characters"]),
    number("count", 3, 1, MOST_FILTERS, "number of filters", whole=True),
    number("width", 3, 1, MOST_WIDTH, "width", whole=True),
    number("seed", 1, 0, 9999, "seed", whole=True),
    flag("relu", True, "ReLU"),
    number("filter", 0, 0, MOST_FILTERS - 1, "filter", whole=True),
    Setting("place", BEST, _check_place),
    text("other", OTHERS["words"]),
    text("other_letters", OTHERS["characters"]),
)
"""`filter` and `place`: which filter is shown, and where its window is pinned: at a position, from 0, where it answers
most, or nowhere."""


LABELS = {
    "by": "Read it as",
    "letters": "Sentence",
    "kind": "Filters",
    "patterns": "What they look for",
    "letter_patterns": "What they look for",
    "count": "How many",
}
OPTIONS = {"by": {unit: unit.capitalize() for unit in UNITS}, "kind": KINDS}
"""What the controls are called where that is not the setting's name, and what they call its values."""


def controls(state: PageState) -> None:
    """Draw the controls, in the order in which a person decides."""
    st.segmented_control("Read it as", UNITS, format_func=str.capitalize, key=state.key("by"), required=True)
    words = state["by"] == "words"
    st.text_area(
        "Sentence",
        key=state.key("sentence" if words else "letters"),
        height=80,
        max_chars=300,
        help=f"The first {MOST_TOKENS} {state['by']} are used, in lower case. Punctuation counts.",
    )
    st.segmented_control("Filters", list(KINDS), format_func=KINDS.__getitem__, key=state.key("kind"), required=True)
    if state["kind"] == "patterns":
        st.text_area(
            "What they look for",
            key=state.key("patterns" if words else "letter_patterns"),
            height=130,
            max_chars=200,
            help=f"One pattern a line, at most {MOST_FILTERS} lines of {MOST_WIDTH} {state['by']}."
            + ("" if words else f" Write {BLANK} for a blank."),
        )
    else:
        left, right = st.columns(2)
        left.number_input("How many", 1, MOST_FILTERS, key=state.key("count"))
        right.number_input("Width", 1, MOST_WIDTH, key=state.key("width"))
        st.number_input("Seed", 0, 9999, key=state.key("seed"))
    st.toggle("ReLU before the maximum", key=state.key("relu"))
