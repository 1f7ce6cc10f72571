"""Pools for the explorer: what `pages.ui.explorer_data` describes, with the core's numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnncore import ops
from cnncore.geometry import as_pair, resolve_padding_2d, window_extent
from pages.ui.explorer_data import (
    Array,
    Data,
    Lines,
    as_planes,
    bordered,
    grid,
    left_over,
    signed,
    whole,
    window_lines,
)
from pages.ui.panes import plain_grid

KINDS = {"max": "max", "average": "mean"}
"""A pool's name, and what it does with its numbers."""


def pooling(
    image: ArrayLike,
    size: Any,
    *,
    kind: str = "max",
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> Data:
    """Return the explorer's data of a maximum or average pool.

    Parameters
    ----------
    image : array_like, shape (H, W) or (C, H, W)
        Numbers of each channel; channels are pooled apart.
    size : int or (vertical, horizontal)
        Of the window.
    kind : {"max", "average"}
    stride, padding, dilation, ceil_mode, count_include_pad
        As `cnncore.ops.max_pool2d` and `avg_pool2d` take them.

    Returns
    -------
    dict
        As in `pages.ui.explorer_data`.

    Raises
    ------
    ValueError
        If an argument is out of range, or the grids are too large to be shown.

    Examples
    --------
    >>> data = pooling([[1, 3], [2, 3]], 2)
    >>> data["output"]["planes"], data["output"]["winners"]
    ([[[3.0]]], [[[[0, 0, 1]]]])
    """
    x = _checked(image, kind)
    sizes, dilations = as_pair(size, "size"), as_pair(dilation, "dilation")
    strides = sizes if stride is None else as_pair(stride, "stride")
    how: Data = {"stride": strides, "padding": padding, "dilation": dilations, "ceil_mode": ceil_mode}
    if kind == "max":
        output = ops.max_pool2d(x[None], sizes, **how)[0]
    else:
        output = ops.avg_pool2d(x[None], sizes, **how, count_include_pad=count_include_pad)[0]
    shape = (x.shape[1], x.shape[2])
    pads = resolve_padding_2d(shape, sizes, stride=strides, padding=padding, dilation=dilations)
    lines, over, counts = [], [], []
    for axis in (0, 1):
        out, (begin, end) = output.shape[axis + 1], pads[axis]
        lines.append(window_lines(sizes[axis], strides[axis], dilations[axis], out))
        stop = shape[axis] + begin + end
        over.append(max((out - 1) * strides[axis] + window_extent(sizes[axis], dilations[axis]) - stop, 0))
        first, last = (0, stop) if count_include_pad else (begin, stop - end)
        counts.append([sum(first <= at < last for at, _ in line) for line in lines[axis]])
    divisors = np.outer(np.array(counts[0]), np.array(counts[1])).tolist()
    data = _pool(kind, x, output, lines, sources=[[[c, c]] for c in range(len(x))])
    padded = bordered(x, pads, "constant", -math.inf if kind == "max" else 0.0)
    rest = ((0, 0), (0, over[0]), (0, over[1]))
    data["input"] |= {"planes": [plain_grid(plane) for plane in np.pad(padded, rest)]}
    data["input"] |= {"pad": [*pads[0], *pads[1]], "over": over, "dropped": left_over(lines, padded.shape[1:])}
    for plane in data["input"]["planes"]:
        for r, row in enumerate(plane):
            for c in range(len(row)):
                if r >= padded.shape[1] or c >= padded.shape[2]:
                    row[c] = None
    data["kernel"] |= {"rows": sizes[0], "columns": sizes[1], "hidden": False}
    data["count_pad"] = bool(count_include_pad)
    if kind == "max":
        data["output"]["winners"] = _winners(x, output, (pads[0][0], pads[1][0]), lines)
    else:
        data["output"]["divisors"] = [divisors] * len(x)
    return whole(data)


def global_pooling(image: ArrayLike, *, kind: str = "max") -> Data:
    """Return the explorer's data of global pooling: each channel's map becomes one number.

    Parameters
    ----------
    image : array_like, shape (H, W) or (C, H, W)
    kind : {"max", "average"}

    Returns
    -------
    dict
        As in `pages.ui.explorer_data`.

    Raises
    ------
    ValueError
        If `kind` is unknown, or the grids are too large to be shown.

    Examples
    --------
    >>> global_pooling([[1, 3], [2, 3]], kind="average")["output"]["planes"]
    [[[2.25]]]
    """
    x = _checked(image, kind)
    pool = ops.global_max_pool2d if kind == "max" else ops.global_avg_pool2d
    output = pool(x[None])[0].reshape(-1, 1, 1)
    lines = [[[[at, at] for at in range(n)]] for n in x.shape[1:]]
    data = _pool(kind, x, output, lines, sources=[[[c, c]] for c in range(len(x))])
    data["sign"] = f"{KINDS[kind]} of all"
    if kind == "max":
        data["output"]["winners"] = _winners(x, output, (0, 0), lines)
    else:
        data["output"]["divisors"] = [[[x[0].size]]] * len(x)
    return whole(data)


def cross_channel_pooling(image: ArrayLike, *, kind: str = "max") -> Data:
    """Return the explorer's data of pooling across the channels: at each place one number of all of them.

    Parameters
    ----------
    image : array_like, shape (C, H, W)
    kind : {"max", "average"}

    Returns
    -------
    dict
        As in `pages.ui.explorer_data`.

    Raises
    ------
    ValueError
        If `kind` is unknown, or the grids are too large to be shown.

    Examples
    --------
    >>> data = cross_channel_pooling([[[1, 5]], [[2, 3]]])
    >>> data["output"]["planes"], data["output"]["winners"]
    ([[[2.0, 5.0]]], [[[[1, 0, 0], [0, 0, 1]]]])
    """
    x = _checked(image, kind)
    pool = ops.cross_channel_max_pool if kind == "max" else ops.cross_channel_avg_pool
    output = pool(x[None])[0]
    lines = [[[[at, 0]] for at in range(n)] for n in x.shape[1:]]
    data = _pool(kind, x, output, lines, sources=[[[c, 0] for c in range(len(x))]])
    data["sign"] = f"{KINDS[kind]} across"
    if kind == "max":
        data["output"]["winners"] = [
            [[_first(x[:, r, c], output[0, r, c], r, c) for c in range(x.shape[2])] for r in range(x.shape[1])]
        ]
    else:
        data["output"]["divisors"] = [np.full(x.shape[1:], len(x)).tolist()]
    return whole(data)


def _checked(image: ArrayLike, kind: str) -> Array:
    if kind not in KINDS:
        raise ValueError(f"`kind` (={kind!r}) must be 'max' or 'average'")
    return as_planes(image, "image")


def _pool(kind: str, x: Array, output: Array, lines: Sequence[Lines], *, sources: Any) -> Data:
    """What all pools have; the window is not drawn."""
    word = KINDS[kind]
    window: Data = {"rows": 1, "columns": 1, "hidden": True}
    found: Data = {"partials": None, "winners": None, "divisors": None}
    return {
        "operation": f"{word} over the window",
        "sign": f"{word} over",
        "reduce": word,
        "input": grid("Input", x, signed(x), pad=[0, 0, 0, 0], over=[0, 0], dropped=[0, 0]),
        "kernel": grid("Window", None, {"kind": "signed", "bound": 1.0}, **window),
        "output": grid("Output", output, signed(output), **found),
        "taps": {"rows": lines[0], "columns": lines[1]},
        "sources": sources,
    }


def _winners(x: Array, output: Array, begin: tuple[int, int], lines: Sequence[Lines]) -> list[Any]:
    """For each maximum the [plane, row, column] (padding counted) that gave it: the first of equals, the last NaN."""

    def winner(plane: int, r: int, c: int) -> list[int] | None:
        best, found = output[plane, r, c], None
        for row, _ in lines[0][r]:
            for column, _ in lines[1][c]:
                i, j = row - begin[0], column - begin[1]
                if not (0 <= i < x.shape[1] and 0 <= j < x.shape[2]):
                    continue
                if x[plane, i, j] == best:
                    return [plane, row, column]
                if math.isnan(best) and math.isnan(x[plane, i, j]):
                    found = [plane, row, column]
        return found

    planes, rows, columns = output.shape
    return [[[winner(p, r, c) for c in range(columns)] for r in range(rows)] for p in range(planes)]


def _first(values: Array, best: float, row: int, column: int) -> list[int] | None:
    """Which of the channels' `values` is the maximum: the first of equals."""
    hits = np.flatnonzero(np.isnan(values) if math.isnan(best) else values == best)
    return [int(hits[0]), row, column] if hits.size else None
