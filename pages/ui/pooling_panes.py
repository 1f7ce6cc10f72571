"""Pictures beside one another, the last of them the output: each shows which of its pixels an output comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.display import finite_range
from pages.ui import picks
from pages.ui.panes import Region, Toned, Windows, map_levels, most_zoom, pane_data, picture_levels, plain_grid
from pages.ui.state import PageState
from pages.ui.words import number as say
from pages.ui.words import size as say_size

FRAME = 262  # pixels of height kept for each picture

SETTINGS = picks.SETTINGS


@dataclass(frozen=True, eq=False)
class Pane:
    """One picture or map: (H, W) or (H, W, 3).

    `bound` is the end of the scale of a map that begins at 0; a picture has none. `windows` says where the output's
    windows lie on it; the output itself has none.
    """

    label: str
    numbers: NDArray[Any]
    bound: float | None = None
    windows: Windows | None = None
    border: str = "constant"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.numbers.shape[:2]
        return rows, columns

    def toned(self, seen: Region) -> Toned:
        """Return the levels of the part that is seen."""
        if self.bound is None:
            return picture_levels(self.numbers, seen)
        return replace(map_levels(self.numbers, seen, "range", (0.0, self.bound)), scale="amount")


@dataclass(frozen=True, eq=False)
class Row:
    """Panes that are drawn together; all inputs have one size."""

    state: PageState
    inputs: Sequence[Pane]
    output: Pane | None
    windows: Windows

    @property
    def picked(self) -> tuple[int, int]:
        """The output pixel whose windows are marked: the one picked, brought inside, or the middle."""
        return picks.picked(self.state.values(), (self.output or self.inputs[0]).shape)

    def draw(self, pane: Pane, *, frame: int = FRAME) -> None:
        """Draw one of the panes here."""
        role = "output" if pane is self.output else "input"
        wide = self.inputs[0].shape
        seen, level = picks.in_view(self.state.values(), wide, self.windows.middle(*self.picked))
        if role == "output":
            seen = Region(0, 0, *pane.shape) if level == 0 else self.windows.output_region(seen, pane.shape)
        low, high = finite_range(pane.numbers)
        grey = pane.numbers.ndim == 2
        data = pane_data(
            group=self.state.page,
            role=role,
            label=pane.label,
            caption=f"{pane.label} · {say_size(*pane.shape)} · {say(low)} to {say(high)}",
            shape=pane.shape,
            seen=seen,
            toned=pane.toned(seen),
            numbers=plain_grid(seen.cut(pane.numbers)) if seen.readable and grey else None,
            frame=frame,
            zoom=(level, most_zoom(wide)),
            picked=self.picked if role == "output" else None,
            windows=pane.windows,
            border=pane.border,
        )
        key = f"{self.state.page}-{pane.label.lower().replace(' ', '-')}"
        small = (self.output or pane).shape
        picks.viewer(self.state, key, data, pane.windows or self.windows, small, wide)


def draw_panes(state: PageState, panes: Sequence[Pane], *, frame: int = FRAME) -> None:
    """Draw panes side by side; the last one is the output."""
    *inputs, output = panes
    windows = inputs[-1].windows or PIXELWISE
    row = Row(state, inputs, output, windows)
    columns = st.columns(len(panes))
    for column, pane in reversed(list(zip(columns, panes, strict=True))):
        with column:
            row.draw(pane, frame=frame)


def draw_alone(state: PageState, panes: Sequence[Pane], *, frame: int = FRAME) -> None:
    """Draw panes side by side that have no output picture: all of a map becomes one number."""
    row = Row(state, panes, None, PIXELWISE)
    for column, pane in zip(st.columns(len(panes)), panes, strict=True):
        with column:
            row.draw(pane, frame=frame)


PIXELWISE = Windows((1, 1), (0, 0), (0, 0), (1, 1), (1, 1), (1, 1))
"""Every pixel is a window of its own."""


def behind(first: Windows, shape: Sequence[int], pads: Any) -> Windows:
    """Return the windows of a pool on the picture that a filter of `shape` taps, stride 1 and `pads` was laid over."""
    size = (shape[0] - 1, shape[1] - 1)
    begin = (first.begin[0] + pads[0][0], first.begin[1] + pads[1][0])
    end = (first.end[0] + pads[0][1], first.end[1] + pads[1][1])
    extent = (first.extent[0] + size[0], first.extent[1] + size[1])
    return Windows(first.stride, begin, end, extent, (1, 1), extent)


def largest(values: NDArray[Any]) -> float:
    """Return the largest finite number, at least 0: the end of the scale of maps that begin at 0."""
    finite = values[np.isfinite(values)]
    return float(finite.max(initial=0.0))
