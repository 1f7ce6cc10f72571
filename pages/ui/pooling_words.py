"""What the kinds of pooling are called, and what is said of them that is not so."""

from __future__ import annotations

import streamlit as st

from pages.ui.pooling_grid import PooledGrid
from pages.ui.pooling_view import KINDS, is_windowed

CALLS = {
    "max": ("MaxPool2d", "MaxPooling2D"),
    "average": ("AvgPool2d", "AveragePooling2D"),
    "global_max": ("AdaptiveMaxPool2d(1)", "GlobalMaxPooling2D"),
    "global_average": ("AdaptiveAvgPool2d(1)", "GlobalAveragePooling2D"),
    "cross_max": ("x.amax(dim=1)", "keras.ops.max(x, axis=-1)"),
    "cross_average": ("x.mean(dim=1)", "keras.ops.mean(x, axis=-1)"),
}


def names_table(shape: tuple[int, int, int], out: tuple[int, int] | None, current: str) -> list[list[str]]:
    """Return, for each kind as HTML, its name, the sizes before and after, and what PyTorch and Keras call it.

    `out` is what the windows of the page give; None if no window is set. The current kind is in bold type.
    """
    channels, rows, columns = shape
    lines = []
    for kind, name in KINDS.items():
        if is_windowed(kind):
            after = f"({channels}, {out[0]}, {out[1]})" if out else f"({channels}, fewer, fewer)"
        else:
            after = f"({channels})" if kind.startswith("global") else f"(1, {rows}, {columns})"
        title = f"<b>{name}</b>" if kind == current else name
        calls = (f'<code style="font-size:12px">{call}</code>' for call in CALLS[kind])
        lines.append([title, f"({channels}, {rows}, {columns}) → {after}", *calls])
    return lines


LINE = (
    "display:grid;grid-template-columns:repeat(auto-fit,minmax(158px,1fr));gap:2px 16px;padding:7px 0;font-size:14px;"
    "border-bottom:1px solid rgba(128,128,128,.25);overflow-wrap:anywhere;font-variant-numeric:tabular-nums"
)
CLAIMS = """
**Global pooling “reduces 3 channels into 1 channel”**, says the article. In the field, the term means the other
thing: it keeps the channels and gives up the places. Each channel's map becomes one number,
(N, C, H, W) → (N, C), as in Keras' `GlobalAveragePooling2D` (M. Lin et al. 2013, arXiv:1312.4400). What the article
describes is pooling *across* the channels: it keeps the places, and of all channels one number is left at each. Here
both have their right names.

**“Pooling makes a CNN shift-invariant”** is false. A pool with a stride samples: after a shift by one pixel it keeps
other numbers than before. The tab “Shift” measures it (R. Zhang 2019, arXiv:1904.11486). Only global pooling forgets
where things stand, and what stands before it may have sampled already.

**“Pooling avoids overfitting”** is a loose claim. A pool has no weights, and the smaller its output, the fewer
weights a dense layer behind it needs. A network with pools can overfit all the same, and one without them, with
strided convolutions in their place, need not overfit more for it (J. T. Springenberg et al. 2014, arXiv:1412.6806).

**“Stride: how many columns the filter moves”**: it moves by that many rows, too, unless the two are set apart.
"""


def draw(grid: PooledGrid) -> None:
    """Draw the names with the sizes at hand, and the claims."""
    channels, rows, columns = grid.maps.shape
    out = grid.pool.pair("out") if grid.pool else None
    lines = names_table((channels, rows, columns), out, grid.kind)
    st.html("".join(f'<div style="{LINE}">{"".join(f"<span>{part}</span>" for part in line)}</div>' for line in lines))
    st.caption("Sizes are (channels, rows, columns); then what PyTorch and Keras call it.")
    st.markdown(CLAIMS)
