"""The written sum below the grids: its words in lines, and how high they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pages.ui import film_glyphs
from pages.ui.film_canvas import RGB, Canvas
from pages.ui.film_model import Model, Sum

PADDING = (10, 14)
PLACE, LINE = 20, 24
SIZE, TOTAL = 13, 15
LABEL = 52
MOST_SUMS = 16
"""Lines of sums that are written; of more channels the ones in the middle are left out."""


class Inks(NamedTuple):
    """The colours of its words."""

    text: RGB
    quiet: RGB
    faint: RGB


class Unit(NamedTuple):
    """A piece of text that is not broken."""

    text: str
    x: float
    size: int
    bold: bool
    faint: bool
    quiet: bool
    underlined: float
    """How much of it, in pixels from its beginning."""


Row = list[Unit]


class Readout:
    """Knows the widths of its words at one scale."""

    def __init__(self, model: Model, width: float, scale: float) -> None:
        self.model, self.scale = model, scale
        self.room = (width - 2 * PADDING[1]) * scale

    def rows(self, plane: int, row: int, column: int) -> list[Row]:
        """Return the sum of one output as rows of units, with their places in pixels."""
        sums = self.model.written(plane, row, column)
        if len(sums) > MOST_SUMS:
            left_out = Sum("", f"… {len(sums) - MOST_SUMS + 1} channels more …", [], "")
            sums = [*sums[: MOST_SUMS // 2], left_out, *sums[-(MOST_SUMS // 2 - 1) :]]
        return [line for i, one in enumerate(sums) for line in self._broken(one, last=i == len(sums) - 1)]

    def _broken(self, one: Sum, *, last: bool) -> list[Row]:
        size = round(SIZE * self.scale)
        space = 0.32 * size
        indent, rows = 0.0, [[]]  # type: tuple[float, list[Row]]
        if one.label:
            indent = max(film_glyphs.width(one.label, size), LABEL * self.scale) + space
            rows[0].append(Unit(one.label, 0.0, size, False, False, True, 0.0))
        pen = indent

        def put(text: str, size: int, *, bold: bool = False, faint: bool = False, underlined: float = 0.0) -> None:
            nonlocal pen
            width = film_glyphs.width(text, size, bold)
            if pen > indent and pen + width > self.room:
                rows.append([])
                pen = indent
            rows[-1].append(Unit(text, pen, size, bold, faint, False, underlined))
            pen += width + space

        for i, word in enumerate(one.words):
            text = (one.open if i == 0 else "") + word.text + word.tail
            winner = word.term is not None and word.term.winner
            faint = self.model.reduce == "sum" and word.term is not None and word.term.is_nothing
            under = film_glyphs.width(word.text, size, True) if winner else 0.0
            if winner and one.open and i == 0:
                put(one.open, size)
                pen -= space
                text = word.text + word.tail
            put(text, size, bold=winner, faint=faint, underlined=under)
        if not one.words:
            put(one.open, size)
        if one.result:
            put(f"{one.equals} {one.result}", round(TOTAL * self.scale) if last else size, bold=last)
        return rows

    def height(self, count: int) -> float:
        """Return how high it is with so many rows, in CSS pixels."""
        return 2 * PADDING[0] + PLACE + LINE * count

    def draw(
        self, canvas: Canvas, left: int, top: int, place: str, right_end: str, rows: Sequence[Row], inks: Inks
    ) -> None:
        """Write the place, what stands at its right end, and the rows."""
        scale = self.scale
        x, y = left + PADDING[1] * scale, top + (PADDING[0] + PLACE / 2) * scale
        end = x + self.room
        size = round(SIZE * scale)
        taken = film_glyphs.width(right_end, size) + 20 * scale if right_end else 0
        canvas.text(film_glyphs.cut(place, size, self.room - taken), x, y, size, inks.quiet)
        canvas.text(right_end, end, y, size, inks.quiet, at=1.0)
        y += (PLACE / 2 + LINE / 2) * scale
        for row in rows:
            for unit in row:
                ink = inks.quiet if unit.quiet else inks.faint if unit.faint else inks.text
                canvas.text(unit.text, x + unit.x, y, unit.size, ink, bold=unit.bold)
                if unit.underlined:
                    below, thick = round(y + 0.55 * unit.size), max(round(2 * scale), 1)
                    start = round(x + unit.x)
                    canvas.fill(below, start, below + thick, start + round(unit.underlined), ink)
            y += LINE * scale
