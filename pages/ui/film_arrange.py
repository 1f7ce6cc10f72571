"""Which arrangement a film takes, and how large its cells are: the window and its result are seen together.

A film is shown on a screen or a slide, so its picture lies: between 4:3 and 16:9, where the grids allow it. It does not
have to fit between a page's controls, so it can be larger than the explorer, and keep the numbers in its cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pages.ui import film_glyphs, film_patterns, film_readout
from pages.ui.film_layout import NUMBER_CELL, Box, Grids, Way
from pages.ui.film_model import Model
from pages.ui.film_stage import KEY, MARGIN, NARROWEST

LARGEST_CELL, SMALLEST_CELL, PLAIN_CELL = 44, 4, 32
WIDEST, MOST_AREA = 1600, 1_500_000
"""Pixels of the screen: a film of 400 such pictures is as much as is compressed in some seconds."""
FEW_STEPS, MORE_ROOM = 100, math.sqrt(4 / 3)
"""A short film can be larger; MORE_ROOM times as wide it is still drawn twice as fine."""
MOST_ROWS = 4
"""Of channels; up to so many channels, only full ones."""
SEEN = (1280, 800)
"""A larger picture is shown smaller."""
LEAST_RATIO, MOST_RATIO = 4 / 3, 16 / 9
WORTH = {"line": 1.25, "side": 1.1, "aside": 1.1}
"""An equation is read from left to right: such an arrangement is worth smaller cells, as long as one can read them."""


class Found(NamedTuple):
    """An arrangement that fits."""

    worth: float
    name: str
    box: Box


def arrange(model: Model) -> tuple[str, Box]:
    """Return the arrangement in which most can be read, by its name, and its boxes."""
    grids, below = Grids(model), readout_height(model)
    room = MORE_ROOM if model.steps <= FEW_STEPS else 1.0
    while True:
        found: Found | None = None
        for way in ways(model):
            found = _best(grids, way, below, room, found)
        if found:
            return found.name, found.box
        room *= 1.4  # grids of more cells than the room has pixels for


def ways(model: Model) -> Iterator[Way]:
    """Walk over the arrangements that suit a model, those that are read most easily first."""
    channels, hidden = model.channels, model.kernel["hidden"]
    rows = range(1, min(channels, MOST_ROWS) + 1)
    abreast = sorted({math.ceil(channels / row) for row in rows if channels > MOST_ROWS or channels % row == 0} | {1})
    yield Way("line", 1, answer="beside")
    if model.one_to_one:
        yield from (Way("stacks", count, "below") for count in abreast[1:])
        return
    if channels == 1:
        if not hidden:
            yield Way("side", 1, "above", "beside")
            yield Way("aside", 1, "below", "beside")
            yield Way("under", 1, "answer")
        yield Way("list", 1)
        return
    for count in abreast[1:]:
        yield Way("aside", count, "below", "beside")
        yield Way("row", count)
        if not hidden:
            yield Way("below", count, "answer")
            yield Way("columns", count, "below")
    yield Way("list", 1)


def readout_height(model: Model) -> Callable[[float], float]:
    """Return a function from a width to how high all that stands below the grids is, more or less."""
    places = {
        (plane, row, column)
        for plane in (0, len(model.output["planes"]) - 1)
        for row in (0, model.out_rows // 2)
        for column in (0, model.out_columns // 2)
    }
    figure = film_glyphs.FIGURE * film_readout.SIZE
    lengths: list[list[float]] = []
    for place in places:
        sums = model.written(*place)[: film_readout.MOST_SUMS]
        lengths.append(
            [figure * sum(len(word.text + word.tail) + 0.5 for word in one.words) + film_readout.LABEL for one in sums]
        )
    key = KEY if film_patterns.key(model) else 0

    def height(width: float) -> float:
        room = max(width, NARROWEST) - 2 * film_readout.PADDING[1]
        lines = max(sum(math.ceil(length / room) for length in one) for one in lengths)
        return 10 + 2 * film_readout.PADDING[0] + film_readout.PLACE + film_readout.LINE * lines + key

    return height


def cell_worth(size: float) -> float:
    """Return what a size of cells is worth: with numbers in them much more; beyond 32 pixels little is won."""
    return (min(size, PLAIN_CELL) + 0.3 * max(size - PLAIN_CELL, 0)) * (1.5 if size >= NUMBER_CELL else 0.8)


def picture_worth(width: float, height: float) -> float:
    """Return what a picture's shape and size are worth: 1 at most.

    >>> picture_worth(1200, 750), picture_worth(600, 1200)
    (1.0, 0.114...)
    """
    ratio = width / height
    shape = min(ratio / LEAST_RATIO, 1) ** 2 * min(MOST_RATIO / ratio, 1) ** 0.25
    return float(shape * min(SEEN[0] / width, SEEN[1] / height, 1) ** 0.5)


def _best(grids: Grids, way: Way, below: Callable[[float], float], room: float, found: Found | None) -> Found | None:
    """The best sizes of cells for an arrangement, if they are better than what is found already."""

    def made(*cells: int) -> tuple[Box, float, float] | None:
        box = grids.compose(way, *cells)
        width, height = max(box.width, NARROWEST) + 2 * MARGIN, box.height + 2 * MARGIN + below(box.width)
        fits = width <= WIDEST * room and width * height <= MOST_AREA * room**2
        return (box, width, height) if fits else None

    for cell in range(LARGEST_CELL, SMALLEST_CELL - 1, -1):
        kernel = max(cell, NUMBER_CELL)
        order = WORTH.get(way.name, 1.0) if cell >= NUMBER_CELL else 1.0
        most = order * cell_worth(cell) ** 0.45 * cell_worth(kernel) ** 0.15
        least, out = SMALLEST_CELL, kernel
        if found and most * cell_worth(out) ** 0.4 <= found.worth:
            break  # smaller cells are worth no more
        fitting = made(cell, kernel, out)
        if not fitting:
            if not (fitting := made(cell, kernel, least)):
                continue
            while out - least > 1:
                middle = (least + out) // 2
                if better := made(cell, kernel, middle):
                    least, fitting = middle, better
                else:
                    out = middle
            out = least
        box, width, height = fitting
        worth = most * cell_worth(out) ** 0.4 * picture_worth(width, height) / (order if out < NUMBER_CELL else 1.0)
        if found is None or worth > found.worth:
            found = Found(worth, way.name, box)
    return found
