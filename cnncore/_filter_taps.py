"""Filtering by shift and add: every tap of the kernel times the shifted picture, one C loop for all of them.

The shifted pictures are one strided view (taps x columns x rows) of a scratch tile, and `numpy.einsum` sums over the
taps. Two details make that fast. ``order="F"`` keeps the taps in the outer loops, so that each inner loop runs along
a row, where it is vectorised. And without a horizontal stride the result is computed as wide as the scratch tile,
so that its rows join to one long loop; the few columns that wrap around into the next row are dropped. einsum
releases the interpreter lock, so tiles run on threads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from cnncore._filter_tiles import Job, Tile, share

TILE = 65_536
"""Numbers in a scratch tile: with the sums beside it, they stay in a core's own cache."""

ROW = 8_192
"""Most numbers in a row of it."""

TAPS = 128
"""Most taps summed in one go; more are summed in parts, as long single-precision sums lose digits."""


class Grid(NamedTuple):
    """Taps that stand at equal distances, which one strided view can hold.

    Attributes
    ----------
    weights : ndarray of float, shape (KH, KW)
    row, column : int
        Place of the first tap in the window, in taps.
    row_step, column_step : int
        Distance between its taps, in taps.
    """

    weights: np.ndarray
    row: int = 0
    column: int = 0
    row_step: int = 1
    column_step: int = 1


def all_taps(weights: np.ndarray) -> list[Grid]:
    """Cut a kernel into grids of at most `TAPS` taps, zeros and all.

    Parameters
    ----------
    weights : ndarray of float, shape (KH, KW)
        The kernel.

    Returns
    -------
    list of Grid

    Examples
    --------
    >>> [grid.weights.shape for grid in all_taps(np.ones((15, 15)))]
    [(8, 15), (7, 15)]
    """
    wide = min(weights.shape[1], TAPS)
    tall = TAPS // wide
    return [
        Grid(weights[row : row + tall, column : column + wide], row, column)
        for row in range(0, weights.shape[0], tall)
        for column in range(0, weights.shape[1], wide)
    ]


def nonzero_taps(weights: np.ndarray) -> list[Grid]:
    """Cover the taps that are not zero with few grids.

    In each row the taps from the first to the last, at their greatest common distance, form a grid; rows with the
    same columns join where they, too, are evenly spaced.

    Parameters
    ----------
    weights : ndarray of float, shape (KH, KW)
        The kernel.

    Returns
    -------
    list of Grid
        Empty if every weight is zero.

    Examples
    --------
    The plus of a Laplacian is a column of two and a row of three:

    >>> [grid.weights.tolist() for grid in nonzero_taps(np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]))]
    [[[1], [1]], [[1, -4, 1]]]
    """
    alike: dict[tuple[int, int, int], list[int]] = {}
    for row, taps in enumerate(weights):
        columns = np.flatnonzero(taps).tolist()
        if columns:
            alike.setdefault((columns[0], columns[-1], _step(columns)), []).append(row)
    grids = []
    for (left, right, step), rows in alike.items():
        gap = _step(rows)
        even = rows == list(range(rows[0], rows[-1] + 1, gap))
        for top, bottom in [(rows[0], rows[-1])] if even else [(row, row) for row in rows]:
            block = weights[top : bottom + 1 : gap, left : right + 1 : step]
            grids += [
                Grid(part, top + row * gap, left + column * step, gap, step)
                for part, row, column, *_ in all_taps(block)
            ]
    return grids


def _step(places: list[int]) -> int:
    """Greatest common distance of ascending whole numbers."""
    return math.gcd(*(later - earlier for earlier, later in zip(places, places[1:], strict=False))) or 1


class Sheet:
    """Scratch memory for a tile, over which grids of taps slide.

    Parameters
    ----------
    rows, columns, channels : int
        Its size, in pixels.
    beyond : int
        Pixels by which the widest grid reads on beyond the last one.
    dtype : numpy.dtype
    """

    def __init__(self, rows: int, columns: int, channels: int, beyond: int, dtype: np.dtype):
        self.memory = np.zeros(rows * columns * channels + beyond * channels, dtype)
        self.pixels = self.memory[: rows * columns * channels].reshape(rows, columns, channels)

    def slide(
        self, grid: Grid, dilation: tuple[int, int], stride: tuple[int, int], shape: tuple[int, int], into: np.ndarray
    ) -> None:
        """Sum one grid of taps at every window.

        Parameters
        ----------
        grid : Grid
            The taps.
        dilation, stride : (vertical, horizontal)
            In pixels.
        shape : (rows, columns)
            How many windows.
        into : ndarray, shape (at least rows, at least columns, C)
            Gets the sums. With a horizontal stride of 1 it must be as wide as the sheet.
        """
        (dv, dh), (sv, sh), (h, w) = dilation, stride, shape
        item = self.memory.itemsize
        channels = self.pixels.shape[2]
        pixel, row = channels * item, self.pixels.shape[1] * channels * item
        if sh == 1:
            into = into.reshape(len(into), -1, 1)
            w, cell, parts = into.shape[1], item, 1
        else:
            cell, parts = sh * pixel, channels
        shifted = np.ndarray(
            (*grid.weights.shape, w, parts, h),
            self.memory.dtype,
            self.memory,
            grid.row * dv * row + grid.column * dh * pixel,
            (grid.row_step * dv * row, grid.column_step * dh * pixel, cell, item, sv * row),
        )
        np.einsum("klxcy,kl->xcy", shifted, grid.weights, out=into[:h, :w].transpose(1, 2, 0), order="F")


def tile_size(job: Job) -> tuple[int, int]:
    """Return rows and columns of the tiles that the result of `job` is cut into."""
    height, width, channels = job.out.shape
    (eh, _), (sv, sh) = job.extent, job.stride
    columns = min(width, max(ROW // (channels * sh), 1))
    wide = job.span(1, columns)[1]
    tall = max(TILE // (wide * channels), 2 * eh)  # at least half of the rows read are new ones
    return min(height, (tall - eh) // sv + 1), columns


def run(job: Job, grids: list[Grid]) -> None:
    """Filter by summing grids of taps.

    Parameters
    ----------
    job : Job
        What to filter; its weights are those of `grids`.
    grids : list of Grid
        All the taps that count.
    """
    rows, columns = tile_size(job)
    tall, wide = job.span(rows, columns)
    channels, dtype = job.out.shape[2], job.out.dtype
    result = rows, wide if job.stride[1] == 1 else columns, channels
    if not grids:
        if not job.add:
            job.out[...] = 0
        return

    def work(queue: Iterator[Tile]) -> None:
        sheet = Sheet(tall, wide, channels, job.extent[1], dtype)
        total, part = np.empty(result, dtype), np.empty(result if len(grids) > 1 else 0, dtype)
        # Sums may meet inf - inf, or overflow as sums do: that is the result, not an accident. (A worker sets it
        # for itself: the caller's setting does not reach other threads.)
        with np.errstate(over="ignore", invalid="ignore"):
            for tile in queue:
                y, x, h, w = tile
                span = job.span(h, w)
                job.read(y, x, sheet.pixels[: span[0], : span[1]])
                for grid in grids:
                    target = total if grid is grids[0] else part
                    sheet.slide(grid, job.dilation, job.stride, (h, w), target)
                    if target is part:
                        total[:h] += part[:h]
                job.write(tile, total[:h, :w])

    share(work, job.tiles(rows, columns), job, 4 * tall * wide * channels + 8 * math.prod(result))
