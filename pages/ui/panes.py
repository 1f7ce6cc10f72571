"""Arrays -> what the viewer component shows: which part of a picture, as display-sized levels, with its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.display import display_step, shrink, tone

SAMPLES_ACROSS = 800  # a pane is about 350 CSS pixels wide; twice that is sharp on a dense screen
NUMBERS_ACROSS = 14  # so many pixels of a picture leave each one room for its number
CLOSEST = 9  # pixels across at the closest view: room for a sign and four digits each


@dataclass(frozen=True)
class Region:
    """A part of a picture, in its pixels."""

    top: int
    left: int
    height: int
    width: int

    def cut(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return that part of `values`, a view."""
        return values[self.top : self.top + self.height, self.left : self.left + self.width]

    @property
    def readable(self) -> bool:
        """Whether so few pixels are shown that each has room for its number."""
        return max(self.height, self.width) <= NUMBERS_ACROSS


def most_zoom(shape: Sequence[int]) -> int:
    """Return how often the view can be halved until `CLOSEST` pixels are left across."""
    return max(math.ceil(math.log2(max(shape[:2]) / CLOSEST)), 0)


def region(shape: Sequence[int], level: int, centre: tuple[float, float]) -> Region:
    """Return what is shown after halving the view `level` times round `centre` (row, column), kept in the picture."""
    rows, columns = shape[:2]
    longest = max(min(CLOSEST, max(rows, columns)), math.ceil(max(rows, columns) / 2**level))
    share = longest / max(rows, columns)
    least = min(longest, 6)  # a narrow strip is not made narrower than it can be read
    height = min(rows, max(math.ceil(rows * share), least))
    width = min(columns, max(math.ceil(columns * share), least))
    top = min(max(math.ceil(centre[0] - height / 2), 0), rows - height)
    left = min(max(math.ceil(centre[1] - width / 2), 0), columns - width)
    return Region(top, left, height, width)


@dataclass(frozen=True)
class Windows:
    """Where the windows lie: the link between the output's pixels and the input's."""

    stride: tuple[int, int]
    begin: tuple[int, int]
    end: tuple[int, int]
    extent: tuple[int, int]
    dilation: tuple[int, int]
    taps: tuple[int, int]

    def as_data(self) -> dict[str, list[int]]:
        """The same for the component."""
        return {name: list(getattr(self, name)) for name in ("stride", "begin", "extent", "dilation", "taps")}

    def middle(self, row: float, column: float) -> tuple[float, float]:
        """Return the input position in the middle of an output pixel's window."""
        place = [
            position * s - b + (e - 1) / 2
            for position, s, b, e in zip((row, column), self.stride, self.begin, self.extent, strict=True)
        ]
        return place[0], place[1]

    def under(self, row: float, column: float) -> tuple[float, float]:
        """Return the output position whose window has an input pixel in its middle."""
        place = [
            (position + b - (e - 1) / 2) / s
            for position, s, b, e in zip((row, column), self.stride, self.begin, self.extent, strict=True)
        ]
        return place[0], place[1]

    def output_region(self, seen: Region, shape: Sequence[int]) -> Region:
        """Return the output's pixels whose windows are centred in what is seen of the input, at least one."""
        starts, sizes = [], []
        for at, length, n, s, b, e in zip(
            (seen.top, seen.left),
            (seen.height, seen.width),
            shape[:2],
            self.stride,
            self.begin,
            self.extent,
            strict=True,
        ):
            first = math.ceil((at + b - (e - 1) // 2) / s)
            last = math.floor((at + length - 1 + b - (e - 1) // 2) / s)
            first = min(max(first, 0), n - 1)
            starts.append(first)
            sizes.append(min(max(last, first), n - 1) - first + 1)
        return Region(starts[0], starts[1], sizes[0], sizes[1])


@dataclass(frozen=True)
class Toned:
    """Levels for the screen and what their ends mean."""

    levels: NDArray[np.uint8]
    step: int
    scale: str
    low: float
    high: float


def picture_levels(picture: NDArray[Any], seen: Region) -> Toned:
    """Return the levels of a part of a picture in 0..255."""
    part = seen.cut(picture)
    step = display_step(part.shape, SAMPLES_ACROSS)
    levels, _, _ = tone(shrink(part, step), "clipped")
    return Toned(levels, step, "grey", 0.0, 255.0)


def map_levels(
    values: NDArray[Any], seen: Region, mode: str, limits: tuple[float, float], *, across: int = SAMPLES_ACROSS
) -> Toned:
    """Return the levels of a part of a map; `limits` are those of the whole map (for ``"range"``: of the input)."""
    part = seen.cut(values)
    step = display_step(part.shape, across)
    if mode == "amount":
        levels, low, high = tone(shrink(part, step), "minmax", low=0.0, high=max(limits[1], 0.0))
        return Toned(levels, step, "amount", low, high)
    if mode == "clipped":
        levels, low, high = tone(shrink(part, step), mode)
    else:
        levels, low, high = tone(shrink(part, step), mode, low=limits[0], high=limits[1])
    return Toned(levels, step, "signed" if mode == "signed" else "grey", low, high)


def plain(value: float) -> float | str:
    """A number as JSON can carry it: what is not finite goes by its name."""
    number = float(value)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    return number


def plain_grid(values: NDArray[Any]) -> list[list[float | str]]:
    """A small map as nested lists, as JSON can carry it."""
    return [[plain(value) for value in row] for row in values.tolist()]


def legend(toned: Toned) -> dict[str, Any]:
    """Return the legend of a scale: the numbers at its ends."""
    return {"low": plain(toned.low), "high": plain(toned.high), "zero": True}


def pane_data(
    *,
    group: str,
    role: str,
    label: str,
    caption: str,
    shape: Sequence[int],
    seen: Region,
    toned: Toned,
    numbers: Any,
    frame: int,
    zoom: tuple[int, int] = (0, 0),
    legend: dict[str, Any] | None = None,
    picked: Sequence[int] | None = None,
    windows: Windows | None = None,
    border: str = "constant",
) -> dict[str, Any]:
    """Return what the viewer component shows, as assets/components/viewer.js describes it.

    Parameters
    ----------
    group, role : str
        Viewers of one group show each other's windows; the role is "input" or "output".
    label, caption : str
    shape : sequence of int
        Rows and columns of the whole picture.
    seen : Region
        The part of it that is shown.
    toned : Toned
        Its levels.
    numbers : nested lists, or None
        Of the part, where they are shown.
    frame : int
        CSS pixels of height that are kept for it.
    zoom : (level, most)
    legend : dict, optional
        From `legend`.
    picked : (row, column), optional
    windows : Windows, optional
        The link to the other picture; `border` is what lies outside the input.

    Returns
    -------
    dict
    """
    return {
        "group": group,
        "role": role,
        "label": label,
        "caption": caption,
        "rows": shape[0],
        "cols": shape[1],
        "top": seen.top,
        "left": seen.left,
        "height": seen.height,
        "width": seen.width,
        "step": toned.step,
        "channels": 3 if toned.levels.ndim == 3 else 1,
        "pixels": toned.levels.tobytes(),
        "scale": toned.scale,
        "values": numbers,
        "legend": legend,
        "zoom": {"level": zoom[0], "most": zoom[1]},
        "picked": None if picked is None else list(picked),
        "link": None if windows is None else {**windows.as_data(), "border": border},
        "frame": frame,
    }
