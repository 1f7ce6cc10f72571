"""What the Text page shows, from its settings: tokens, one-hot columns, filters, responses and their maxima."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.ops import relu
from cnncore.text import (
    TextFilter,
    max_over_time,
    one_hot,
    pattern_filter,
    random_filters,
    responses,
    tokenise,
    vocabulary,
)

Array = NDArray[np.float64]

MOST_TOKENS = 16
MOST_FILTERS = 4
MOST_WIDTH = 5
BLANK = "␣"
"""Stands for a blank where characters are shown or typed."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What one filter makes of a sentence."""

    found: TextFilter
    sums: Array
    """A number for each place of the window, before ReLU."""
    map: Array
    """The same after ReLU, if there is one."""
    best: float
    position: int


@dataclass(frozen=True, eq=False)
class TextView:
    """A sentence and what the filters make of it."""

    by: str
    tokens: list[str]
    total: int
    """Tokens that were typed; the first `MOST_TOKENS` are used."""
    dropped: int
    """Patterns that were typed beyond `MOST_FILTERS`."""
    entries: list[str]
    columns: Array
    """One-hot, padded behind to the widest filter."""
    answers: list[Answer]
    patterns: bool
    """Whether the filters look for patterns: a full match gives 1."""

    @property
    def padding(self) -> int:
        """Empty positions behind a sentence that is shorter than the widest filter."""
        return int(self.columns.shape[1]) - len(self.tokens)

    @property
    def unit(self) -> str:
        """ "word" or "character"."""
        return self.by[:-1]


def read(values: dict[str, Any]) -> TextView:
    """Return what the settings describe. Raises ValueError with a sentence."""
    by = values["by"]
    typed = tokenise(values["sentence" if by == "words" else "letters"], by)
    if not typed:
        raise ValueError(f"There is no {by[:-1]} in the sentence: type at least one.")
    tokens = typed[:MOST_TOKENS]
    patterns = _patterns(values) if values["kind"] == "patterns" else []
    entries = vocabulary(tokens, *patterns[:MOST_FILTERS])
    if values["kind"] == "patterns":
        filters = [pattern_filter(tokens, entries, name=joined(tokens, by)) for tokens in patterns[:MOST_FILTERS]]
    else:
        rng = np.random.default_rng(values["seed"])
        filters = random_filters(values["count"], len(entries), values["width"], rng=rng)
    columns = padded(one_hot(tokens, entries), filters)
    answers = [answer(columns, found, with_relu=values["relu"]) for found in filters]
    dropped = max(len(patterns) - MOST_FILTERS, 0)
    return TextView(by, tokens, len(typed), dropped, entries, columns, answers, bool(patterns))


def _patterns(values: dict[str, Any]) -> list[list[str]]:
    """Read the typed patterns, one a line."""
    by = values["by"]
    lines = values["patterns" if by == "words" else "letter_patterns"].splitlines()
    patterns = []
    for line in lines:
        pattern = pattern_of(line, by)
        if len(pattern) > MOST_WIDTH:
            raise ValueError(
                f"The pattern “{line.strip()[:40]}” is {len(pattern)} {by} wide; a filter sees at most {MOST_WIDTH}."
            )
        if pattern:
            patterns.append(pattern)
    if not patterns:
        raise ValueError("There is no pattern to look for: type one a line, such as: was not bad.")
    return patterns


def pattern_of(line: str, by: str) -> list[str]:
    """Split a typed pattern; in one of characters `BLANK` stands for a blank.

    >>> pattern_of("Not bad", "words"), pattern_of("a␣h", "characters")
    (['not', 'bad'], ['a', ' ', 'h'])
    """
    if by == "words":
        return tokenise(line, by)
    return [" " if sign == BLANK else sign for sign in tokenise(line, by)]


def shown(token: str) -> str:
    """Return how a token is shown: a blank must be seen."""
    return BLANK if token == " " else token


def joined(tokens: list[str], by: str) -> str:
    """Return tokens as a person writes them.

    >>> joined(["not", "bad"], "words"), joined(["a", " "], "characters")
    ('not bad', 'a␣')
    """
    return (" " if by == "words" else "").join(map(shown, tokens))


def padded(columns: Array, filters: list[TextFilter]) -> Array:
    """Add empty columns behind a sentence that is shorter than the widest filter."""
    missing = max(0, max(found.width for found in filters) - columns.shape[1])
    return np.pad(columns, ((0, 0), (0, missing)))


def answer(columns: Array, found: TextFilter, *, with_relu: bool) -> Answer:
    """Slide a filter along the columns, and keep its largest response."""
    sums = responses(columns, found)
    kept = relu(sums) if with_relu else sums
    return Answer(found, sums, kept, *max_over_time(kept))
