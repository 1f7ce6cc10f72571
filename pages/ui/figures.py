"""Arrays -> Plotly figures, in the app's colours. Imports no streamlit; the theme's colours come in as arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Colours:
    """The colours of one theme, as CSS."""

    background: str
    text: str
    quiet: str
    primary: str
    border: str


LIGHT = Colours("#fbfaf7", "#1d2329", "#6f7478", "#0b6e8a", "#dedad0")
DARK = Colours("#111619", "#e7e9ea", "#9aa1a5", "#4fb8d4", "#2c363c")
HEIGHT = 300
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
        "font": {"color": colours.text, "size": 13},
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
    plotly.graph_objects.Figure
    """
    import plotly.graph_objects as go

    finite = [(name, values[np.isfinite(values)]) for name, values in series]
    filled = [values for _, values in finite if values.size]
    low = min((float(values.min()) for values in filled), default=0.0)
    high = max((float(values.max()) for values in filled), default=1.0)
    least = 1e-3 * max(abs(low), abs(high), 1.0)  # an even picture still has a width to draw
    if high - low < least:
        low, high = low - least, high + least
    figure = go.Figure()
    edges = np.linspace(low, high, bins + 1)
    centres = (edges[:-1] + edges[1:]) / 2
    for (name, values), colour in zip(finite, (colours.quiet, colours.primary), strict=False):
        counts, _ = np.histogram(values, bins=bins, range=(low, high))
        share = 100 * counts / max(values.size, 1)
        figure.add_trace(
            go.Scatter(
                x=centres,
                y=share,
                name=name,
                line={"color": colour, "width": 1.5, "shape": "hvh"},
                fill="tozeroy",
                hovertemplate="%{y:.2f} % of the pixels near %{x:.1f}<extra>" + name + "</extra>",
            )
        )
    figure.update_layout(
        _layout(
            colours, xaxis={"title": "value"}, yaxis={"title": "share of pixels", "ticksuffix": " %", "type": "linear"}
        )
    )
    return figure


def frequency_response(response: NDArray[np.float64], colours: Colours) -> Any:
    """Return a map of how strongly each spatial frequency passes.

    Parameters
    ----------
    response : ndarray, shape (N, N)
        Magnitudes, zero frequency in the middle.
    colours : Colours

    Returns
    -------
    plotly.graph_objects.Figure
    """
    import plotly.graph_objects as go

    n = response.shape[0]
    frequencies = np.fft.fftshift(np.fft.fftfreq(n))
    figure = go.Figure(
        go.Heatmap(
            z=response.round(4),
            x=frequencies,
            y=frequencies,
            zmin=0,
            zmax=max(float(response.max()), 1e-12),
            colorscale=[[0, colours.background], [1, colours.primary]],
            colorbar={"title": {"text": "|H|", "side": "top"}, "thickness": 12, "outlinewidth": 0},
            hovertemplate="horizontal %{x:.3f}, vertical %{y:.3f} cycles per pixel<br>|H| = %{z:.3g}<extra></extra>",
        )
    )
    figure.update_layout(
        _layout(
            colours,
            height=380,
            xaxis={"title": "horizontal frequency (cycles per pixel)", "showgrid": False, "constrain": "domain"},
            yaxis={
                "title": "vertical frequency",
                "showgrid": False,
                "scaleanchor": "x",
                "constrain": "domain",
                "autorange": "reversed",
            },
        )
    )
    return figure
