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
from pages.ui import picks
from pages.ui.panes import Region, Toned, Windows, legend, map_levels, most_zoom, pane_data, picture_levels, plain_grid
from pages.ui.picture_controls import Picture
from pages.ui.state import PageState, memo
from pages.ui.stride_view import Geometry, geometry
from pages.ui.words import number as say
from pages.ui.words import size as say_size

MOST_PIXELS = 6_000_000  # of a transposed convolution's output: its input is reduced until it fits
FRAME = 262  # pixels of height kept for each picture
Image = NDArray[np.float32]
GEOMETRY = (
    *("operation", "per_axis", "stride", "stride_across", "dilation", "dilation_across", "padding", "crop", "pixels"),
    *("top", "bottom", "left", "right", "output_padding", "output_padding_across", "border", "value"),
)
"""The settings on which the output depends, besides the kernel and the picture."""

SETTINGS = picks.SETTINGS


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


# Drawing --------------------------------------------------------------------------------------------------------------


def picked(values: dict[str, Any], view: PictureView) -> tuple[int, int]:
    """Return the pixel whose window is marked: the one picked, brought inside, or the middle."""
    return picks.picked(values, view.side(view.small).shape)


def draw(state: PageState, view: PictureView) -> None:
    """Draw the two pictures, as large as one another whatever their sizes, and what is marked on them."""
    values = state.values()
    here = picked(values, view)
    wide, level = picks.in_view(values, view.wide.shape, view.windows.middle(*here))
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
    data = pane_data(
        group="stride",
        role="output" if role == view.small else "input",  # to the viewer, windows always lie on the input
        label=label,
        caption=f"{label} · {say_size(*numbers.shape)} · {say(low)} to {say(high)}",
        shape=numbers.shape,
        seen=seen,
        toned=toned,
        numbers=plain_grid(seen.cut(numbers)) if seen.readable else None,
        frame=FRAME,
        zoom=(level, most_zoom(view.wide.shape)),
        legend=legend(toned) if role == "output" else None,
        picked=here if role == view.small else None,
        windows=view.windows,
        border=view.border,
    )
    key = f"{state.page}-{role}"
    picks.viewer(state, key, data, view.windows, view.side(view.small).shape, view.wide.shape)
