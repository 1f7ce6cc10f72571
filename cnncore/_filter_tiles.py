"""A filter's work cut into tiles: the padded picture read piece by piece, and the threads that share the pieces.

The padded picture is never built. `Padded.read` copies any rectangle of it into scratch memory that fits a cache, so
what a filter needs beside its result does not grow with the picture, and one rule for borders serves every way of
computing.
"""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

BORDERS = ("constant", "reflect", "symmetric", "edge", "wrap")

Tile = tuple[int, int, int, int]
"""First row, first column, rows, columns of the result."""


def border_index(n: int, begin: int, end: int, border: str) -> np.ndarray:
    """Return, for each cell of a padded axis, the cell of the picture that it repeats.

    Parameters
    ----------
    n : int
        Length of the axis, in pixels.
    begin, end : int
        Pixels of padding before and after.
    border : str
        One of `BORDERS`. ``"constant"`` repeats nothing: its indices hold only inside the picture.

    Returns
    -------
    ndarray of int, shape (begin + n + end,)

    Examples
    --------
    >>> border_index(3, 4, 2, "reflect")
    array([0, 1, 2, 1, 0, 1, 2, 1, 0])
    >>> border_index(3, 4, 2, "symmetric")
    array([2, 2, 1, 0, 0, 1, 2, 2, 1])
    """
    index = np.arange(-begin, n + end)
    if border == "wrap":
        return index % n
    if border == "symmetric":
        index %= 2 * n
        return np.minimum(index, 2 * n - 1 - index)
    if border == "reflect" and n > 1:
        index %= 2 * n - 2
        return np.minimum(index, 2 * n - 2 - index)
    return np.clip(index, 0, n - 1)


class Padded:
    """A picture with its border rule, readable in rectangles of the padded picture.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        Of any numeric dtype; read, never written.
    padding : ((top, bottom), (left, right))
        In pixels.
    border : str
        One of `BORDERS`.
    value : float
        What the padding holds when `border` is ``"constant"``.
    """

    def __init__(self, image: np.ndarray, padding: tuple[tuple[int, int], tuple[int, int]], border: str, value: float):
        self.image = image
        self.padding = padding
        self.border = border
        self.value = value
        (self.top, _), (self.left, _) = padding

    @functools.cached_property
    def rows(self) -> np.ndarray:
        """The row of the picture that each padded row repeats."""
        return border_index(self.image.shape[0], *self.padding[0], self.border)

    @functools.cached_property
    def columns(self) -> np.ndarray:
        """The column of the picture that each padded column repeats."""
        return border_index(self.image.shape[1], *self.padding[1], self.border)

    @functools.cached_property
    def peak(self) -> float:
        """Largest absolute value of the picture and its padding; not finite if there is any such number in them."""
        numbers = [float(self.image.max()), -float(self.image.min())]
        if self.border == "constant" and any(map(any, self.padding)):
            numbers.append(abs(self.value))
        return float(np.max(numbers))  # which, unlike max(), never overlooks a NaN

    def only(self, channels: slice) -> Padded:
        """The same picture with some of its channels."""
        part = copy.copy(self)
        part.image = self.image[:, :, channels]
        return part

    def row_runs(self, row: int, count: int, step: int) -> Iterator[tuple[slice, np.ndarray]]:
        """Give the padded rows row, row + step, ..., `count` of them, in runs, without the padding beside them.

        Parameters
        ----------
        row, count, step : int
            In pixels of the padded picture.

        Yields
        ------
        slice
            Which of the rows.
        ndarray, shape (n, W, C)
            Their pixels; where they lie in the picture, its own memory: not to be written to.
        """
        begin, end = inside(row - self.top, count, step, len(self.image))
        if begin < end:
            first = row - self.top + begin * step
            yield slice(begin, end), self.image[first : first + (end - begin - 1) * step + 1 : step]
        for strip in (slice(0, begin), slice(end, count)):
            if strip.start < strip.stop:
                repeated = self.image[self.rows[row + strip.start * step : row + strip.stop * step : step]]
                if self.border == "constant":
                    repeated = np.full(repeated.shape, self.value)
                yield strip, repeated

    def take_rows(self, row: int, count: int, dtype: np.dtype) -> np.ndarray:
        """Return the padded rows from `row` on, shape (count, W, C), cast and C-contiguous: not to be written to."""
        runs = list(self.row_runs(row, count, 1))
        if len(runs) == 1:
            return np.ascontiguousarray(runs[0][1], dtype)
        taken = np.empty((count, *self.image.shape[1:]), dtype)
        for place, rows in runs:
            taken[place] = rows
        return taken

    def read(self, row: int, column: int, into: np.ndarray) -> None:
        """Copy the rectangle of the padded picture that starts at (row, column) into `into`, cast to its dtype.

        Parameters
        ----------
        row, column : int
            Its corner, in pixels of the padded picture.
        into : ndarray, shape (h, w, C)
            Filled; with zeros where the rectangle leaves the padded picture.
        """
        rows, columns = self.rows[row : row + len(into)], self.columns[column : column + into.shape[1]]
        h, w = len(rows), len(columns)
        if (h, w) != into.shape[:2]:
            into[h:] = 0
            into[:, w:] = 0
        height, width = self.image.shape[:2]
        y0, y1 = inside(row - self.top, h, 1, height)
        x0, x1 = inside(column - self.left, w, 1, width)
        if y0 < y1 and x0 < x1:
            y, x = row + y0 - self.top, column + x0 - self.left
            into[y0:y1, x0:x1] = self.image[y : y + y1 - y0, x : x + x1 - x0]
        else:
            y0, y1 = h, h  # nothing but border: one strip of all the rows
        for top, bottom, left, right in ((0, y0, 0, w), (y1, h, 0, w), (y0, y1, 0, x0), (y0, y1, x1, w)):
            if top < bottom and left < right:
                if self.border == "constant":
                    into[top:bottom, left:right] = self.value
                else:
                    into[top:bottom, left:right] = self.image[rows[top:bottom, None], columns[left:right]]


def inside(start: int, count: int, step: int, n: int) -> tuple[int, int]:
    """Which of the places start, start + step, ..., `count` of them, lie in 0 ... n - 1: first and end, in order."""
    begin = min(max(-(start // step), 0), count)
    return begin, min(max(-((start - n) // step), begin), count)


@dataclass(frozen=True)
class Job:
    """One kernel to be laid over a padded picture.

    Attributes
    ----------
    padded : Padded
        The picture.
    weights : ndarray of float, shape (KH, KW)
        Applied unflipped, of `out`'s dtype.
    out : ndarray of float, shape (OH, OW, C)
        Where the result goes.
    stride, dilation : (vertical, horizontal)
        In pixels.
    origin : (row, column)
        Where the first window starts in the padded picture.
    add : bool
        Add to `out` rather than overwrite it.
    """

    padded: Padded
    weights: np.ndarray
    out: np.ndarray
    stride: tuple[int, int]
    dilation: tuple[int, int]
    origin: tuple[int, int] = (0, 0)
    add: bool = False

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns that the window spans, in pixels."""
        (kh, kw), (dv, dh) = self.weights.shape, self.dilation
        return dv * (kh - 1) + 1, dh * (kw - 1) + 1

    def span(self, rows: int, columns: int) -> tuple[int, int]:
        """Pixels of the padded picture under `rows` x `columns` windows."""
        (eh, ew), (sv, sh) = self.extent, self.stride
        return (rows - 1) * sv + eh, (columns - 1) * sh + ew

    def tiles(self, rows: int, columns: int) -> list[Tile]:
        """The result cut into tiles of at most `rows` x `columns`."""
        height, width = self.out.shape[:2]
        return [
            (y, x, min(rows, height - y), min(columns, width - x))
            for y in range(0, height, rows)
            for x in range(0, width, columns)
        ]

    def read(self, y: int, x: int, into: np.ndarray) -> None:
        """Read what lies under the windows from result cell (y, x) on into `into`, shape (h, w, C)."""
        self.padded.read(self.origin[0] + y * self.stride[0], self.origin[1] + x * self.stride[1], into)

    def write(self, tile: Tile, values: np.ndarray) -> None:
        """Store the finished `values`, shape (rows, columns, C), of one tile."""
        y, x, h, w = tile
        target = self.out[y : y + h, x : x + w]
        if self.add:
            target += values
        else:
            target[...] = values


def cpu_count() -> int:
    """Return how many processors this process may use."""
    affinity: Any = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


_pool: ThreadPoolExecutor | None = None


def _forget_pool() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):  # a forked child inherits the pool, but none of its threads
    os.register_at_fork(after_in_child=_forget_pool)


def share(work: Callable[[Iterator[Tile]], None], tiles: list[Tile], job: Job, scratch: int) -> None:
    """Run `work` on several threads, each of which takes tiles from one common queue until it is empty.

    Their number is limited so that all scratch memory together stays under twice the size of the result.

    Parameters
    ----------
    work : callable
        Gets an iterator of tiles; allocates its scratch memory once, then works tile by tile.
    tiles : list of Tile
        The pieces of the result.
    job : Job
        The filter.
    scratch : int
        Bytes that one call of `work` allocates.
    """
    global _pool
    threads = min(cpu_count(), len(tiles), 2 * job.out.nbytes // max(scratch, 1))
    queue = iter(tiles)

    def quietly() -> None:
        # Sums may meet inf - inf, or overflow: that is the result, not an accident. The caller's own setting does not
        # reach other threads.
        with np.errstate(over="ignore", invalid="ignore"):
            work(queue)

    if threads < 2:
        quietly()
        return
    if _pool is None:
        _pool = ThreadPoolExecutor(cpu_count(), thread_name_prefix="filter2d")
    others = [_pool.submit(quietly) for _ in range(threads - 1)]
    try:
        quietly()
    finally:
        # A helper that never got its turn, because other filters keep the pool busy, is no longer needed.
        running = [other for other in others if not other.cancel()]
        failures = [other.exception() for other in running]
    for failure in failures:
        if failure is not None:
            raise failure
