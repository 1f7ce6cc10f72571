"""The shift experiment: move the input by some pixels, and see what each pool's output does."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.display import png, tone
from cnncore.shift import ShiftResult, shift_experiment
from pages.ui import figures
from pages.ui.explorer_data import pixels, signed
from pages.ui.picture_controls import Picture
from pages.ui.pooling_grid import PooledGrid
from pages.ui.pooling_tables import beside, table
from pages.ui.state import PageState, Setting, choice, memo, number
from pages.ui.words import number as say

MOST = 8
ON = {"picture": "Your picture", "grid": "The small grid"}
BLURS = (2, 3, 5, 7)
NAMES = {
    "max": "Max",
    "average": "Average",
    "blur": "Blur, then sample",
    "max_blur": "Max, blur, then sample",
}
SIDE = 640  # pixels of a larger picture's middle that are moved: nine times through four pools
PART = 166  # pixels of the screen that each part takes up
CLOSE = 40  # pixels across of the part that is shown
SETTINGS: tuple[Setting, ...] = (
    choice("shift_on", "picture", list(ON), "input of the shift experiment"),
    number("shift", 1, 0, MOST, "shift", whole=True),
    choice("blur", 3, BLURS, "size of the blur"),
)
Array = NDArray[Any]


def measure(values: dict[str, Any], grid: PooledGrid, picture: Picture) -> tuple[Array, tuple[ShiftResult, ...]]:
    """Return the input, (H, W), and what every pool made of its shifts. ValueError with a sentence."""
    on_picture = values["shift_on"] == "picture"
    image = _middle(picture.array("gray")) if on_picture else grid.maps[0]
    size, stride = values["window"], values["stride"]
    what = "picture" if on_picture else "grid"
    if min(image.shape) < stride:
        raise ValueError(
            f"The stride of {stride} is larger than the {what}, which has {image.shape[0]} × {image.shape[1]} numbers: "
            "the shift experiment needs a smaller one."
        )
    key = (picture.digest if on_picture else (image.shape, image.tobytes()), size, stride, values["blur"])
    found: tuple[ShiftResult, ...] = memo(
        "pooling.shift",
        key,
        lambda: shift_experiment(image, size=size, stride=stride, blur=values["blur"], most=MOST),
    )
    return image, found


def _middle(image: Array) -> Array:
    rows, columns = image.shape
    top, left = (max(n - SIDE, 0) // 2 for n in (rows, columns))
    return image[top : top + SIDE, left : left + SIDE]


def controls(state: PageState) -> None:
    """Draw what the experiment asks."""
    left, middle, right = st.columns([3, 4, 2], vertical_alignment="bottom")
    left.segmented_control("Move", list(ON), format_func=ON.__getitem__, key=state.key("shift_on"), required=True)
    middle.slider("Pixels to the right", 0, MOST, key=state.key("shift"))
    right.selectbox(
        "Blur",
        BLURS,
        format_func=lambda n: f"{n} × {n}",
        key=state.key("blur"),
        help="Binomial: 3 × 3 is 1 2 1 / 4 both ways.",
    )


def draw(values: dict[str, Any], image: Array, found: tuple[ShiftResult, ...], *, dark: bool) -> None:
    """Draw input and outputs at the chosen shift, the two plots, and what they say."""
    shift, stride, size = values["shift"], values["stride"], values["window"]
    if values["shift_on"] == "picture":
        _draw_pictures(image, found, shift, stride)
    else:
        _draw_grids(image, found, shift, stride, dark=dark)
    colours = figures.DARK if dark else figures.LIGHT
    left, right = st.columns(2)
    for place, name, title in (
        (left, "change", "Change: against the output without a shift"),
        (right, "error", "Rest: against that output, moved along"),
    ):
        with place:
            st.markdown(f"**{title}**")
            chart = figure([(result.kind, getattr(result, name)) for result in found], shift, colours)
            st.plotly_chart(chart, theme=None, config={"displayModeBar": False}, key=f"pooling-{name}")
    st.markdown(" ".join(sentences(found, stride)))
    st.caption(
        f"Of {image.shape[0]:,} × {image.shape[1]:,} numbers; window {size} × {size}, stride {stride}. The root mean "
        "square of the difference, in percent of the "
        "output's own standard deviation. What leaves on the right comes in on the left, so that nothing new enters. "
        "Between two cells, an output is moved along the straight line. Blur, then sample: R. Zhang, “Making "
        "convolutional networks shift-invariant again”, ICML 2019, arXiv:1904.11486."
    )


def sentences(found: tuple[ShiftResult, ...], stride: int) -> list[str]:
    """Say what was measured."""
    by = {result.kind: result for result in found}
    if stride == 1:
        return [
            "With stride 1 nothing is left out, so each output moves along exactly. It is not unchanged: that would "
            "be invariance."
        ]

    def percent(kind: str, name: str) -> str:
        return f"{say(100 * float(getattr(by[kind], name)[1]), 2)} %"

    errors = {kind: float(result.error[1]) for kind, result in by.items()}
    lines = ["“Pooling makes a CNN shift-invariant” is false."]
    if errors["max"] > 0:
        lines.append(
            f"One pixel changes the max pool's output by {percent('max', 'change')} of its spread. Moving the output "
            f"along leaves a rest of {percent('max', 'error')}: the stride samples, and now keeps other numbers."
        )
    else:
        lines.append("This input happens not to show it with the max pool: try another, or another stride.")
    rest = [kind for kind in NAMES if kind != "max"]
    told = "; ".join(f"{NAMES[kind].lower()}: {percent(kind, 'error')}" for kind in rest)
    less = all(0 < errors[kind] < errors["max"] for kind in rest)
    lines.append(f"The rest of the others after one pixel is {'less, not nothing: ' if less else ''}{told}.")
    lines.append(f"Only a shift by a whole stride (every {stride} pixels) is sure to move each output along exactly.")
    return lines


def _draw_pictures(image: Array, found: tuple[ShiftResult, ...], shift: int, stride: int) -> None:
    """Draw a part from the middle, and the part of each output that belongs to it."""
    rows, columns = (n - n % stride for n in image.shape)
    across = min(CLOSE, rows, columns)
    top, left = ((n - across) // 2 // stride * stride for n in (rows, columns))
    moved = np.roll(image[:rows, :columns], shift, axis=1)
    parts = [("Input", moved[top : top + across, left : left + across])]
    most = max(across // stride, 1)
    for result in found:
        part = result.outputs[shift][top // stride : top // stride + most, left // stride : left // stride + most]
        parts.append((_caption(result, shift), part))
    with st.container(horizontal=True):
        for caption, part in parts:
            levels, _, _ = tone(part, "clipped")
            times = max(320 // len(levels), 1)
            st.image(png(np.repeat(np.repeat(levels, times, axis=0), times, axis=1)), caption=caption, width=PART)


def _draw_grids(image: Array, found: tuple[ShiftResult, ...], shift: int, stride: int, *, dark: bool) -> None:
    rows, columns = (n - n % stride for n in image.shape)
    moved = np.roll(image[:rows, :columns], shift, axis=1)
    scale = pixels(0, max(9.0, float(image.max()))) if (image >= 0).all() else signed(image)
    parts = [table("Input", moved, scale, dark=dark, side=190)]
    parts += [table(_caption(result, shift), result.outputs[shift], scale, dark=dark, side=150) for result in found]
    st.html(beside(parts))


def _caption(result: ShiftResult, shift: int) -> str:
    return f"{NAMES[result.kind]} · rest {_percent(result.error[shift])}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if np.isfinite(share) else "–"


def figure(series: list[tuple[str, Array]], shift: int, colours: figures.Colours) -> dict[str, Any]:
    """Return the measure for each shift and pool as a Plotly figure, plain data: dashed where it is blurred.

    >>> made = figure([("max", np.array([0.0, 0.2]))], 1, figures.LIGHT)
    >>> made["data"][0]["y"], made["layout"]["shapes"][0]["x0"]
    ([0.0, 20.0], 1)
    """
    styles = {
        "max": (colours.primary, "solid", "circle"),
        "average": (colours.text, "solid", "square"),
        "blur": (colours.text, "dot", "square-open"),
        "max_blur": (colours.primary, "dot", "circle-open"),
    }
    lines = []
    for kind, values in series:
        colour, dash, symbol = styles[kind]
        lines.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": NAMES[kind],
                "x": list(range(len(values))),
                "y": [float(share) for share in (100 * np.asarray(values)).round(6)],
                "line": {"color": colour, "width": 1.5, "dash": dash},
                "marker": {"symbol": symbol, "size": 7, "color": colour},
                "hovertemplate": "%{y:.1f} % at %{x} px<extra>" + NAMES[kind] + "</extra>",
            }
        )
    axis = {"gridcolor": colours.border, "zerolinecolor": colours.quiet, "automargin": True, "fixedrange": True}
    return {
        "data": lines,
        "layout": {
            "height": 310,
            "margin": {"l": 48, "r": 12, "t": 8, "b": 96},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": colours.text, "size": 13},
            "legend": {"orientation": "h", "x": 0, "y": -0.27, "yanchor": "top"},
            "separators": ".,",
            "xaxis": {**axis, "title": {"text": "shift (pixels)", "font": {"size": 13}, "standoff": 6}, "dtick": 1},
            "yaxis": {**axis, "ticksuffix": " %", "rangemode": "tozero"},
            "shapes": [
                {
                    "type": "line",
                    "x0": shift,
                    "x1": shift,
                    "y0": 0,
                    "y1": 1,
                    "yref": "paper",
                    "line": {"color": colours.quiet, "width": 1},
                }
            ],
        },
    }
