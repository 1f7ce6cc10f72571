"""Arrays -> what the explorer component shows. Imports no streamlit; every number on the screen is the core's.

What the browser gets is a dict of plain lists. Rows and columns of the input count its padding; what people read
counts from 0 at the first real cell.

``operation``, ``sign``
    What is done, in words and as the sign between the grids: ★ for cross-correlation, ∗ for true convolution.
``reduce``
    ``"sum"`` (of weight times number), ``"max"`` or ``"mean"``.
``input``, ``kernel``, ``output``
    Each has ``planes`` (one grid of numbers for each channel), ``title``, ``names`` (of the channels, or None),
    ``row_labels`` and ``column_labels`` (or None), ``note`` (ends the caption), ``decimals`` (places that say every
    number exactly, or None) and ``scale``: ``{"kind": "pixels", "low", "high"}``, ``{"kind": "signed", "bound"}`` or
    ``{"kind": "amount", "bound"}``. Besides:

    - ``input.pad``: rows and columns of padding, [top, bottom, left, right]; ``input.over``: rows below and columns to
      the right of it into which windows hang out (their cells are None); ``input.dropped``: how many of its last rows
      and columns the stride leaves over;
    - ``kernel.rows``, ``kernel.columns``; its ``planes`` are None for a pool; ``kernel.hidden``: no window to draw;
    - ``output.partials``: for each output plane and each of its sources the map of their products' sums, or None;
      ``output.winners``: for a maximum [input plane, row, column], or None; ``output.divisors``: of a mean.
``taps``
    ``rows``: for each row of the output the [row of the input, row of the kernel] pairs that meet in it; ``columns``
    likewise. A cell reads every pair of a row with a pair of a column: so one list says stride, dilation, padding,
    flip and transposition at once.
``sources``
    For each output plane the [input plane, kernel plane] pairs that are summed (or pooled) in it.
``bias``
    One number for each output plane, or None. ``count_pad``: whether padding counts in a mean.
``pinned``
    [plane, row, column] of the output, or None; ``pin_word``: why that cell is marked. ``above``: pixels that stand
    between the page's heading and the equation. ``editable``: ``{"input": bool, "kernel": bool}``.
``play``
    ``{"autoplay": bool, "step": int or None}``, or None for no player.

JSON has no NaN and no infinity: they travel as "NaN", "∞" and "−∞".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pages.ui.panes import plain_grid

Array = NDArray[np.float64]
Data = dict[str, Any]
Lines = list[list[list[int]]]

MOST_CELLS = 20_000
"""Cells of all grids together that a browser still answers for within a frame."""
BORDERS = ("constant", "reflect", "symmetric", "edge", "wrap")


def as_planes(values: ArrayLike, name: str) -> Array:
    """Return (H, W) or (C, H, W) numbers as (C, H, W) float64, or raise a ValueError that names them."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or 0 in array.shape:
        raise ValueError(
            f"`{name}` must have shape (H, W) or (C, H, W), none of them 0, but has shape {np.shape(values)}"
        )
    return array


def signed(values: ArrayLike) -> Data:
    """Return the scale of signed numbers: zero is the background, the largest magnitude the full colour."""
    sizes = np.abs(np.asarray(values, dtype=np.float64))
    return {"kind": "signed", "bound": float(sizes[np.isfinite(sizes)].max(initial=0.0))}


def pixels(low: float = 0.0, high: float = 1.0) -> Data:
    """Return the scale of grey pixels from `low` (black) to `high` (white)."""
    return {"kind": "pixels", "low": float(low), "high": float(high)}


def grid(title: str, planes: Iterable[Array] | None, scale: Data, **more: Any) -> Data:
    """Return one of the three parts of the equation."""
    words = {"names": None, "row_labels": None, "column_labels": None, "note": "", "decimals": None}
    numbers = None if planes is None else [plain_grid(plane) for plane in planes]
    return {"title": title, "planes": numbers, "scale": scale, **words, **more}


def window_lines(k: int, stride: int, dilation: int, out: int, *, flip: bool = False) -> Lines:
    """For each of `out` windows along an axis: its [position in the padded input, tap] pairs.

    >>> window_lines(2, 3, 1, 2), window_lines(2, 1, 2, 1, flip=True)
    ([[[0, 0], [1, 1]], [[3, 0], [4, 1]]], [[[0, 1], [2, 0]]])
    """
    return [[[o * stride + t * dilation, k - 1 - t if flip else t] for t in range(k)] for o in range(out)]


def left_over(lines: Sequence[Lines], shape: Sequence[int]) -> list[int]:
    """How many of the last rows and columns of a padded input of `shape` no window reaches: the stride's rest.

    >>> left_over([window_lines(2, 2, 1, 2), window_lines(3, 2, 1, 2)], (5, 5))
    [1, 0]
    """
    return [max(n - 1 - line[-1][-1][0], 0) for n, line in zip(shape, lines, strict=True)]


def stamp_lines(n: int, k: int, stride: int, dilation: int, cut: int, out: int) -> Lines:
    """For each of `out` positions along an axis of a transposed convolution: the [input, tap] pairs that reach it.

    >>> stamp_lines(2, 3, 2, 1, 0, 5)
    [[[0, 0]], [[0, 1]], [[0, 2], [1, 0]], [[1, 1]], [[1, 2]]]
    """
    lines: Lines = [[] for _ in range(out)]
    for i in range(n):
        for t in range(k):
            place = i * stride + t * dilation - cut
            if 0 <= place < out:
                lines[place].append([i, t])
    return lines


def bordered(planes: Array, pads: Any, border: str, value: float = 0.0) -> Array:
    """Pad every plane by the border rule, one of `numpy.pad`'s names; `value` is for ``"constant"``."""
    if border not in BORDERS:
        raise ValueError(f"`border` (={border!r}) must be one of {', '.join(map(repr, BORDERS))}")
    if border == "constant":
        return np.pad(planes, ((0, 0), *pads), constant_values=value)
    return np.pad(planes, ((0, 0), *pads), mode=border)  # type: ignore[call-overload, no-any-return]


def whole(data: Data) -> Data:
    """Add what every explorer has, and refuse what no browser could answer for in time."""
    cells = sum(
        len(plane) * len(plane[0]) for part in ("input", "kernel", "output") for plane in data[part]["planes"] or ()
    )
    if cells > MOST_CELLS:
        raise ValueError(f"the grids have {cells:,} cells together; at most {MOST_CELLS:,} can be shown")
    common: Data = {"bias": None, "count_pad": False, "pinned": None, "pin_word": "pinned", "above": 0}
    common["editable"] = {"input": False, "kernel": False}
    return {**common, "play": {"autoplay": False, "step": None}, **data}


def annotate(
    data: Data,
    *,
    input: Mapping[str, Any] | None = None,
    kernel: Mapping[str, Any] | None = None,
    output: Mapping[str, Any] | None = None,
    pinned: Sequence[int] | None = None,
    pin_word: str = "pinned",
    above: int = 0,
    editable: Sequence[str] = (),
    autoplay: bool = False,
    step: int | None = None,
    player: bool = True,
) -> Data:
    """Return `data` with a page's words and wishes.

    Parameters
    ----------
    data : dict
        From one of the functions that describe an operation.
    input, kernel, output : mapping, optional
        Any of ``title``, ``names``, ``row_labels``, ``column_labels``, ``note``, ``decimals``, ``scale``. Labels of
        the input are for its own rows and columns, without the padding.
    pinned : sequence of three ints, optional
        Plane, row and column of the output that is pinned; left out if the output has no such cell.
    pin_word : str
        Why that cell is marked; unless the page chose it, because a person pinned it.
    above : int
        Pixels that stand between the page's heading and the equation, which leave it less of the window.
    editable : sequence of {"input", "kernel"}
        What a person can change in place.
    autoplay : bool
        Start sliding at once (never for who asked for less motion).
    step : int, optional
        Stand at this step of the sliding, counted from 1.
    player : bool
        Whether the player is shown at all.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If there is no such word, or labels do not match the grid.
    """
    result = dict(data)
    for part, words in (("input", input), ("kernel", kernel), ("output", output)):
        result[part] = {**data[part], **_checked(data, part, words or {})}
    unknown = [name for name in editable if name not in ("input", "kernel")]
    if unknown:
        raise ValueError(f"`editable` (={editable!r}) must name 'input' or 'kernel'")
    result["editable"] = {name: name in editable for name in ("input", "kernel")}
    result["pinned"] = list(pinned) if pinned is not None and has_output(data, pinned) else None
    result |= {"pin_word": pin_word, "above": above}
    result["play"] = {"autoplay": bool(autoplay), "step": step} if player else None
    return result


def output_shape(data: Data) -> tuple[int, int, int]:
    """Return planes, rows and columns of the output."""
    planes = data["output"]["planes"]
    return len(planes), len(planes[0]), len(planes[0][0])


def has_output(data: Data, place: Sequence[Any]) -> bool:
    """Whether `place` is a [plane, row, column] of the output."""
    return len(place) == 3 and all(
        isinstance(at, int) and not isinstance(at, bool) and 0 <= at < n
        for at, n in zip(place, output_shape(data), strict=True)
    )


def _checked(data: Data, part: str, words: Mapping[str, Any]) -> Data:
    """Check a page's words for one grid, and put empty labels where the padding is."""
    known = ("title", "names", "row_labels", "column_labels", "note", "decimals", "scale")
    result: Data = {}
    planes = data[part]["planes"]
    rows, columns = (len(planes[0]), len(planes[0][0])) if planes else (data[part]["rows"], data[part]["columns"])
    around = [*data["input"]["pad"], *data["input"]["over"]] if part == "input" else [0] * 6
    limits = {
        "names": (len(planes or ()), 0, 0),
        "row_labels": (rows, around[0], around[1] + around[4]),
        "column_labels": (columns, around[2], around[3] + around[5]),
    }
    for name, value in words.items():
        if name not in known:
            raise ValueError(f"`{part}` has no {name!r}; it has {', '.join(map(repr, known))}")
        if name in limits and value is not None:
            count, before, behind = limits[name]
            if len(value) != count - before - behind:
                raise ValueError(f"`{name}` of `{part}` must be {count - before - behind} labels, not {len(value)}")
            value = [""] * before + [str(label) for label in value] + [""] * behind
        result[name] = value
    return result
