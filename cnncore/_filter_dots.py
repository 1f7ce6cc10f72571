"""Filtering by dot products: shifted copies of the rows, laid so that a window is one matrix with a plain stride.

For every column of the kernel a tile holds its rows once more, shifted by that column, and interleaved: row 0 by
shift 0, 1, 2, row 1 by shift 0, 1, 2, ... Then the taps of a window are consecutive rows of one matrix, its results
are the kernel, as a row vector, times that matrix, and `numpy.matmul` has BLAS do it for all rows of a tile in one
call. A kernel that is a sum of few (column x row) products goes first down the columns, where nothing need be copied.

The products are kept so small that BLAS runs each of them in the thread that asked for it: our own threads share the
tiles, and nobody waits for a second set of threads.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from cnncore._filter_low_rank import Factors
from cnncore._filter_tiles import Job, Tile, cpu_count, inside, share

TILE = 196_608, 589_824
"""Fewest and most numbers in a tile of shifted rows: few large ones, as threads wait for each other between calls."""

ROW = 8_192
"""Most numbers in a row of the result of a tile."""

SMALL_PRODUCT = 9_000
"""Numbers in a matrix up to which OpenBLAS, NumPy's BLAS on most systems, starts no threads to multiply a vector with
it (from 9,216 on)."""

SMALL_MATRIX = 262_144
"""Multiplications (m n k) up to which it starts none for a product of two matrices."""


def fits(taps: int) -> bool:
    """Whether a matrix of so many rows may be wide enough to be worth a product."""
    return 32 * taps <= SMALL_PRODUCT


@functools.cache
def zeros_count(dtype: np.dtype) -> bool:
    """Whether BLAS multiplies by a weight of zero, too: some skip it, and with it a NaN that it meets."""
    return all(
        np.isnan(np.matmul(np.zeros((1, taps), dtype), np.full((taps, n), np.nan, dtype))).all()
        for taps in (1, 2, 3, 5, 9, 25)
        for n in (1, 3, 32, 500)
    )


class Shifts:
    """How to copy rows of a picture, shifted, for one range of the result's columns.

    Parameters
    ----------
    job : Job
        The filter.
    x, w : int
        First column of the result, and how many.
    offsets : list of int
        The shifts: pixels from a window's first column on.
    """

    def __init__(self, job: Job, x: int, w: int, offsets: list[int]):
        padded, step = job.padded, job.stride[1]
        self._step = step
        self._runs: list[tuple[int, slice, int, slice]] = []
        outside: list[tuple[int, int, int]] = []
        for n, offset in enumerate(offsets):
            start = job.origin[1] + x * step + offset - padded.left  # in the picture, where it may be outside
            begin, end = inside(start, w, step, padded.image.shape[1])
            if begin < end:
                first, phase = divmod(start + begin * step, step)
                self._runs.append((n, slice(begin, end), phase, slice(first, first + end - begin)))
            places = *range(begin), *range(end, w)
            outside += [(n, place, start + padded.left + place * step) for place in places]
        self._copies, self._places, repeated = np.array(outside, int).reshape(-1, 3).T
        self._repeated = padded.columns[repeated]
        self._constant = padded.border == "constant"

    def copy(self, rows: np.ndarray, into: np.ndarray, value: float) -> None:
        """Copy `rows`, shape (h, W, C), into `into`, shape (h, n, w, C), with `value` for a constant border."""
        phases = [rows]
        if self._step > 1:  # every step-th column, once taken, is shifted as quickly as every column
            phases = [rows[:, phase :: self._step].copy() for phase in range(self._step)]
        for n, columns, phase, source in self._runs:
            into[:, n, columns] = phases[phase][:, source]
        if len(self._places):
            into[:, self._copies, self._places] = value if self._constant else rows[:, self._repeated]


def multiply(weights: np.ndarray, windows: np.ndarray, into: np.ndarray) -> None:
    """Multiply a matrix with many, in pieces that BLAS does not share out to threads.

    Parameters
    ----------
    weights : ndarray, shape (m, k)
    windows : ndarray, shape (h, k, n)
        Of any strides but the last.
    into : ndarray, shape (h, m, n)
        Gets ``weights @ windows``.
    """
    (m, k), (h, _, n) = weights.shape, windows.shape
    size = max((SMALL_PRODUCT if m == 1 else SMALL_MATRIX // m) // k // 32 * 32, 1)  # of whole vector registers
    whole = (n - 1) // size * size
    if whole:
        np.matmul(
            weights,
            windows[:, :, :whole].reshape(h, k, -1, size).swapaxes(1, 2),
            out=into[:, :, :whole].reshape(h, m, -1, size).swapaxes(1, 2),
        )
    np.matmul(weights, windows[:, :, whole:], out=into[:, :, whole:])


def sliding(rows: np.ndarray, count: int, taps: int, step: int, stride: int) -> np.ndarray:
    """Return a view of `rows`, shape (h, n), with `count` windows of `taps` rows: shape (count, taps, n)."""
    down, along = rows.strides
    return np.ndarray((count, taps, rows.shape[1]), rows.dtype, rows, 0, (stride * down, step * down, along))


def run(job: Job) -> None:
    """Filter with all taps.

    Parameters
    ----------
    job : Job
        What to filter. Of its vertical stride and dilation, one must be 1.
    """
    step = job.dilation[0]
    if step == 1:
        _run_every(job, 1)
        return
    for phase in range(min(step, len(job.out))):
        # With taps `step` rows apart, every such row of the result sees only every such row of the picture.
        part = replace(job, out=job.out[phase::step], origin=(job.origin[0] + phase, job.origin[1]))
        _run_every(part, step)


def _run_every(job: Job, step: int) -> None:
    """Filter rows that lie `step` apart in the padded picture."""
    (kh, n), sv = job.weights.shape, job.stride[0]
    _, width, channels = job.out.shape
    wide = min(width, max(ROW // channels, 1))
    offsets = [column * job.dilation[1] for column in range(n)]
    shifts = {x: Shifts(job, x, min(wide, width - x), offsets) for x in range(0, width, wide)}
    rows = _even_rows(job, lambda numbers: (numbers // (n * wide * channels) - kh) // sv + 1)
    tall = (rows - 1) * sv + kh

    def work(queue: Iterator[Tile]) -> None:
        memory = np.empty(tall * n * wide * channels, job.out.dtype)
        for tile in queue:
            y, x, h, w = tile
            high = (h - 1) * sv + kh
            shifted = memory[: high * n * w * channels].reshape(high * n, w * channels)
            into = shifted.reshape(high, n, w, channels)
            for place, source in job.padded.row_runs(job.origin[0] + y * sv * step, high, step):
                shifts[x].copy(source, into[place], job.padded.value)
            _finish(job, tile, job.weights.reshape(1, -1), sliding(shifted, h, kh * n, 1, sv * n))

    share(work, job.tiles(rows, wide), job, job.out.itemsize * (tall * n + rows * job.add) * wide * channels)


def _even_rows(job: Job, rows_of: Callable[[int], int]) -> int:
    """Return how many rows a tile has, such that all threads get as many tiles, and together twice the result at most.

    `rows_of` says how many rows of the result a tile of so many numbers yields.
    """
    fewest, most = TILE
    threads, height = cpu_count(), len(job.out)
    tiles = -(-height // max(rows_of(min(max(2 * job.out.size // threads, fewest), most)), 1))
    return -(-height // (-(-tiles // threads) * threads)) if tiles > 1 else height


def _finish(job: Job, tile: Tile, weights: np.ndarray, windows: np.ndarray) -> None:
    """Compute a tile of the result, in place unless it is to be added."""
    y, x, h, w = tile
    target = np.empty((h, w, job.out.shape[2]), job.out.dtype) if job.add else job.out[y : y + h, x : x + w]
    multiply(weights, windows, target.reshape(h, 1, -1))
    if job.add:
        job.write(tile, target)


def run_passes(job: Job, factors: Factors) -> None:
    """Filter with short factors, first down the columns, then along the rows.

    Parameters
    ----------
    job : Job
        What to filter; its weights are the sum of `factors`.
    factors : list of (column, row)
        As `low_rank` returns them.
    """
    (kh, kw), (sv, _), (dv, dh) = job.weights.shape, job.stride, job.dilation
    (_, wide, channels), across, rank = job.out.shape, job.padded.image.shape[1], len(factors)
    down = np.array([column for column, _ in factors])
    along = np.array([row for _, row in factors]).reshape(1, -1)
    beside = (down.sum(axis=1) * job.padded.value).tolist()  # what the first pass makes of a constant border
    shifts = Shifts(job, 0, wide, [dh * tap for tap in range(kw)])
    rows = _even_rows(job, lambda numbers: numbers // (rank * (across + kw * wide) * channels))

    def work(queue: Iterator[Tile]) -> None:
        halfway = np.empty((rows, rank, across * channels), job.out.dtype)
        shifted = np.empty((rows, rank, kw, wide, channels), job.out.dtype)
        for tile in queue:
            y, _, h, _ = tile
            source = job.padded.take_rows(job.origin[0] + y * sv, (h - 1) * sv + dv * (kh - 1) + 1, job.out.dtype)
            multiply(down, sliding(source.reshape(len(source), -1), h, kh, dv, sv), halfway[:h])
            for n in range(rank):
                shifts.copy(halfway[:h, n].reshape(h, across, channels), shifted[:h, n], beside[n])
            _finish(job, tile, along, shifted[:h].reshape(h, rank * kw, -1))

    scratch = (
        job.out.itemsize * (rows * (rank * (across + kw * wide) + wide) + job.span(rows, 1)[0] * across) * channels
    )
    share(work, job.tiles(rows, wide), job, scratch)
