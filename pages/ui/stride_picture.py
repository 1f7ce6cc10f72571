"""The same geometry on the person's own picture: input and output, each showing the other's windows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import ops
from cnncore.display import finite_range
from cnncore.filtering import filter2d
from cnncore.images import resize, to_gray
from pages.ui import components
from pages.ui.panes import Region, Toned, Windows, map_levels, most_zoom, picture_levels, plain, plain_grid, region
from pages.ui.picture_controls import Picture
from pages.ui.state import PageState, Setting, complain, memo, number, widget
from pages.ui.stride_view import Geometry, geometry
from pages.ui.words import number as say
from pages.ui.words import size as say_size

NOWHERE = -1  # no pixel picked yet: the middle
LARGEST = 10_000_000
MOST_PIXELS = 6_000_000  # of a transposed convolution's output: its input is reduced until it fits
FRAME = 262  # pixels of height kept for each picture
Image = NDArray[np.float32]
GEOMETRY = (
    *("operation", "per_axis", "stride", "stride_across", "dilation", "dilation_across", "padding", "crop", "pixels"),
    *("top", "bottom", "left", "right", "output_padding", "output_padding_across", "border", "value"),
)
"""The settings on which the output depends, besides the kernel and the picture."""

SETTINGS: tuple[Setting, ...] = (
    number("row", NOWHERE, NOWHERE, LARGEST, "row", whole=True, shown=0),
    number("column", NOWHERE, NOWHERE, LARGEST, "column", whole=True, shown=0),
    number("zoom", 0, 0, 30, "zoom", whole=True),
    number("view_row", NOWHERE, NOWHERE, LARGEST, "row in view", whole=True, shown=0),
    number("view_column", NOWHERE, NOWHERE, LARGEST, "column in view", whole=True, shown=0),
)


@dataclass(frozen=True, eq=False)
class PictureView:
    """A picture, what came out, and where the windows lie.

    A window belongs to a pixel of the `small` side, and lies on the `wide` one: for a convolution these are output and
    input, for a transposed one, which stamps where the other reads, input and output.
    """

    placed: Geometry
    image: Image
    result: Image
    shown: str
    border: str

    @property
    def small(self) -> str:
        """The role whose pixels have windows."""
        return "input" if self.placed.transposed else "output"

    def side(self, role: str) -> Image:
        """Return the input or the output."""
        return self.image if role == "input" else self.result

    @property
    def windows(self) -> Windows:
        """Where the windows lie on the wide side."""
        pair, pads = self.placed.pair, self.placed.pads
        begin, end = (pads[0][0], pads[1][0]), (pads[0][1], pads[1][1])
        return Windows(pair("stride"), begin, end, pair("extent"), pair("dilation"), pair("k"))

    @property
    def wide(self) -> Image:
        """The side on which the windows lie."""
        return self.side("output" if self.placed.transposed else "input")


def compute(values: dict[str, Any], kernel: NDArray[np.float64], picture: Picture) -> PictureView:
    """Return what the settings do to the picture. Raises ValueError with a sentence."""
    key = (picture.digest, kernel.shape, kernel.tobytes(), *(values[name] for name in GEOMETRY))
    view: PictureView = memo("stride.picture", key, lambda: _compute(values, kernel, picture))
    return view


def _compute(values: dict[str, Any], kernel: NDArray[np.float64], picture: Picture) -> PictureView:
    image = picture.array("gray")
    shown = "signed" if (kernel < 0).any() else "minmax"
    border = "constant" if values["operation"] == "transposed" else values["border"]
    if values["operation"] == "transposed":
        placed = geometry(values, image.shape, kernel.shape, "picture")
        pixels = placed.axes[0].out * placed.axes[1].out
        if pixels > MOST_PIXELS:
            longest = math.floor(max(image.shape) * math.sqrt(MOST_PIXELS / pixels))
            image = to_gray(resize(picture.rgb, max(longest, 1)))
            placed = geometry(values, image.shape, kernel.shape, "picture")
        result = ops.conv_transpose2d(
            image[None, None],
            kernel[None, None],
            stride=placed.pair("stride"),
            padding=placed.pads,
            output_padding=placed.pair("output_padding"),
            dilation=placed.pair("dilation"),
        )[0, 0]
        return PictureView(placed, image, result, shown, border)
    placed = geometry(values, image.shape, kernel.shape, "picture")
    result = filter2d(
        image,
        kernel,
        stride=placed.pair("stride"),
        padding=placed.pads,
        dilation=placed.pair("dilation"),
        border=border,
        value=values["value"],
    )
    return PictureView(placed, image, result, shown, border)


# What the viewers send ------------------------------------------------------------------------------------------------


def _whole(message: Any, name: str) -> int:
    value = message.get(name) if isinstance(message, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) > LARGEST:
        raise ValueError("The browser sent something that is no pixel.")
    return int(value)


def _inside(place: float, n: int) -> int:
    return min(max(round(place), 0), n - 1)


def _on_pick(state: PageState, key: str, view: PictureView, role: str) -> None:
    message = getattr(widget(key), "pick", None)
    limits = view.side(view.small).shape
    try:
        place = [float(_whole(message, "row")), float(_whole(message, "col"))]
        if role != view.small:  # a pixel of the wide side: the one whose window has it in the middle
            windows = view.windows
            parts = zip(place, windows.begin, windows.extent, windows.stride, strict=True)
            place = [(at + begin - (extent - 1) / 2) / stride for at, begin, extent, stride in parts]
        state.change(row=_inside(place[0], limits[0]), column=_inside(place[1], limits[1]))
    except ValueError as error:
        complain(str(error))


def _on_view(state: PageState, key: str, view: PictureView, role: str) -> None:
    message = getattr(widget(key), "view", None)
    limits = view.wide.shape
    try:
        level = min(max(_whole(message, "level"), 0), most_zoom(limits))
        row, column = float(_whole(message, "row")), float(_whole(message, "col"))
        if role == view.small:
            row, column = view.windows.middle(row, column)
        state.change(zoom=level, view_row=_inside(row, limits[0]), view_column=_inside(column, limits[1]))
    except ValueError as error:
        complain(str(error))


# Drawing --------------------------------------------------------------------------------------------------------------


def picked(values: dict[str, Any], view: PictureView) -> tuple[int, int]:
    """Return the pixel whose window is marked: the one picked, brought inside, or the middle."""
    rows, columns = view.side(view.small).shape
    row, column = values["row"], values["column"]
    return (
        rows // 2 if row == NOWHERE else min(row, rows - 1),
        columns // 2 if column == NOWHERE else min(column, columns - 1),
    )


def draw(state: PageState, view: PictureView) -> None:
    """Draw the two pictures, as large as one another whatever their sizes, and what is marked on them."""
    values = state.values()
    here = picked(values, view)
    level = min(values["zoom"], most_zoom(view.wide.shape))
    middle = view.windows.middle(*here)
    centre = (
        middle[0] if values["view_row"] == NOWHERE else values["view_row"],
        middle[1] if values["view_column"] == NOWHERE else values["view_column"],
    )
    wide = region(view.wide.shape, level, centre)
    sides = view.side(view.small).shape
    small = Region(0, 0, *sides) if level == 0 else view.windows.output_region(wide, sides)
    left, right = st.columns(2)
    with right:
        seen = small if view.small == "output" else wide
        toned = map_levels(view.result, seen, view.shown, finite_range(view.result))
        _viewer(state, view, "output", seen, toned, level, here)
    with left:
        seen = small if view.small == "input" else wide
        _viewer(state, view, "input", seen, picture_levels(view.image, seen), level, here)


def _viewer(
    state: PageState, view: PictureView, role: str, seen: Region, toned: Toned, level: int, here: tuple[int, int]
) -> None:
    numbers = view.side(role)
    low, high = finite_range(numbers)
    label = role.capitalize()
    rows, columns = numbers.shape
    key = f"{state.page}-{role}"
    data = {
        "group": "stride",
        "role": "output" if role == view.small else "input",  # to the viewer, windows always lie on the input
        "label": label,
        "caption": f"{label} · {say_size(rows, columns)} · {say(low)} to {say(high)}",
        "rows": rows,
        "cols": columns,
        "top": seen.top,
        "left": seen.left,
        "height": seen.height,
        "width": seen.width,
        "step": toned.step,
        "channels": 1,
        "pixels": toned.levels.tobytes(),
        "scale": toned.scale,
        "values": plain_grid(seen.cut(numbers)) if seen.readable else None,
        "legend": {"low": plain(toned.low), "high": plain(toned.high), "zero": True} if role == "output" else None,
        "zoom": {"level": level, "most": most_zoom(view.wide.shape)},
        "picked": list(here) if role == view.small else None,
        "link": {**view.windows.as_data(), "border": view.border},
        "frame": FRAME,
    }
    components.viewer(
        key=key,
        data=components.pack(data),
        on_pick_change=lambda: _on_pick(state, key, view, role),
        on_view_change=lambda: _on_view(state, key, view, role),
    )
