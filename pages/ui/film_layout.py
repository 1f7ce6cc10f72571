"""Where everything stands in a film: grids, signs and the ways to put them together, in CSS pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pages.ui import film_glyphs
from pages.ui.film_model import Model, format_number
from pages.ui.words import size as say_size

NUMBER_CELL = 24  # from here on there is room for its number
CAPTION = 150  # a caption makes its grid's column at most so wide; a longer one wraps
TIGHT = 76  # where channels with results of their own stand abreast
HEADS = 18
SMALL = 12  # the size of captions; the font runs wide
GAP = 14


@dataclass
class Box:
    """A rectangle of the picture: other boxes at places of their own, or something to draw."""

    width: float
    height: float
    parts: list[tuple[float, float, Box]] = field(default_factory=list)

    def leaves(self, x: float = 0.0, y: float = 0.0) -> Iterator[tuple[float, float, Box]]:
        """Walk over what is drawn, with its place."""
        if not self.parts:
            yield x, y, self
        for dx, dy, part in self.parts:
            yield from part.leaves(x + dx, y + dy)


@dataclass
class Sheet(Box):
    """One grid with its labels and its caption."""

    where: str = ""
    plane: int = 0
    rows: int = 0
    columns: int = 0
    cell: int = 0
    row_labels: list[str] | None = None
    column_labels: list[str] | None = None
    caption: list[str] = field(default_factory=list)
    partial: bool = False
    """Whether there is a line for a partial sum below the caption."""
    headed: bool = False
    """Whether there is room for labels above the columns."""

    @property
    def left(self) -> int:
        """Room for the labels before the rows."""
        return head_width(self.row_labels)

    @property
    def top(self) -> int:
        """Room for the labels above the columns."""
        return HEADS if self.headed else 0


@dataclass
class Sign(Box):
    """An operator between grids, with a small word under it."""

    text: str = ""
    under: str = ""
    size: int = 24
    at: float = 0.5


def head_width(labels: Sequence[str] | None) -> int:
    """Return the room for labels before the rows."""
    return min(max(map(len, labels)) * 8 + 12, 90) if labels and any(labels) else 0


def row(parts: Sequence[Box], gap: float = 0, *, middle: bool = True) -> Box:
    """Put boxes beside one another."""
    height = max(part.height for part in parts)
    placed, x = [], 0.0
    for part in parts:
        placed.append((x, (height - part.height) / 2 if middle else 0.0, part))
        x += part.width + gap
    return Box(x - gap, height, placed)


def column(parts: Sequence[Box], gap: float = 0) -> Box:
    """Put boxes under one another."""
    placed, y = [], 0.0
    for part in parts:
        placed.append((0.0, y, part))
        y += part.height + gap
    return Box(max(part.width for part in parts), y - gap, placed)


class Way(NamedTuple):
    """An arrangement: how many channels stand abreast, where their windows are, and where the answer is."""

    name: str
    abreast: int
    window: str = "beside"
    """Of an input: "beside" it, "below" it, with the "answer", or "above" the answer."""
    answer: str = "below"
    """What comes out: "beside" all inputs or "below" them. Where each channel has its own, it follows the window."""


class Grids:
    """The grids and signs of one explorer, in any size of cells; each is made once."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._said: dict[str, list[list[str]]] = {}
        self._made: dict[tuple[str, int, int], list[Sheet]] = {}
        sign, hidden = model.data["sign"], model.kernel["hidden"]
        self._signs = [_sign(sign), _sign(sign, first=True)]
        self._equals = [_sign("="), _sign("=", first=True)]
        self._hidden = hidden
        self._bias = _bias(model) if model.data["bias"] and not model.one_to_one else None

    def compose(self, way: Way, cell: int, kernel_cell: int, out_cell: int) -> Box:
        """Return the boxes of one arrangement with cells of the given sizes."""
        channels = range(self.model.channels)
        starts = way.window != "beside"  # a line begins with the window's sign
        caption = TIGHT if way.name == "stacks" else CAPTION
        inputs: list[Box] = [self._sheet("input", plane, cell, caption) for plane in channels]
        windows = [self._window(plane, kernel_cell, caption, first=starts) for plane in channels]
        planes = range(len(self.model.output["planes"]))
        outputs = [self._sheet("output", plane, out_cell, caption) for plane in planes]
        if self.model.one_to_one:
            for plane, output in enumerate(outputs):
                windows[plane] = [row([*(windows[plane] or [self._signs[starts]]), self._equals[0], output])]
        elif way.window in ("answer", "above"):
            answer = self._answer(outputs, first=way.window == "above")
            asked = [part for window in windows for part in window]
            block = self._abreast(inputs, way)
            if way.window == "above":
                return row([block, column([*asked, answer], 10)], GAP)
            return column([block, row([*asked, answer])], 10)
        put = column if way.window == "below" else row
        parts = [put([grid, *window], 6 if put is column else 0) for grid, window in zip(inputs, windows, strict=True)]
        block = self._abreast(parts, way)
        if self.model.one_to_one:
            return block
        if way.answer == "beside":
            return row([block, self._answer(outputs)])
        return column([block, self._answer(outputs, first=True)], 10)

    def _abreast(self, parts: Sequence[Box], way: Way) -> Box:
        """Put channels into as many rows as are needed."""
        gap = 16 if way.window in ("answer", "above") or way.answer == "below" else 36
        lines = [parts[at : at + way.abreast] for at in range(0, len(parts), way.abreast)]
        return column([row(line, gap, middle=False) for line in lines], GAP)

    def _window(self, plane: int, cell: int, caption: int, *, first: bool) -> list[Box]:
        """The sign and the kernel of a channel; nothing where the kernel is hidden."""
        return [] if self._hidden else [row([self._signs[first], self._sheet("kernel", plane, cell, caption)])]

    def _answer(self, outputs: Sequence[Box], *, first: bool = False) -> Box:
        """The bias and what comes out. `first`: it stands in a line of its own."""
        before = [*([self._signs[first]] if self._hidden else []), *([self._bias] if self._bias else [])]
        return row([*before, self._equals[first and not before], column(outputs, GAP)])

    def _sheet(self, where: str, plane: int, cell: int, caption: int) -> Sheet:
        key = where, cell, caption
        if key not in self._made:
            sheets = [
                _sheet(self.model, where, at, cell, words, caption) for at, words in enumerate(self._words(where))
            ]
            tallest = max(sheet.height for sheet in sheets)
            for sheet in sheets:  # beside one another they stand in line, however their captions break
                sheet.height = tallest
            self._made[key] = sheets
        return self._made[key][plane]

    def _words(self, where: str) -> list[list[str]]:
        """The captions of all grids of a kind."""
        if where not in self._said:
            planes = len(self.model.output["planes"]) if where == "output" else self.model.channels
            self._said[where] = [WORDS[where](self.model, plane) for plane in range(planes)]
        return self._said[where]


def _sign(text: str, *, first: bool = False) -> Sign:
    if len(text) > 2:
        return Sign(film_glyphs.width(text, 15) + 20, 50, text=text, size=15)
    return Sign(32 if first else 44, 50, text=text, at=0.0 if first else 0.5)


def _bias(model: Model) -> Sign:
    bias = model.data["bias"][0]
    negative = isinstance(bias, float | int) and bias < 0
    text = f"{'−' if negative else '+'} {model.weight_text(-bias if negative else bias)}"
    return Sign(max(film_glyphs.width(text, 15) + 12, 84), 50, text=text, under="bias", size=15)


def _sheet(model: Model, where: str, plane: int, cell: int, words: list[str], caption: int) -> Sheet:
    part = getattr(model, where)
    labels, heads = part["row_labels"], part["column_labels"]
    rows, columns = {
        "input": (model.in_rows, model.in_columns),
        "kernel": (model.kernel["rows"], model.kernel["columns"]),
        "output": (model.out_rows, model.out_columns),
    }[where]
    partial = False
    if where == "kernel":
        partial = model.channels > 1 and bool(part["planes"]) and not model.one_to_one
        plane = _weights(model, plane)
    across = max(head_width(labels) + columns * cell, caption)
    unbroken = [word.replace(" ", "\u00a0") + ("\u00a0·" if i < len(words) - 1 else "") for i, word in enumerate(words)]
    lines = film_glyphs.wrap(unbroken, SMALL, across)
    # A filter as tall as its input has its rows beside those that they are held against.
    beside = where == "kernel" and rows == model.in_rows and any(model.input["column_labels"] or ())
    headed = beside or any(heads or ())
    height = (HEADS if headed else 0) + rows * cell + 10 + 20 * len(lines) + (24 if partial else 0)
    return Sheet(across, height, [], where, plane, rows, columns, cell, labels, heads, lines, partial, headed)


def _input_words(model: Model, plane: int) -> list[str]:
    top, bottom, left, right = model.input["pad"]
    below, beside = model.input["over"]
    rows, columns = model.in_rows - top - bottom - below, model.in_columns - left - right - beside
    words = [_name(model, "input", plane), say_size(rows, columns)]
    if top + bottom + left + right:
        words.append(f"padded to {say_size(rows + top + bottom, columns + left + right)}")
    if model.input["note"] and plane == 0:
        words.append(model.input["note"])
    return words


def _weights(model: Model, plane: int) -> int:
    """Which plane of weights a channel is under."""
    return next((weights for pairs in model.sources for source, weights in pairs if source == plane), plane)


def _kernel_words(model: Model, plane: int) -> list[str]:
    kernel, names = model.kernel, model.input["names"]
    name = str(names[plane]) if names and model.channels > 1 and kernel["planes"] else ""
    words = [f"{kernel['title']} {name}".strip(), say_size(kernel["rows"], kernel["columns"])]
    if kernel["note"]:
        words.append(kernel["note"])
    elif kernel["planes"]:
        numbers = [number for line in kernel["planes"][_weights(model, plane)] for number in line]
        if all(isinstance(number, float | int) for number in numbers):
            words.append(f"sum {format_number(round(math.fsum(numbers), 9))}")
    return words


def _output_words(model: Model, plane: int) -> list[str]:
    numbers = [value for line in model.output["planes"][plane] for value in line if isinstance(value, float | int)]
    words = [_name(model, "output", plane), say_size(model.out_rows, model.out_columns)]
    if numbers:
        words.append(" to ".join(dict.fromkeys(format_number(end) for end in (min(numbers), max(numbers)))))
    if model.output["note"] and plane == 0:
        words.append(model.output["note"])
    return words


def _name(model: Model, where: str, plane: int) -> str:
    part = getattr(model, where)
    return str((part["names"] and part["names"][plane]) or part["title"])


WORDS: dict[str, Callable[[Model, int], list[str]]] = {
    "input": _input_words,
    "kernel": _kernel_words,
    "output": _output_words,
}
"""What the caption of each kind of grid says."""
