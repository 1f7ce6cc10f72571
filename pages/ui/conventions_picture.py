"""The gallery of the Conventions page as files: a picture of outputs and differences, and the film of the reference's.

The picture has the numbers and colours that the gallery component is given, and needs neither a browser nor streamlit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncore.conventions import IGNORED
from pages.ui import film_glyphs, film_patterns
from pages.ui.conventions_view import BRIGHT, Comparison, gallery_data
from pages.ui.explorer import annotate, convolution, pixels, pooling
from pages.ui.explorer_data import Data
from pages.ui.film_canvas import RGB, Canvas, Palette, Pixels, ink_on, mix, scale_colour, theme, thinned
from pages.ui.film_model import fit_number

SCALE = 2
MARGIN, GAP = 24, 24
LEAST_CARD, LARGEST_CELL, SMALLEST_CELL, READABLE = 190, 30, 12, 20
WIDTH = 920
HEADING, NAME, SMALL = 17, 14, 12
LINE, HEAD = 17, 34
SIGNS = {"convolution": ("★", "∗")}

Numbers = Sequence[Sequence[float | str]]


@dataclass(frozen=True)
class _Card:
    """One grid with the words above and below it."""

    name: str
    call: list[str]
    numbers: Numbers | None
    scale: dict[str, Any]
    below: list[str]
    padded: Callable[[int, int], bool] = lambda row, column: False


def draw_gallery(comparison: Comparison, *, dark: bool) -> bytes:
    """Draw the input, the kernel, every library's output, and below them how each differs from the reference.

    Parameters
    ----------
    comparison : Comparison
    dark : bool
        In the colours of the dark theme.

    Returns
    -------
    bytes
        Of a PNG file of at most 255 colours.
    """
    return _Picture(comparison, dark=dark).png()


def film_of(comparison: Comparison) -> Data | None:
    """Return the explorer's data of the output that the others are compared with; None where it is too large for one.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    dict or None
        As in `pages.ui.explorer_data`. A pool that reads its padding by a border rule has it as a part of its input.
    """
    plan, image = comparison.base.plan, comparison.image
    if plan is None:
        return None
    windows: dict[str, Any] = {"stride": plan.stride, "dilation": plan.dilation}
    try:
        if plan.operation == "convolution":
            made = convolution(
                image, comparison.kernel, padding=plan.pads, border=plan.outside, flip=plan.flip, **windows
            )
        else:
            counts = plan.operation == "average" and plan.outside == "constant"
            pads: Any = plan.pads
            if plan.outside != IGNORED and not counts:
                image, pads = np.pad(image, plan.pads, mode=plan.outside), 0  # type: ignore[call-overload]
            windows |= {"padding": pads, "ceil_mode": plan.ceil}
            if plan.operation == "average":
                windows["count_include_pad"] = counts
            made = pooling(image, plan.taps, kind=plan.operation, **windows)
    except ValueError:  # larger than an explorer can be
        return None
    grey = {"scale": pixels(0, max(BRIGHT, float(image.max())))} if (image >= 0).all() else {}
    return annotate(made, input=grey)


class _Picture:
    """Everything measured, then drawn."""

    def __init__(self, comparison: Comparison, *, dark: bool) -> None:
        self.theme, self.data = theme(dark=dark), gallery_data(comparison, None)
        items = self.data["items"]
        shown = [len(item["values"][0]) for item in items if "values" in item]
        card = min(max(LEAST_CARD, max(shown) * LARGEST_CELL), WIDTH)
        self.count = max((WIDTH + GAP) // (card + GAP), 1)
        self.card = (WIDTH + GAP) // self.count - GAP
        self.cell = max(min(LARGEST_CELL, self.card // max(shown)), SMALLEST_CELL)
        self.given = list(self._given(items[self.data["reference"]]))
        columns = sum(len(one.numbers[0]) for one in self.given if one.numbers)
        self.given_cell = max(min(LARGEST_CELL, (WIDTH - 3 * GAP) // columns), SMALLEST_CELL)
        self.outputs = [self._output(at, item) for at, item in enumerate(items)]
        self.gaps = [self._gap(item) for item in items if "gap" in item and not item["equal"]]
        self.palette = Palette()
        for colour in (self.theme.background, self.theme.text):
            self.palette.index(colour)
        self.fills = thinned(
            scale_colour(self.theme, one.scale, number)
            for one in (*self.given, *self.outputs, *self.gaps)
            for line in one.numbers or ()
            for number in line
            if not isinstance(number, str)
        )
        self.cells: dict[tuple[RGB, str, int, bool], Pixels] = {}
        self.quiet = mix(self.theme.background, self.theme.text, 0.68)

    def _given(self, item: dict[str, Any]) -> Iterator[_Card]:
        data = self.data
        low, high = data["low"], data["high"]
        grey = {"kind": "pixels", "low": low, "high": high}
        scale = grey if low >= 0 else {"kind": "signed", "bound": max(high, -low)}
        rows, columns = len(data["input"]), len(data["input"][0])
        top, _, left, _ = item["pads"]

        def padded(row: int, column: int) -> bool:
            return not (0 <= row - top < rows and 0 <= column - left < columns)

        window = [] if data["kernel"] else [f"window {data['taps'][0]} × {data['taps'][1]}"]
        yield _Card("", [], item["around"], scale, [f"input, as {item['name']} sees it", *window], padded)
        if data["kernel"]:
            kernel = [line[::-1] for line in data["kernel"][::-1]] if item["flip"] else data["kernel"]
            words = "kernel, turned" if item["flip"] else "kernel"
            yield _Card("", [], kernel, {"kind": "signed", "bound": data["kernel_bound"]}, [words])

    def _output(self, at: int, item: dict[str, Any]) -> _Card:
        signed = {"kind": "signed", "bound": self.data["bound"]}
        if "values" not in item:
            return _Card(item["name"], self._wrapped(item["function"]), None, signed, self._wrapped(item["refusal"]))
        sign = SIGNS.get(self.data["operation"], ("", ""))[item["flip"]]
        note = "the same" if item["equal"] else f"differs: {', '.join(item['labels'])}"
        lines = self._wrapped("the reference" if at == self.data["reference"] else note)
        lines += self._wrapped(f"Workaround: {item['way']}") if item["way"] else []
        return _Card(f"{item['name']}  {sign}".strip(), self._wrapped(item["call"]), item["values"], signed, lines)

    def _gap(self, item: dict[str, Any]) -> _Card:
        signed = {"kind": "signed", "bound": self.data["gap_bound"]}
        rules = [line for sentence in item["sentences"] for line in self._wrapped(sentence)]
        return _Card(item["name"], [], item["gap"], signed, rules)

    def _wrapped(self, text: str) -> list[str]:
        parts = re.split(r"(?<=[ ,(\[])(?=\S)", text)  # a call may break after its punctuation, too
        return film_glyphs.wrap(parts, SMALL * SCALE, self.card * SCALE, joint="")

    def png(self) -> bytes:
        """Draw it."""
        first = max(self._height(one, self.given_cell) for one in self.given)
        height = 2 * MARGIN + first + self._shelves_height(self.outputs)
        height += GAP + HEAD + self._shelves_height(self.gaps) if self.gaps else 0
        self.canvas = Canvas((WIDTH + 2 * MARGIN) * SCALE, height * SCALE, self.palette, self.theme.background)
        self._draw_given()
        y = self._draw_shelves(self.outputs, MARGIN + first)
        if self.gaps:
            base = self.data["items"][self.data["reference"]]["name"]
            self._text(f"Difference to {base}", MARGIN, y + GAP + HEAD / 2, HEADING, bold=True)
            self._draw_shelves(self.gaps, y + GAP + HEAD)
        return self.canvas.png()

    def _shelves(self, cards: Sequence[_Card]) -> Iterator[tuple[Sequence[_Card], int, int]]:
        """The cards of each row, the height of the words above their grids, and of the grids with what stands below."""
        for at in range(0, len(cards), self.count):
            shelf = cards[at : at + self.count]
            head = LINE * (1 + max(len(one.call) for one in shelf)) + 8
            yield shelf, head, max(self._height(one, self.cell) for one in shelf)

    def _shelves_height(self, cards: Sequence[_Card]) -> int:
        return sum(GAP + head + body for _, head, body in self._shelves(cards))

    def _draw_shelves(self, cards: Sequence[_Card], y: int) -> int:
        """Draw rows of cards below `y`; return where they end."""
        for shelf, head, body in self._shelves(cards):
            y += GAP
            for at, one in enumerate(shelf):
                x = MARGIN + at * (self.card + GAP)
                self._text(one.name, x, y + LINE / 2, NAME, bold=True)
                for row, words in enumerate(one.call):
                    self._text(words, x, y + LINE * (row + 1.5), SMALL, quiet=True)
                self._grid(one, x, y + head, self.cell)
            y += head + body
        return y

    def _draw_given(self) -> None:
        rows, side = len(self.given[0].numbers or ()), self.given_cell
        self._grid(self.given[0], MARGIN, MARGIN, side)
        for kernel in self.given[1:]:
            turned = self.data["items"][self.data["reference"]]["flip"]
            x = MARGIN + len((self.given[0].numbers or ((),))[0]) * side + GAP
            self._text(SIGNS["convolution"][turned], x, MARGIN + rows * side / 2, 24, at=0.5)
            above = max(rows - len(kernel.numbers or ()), 0) / 2 * side
            self._grid(kernel, x + GAP, round(MARGIN + above), side)

    def _height(self, one: _Card, cell: int) -> int:
        return len(one.numbers or ()) * cell + 6 + LINE * len(one.below)

    def _text(
        self, words: str, x: float, y: float, size: int, *, at: float = 0.0, bold: bool = False, quiet: bool = False
    ) -> None:
        colour = self.quiet if quiet else self.theme.text
        self.canvas.text(words, x * SCALE, y * SCALE, size * SCALE, colour, at=at, bold=bold)

    def _grid(self, one: _Card, x: float, y: float, cell: int) -> None:
        numbers, side = one.numbers or (), cell * SCALE
        for row, line in enumerate(numbers):
            for column, number in enumerate(line):
                top, left = round(y + row * cell) * SCALE, round(x + column * cell) * SCALE
                self._cell(number, one.scale, top, left, side, padded=one.padded(row, column))
        bottom = y + len(numbers) * cell + 6
        for row, words in enumerate(one.below):
            self._text(words, x, bottom + LINE * (row + 0.5), SMALL)

    def _cell(
        self, number: float | str, scale: dict[str, Any], top: int, left: int, side: int, *, padded: bool
    ) -> None:
        ground = self.theme.background
        plain = padded or isinstance(number, str)
        fill = ground if plain else self.fills[scale_colour(self.theme, scale, float(number))]
        ink = mix(ground, self.theme.text, 0.75) if plain else ink_on(fill)
        size, words = min(13 * SCALE, round(side * 0.42)), ""
        if side >= READABLE * SCALE:
            if number == "NaN":  # padding that does not count, or a cell that the reference has not
                words = "–" if padded else "new"
            else:
                words = fit_number(number, int((side - 6) / (film_glyphs.FIGURE * size)))
        known = fill, words, side, padded
        place = np.s_[top : top + side, left : left + side]
        if known in self.cells:  # many are alike, and writing takes its time
            self.canvas.pixels[place] = self.cells[known]
            return
        self.canvas.fill(top, left, top + side, left + side, fill)
        if padded:
            self.canvas.stamp(film_patterns.hatch(side, float(SCALE)), top, left, mix(ground, self.theme.text, 0.11))
        self.canvas.ring(top, left, top + side, left + side, 1, mix(ground, self.theme.text, 0.18))
        if words:
            self.canvas.text(words, left + side / 2, top + side / 2, size, ink, at=0.5)
        self.cells[known] = self.canvas.pixels[place].copy()
