"""Small grids as tables in the page's colours, for what need not be touched. Imports no streamlit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pages.ui.film_canvas import ink_on, scale_colour, theme
from pages.ui.words import number as say

LARGEST_CELL, SMALLEST_CELL = 36, 15  # px
SIDE = 236  # px that a grid takes up, if its cells are not too large or small then
READABLE = 22
Place = tuple[int, int]


def amount(values: NDArray[Any]) -> dict[str, Any]:
    """Return the scale from nothing to the largest of the values."""
    return {"kind": "amount", "bound": float(np.abs(values).max(initial=0.0))}


def table(
    title: str,
    values: NDArray[Any],
    scale: dict[str, Any],
    *,
    dark: bool,
    marked: Collection[Place] = (),
    side: int = SIDE,
) -> str:
    """Return a grid as an HTML figure.

    Parameters
    ----------
    title : str
        What stands under it.
    values : ndarray, shape (rows, columns)
    scale : dict
        One of the explorer's: ``{"kind": "pixels" | "signed" | "amount", ...}``.
    dark : bool
        In the colours of the dark theme.
    marked : collection of (row, column)
        Cells with a ring round them.
    side : int
        Pixels that it may take up.
    """
    colours = theme(dark=dark)
    cell = min(max(side // max(values.shape), SMALLEST_CELL), LARGEST_CELL)
    digits = 3 if cell >= LARGEST_CELL - 4 else 2
    most = cell // 7  # characters that fit
    font = 13 if cell >= 32 else 11 if cell >= READABLE else 9
    lines = []
    for r, row in enumerate(values.tolist()):
        cells = []
        for c, value in enumerate(row):
            colour = scale_colour(colours, scale, value) if np.isfinite(value) else colours.background
            words = say(value, digits)
            shown = words if len(words) <= most else "·" if value else "0"
            ring = f"box-shadow:inset 0 0 0 2px rgb{colours.primary};font-weight:700;" if (r, c) in marked else ""
            cells.append(
                f'<td title="row {r}, column {c}: {say(value, 6)}" style="background:rgb{colour};'
                f'color:rgb{ink_on(colour)};width:{cell}px;height:{cell}px;{ring}{CELL}">{shown}</td>'
            )
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<figure style="margin:0"><table aria-label="{escape(title)}" style="border-collapse:collapse;'
        f'font-size:{font}px;font-variant-numeric:tabular-nums">{"".join(lines)}</table>'
        f'<figcaption style="opacity:.75;font-size:13px;margin-top:6px">{escape(title)}</figcaption></figure>'
    )


CELL = "padding:0;text-align:center;border:1px solid rgba(128,128,128,.35);line-height:1"


def beside(figures: Sequence[str]) -> str:
    """Return figures side by side, or below one another where there is no room."""
    return f'<div style="display:flex;flex-wrap:wrap;gap:16px 28px;align-items:flex-start">{"".join(figures)}</div>'


def below_one_another(figures: Sequence[str]) -> str:
    """Return figures as one column."""
    return f'<div style="display:flex;flex-direction:column;gap:14px">{"".join(figures)}</div>'
