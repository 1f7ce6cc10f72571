"""The same filter on the person's own picture: click in it, and the patch above comes from there."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import ops
from cnncore.display import finite_range
from pages.ui import components, picks
from pages.ui.channels_controls import NAMES
from pages.ui.channels_controls import PICTURE as FROM_PICTURE
from pages.ui.channels_counts import TITLES
from pages.ui.channels_grid import Channels, middle
from pages.ui.panes import Region, Windows, legend, map_levels, most_zoom, pane_data, picture_levels, plain_grid
from pages.ui.picture_controls import Picture
from pages.ui.state import PageState, Setting, choice, memo, session_lock
from pages.ui.words import number as say
from pages.ui.words import size as say_size

FRAME = 300
Image = NDArray[np.float32]

SETTINGS: tuple[Setting, ...] = (
    choice("channel", NAMES[0], NAMES, "channel"),
    *picks.VIEW_SETTINGS,
)


def result(operation: str, channel: int, found: Channels, picture: Picture) -> Image:
    """Return the map of the whole picture, shape (OH, OW); of a depthwise convolution that of one channel."""
    which = channel if operation == "depthwise" else 0
    key = (
        picture.digest,
        operation,
        which,
        found.weights.shape,
        found.weights.tobytes(),
        found.mix.tobytes(),
        found.bias,
    )
    made: Image = memo("channels.map", key, lambda: _result(operation, channel, found, picture))
    return made


def _result(operation: str, channel: int, found: Channels, picture: Picture) -> Image:
    pixels = picture.array("rgb").transpose(2, 0, 1)[None]
    bias = np.array([found.bias])
    if operation == "standard":
        return ops.conv2d(pixels, found.weights[None], bias)[0, 0]
    if operation == "depthwise":
        one = slice(channel, channel + 1)
        return ops.conv2d(pixels[:, one], found.weights[None, one], bias)[0, 0]
    if operation == "pointwise":
        return ops.conv2d(pixels, found.mix[None], bias)[0, 0]
    return ops.conv2d(ops.conv2d(pixels, found.weights[:, None], groups=3), found.mix[None], bias)[0, 0]


def draw(state: PageState, values: dict[str, Any], found: Channels, picture: Picture, complaints: list[str]) -> None:
    """Draw the picture and the map that the chosen operation makes of it."""
    operation = values["operation"]
    extent = (1, 1) if operation == "pointwise" else (found.weights.shape[1], found.weights.shape[2])
    if any(k > n for k, n in zip(extent, picture.rgb.shape[:2], strict=True)):
        size = say_size(*picture.rgb.shape[:2])
        complaints.append(f"The filter is {say_size(*extent)} pixels, but the picture has only {size}.")
        return
    if operation == "depthwise":
        st.segmented_control("Channel", NAMES, key=state.key("channel"), required=True, label_visibility="collapsed")
    channel = NAMES.index(state["channel"])
    with session_lock():
        st.container()  # a run that has been superseded ends here, before it computes
        output = result(operation, channel, found, picture)
    windows = Windows((1, 1), (0, 0), (0, 0), extent, (1, 1), extent)
    here = middle(values, picture.rgb.shape)
    picked = [min(max(at - (k - 1) // 2, 0), n - 1) for at, k, n in zip(here, extent, output.shape, strict=True)]
    shape = picture.rgb.shape[:2]
    wide, level = picks.in_view(values, shape, here)
    small = Region(0, 0, *output.shape) if level == 0 else windows.output_region(wide, output.shape)
    left, right = st.columns(2)
    name = TITLES[operation] + (f", {NAMES[channel].lower()}" if operation == "depthwise" else "")
    common: dict[str, Any] = {
        "group": "channels",
        "zoom": (level, most_zoom(shape)),
        "windows": windows,
        "frame": FRAME,
    }
    with right:
        toned = map_levels(output, small, "signed", finite_range(output))
        low, high = finite_range(output)
        numbers = plain_grid(small.cut(output)) if small.readable else None
        words = f"{name} · {say_size(*output.shape)} · {say(low)} to {say(high)}"
        data = pane_data(
            role="output",
            label="Map",
            caption=words,
            shape=output.shape,
            seen=small,
            toned=toned,
            numbers=numbers,
            legend=legend(toned),
            picked=picked,
            **common,
        )
        _viewer(state, data, extent, shape)
    with left:
        numbers = wide.cut(picture.rgb).tolist() if wide.readable else None
        words = f"Your picture · {say_size(*shape)} · red, green, blue from 0 to 255"
        data = pane_data(
            role="input",
            label="Input",
            caption=words,
            shape=shape,
            seen=wide,
            toned=picture_levels(picture.rgb, wide),
            numbers=numbers,
            **common,
        )
        _viewer(state, data, extent, shape)
    if values["input"] == FROM_PICTURE:
        st.caption("Click in either picture: the patch above is taken from round that pixel.")
    else:
        st.caption("Click in either picture, and the numbers above are a patch of it instead of the ones there now.")


def _viewer(state: PageState, data: dict[str, Any], extent: tuple[int, int], shape: tuple[int, ...]) -> None:
    key = f"{state.page}-{data['role']}"
    # From a pixel of the map to the middle of its window.
    shift = [(k - 1) // 2 if data["role"] == "output" else 0 for k in extent]

    def place(message: Any) -> list[int]:
        at = picks.whole(message, "row"), picks.whole(message, "col")
        return [picks.inside(a + s, n) for a, s, n in zip(at, shift, shape, strict=False)]

    def pick(message: Any) -> None:
        row, column = place(message)
        state.change(row=row, column=column, input=FROM_PICTURE)

    def move(message: Any) -> None:
        row, column = place(message)
        level = min(max(picks.whole(message, "level"), 0), most_zoom(shape))
        state.change(zoom=level, view_row=row, view_column=column)

    components.viewer(
        key=key,
        data=components.pack(data),
        on_pick_change=picks.hear(key, "pick", pick),
        on_view_change=picks.hear(key, "view", move),
    )
