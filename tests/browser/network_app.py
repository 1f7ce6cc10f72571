"""A page with nothing but the view of a network: `?case=` chooses which, for the browser tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from cnncore.architecture import Architecture, ConvBlock
from cnncore.network import Network
from cnncore.tracing import trace_cell
from pages.ui import cell_data, cell_pixel, cell_view, network_data, network_view
from pages.ui.network_view import Pick
from pages.ui.state import recall, remember

CASES = {
    "small": (Architecture((ConvBlock(8, pool="max"), ConvBlock(16, pool="max")), dense=(32,)), (1, 8, 8)),
    "mnist": (
        Architecture((ConvBlock(16, 5, pool="max"), ConvBlock(32, pool="max"))),
        (1, 28, 28),
    ),  # as the bundled one
    "large": (Architecture((ConvBlock(64), ConvBlock(64, pool="max")), dense=(128,)), (1, 28, 28)),
    "odd": (
        Architecture(
            (
                ConvBlock(5, (3, 5), stride=2, batch_norm=True, activation="tanh", dropout=0.2),
                ConvBlock(6, 3, padding="valid", activation="leaky_relu", pool="average"),
            ),
            head="global_average",
        ),
        (3, 32, 24),
    ),
}


RULES = Path(__file__).parents[2] / "assets" / "app.css"
DOCKED = f"<style>{' '.join(line for line in RULES.read_text('utf-8').splitlines() if 'trace-dock' in line)}</style>"


def network_of(case: str) -> Network:
    """The network of a case, with its starting weights."""
    architecture, shape = CASES[case]
    return Network(architecture, input_shape=shape, seed=3)


def digit(shape: tuple[int, ...]) -> np.ndarray:
    """A hand-made two, as a picture of any size."""
    art = ["..####..", ".##..##.", ".....##.", "....##..", "...##...", "..##....", ".######.", "........"]
    small = np.array([[float(c == "#") for c in line] for line in art], np.float32)
    rows, columns = (np.arange(n) * 8 // n for n in shape[1:])
    picture = small[np.ix_(rows, columns)]
    return np.stack([picture * (1 - 0.3 * channel) for channel in range(shape[0])])[None]


def picked(pick: Pick | None) -> None:
    path = recall("path") or []
    if pick is None:
        remember("path", [])
        return
    entry = network_data.path_entry(pick.layer, pick.index)
    remember("path", path[: path.index(entry) + 1] if entry in path else [*path, entry])


def main() -> None:
    """Draw the network, and the picked number docked below it."""
    st.set_page_config(layout="wide", initial_sidebar_state="collapsed")
    st.html(DOCKED)
    network = network_of(st.query_params.get("case", "small"))
    x = digit(network.input_shape)
    activations = network.activations(x)
    path = recall("path") or []
    names = list("0123456789")
    trace = None
    if path and path[-1]["layer"] != "input":
        trace = trace_cell(network, x, path[-1]["layer"], path[-1]["index"], activations=activations)
    off = {"relu1": [1, 4]} if st.checkbox("Switch two filters off") else {}
    skip = ["activation", "flatten"] if st.checkbox("Fewer layers") else []
    packed = network_data.data(
        network,
        x,
        activations,
        network.predict_proba(x),
        names,
        trace=trace,
        off=off,
        path=path,
        skip_kinds=skip,
    )
    network_view.show(packed, key="network", on_pick=picked)
    if path:
        pixel = cell_pixel.data(network, x, tuple(path[-1]["index"])) if trace is None else None
        with st.container(key="trace-dock"):
            cell_view.show(pixel or cell_data.data(network, x, trace, activations, names), key="cell", on_go=picked)
    remember("runs", (recall("runs") or 0) + 1)
    st.text(f"runs {recall('runs')}")
    st.text(f"picked {[(stop['layer'], stop['index']) for stop in path]}")


if __name__ == "__main__":
    main()
