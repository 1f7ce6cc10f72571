"""Pictures beside one another, the last of them the output: each shows which of its pixels an output comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.display import finite_range
from pages.ui import components
from pages.ui.panes import Region, Toned, Windows, map_levels, most_zoom, picture_levels, plain_grid, region
from pages.ui.state import PageState, Setting, complain, number, touch, widget
from pages.ui.words import number as say
from pages.ui.words import size as say_size

NOWHERE = -1  # no pixel picked yet: the middle
LARGEST = 10_000_000
FRAME = 262  # pixels of height kept for each picture

SETTINGS: tuple[Setting, ...] = (
    number("row", NOWHERE, NOWHERE, LARGEST, "row", whole=True, shown=0),
    number("column", NOWHERE, NOWHERE, LARGEST, "column", whole=True, shown=0),
    number("zoom", 0, 0, 30, "zoom", whole=True),
    number("view_row", NOWHERE, NOWHERE, LARGEST, "row in view", whole=True, shown=0),
    number("view_column", NOWHERE, NOWHERE, LARGEST, "column in view", whole=True, shown=0),
)


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
        values = self.state.values()
        rows, columns = self.output.shape if self.output else self.inputs[0].shape
        row, column = values["row"], values["column"]
        return (
            rows // 2 if row == NOWHERE else min(row, rows - 1),
            columns // 2 if column == NOWHERE else min(column, columns - 1),
        )

    @property
    def level(self) -> int:
        """How often the view is halved."""
        return min(self.state["zoom"], most_zoom(self.inputs[0].shape))

    @property
    def seen(self) -> Region:
        """The part of the inputs that is shown."""
        middle = self.windows.middle(*self.picked)
        wanted = self.state["view_row"], self.state["view_column"]
        row, column = (m if at == NOWHERE else at for at, m in zip(wanted, middle, strict=True))
        return region(self.inputs[0].shape, self.level, (row, column))

    def draw(self, pane: Pane, *, frame: int = FRAME) -> None:
        """Draw one of the panes here."""
        role = "output" if pane is self.output else "input"
        seen = self.seen
        if role == "output":
            seen = Region(0, 0, *pane.shape) if self.level == 0 else self.windows.output_region(seen, pane.shape)
        toned = pane.toned(seen)
        low, high = finite_range(pane.numbers)
        key = f"{self.state.page}-{pane.label.lower().replace(' ', '-')}"
        grey = pane.numbers.ndim == 2
        data = {
            "group": self.state.page,
            "role": role,
            "label": pane.label,
            "caption": f"{pane.label} · {say_size(*pane.shape)} · {say(low)} to {say(high)}",
            "rows": pane.shape[0],
            "cols": pane.shape[1],
            "top": seen.top,
            "left": seen.left,
            "height": seen.height,
            "width": seen.width,
            "step": toned.step,
            "channels": 1 if grey else 3,
            "pixels": toned.levels.tobytes(),
            "scale": toned.scale,
            "values": plain_grid(seen.cut(pane.numbers)) if seen.readable and grey else None,
            "legend": None,
            "zoom": {"level": self.level, "most": most_zoom(self.inputs[0].shape)},
            "picked": list(self.picked) if role == "output" else None,
            "link": {**pane.windows.as_data(), "border": pane.border} if pane.windows else None,
            "frame": frame,
        }
        components.viewer(
            key=key,
            data=components.pack(data),
            on_pick_change=lambda: self._take(key, "pick", pane),
            on_view_change=lambda: self._take(key, "view", pane),
        )

    def _take(self, key: str, name: str, pane: Pane) -> None:
        message = getattr(widget(key), name, None)
        touch()
        try:
            row, column = _whole(message, "row"), _whole(message, "col")
            if name == "pick":
                self._pick(row, column, pane)
                return
            level = min(max(_whole(message, "level"), 0), most_zoom(self.inputs[0].shape))
            place: tuple[float, float] = (row, column)
            if pane is self.output:
                place = self.windows.middle(row, column)
            limits = self.inputs[0].shape
            self.state.change(
                zoom=level, view_row=_inside(place[0], limits[0]), view_column=_inside(place[1], limits[1])
            )
        except ValueError as error:
            complain(str(error))

    def _pick(self, row: float, column: float, pane: Pane) -> None:
        if pane is not self.output:  # the output whose window has that pixel in the middle
            links = pane.windows or self.windows
            parts = zip((row, column), links.begin, links.extent, links.stride, strict=True)
            row, column = ((at + begin - (extent - 1) / 2) / stride for at, begin, extent, stride in parts)
        limits = self.output.shape if self.output else pane.shape
        self.state.change(row=_inside(row, limits[0]), column=_inside(column, limits[1]))


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


def _whole(message: Any, name: str) -> float:
    value = message.get(name) if isinstance(message, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) > LARGEST:
        raise ValueError("The browser sent something that is no pixel.")
    return int(value)


def _inside(place: float, n: int) -> int:
    return min(max(round(place), 0), n - 1)


def largest(values: NDArray[Any]) -> float:
    """Return the largest finite number, at least 0: the end of the scale of maps that begin at 0."""
    finite = values[np.isfinite(values)]
    return float(finite.max(initial=0.0))
