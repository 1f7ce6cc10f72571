"""What an explorer writes: its numbers as text, which cells an output reads, and the sum taken apart.

The same rules as in assets/components/explorer_model.js, so that a film says what the screen says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pages.ui.explorer_data import Data
from pages.ui.words import MINUS
from pages.ui.words import number as say

LONGEST = 64
"""Numbers of one sum written out; a longer one is shortened in its middle."""
FOLDS = 32
"""From so many on, products with weight 0 are only counted where they are the most."""

FIRST_CHANNEL = 1
"""What a channel without a name is called, as in the explorer's readout; rows and columns count from 0."""

Value = float | str | None


def format_number(value: Value, digits: int = 3) -> str:
    """Write a number as the components do; halves are rounded away from zero, as browsers round them.

    >>> format_number(0.3125), format_number(-1234.5, 6), format_number("NaN"), format_number(None)
    ('0.313', '−1,234.5', 'NaN', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    size = abs(value)
    if math.isfinite(value) and 1e-4 <= size < 1e7 and value != int(value):
        decimals = min(max(digits - 1 - math.floor(math.log10(size)), 0), 10)
        value = float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))
    return say(value, digits)


def exact_number(value: Value, decimals: int | None = None) -> str:
    """Write six significant digits, or with `decimals` as many places, if they say the number exactly.

    >>> exact_number(1.0, 1), exact_number(0.25, 1), exact_number(1 / 3)
    ('1.0', '0.25', '0.333333')
    """
    if isinstance(value, str) or value is None or decimals is None:
        return format_number(value, 6)
    text = f"{abs(value):.{decimals}f}"
    if not abs(float(text) - abs(value)) <= 1e-6:
        return format_number(value, 6)
    return (MINUS if value < 0 and float(text) != 0 else "") + text


def fit_number(value: Value, room: int, decimals: int | None = None) -> str:
    """Write a number in at most `room` characters; the full one stands below.

    >>> fit_number(-0.0625, 5), fit_number(123456.0, 4), fit_number(0.004, 3), fit_number(1.0, 4, 2)
    ('−0.06', '120k', '≈0', '1.00')
    """
    exact = exact_number(value, decimals)
    if value is None or isinstance(value, str) or (decimals is not None and len(exact) <= room):
        return exact
    for digits in (3, 2, 1):
        text = format_number(value, digits).replace(",", "")
        if len(text) <= room and text != "0" and "e" not in text:
            return text
    for size, unit in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        text = format_number(float(f"{value / size:.2g}"), 2) + unit
        if abs(value) >= size and len(text) <= room:
            return text
    text = format_number(value, 1)
    for short in (text, text.replace("0.", ".")):
        if len(short) <= room:
            return short
    return "≈0" if abs(value) < 1 else "…"


def equals_sign(value: Value, text: str) -> str:
    """Return "=", or "≈" before a number that had to be rounded.

    >>> equals_sign(4.5, "4.5"), equals_sign(4.56640625, "4.56641"), equals_sign("NaN", "NaN")
    ('=', '≈', '=')
    """
    if not isinstance(value, float | int):
        return "="
    said = float(text.replace(",", "").replace(MINUS, "-"))
    return "=" if abs(said - value) <= 1e-9 * max(abs(value), 1) else "≈"


@dataclass(frozen=True)
class Term:
    """One input cell that an output reads."""

    plane: int
    row: int
    column: int
    value: Value
    weight: Value
    counts: bool
    winner: bool

    @property
    def is_nothing(self) -> bool:
        """Whether its weight is zero."""
        return self.weight == 0


@dataclass(frozen=True)
class Word:
    """A part of a written sum: its text, what stands behind it, and the term that it writes, if it writes one."""

    text: str
    tail: str = ""
    term: Term | None = None


@dataclass(frozen=True)
class Sum:
    """One line of how an output comes about."""

    label: str
    open: str
    words: list[Word]
    result: str
    equals: str = "="


class Model:
    """An explorer's data, asked by place."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.input, self.kernel, self.output = data["input"], data["kernel"], data["output"]
        self.reduce: str = data["reduce"]
        self.sources: list[list[list[int]]] = data["sources"]
        self.in_rows, self.in_columns = len(self.input["planes"][0]), len(self.input["planes"][0][0])
        self.out_rows, self.out_columns = len(self.output["planes"][0]), len(self.output["planes"][0][0])
        top, bottom, left, right = self.input["pad"]
        below, beside = self.input["over"]
        self._rows = [_along(at, self.in_rows, top, bottom, below) for at in range(self.in_rows)]
        self._columns = [_along(at, self.in_columns, left, right, beside) for at in range(self.in_columns)]
        rows, columns = ({at for line in data["taps"][name] for at, _ in line} for name in ("rows", "columns"))
        self._read_rows, self._read_columns = rows, columns
        rest = self.input.get("dropped", [0, 0])
        self._kept = self.in_rows - below - rest[0], self.in_columns - beside - rest[1]
        self.one_to_one = len(self.sources) > 1 and all(len(pairs) == 1 for pairs in self.sources)
        self.channels = len(self.input["planes"])
        self._stamps = data["operation"].startswith("transposed")
        divisors = self.output.get("divisors") or []
        self.same_divisors = len({each for plane in divisors for line in plane for each in line}) == 1

    @property
    def steps(self) -> int:
        """How many outputs there are."""
        return len(self.output["planes"]) * self.out_rows * self.out_columns

    def at_step(self, step: int) -> tuple[int, int, int]:
        """Return the output that a step, counted from 1, makes."""
        plane, rest = divmod(step - 1, self.out_rows * self.out_columns)
        row, column = divmod(rest, self.out_columns)
        return plane, row, column

    def step_of(self, place: Sequence[int]) -> int:
        """Return the step that makes an output."""
        plane, row, column = place
        return (plane * self.out_rows + row) * self.out_columns + column + 1

    def kind(self, row: int, column: int) -> str:
        """Return "real", "pad" (the border rule filled it) or "over" (a window hangs out of the padded input)."""
        pair = (self._rows[row], self._columns[column])
        return "over" if "over" in pair else "pad" if "pad" in pair else "real"

    def never_read(self, row: int, column: int) -> bool:
        """Whether no window reaches an input cell."""
        return self.kind(row, column) != "over" and not (row in self._read_rows and column in self._read_columns)

    def dropped(self, row: int, column: int) -> bool:
        """Whether an input cell lies behind the last window: the stride leaves it over."""
        return self.kind(row, column) != "over" and (row >= self._kept[0] or column >= self._kept[1])

    def cuts(self, row: int, column: int) -> tuple[bool, bool]:
        """Whether the line that parts what is dropped from the rest runs above a cell, and before it."""
        if not self.dropped(row, column):
            return False, False
        kept_row, kept_column = self._kept
        return row == kept_row and column < kept_column, column == kept_column and row < kept_row

    def kinds(self) -> set[str]:
        """Return what cells there are besides real ones: "pad", "over", "dropped", "unread"."""
        found = set()
        for row in range(self.in_rows):
            for column in range(self.in_columns):
                found.add(self.kind(row, column))
                if self.never_read(row, column):
                    found.add("dropped" if self.dropped(row, column) else "unread")
        return found - {"real"}

    def counts(self, kind: str) -> bool:
        """Whether a cell of this kind counts in a sum, a maximum or a mean."""
        return (
            self.reduce == "sum"
            or kind == "real"
            or (self.reduce == "mean" and kind == "pad" and self.data["count_pad"])
        )

    def terms(self, plane: int, row: int, column: int) -> list[list[Term]]:
        """Return what an output reads: a list for each of its input channels."""
        winners = self.output["winners"]
        winner = winners[plane][row][column] if winners else None
        groups = []
        for source, weights in self.sources[plane]:
            group = []
            for at_row, tap_row in self.data["taps"]["rows"][row]:
                for at_column, tap_column in self.data["taps"]["columns"][column]:
                    planes = self.kernel["planes"]
                    group.append(
                        Term(
                            source,
                            at_row,
                            at_column,
                            self.input["planes"][source][at_row][at_column],
                            planes[weights][tap_row][tap_column] if planes else None,
                            self.counts(self.kind(at_row, at_column)),
                            winner is not None and list(winner) == [source, at_row, at_column],
                        )
                    )
            groups.append(group)
        return groups

    def place(self, plane: int, row: int, column: int) -> str:
        """Return an output's place in words."""
        names, total = self.output["names"], len(self.output["planes"])
        channel = (
            f"{names[plane]}, " if names and names[plane] else f"channel {plane + FIRST_CHANNEL}, " if total > 1 else ""
        )
        return (
            f"{channel}row {row}{_label(self.output['row_labels'], row)}, "
            f"column {column}{_label(self.output['column_labels'], column)}"
        )

    def input_text(self, value: Value) -> str:
        """Write a number of the input."""
        return exact_number(value, self.input["decimals"])

    def weight_text(self, value: Value) -> str:
        """Write a weight."""
        return exact_number(value, self.kernel["decimals"])

    def output_text(self, value: Value) -> str:
        """Write a number of the output."""
        return exact_number(value, self.output["decimals"])

    def written(self, plane: int, row: int, column: int) -> list[Sum]:
        """Return how an output comes about: one line, or one for each channel and their sum."""
        groups = self.terms(plane, row, column)
        bias = self.data["bias"][plane] if self.data["bias"] else None
        value = self.output["planes"][plane][row][column]
        if self.reduce != "sum":
            counted = [term for group in groups for term in group if term.counts]
            if self.reduce == "max":
                return [self._sum("", "max(", self._joined(counted, ",", ")"), value)]
            divisor = self.output["divisors"][plane][row][column]
            return [self._sum("", "(", self._joined(counted, " +", f") ÷ {divisor}"), value)]
        if self._stamps and not any(groups):
            return [Sum("", "", [Word("no stamp reaches this cell, so it")], self.output_text(value), "is")]
        if len(groups) == 1:
            words = self._joined(groups[0], " +")
            return [self._sum("", "", self._biased(words, bias), value)]
        parts = [channel[row][column] for channel in self.output["partials"][plane]]
        names = self.input["names"]
        lines = []
        for (source, _), group, part in zip(self.sources[plane], groups, parts, strict=True):
            label = names[source] if names and names[source] else f"Channel {source + FIRST_CHANNEL}"
            lines.append(self._sum(label, "", self._joined(group, " +"), part))
        words = [Word(self.output_text(parts[0]))]
        for part in parts[1:]:
            words = _added(words, part, self.output_text(_size(part)), "")
        lines.append(self._sum("Sum", "", self._biased(words, bias), value))
        return lines

    def _sum(self, label: str, opens: str, words: list[Word], value: Value) -> Sum:
        result = self.output_text(value)
        return Sum(label, opens, words, result, equals_sign(value, result))

    def _biased(self, words: list[Word], bias: Value) -> list[Word]:
        return words if bias is None else _added(words, bias, self.weight_text(_size(bias)))

    def _term_text(self, term: Term) -> str:
        value = self.input_text(term.value)
        return f"{value} × {self.weight_text(term.weight)}" if self.reduce == "sum" else value

    def _joined(self, terms: list[Term], join: str, close: str = "") -> list[Word]:
        weighed = [term for term in terms if not term.is_nothing] if self.reduce == "sum" else terms
        folded = len(terms) >= FOLDS and 0 < len(weighed) < len(terms) / 2
        words = [Word(self._term_text(term), join, term) for term in (weighed if folded else terms)]
        if len(words) > LONGEST:
            words = [*words[:12], Word(f"… {len(words) - 14} more …", join), *words[-2:]]
        words = words or [Word("nothing")]
        words[-1] = replace(words[-1], tail=f" (and {len(terms) - len(weighed)} with weight 0)" if folded else close)
        return words


def _along(at: int, size: int, begin: int, end: int, over: int) -> str:
    return "over" if at >= size - over else "pad" if at < begin or at >= size - over - end else "real"


def _label(labels: list[str] | None, at: int) -> str:
    return f" ({labels[at]})" if labels and labels[at] else ""


def _size(value: Value) -> Value:
    """A negative number without its sign, which becomes the operator before it."""
    return -value if isinstance(value, float | int) and value < 0 else value


def _added(words: list[Word], value: Any, text: str, name: str = " (bias)") -> list[Word]:
    """Return `words` and one number more, with its sign as the operator."""
    operator = MINUS if isinstance(value, float | int) and value < 0 else "+"
    last = replace(words[-1], tail=f"{words[-1].tail} {operator}")
    return [*words[:-1], last, Word(text + name)]
