"""One pixel of the picture, packed for the view of one number: where a trace ends, and which cells read it.

The message is that of `pages.ui.cell_data`, read the other way round: ``kind`` is "pixel", ``before`` the first
convolution, whose cells in ``rows`` and ``columns`` of each of its maps (``channels``) read the pixel; ``weights`` has
the weight by which each of them multiplies it, ``inputs`` the pixel again and again, and ``sums`` what it adds to all
of a map's cells together. Where the stride steps over the pixel, the window is [0, 0].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.architecture import LayerPlan
from cnncore.network import Network
from pages.ui.cell_data import DIGITS, plain
from pages.ui.network_data import largest
from pages.ui.network_words import cell_name
from pages.ui.packing import pack
from pages.ui.words import number


def data(network: Network, x: Any, index: tuple[int, ...]) -> bytes:
    """Pack what the view shows.

    Parameters
    ----------
    network : Network
    x : array_like, shape (1, C, H, W)
    index : tuple of int
        (channel, row, column).

    Returns
    -------
    bytes
    """
    first, (channel, row, column) = network.plan[0], index
    value = float(np.asarray(x)[0][channel, row, column])
    rows, columns = readers(network, row, column)
    taps = [_taps(first, axis, at, cells) for axis, (at, cells) in enumerate(((row, rows), (column, columns)))]
    filters = np.asarray(network.parameters()[f"{first.name}.weight"], np.float64)[:, channel]
    weights = filters[:, taps[0][:, None], taps[1][None, :]]
    products = value * weights
    return pack(
        {
            "layer": "input",
            "index": list(index),
            "title": cell_name("input", index),
            "value": plain(value),
            "made_by": first.name,
            "kind": "pixel",
            "before": first.name,
            "scale": "grey",
            "bound": 1.0,
            "window": list(weights.shape[1:]) if weights.size else [0, 0],
            "rows": rows.tolist(),
            "columns": columns.tolist(),
            "channels": list(range(len(weights))),
            "sums": [plain(float(part.sum())) for part in products],
            "bias": 0.0,
            "total": plain(value),
            "weight_bound": largest(filters),
            "product_bound": largest(products),
            "winner": None,
            "maps": None,
            "steps": [{"layer": first.name, "text": text} for text in _steps(first.name, len(weights), rows, columns)]
            + [{"layer": "input", "text": _brightness(value)}],
            "inputs": np.full(weights.shape, value, "<f8").tobytes(),
            "weights": weights.astype("<f8").tobytes(),
            "inside": np.ones(weights.shape, np.uint8).tobytes(),
        }
    )


def readers(network: Network, row: int, column: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the rows and the columns of the first convolution's cells whose windows hold a pixel.

    >>> from cnncore.architecture import Architecture
    >>> rows, columns = readers(Network(Architecture()), 0, 4)  # a 3 x 3 kernel, padding 1
    >>> rows.tolist(), columns.tolist()
    ([0, 1], [3, 4, 5])
    """
    first, found = network.plan[0], []
    for axis, at in enumerate((row, column)):
        cells = np.arange(first.output_shape[axis + 1])
        tap = _taps(first, axis, at, cells)
        found.append(cells[(tap >= 0) & (tap < first.detail["kernel"][axis])])
    return found[0], found[1]


def _taps(first: LayerPlan, axis: int, at: int, cells: NDArray[Any]) -> NDArray[Any]:
    """Return by which weight each of these cells would multiply a pixel: how far it lies in the cell's window."""
    offsets: NDArray[Any] = at + first.detail["padding"][axis][0] - cells * first.detail["stride"][axis]
    return offsets


def _steps(name: str, maps: int, rows: NDArray[Any], columns: NDArray[Any]) -> list[str]:
    """Return, in words, which cells read the pixel."""
    if not rows.size or not columns.size:
        return [f"No cell of {name} reads this pixel: its windows step over it"]
    where = f"{_span('row', rows)}, {_span('column', columns)} of {'each map' if maps > 1 else 'its map'}"
    return [
        f"{where} {'read' if rows.size * columns.size > 1 else 'reads'} this pixel",
        "each cell multiplies it by a weight, and adds that to its sum",
    ]


def _span(what: str, cells: NDArray[Any]) -> str:
    """Return "row 3", or "rows 3 to 5"."""
    return f"{what} {cells[0]}" if cells.size == 1 else f"{what}s {cells[0]} to {cells[-1]}"


def _brightness(value: float) -> str:
    """Return what a pixel's number means."""
    if value == 0:
        return "0 is black: it adds nothing, whatever the weight"
    return "1 is white" if value == 1 else f"{number(value, DIGITS)}, between 0 (black) and 1 (white)"
