"""Arrays -> Plotly figures as plain data. Imports no streamlit; the theme's colours come in as arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Colours:
    """The colours of one theme, as CSS."""

    background: str
    text: str
    quiet: str
    primary: str
    border: str
    signed: tuple[RGB, RGB, RGB]
    """Red, green and blue of the signed scale's negative end, zero and positive end."""


LIGHT = Colours("#fbfaf7", "#1d2329", "#6f7478", "#0b6e8a", "#dedad0", ((33, 102, 172), (251, 250, 247), (178, 24, 43)))
DARK = Colours("#111619", "#e7e9ea", "#9aa1a5", "#4fb8d4", "#2c363c", ((88, 166, 230), (17, 22, 25), (240, 120, 90)))
HEIGHT = 300
TITLE = {"size": 13}
MARGIN = {"l": 56, "r": 16, "t": 16, "b": 48}


def _layout(colours: Colours, **more: Any) -> dict[str, Any]:
    axis = {"gridcolor": colours.border, "zerolinecolor": colours.quiet, "automargin": True, "fixedrange": True}
    x = {**axis, **more.pop("xaxis", {})}
    y = {**axis, **more.pop("yaxis", {})}
    return {
        "height": HEIGHT,
        "margin": MARGIN,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": colours.text, "size": 13, "family": '"Source Sans", sans-serif'},
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        "separators": ".,",
        "xaxis": x,
        "yaxis": y,
        **more,
    }


def histogram(series: Sequence[tuple[str, NDArray[Any]]], colours: Colours, bins: int = 128) -> Any:
    """Return the share of pixels at each value, input and output over each other.

    Parameters
    ----------
    series : sequence of (name, values)
        The first is drawn quietly, the last in the primary colour. Values that are not finite are left out.
    colours : Colours
    bins : int
        Bars over the whole range, the same for all.

    Returns
    -------
    dict
        A Plotly figure as plain data: cheaper to make than the objects, and checked when it is shown.
    """
    finite = [(name, _finite(values)) for name, values in series]
    filled = [values for _, values in finite if values.size]
    low = min((float(values.min()) for values in filled), default=0.0)
    high = max((float(values.max()) for values in filled), default=1.0)
    least = 1e-3 * max(abs(low), abs(high), 1.0)  # an even picture still has a width to draw
    if high - low < least:
        low, high = low - least, high + least
    lines = []
    edges = np.linspace(low, high, bins + 1)
    centres = (edges[:-1] + edges[1:]) / 2
    for (name, values), colour in zip(finite, (colours.quiet, colours.primary), strict=False):
        counts, _ = np.histogram(values, bins=bins, range=(low, high))
        share = 100 * counts / max(values.size, 1)
        lines.append(
            {
                "type": "scatter",
                "x": centres,
                "y": share,
                "name": name,
                "line": {"color": colour, "width": 1.5, "shape": "hvh"},
                "fill": "tozeroy",
                "hovertemplate": "%{y:.2f} % of the pixels near %{x:.1f}<extra>" + name + "</extra>",
            }
        )
    return {
        "data": lines,
        "layout": _layout(
            colours,
            xaxis={"title": {"text": "value", "font": TITLE}, "tickformat": ",~f"},
            yaxis={"title": {"text": "share of pixels", "font": TITLE}, "ticksuffix": " %"},
        ),
    }


def _finite(values: NDArray[Any]) -> NDArray[Any]:
    """Return the finite values; the array itself where all are, which a sum tells fastest."""
    return values if np.isfinite(values.sum(dtype=np.float64)) else values[np.isfinite(values)]


def frequency_response(response: NDArray[np.float64], colours: Colours) -> Any:
    """Return a map of how strongly each spatial frequency passes.

    Parameters
    ----------
    response : ndarray, shape (N, N)
        Magnitudes, zero frequency in the middle.
    colours : Colours

    Returns
    -------
    dict
        A Plotly figure as plain data.
    """
    n = response.shape[0]
    frequencies = np.fft.fftshift(np.fft.fftfreq(n))
    heat = {
        "type": "heatmap",
        "z": response.round(4),
        "x": frequencies,
        "y": frequencies,
        "zmin": 0,
        "zmax": max(float(response.max()), 1e-12),
        "colorscale": [[0, colours.background], [1, colours.primary]],
        "colorbar": {
            "title": {"text": "|H|", "side": "top"},
            "thickness": 12,
            "outlinewidth": 0,
            "x": 0.72,
            "xanchor": "left",
        },
        "hovertemplate": "horizontal %{x:.3f}, vertical %{y:.3f} cycles per pixel<br>|H| = %{z:.3g}<extra></extra>",
    }
    ticks = [-0.5, -0.25, 0, 0.25, 0.5]
    square = {"showgrid": False, "constrain": "domain", "tickvals": ticks}
    return {
        "data": [heat],
        "layout": _layout(
            colours,
            height=380,
            xaxis={"title": {"text": "horizontal, cycles per pixel", "font": TITLE}, **square},
            yaxis={"title": {"text": "vertical, cycles per pixel", "font": TITLE}, "scaleanchor": "x", **square},
        ),
    }
