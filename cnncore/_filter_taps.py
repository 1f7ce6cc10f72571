"""Filtering by shift and add: every tap of the kernel times the shifted picture, one C loop for all of them.

The shifted pictures are one strided view (taps x columns x rows) of a scratch tile, and `numpy.einsum` sums over the
taps. Two details make that fast. ``order="F"`` keeps the taps in the outer loops, so that each inner loop runs along
a row, where it is vectorised. And without a horizontal stride the result is computed as wide as the scratch tile,
so that its rows join to one long loop; the few columns that wrap around into the next row are dropped. einsum
releases the interpreter lock, so tiles run on threads.
"""

from __future__ import annotations

import itertools
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
    slant : int
        How far every row stands to the right of the one before, in taps.
    """

    weights: np.ndarray
    row: int = 0
    column: int = 0
    row_step: int = 1
    column_step: int = 1
    slant: int = 0


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

    In each row the taps from the first to the last, at their greatest common distance, form a grid; rows as wide as
    each other join where they are evenly spaced, too.

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
    The plus of a Laplacian is a column of two and a row of three; a diagonal is one slanted grid:

    >>> [grid.weights.tolist() for grid in nonzero_taps(np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]))]
    [[[1], [1]], [[1, -4, 1]]]
    >>> [(grid.weights.tolist(), grid.slant) for grid in nonzero_taps(np.eye(3, dtype=int))]
    [([[1], [1], [1]], 1)]
    """
    alike: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row, taps in enumerate(weights):
        columns = np.flatnonzero(taps).tolist()
        if columns:
            alike.setdefault((columns[-1] - columns[0] + 1, _step(columns)), []).append((row, columns[0]))
    grids = []
    for (width, step), places in alike.items():
        for begins in [places] if _evenly(places) else [[place] for place in places]:
            top, left = begins[0]
            gap, slant = np.subtract(begins[1], begins[0]).tolist() if len(begins) > 1 else (1, 0)
            block = np.array([weights[row, column : column + width : step] for row, column in begins])
            grids += [
                Grid(part, top + row * gap, left + row * slant + column * step, gap, step, slant)
                for part, row, column, *_ in all_taps(block)
            ]
    return grids


def _evenly(places: list[tuple[int, int]]) -> bool:
    """Whether places follow each other by the same (row, column) step."""
    return len({(later[0] - place[0], later[1] - place[1]) for place, later in itertools.pairwise(places)}) < 2


def _step(places: list[int]) -> int:
    """Greatest common distance of ascending whole numbers."""
    return math.gcd(*(later - earlier for earlier, later in itertools.pairwise(places))) or 1


def run(job: Job, grids: list[Grid] | None = None) -> None:
    """Filter by summing grids of taps.

    Parameters
    ----------
    job : Job
        What to filter.
    grids : list of Grid, optional
        The taps that count; all of them, if not given.
    """
    if grids is None:
        grids = all_taps(job.weights)
    if not grids:
        if not job.add:
            job.out[...] = 0
        return
    (height, width, channels), (sv, sh), dtype = job.out.shape, job.stride, job.out.dtype
    columns = min(width, max(ROW // (channels * sh), 1))
    wide = job.span(1, columns)[1]
    tall = max(TILE // (wide * channels), 2 * job.extent[0])  # at least half of the rows read are new ones
    rows = min(height, (tall - job.extent[0]) // sv + 1)
    tall = job.span(rows, 1)[0]
    size = tall * wide * channels
    # Without a stride the sums are as wide as the pixels, and both one long row. The last columns of it, whose windows
    # wrapped around into the next row, or into the slack behind the last one, are dropped.
    joined = sv == sh == 1
    slack = job.extent[1] * channels

    def work(queue: Iterator[Tile]) -> None:
        memory = np.zeros(size + slack, dtype)
        pixels = memory[:size].reshape(tall, wide, channels)
        total = np.empty((rows, wide if joined else columns, channels), dtype)
        part = np.empty_like(total) if len(grids) > 1 else total
        for tile in queue:
            y, x, h, w = tile
            high, long = job.span(h, w)
            job.read(y, x, pixels[:high, :long])
            for n, grid in enumerate(grids):
                sums = part if n else total
                _slide(grid, job, memory, wide, sums[:h].reshape(1, -1, 1) if joined else sums[:h, :w])
                if n:
                    total[:h] += part[:h]
            job.write(tile, total[:h, :w])

    share(work, job.tiles(rows, columns), job, dtype.itemsize * (size + 3 * rows * wide * channels))


def _slide(grid: Grid, job: Job, memory: np.ndarray, wide: int, into: np.ndarray) -> None:
    """Sum one grid of taps over pixels in rows of `wide`.

    `into`, shape (rows, columns, C), gets the sums, one for each window; or, shape (1, N, 1), one for each number from
    the first on.
    """
    (dv, dh), (sv, sh), (h, w, channels) = job.dilation, job.stride, into.shape
    item = memory.itemsize
    pixel = job.out.shape[2] * item
    row = wide * pixel
    shifted = np.ndarray(
        (*grid.weights.shape, w, channels, h),
        memory.dtype,
        memory,
        grid.row * dv * row + grid.column * dh * pixel,
        (
            grid.row_step * dv * row + grid.slant * dh * pixel,
            grid.column_step * dh * pixel,
            sh * channels * item,
            item,
            sv * row,
        ),
    )
    np.einsum("klxcy,kl->xcy", shifted, grid.weights, out=into.transpose(1, 2, 0), order="F")
