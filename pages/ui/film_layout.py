"""Where everything stands in a film: the same arrangements as on the screen, in CSS pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pages.ui import film_glyphs
from pages.ui.film_model import Model, format_number
from pages.ui.words import size as say_size

WIDTH = 920  # about what an explorer has on a laptop
TALLEST = 500
LARGEST_CELL, NUMBER_CELL = 44, 24
CAPTION = 150  # a caption makes its grid's column at most so wide; a longer one wraps
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

    @property
    def left(self) -> int:
        """Room for the labels before the rows."""
        return head_width(self.row_labels)

    @property
    def top(self) -> int:
        """Room for the labels above the columns."""
        return HEADS if any(self.column_labels or ()) else 0


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


def arrange(model: Model, width: int = WIDTH) -> tuple[str, Box]:
    """Return the arrangement that a screen of that width has, by its name, and its boxes."""
    several = model.channels > 1
    modes = ["line"]
    if several and not model.one_to_one:
        modes += ["aside", "row", "columns"]
    if not several:
        modes.append("under")
    if not model.one_to_one:
        modes.append("list")
    tallest = TALLEST + 120 if model.one_to_one else TALLEST
    fitting: list[tuple[str, int, Box]] = []
    for mode in modes:
        found = _largest(model, mode, width, tallest)
        if found:
            fitting.append((mode, *found))
    low = [one for one in fitting if one[2].height <= tallest]
    if low:
        mode, _, box = max(low, key=lambda one: one[1] * (1.4 if one[0] == "line" else 1))
        return mode, box
    if fitting:
        mode, _, box = min(fitting, key=lambda one: one[2].height)
        return mode, box
    return "wrap", compose(model, "wrap", *_fitted(model, width))


def _largest(model: Model, mode: str, width: int, tallest: int) -> tuple[int, Box] | None:
    """The largest cells with which an arrangement fits."""
    for cell in range(LARGEST_CELL, NUMBER_CELL - 1, -1):
        outs = [cell]
        if model.out_columns > 20 and model.out_rows > 1:
            outs.append(min(cell, max(math.floor(width * 0.45 / model.out_columns), 10)))
        for out in outs:
            box = compose(model, mode, cell, cell, out)
            if box.width + 4 <= width and (box.height <= tallest or cell == NUMBER_CELL):
                return cell, box
    return None


def _fitted(model: Model, width: int) -> tuple[int, int, int]:
    """Cells so small that each grid fits by itself."""

    def fit(rows: int, columns: int, taken: int, most: int) -> int:
        cell = max(min(most, (width - taken - 4) // columns), 6)
        return max(min(cell, 4000 // rows, 4000 // columns), 1)

    most = max(NUMBER_CELL, min(LARGEST_CELL, TALLEST // model.in_rows // model.channels))
    cell = fit(model.in_rows, model.in_columns, head_width(model.input["row_labels"]), most)
    larger = max(cell, NUMBER_CELL)
    kernel = fit(model.kernel["rows"], model.kernel["columns"], 96, larger)
    return cell, kernel, fit(model.out_rows, model.out_columns, head_width(model.output["row_labels"]), larger)


def compose(model: Model, mode: str, cell: int, kernel_cell: int, out_cell: int) -> Box:
    """Return the boxes of one arrangement with cells of the given sizes."""
    sign = model.data["sign"]
    hidden = model.kernel["hidden"]
    below = mode in ("columns", "aside", "wrap")  # the kernel stands under its input
    outputs = [_output(model, plane, out_cell) for plane in range(len(model.output["planes"]))]
    channels: list[Box] = []
    pairs: list[tuple[Box, Box | None]] = []
    for plane in range(model.channels):
        grid = _input(model, plane, cell)
        window = None
        if not hidden:
            window = row([_sign(sign, first=below), _kernel(model, plane, kernel_cell)])
        parts: list[Box] = [grid, *([window] if window else [])]
        if model.one_to_one:
            equals = [_sign("="), outputs[plane]]
            parts.append(row([_sign(sign), *equals] if hidden else equals))
        pairs.append((grid, window))
        channels.append(column(parts, 6) if below else row(parts))
    answer = row(
        [
            *([_sign(sign)] if hidden else []),
            *([_bias(model)] if model.data["bias"] else []),
            _sign("=", first=mode in ("row", "columns", "list", "wrap") and not hidden and not model.data["bias"]),
            column(outputs, GAP),
        ]
    )
    if mode == "under":
        above, beside = pairs[0]
        return column([above, row([beside, answer]) if beside else answer], 10)
    across = mode in ("row", "columns", "aside")
    block = row(channels, 16 if mode == "columns" else 36, middle=False) if across else column(channels, GAP)
    if model.one_to_one:
        return block
    return row([block, answer]) if mode in ("line", "aside") else column([block, answer], 10)


def _sign(text: str, *, first: bool = False) -> Sign:
    if len(text) > 2:
        return Sign(film_glyphs.width(text, 15) + 20, 50, text=text, size=15)
    return Sign(32 if first else 44, 50, text=text, at=0.0 if first else 0.5)


def _bias(model: Model) -> Sign:
    bias = model.data["bias"][0]
    negative = isinstance(bias, float | int) and bias < 0
    text = f"{'−' if negative else '+'} {model.weight_text(-bias if negative else bias)}"
    return Sign(max(film_glyphs.width(text, 15) + 12, 84), 50, text=text, under="bias", size=15)


def _sheet(
    model: Model, where: str, plane: int, cell: int, rows: int, columns: int, words: list[str], *, partial: bool = False
) -> Sheet:
    part = getattr(model, where)
    labels, heads = part["row_labels"], part["column_labels"]
    across = max(head_width(labels) + columns * cell, CAPTION)
    unbroken = [word.replace(" ", "\u00a0") + ("\u00a0·" if i < len(words) - 1 else "") for i, word in enumerate(words)]
    caption = film_glyphs.wrap(unbroken, SMALL, across)
    top = HEADS if any(heads or ()) else 0
    height = top + rows * cell + 10 + 20 * len(caption) + (24 if partial else 0)
    return Sheet(across, height, [], where, plane, rows, columns, cell, labels, heads, caption, partial)


def _input(model: Model, plane: int, cell: int) -> Sheet:
    top, bottom, left, right = model.input["pad"]
    below, beside = model.input["over"]
    rows, columns = model.in_rows - top - bottom - below, model.in_columns - left - right - beside
    words = [_name(model, "input", plane), say_size(rows, columns)]
    if top + bottom + left + right:
        words.append(f"padded to {say_size(rows + top + bottom, columns + left + right)}")
    if model.input["note"] and plane == 0:
        words.append(model.input["note"])
    return _sheet(model, "input", plane, cell, model.in_rows, model.in_columns, words)


def _kernel(model: Model, plane: int, cell: int) -> Sheet:
    kernel = model.kernel
    weights = next((weights for pairs in model.sources for source, weights in pairs if source == plane), plane)
    words = [kernel["title"], say_size(kernel["rows"], kernel["columns"])]
    if kernel["note"]:
        words.append(kernel["note"])
    elif kernel["planes"]:
        numbers = [number for line in kernel["planes"][weights] for number in line]
        if all(isinstance(number, float | int) for number in numbers):
            words.append(f"sum {format_number(round(math.fsum(numbers), 9))}")
    partial = model.channels > 1 and bool(kernel["planes"]) and not model.one_to_one
    return _sheet(model, "kernel", weights, cell, kernel["rows"], kernel["columns"], words, partial=partial)


def _output(model: Model, plane: int, cell: int) -> Sheet:
    numbers = [value for line in model.output["planes"][plane] for value in line if isinstance(value, float | int)]
    words = [_name(model, "output", plane), say_size(model.out_rows, model.out_columns)]
    if numbers:
        words.append(" to ".join(dict.fromkeys(format_number(end) for end in (min(numbers), max(numbers)))))
    if model.output["note"] and plane == 0:
        words.append(model.output["note"])
    return _sheet(model, "output", plane, cell, model.out_rows, model.out_columns, words)


def _name(model: Model, where: str, plane: int) -> str:
    part = getattr(model, where)
    return str((part["names"] and part["names"][plane]) or part["title"])
