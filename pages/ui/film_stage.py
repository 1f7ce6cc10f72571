"""The stage of a film: the grids as they stand still, the outputs that fill in, and what lights up in each frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pages.ui import film_glyphs, film_patterns
from pages.ui.film_canvas import RGB, Canvas, Palette, ink_on, mix, scale_colour, theme, thinned
from pages.ui.film_layout import HEADS, NUMBER_CELL, SMALL, Box, Sheet, Sign
from pages.ui.film_model import Model, Sum, Term, Value, fit_number
from pages.ui.film_readout import Inks, Readout, Row

MARGIN = 24
NARROWEST = 560  # room for a sum in few lines
KEY = 30

Place = tuple[str, int, int, int]
"""Which grid, its plane, row and column."""


class Stage:
    """Draws the frames of one explorer. `reveal` fills in outputs for good, `frame` lights one up."""

    def __init__(self, model: Model, box: Box, *, dark: bool, scale: float, steps: Sequence[int]) -> None:
        self.model, self.scale, self.theme = model, scale, theme(dark=dark)
        colours = self.theme
        self.line = mix(colours.background, colours.text, 0.18)
        self.quiet = mix(colours.background, colours.text, 0.68)
        self.hatch = mix(colours.background, colours.text, 0.11)
        self.padding_ink = mix(colours.background, colours.text, 0.75)
        self.inks = Inks(colours.text, mix(colours.second, colours.text, 0.68), mix(colours.second, colours.text, 0.70))
        self.leaves = list(box.leaves(MARGIN, MARGIN))
        self.sheets = {(leaf.where, leaf.plane): (x, y, leaf) for x, y, leaf in self.leaves if isinstance(leaf, Sheet)}
        width = max(box.width, NARROWEST)
        self.readout = Readout(model, width, scale)
        self.written: dict[int, list[Row]] = {step: self.readout.rows(*model.at_step(step)) for step in steps}
        self.readout_top = MARGIN + box.height + 10
        self.readout_height = self.readout.height(max(len(rows) for rows in self.written.values()))
        self.key = film_patterns.key(model)
        height = self.readout_top + self.readout_height + (KEY if self.key else 0) + MARGIN
        self.width = width
        self.palette = Palette()
        for colour in (colours.background, colours.second, colours.text, colours.primary, self.line, self.quiet):
            self.palette.index(colour)
        self.fills = thinned(scale_colour(colours, scale, value) for scale, value in self._values())
        for colour in dict.fromkeys(self.fills.values()):
            self.palette.index(colour)
        self.base = Canvas(self._px(width + 2 * MARGIN), self._px(height), self.palette, colours.background)
        self.revealed = 0
        self._draw()

    def _px(self, length: float) -> int:
        return round(length * self.scale)

    def _values(self) -> Iterator[tuple[dict[str, Any], float]]:
        for part in (self.model.input, self.model.kernel, self.model.output):
            for plane in part["planes"] or ():
                for line in plane:
                    yield from ((part["scale"], value) for value in line if isinstance(value, float | int))

    # What stands still ------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        for x, y, leaf in self.leaves:
            if isinstance(leaf, Sign):
                self._sign(x, y, leaf)
            elif isinstance(leaf, Sheet):
                self._sheet(x, y, leaf)
        left, right = self._px(MARGIN), self._px(MARGIN + self.width)
        top, bottom = self._px(self.readout_top), self._px(self.readout_top + self.readout_height)
        self.base.stamp(film_patterns.rounded(bottom - top, right - left, self._px(8)), top, left, self.theme.second)
        self._key(self._px(self.readout_top + self.readout_height + KEY / 2 + 4))

    def _sign(self, x: float, y: float, sign: Sign) -> None:
        middle = self._px(y + 12)
        at = self._px(x + sign.width * sign.at)
        self.base.text(sign.text, at, middle, self._px(sign.size), self.theme.text, at=sign.at)
        if sign.under:
            self.base.text(sign.under, at, self._px(y + 32), self._px(12), self.quiet, at=sign.at)

    def _sheet(self, x: float, y: float, sheet: Sheet) -> None:
        for row in range(sheet.rows):
            for column in range(sheet.columns):
                self._cell(self.base, (sheet.where, sheet.plane, row, column), hidden=sheet.where == "output")
        size, small = self._px(12), sheet.cell * self.scale
        for column, label in enumerate(sheet.column_labels or ()):
            top, left = self.corner(sheet.where, sheet.plane, 0, column)
            words = film_glyphs.cut(label, size, small - 2)
            self.base.text(words, left + small / 2, top - self._px(HEADS / 2), size, self.quiet, at=0.5)
        size = min(size, round(small))
        for row, label in enumerate(sheet.row_labels or ()):
            top, left = self.corner(sheet.where, sheet.plane, row, 0)
            words = film_glyphs.cut(label, size, self._px(sheet.left - 8))
            self.base.text(words, left - self._px(6), top + small / 2, size, self.quiet, at=1.0)
        bottom = y + sheet.top + sheet.rows * sheet.cell + 6
        for i, words in enumerate(sheet.caption):
            self.base.text(words, self._px(x), self._px(bottom + 10 + 20 * i), self._px(SMALL), self.quiet)

    def _key(self, middle: int) -> None:
        pen, side, size = float(self._px(MARGIN)), self._px(16), self._px(SMALL)
        for kind, words in self.key:
            if kind:
                top = middle - side // 2
                self.base.fill(top, round(pen), top + side, round(pen) + side, self.theme.background)
                self._pattern(self.base, kind, top, round(pen), side, self.theme.background)
                self._border(self.base, top, round(pen), side)
                pen += side + self._px(6)
            pen = self.base.text(words, pen, middle, size, self.quiet) + self._px(16)

    # Cells ------------------------------------------------------------------------------------------------------------

    def corner(self, where: str, plane: int, row: int, column: int) -> tuple[int, int]:
        """Return the top left pixel of a cell."""
        x, y, sheet = self.sheets[where, plane]
        side = self.side(sheet)
        return self._px(y + sheet.top) + row * side, self._px(x + sheet.left) + column * side

    def side(self, sheet: Sheet) -> int:
        """Return the pixels along a cell's side."""
        return max(int(sheet.cell * self.scale), 1)

    def _value(self, place: Place) -> Value:
        where, plane, row, column = place
        planes = getattr(self.model, where)["planes"]
        return planes[plane][row][column] if planes else None

    def _colour(self, where: str, value: Value) -> RGB:
        if not isinstance(value, float | int):
            return self.theme.background
        return self.fills[scale_colour(self.theme, getattr(self.model, where)["scale"], value)]

    def _border(self, canvas: Canvas, top: int, left: int, side: int) -> None:
        if side >= 6:
            canvas.ring(top, left, top + side, left + side, max(self._px(0.5), 1), self.line)

    def _pattern(self, canvas: Canvas, kind: str, top: int, left: int, side: int, under: RGB) -> None:
        """Hatch padding, dot what lies beyond it, cross out what is never read."""
        if kind == "pad":
            canvas.stamp(film_patterns.hatch(side, self.scale), top, left, self.hatch)
        elif kind == "over":
            canvas.stamp(film_patterns.dots(side, self.scale), top, left, self.line)
        elif kind in ("unread", "dropped"):
            ink = self.theme.text if under == self.theme.background else ink_on(under)
            canvas.stamp(film_patterns.cross(side, self.scale), top, left, mix(under, ink, 0.32))
            if kind == "dropped":
                canvas.stamp(film_patterns.dashes(side, self.scale).T, top, left, self.theme.text)

    def _cell(self, canvas: Canvas, place: Place, *, hidden: bool = False, note: str = "", faint: bool = False) -> None:
        """Draw one cell; with a note, the number moves up to make room for it."""
        where, plane, row, column = place
        sheet, side = self.sheets[where, plane][2], self.side(self.sheets[where, plane][2])
        top, left = self.corner(where, plane, row, column)
        value = None if hidden else self._value(place)
        kind = self.model.kind(row, column) if where == "input" else "real"
        colour = self.theme.background if kind == "pad" else self._colour(where, value)
        canvas.fill(top, left, top + side, left + side, colour)
        self._pattern(canvas, kind, top, left, side, colour)
        if where == "input" and self.model.never_read(row, column):
            self._pattern(canvas, "unread", top, left, side, colour)
        self._border(canvas, top, left, side)
        if where == "input":
            self._cuts(canvas, row, column, top, left, side)
        if sheet.cell < NUMBER_CELL or value is None:
            return
        font = min(max(sheet.cell * 0.3, 8.5), 13)
        text, font = fitted(value, sheet.cell - 3, font, self._decimals(where, kind))
        ink = self.padding_ink if kind == "pad" else self.theme.text if isinstance(value, str) else ink_on(colour)
        middle = top + (side - self._px(13 if note else 0)) / 2
        canvas.text(text, left + side / 2, middle, self._px(font), ink, at=0.5)
        if note:
            self._note(canvas, note, top, left, side, sheet.cell, faint=faint)

    def _decimals(self, where: str, kind: str) -> int | None:
        """What the border rule made up needs no fixed places."""
        decimals: int | None = getattr(self.model, where)["decimals"]
        return None if kind == "pad" else decimals

    def _cuts(self, canvas: Canvas, row: int, column: int, top: int, left: int, side: int) -> None:
        """Draw the dashed line that parts what the stride drops from the rest."""
        above, before = self.model.cuts(row, column)
        mask = film_patterns.dashes(side, self.scale)
        if above:
            canvas.stamp(mask, top, left, self.theme.text)
        if before:
            canvas.stamp(mask.T, top, left, self.theme.text)

    def _note(self, canvas: Canvas, note: str, top: int, left: int, side: int, cell: int, *, faint: bool) -> None:
        edge, high = self._px(1.5), self._px(12)
        bottom = top + side - edge
        canvas.fill(bottom - high, left + edge, bottom, left + side - edge, self.theme.background)
        size = self._px(min(10.5, cell * 0.33, (cell - 3) / (film_glyphs.FIGURE * len(note))))
        ink = self.quiet if faint else self.theme.primary
        canvas.text(note, left + side / 2, bottom - high / 2, size, ink, at=0.5)

    # What changes -----------------------------------------------------------------------------------------------------

    def reveal(self, step: int) -> None:
        """Fill in the outputs up to a step."""
        for at in range(self.revealed + 1, step + 1):
            self._cell(self.base, ("output", *self.model.at_step(at)))
        self.revealed = max(self.revealed, step)

    def mark_pin(self, plane: int, row: int, column: int) -> None:
        """Mark an output as pinned, with a corner."""
        top, left = self.corner("output", plane, row, column)
        side = self.side(self.sheets["output", plane][2])
        corner = film_patterns.corner(min(self._px(12), side))
        self.base.stamp(corner, top, left + side - corner.shape[1], self.theme.primary)

    def frame(self, step: int, *, counted: bool = True, pinned: bool = False) -> Canvas:
        """Return a picture in which the output of `step` and all that it reads are lit, and its sum is written."""
        canvas = self.base.copy()
        canvas.touched, self.base.touched = self.base.touched, []
        plane, row, column = self.model.at_step(step)
        groups = self.model.terms(plane, row, column)
        for terms in groups:
            self._light(canvas, terms, (plane, row, column))
        self._here(canvas, plane, row, column)
        sums = self.model.written(plane, row, column)
        self._partials(canvas, sums[:-1])
        place = f"Output {self.model.place(plane, row, column)}{' · pinned' if pinned else ''}"
        count = f"Step {step:,} of {self.model.steps:,}" if counted else ""
        top, left = self._px(self.readout_top), self._px(MARGIN)
        self.readout.draw(canvas, left, top, place, count, self.written[step], self.inks)
        return canvas

    def _light(self, canvas: Canvas, terms: list[Term], output: tuple[int, int, int]) -> None:
        if not terms:
            return
        sheet = self.sheets["input", terms[0].plane][2]
        side = self.side(sheet)
        for term in terms:
            note = self._note_of(term, output, sheet.cell) if sheet.cell >= NUMBER_CELL else ""
            self._cell(
                canvas, ("input", term.plane, term.row, term.column), note=note,
                faint=self.model.reduce == "sum" and term.is_nothing,
            )  # fmt: skip
            top, left = self.corner("input", term.plane, term.row, term.column)
            thick = self._px(3.5) if term.winner else max(self._px(1), 1)
            colour = self.theme.primary if term.counts else self.line
            canvas.ring(top, left, top + side, left + side, thick, colour)
        rows, columns = {term.row for term in terms}, {term.column for term in terms}
        top, left = self.corner("input", terms[0].plane, min(rows), min(columns))
        bottom, right = (end + side for end in self.corner("input", terms[0].plane, max(rows), max(columns)))
        halo, out, thick = self._px(3), self._px(2), self._px(3)
        canvas.ring(top - halo, left - halo, bottom + halo, right + halo, halo - out, self.theme.background)
        canvas.ring(top - out, left - out, bottom + out, right + out, thick, self.theme.primary)

    def _note_of(self, term: Term, output: tuple[int, int, int], cell: int) -> str:
        """What is written on a cell that is read: its weight, that it won, or the divisor."""
        if self.model.reduce == "sum":
            font = min(10.5, cell * 0.33)
            room = int((cell - 3) / (film_glyphs.FIGURE * font))
            weight, _ = fitted(term.weight, cell - 3, font, self.model.kernel["decimals"])
            return f"×{weight}" if len(weight) < room else weight
        if not term.counts:
            return "–"
        if self.model.reduce == "max":
            return "max" if term.winner else ""
        if self.model.same_divisors:  # the sum says it, once
            return ""
        plane, row, column = output
        return f"÷{self.model.output['divisors'][plane][row][column]}"

    def _here(self, canvas: Canvas, plane: int, row: int, column: int) -> None:
        side = self.side(self.sheets["output", plane][2])
        top, left = self.corner("output", plane, row, column)
        thick = self._px(3)
        canvas.ring(top, left, top + side, left + side, thick, self.theme.primary)
        inner = (top + thick, left + thick, top + side - thick, left + side - thick)
        canvas.ring(*inner, max(self._px(1), 1), self.theme.background)

    def _partials(self, canvas: Canvas, sums: list[Sum]) -> None:
        for plane, one in enumerate(sums):
            weights = next(w for pairs in self.model.sources for source, w in pairs if source == plane)
            x, y, sheet = self.sheets["kernel", weights]
            if sheet.partial:
                middle = self._px(y + sheet.height - 12)
                canvas.text(f"{one.equals} {one.result}", self._px(x), middle, self._px(14), self.theme.text, bold=True)


def fitted(value: Value, width: float, font: float, decimals: int | None) -> tuple[str, float]:
    """Return a number as it is written in `width` pixels, and the size of the font: smaller where "…" would stand.

    >>> fitted(-111.0, 21.0, 8.5, None), fitted(-1115.0, 21.0, 8.5, None)[0]
    (('−111', 8.5), '−1115')
    """
    room = int(width / (film_glyphs.FIGURE * font))
    for characters in range(room, room + 4):
        text = fit_number(value, characters, decimals)
        if text != "…":
            return text, font if characters == room else width / (film_glyphs.FIGURE * characters)
    return "…", font
