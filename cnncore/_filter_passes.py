"""Filtering with a kernel that is a sum of few (column x row) products: down the columns first, then along the rows.

A Gaussian, a box, a Sobel is one such product; a Gabor, an unsharp mask, a Laplacian of Gaussian is the sum of two.
The factors come out of plain elimination with full pivoting. Short ones slide as grids of taps. Long ones become
band matrices, whose every row is the factor one pixel further on, and matrix products sum the taps; blocks of 16
results keep the bands narrow. Their products are kept so small that the BLAS library runs each of them in the
thread that asked for it: our own threads share the tiles, and nothing waits for a second set of threads.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnncore._filter_taps import Grid, Sheet, tile_size
from cnncore._filter_tiles import Job, Tile, share

MOST = 4
"""Products that a kernel is taken apart into at most."""

BLOCK = 16
"""Results that one band matrix yields."""

TILE = 64, 512
"""Rows and columns of a tile for the band matrices, in whole blocks."""

SMALL_PRODUCT = 262_144
"""Multiplications (m n k) up to which OpenBLAS, NumPy's BLAS on most systems, starts no threads of its own."""

Factors = list[tuple[np.ndarray, np.ndarray]]


def low_rank(weights: np.ndarray, most: int = MOST) -> Factors | None:
    """Write a kernel as a sum of few outer products.

    Parameters
    ----------
    weights : ndarray of float, shape (KH, KW)
        The kernel.
    most : int
        Give up beyond this many.

    Returns
    -------
    list of (ndarray of shape (KH,), ndarray of shape (KW,)), or None
        Columns and rows, of the dtype of `weights`, whose outer products sum to it within a few units in the last
        place; the absolute values of every column sum to 1, so that filtering with it cannot overflow. None
        if it takes more than `most` of them.

    Examples
    --------
    >>> [(column, row)] = low_rank(np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]))
    >>> column, row
    (array([0.25, 0.5 , 0.25]), array([ 4.,  0., -4.]))
    """
    rest = weights.astype(np.float64)
    whole = np.abs(rest).sum()
    enough = 8 * np.finfo(weights.dtype).eps * whole
    factors: Factors = []
    spread = 0.0
    while np.abs(rest).sum() > enough:
        if len(factors) == most:
            return None
        top, left = np.unravel_index(np.abs(rest).argmax(), rest.shape)
        column, row = rest[:, left] / rest[top, left], rest[top].copy()
        rest -= np.outer(column, row)
        scale = np.abs(column).sum()
        column, row = column / scale, row * scale
        spread += np.abs(row).sum()
        factors.append((column.astype(weights.dtype), row.astype(weights.dtype)))
    # Large products that cancel each other would cost digits that the plain sum keeps.
    return factors if spread <= 4 * whole else None


def run_taps(job: Job, factors: Factors) -> None:
    """Filter with short factors, tap by tap.

    Parameters
    ----------
    job : Job
        What to filter; its weights are the sum of `factors`.
    factors : list of (column, row)
        As `low_rank` returns them.
    """
    rows, columns = tile_size(job)
    tall, wide = job.span(rows, columns)
    channels, dtype = job.out.shape[2], job.out.dtype
    (sv, sh), width = job.stride, wide if job.stride[1] == 1 else columns

    def work(queue: Iterator[Tile]) -> None:
        picture = Sheet(tall, wide, channels, 0, dtype)
        filtered = Sheet(rows, wide, channels, job.extent[1], dtype)
        total, part = np.empty((rows, width, channels), dtype), np.empty((rows, width, channels), dtype)
        for tile in queue:
            y, x, h, w = tile
            span = job.span(h, w)
            job.read(y, x, picture.pixels[: span[0], : span[1]])
            for n, (column, row) in enumerate(factors):
                picture.slide(Grid(column[:, None]), job.dilation, (sv, 1), (h, wide), filtered.pixels)
                filtered.slide(Grid(row[None]), job.dilation, (1, sh), (h, w), part if n else total)
                if n:
                    total[:h] += part[:h]
            job.write(tile, total[:h, :w])

    scratch = (tall + rows) * wide + 2 * rows * width
    share(work, job.tiles(rows, columns), job, scratch * channels * dtype.itemsize)


def band(factor: np.ndarray, stride: int, dilation: int) -> np.ndarray:
    """Return the matrix that takes `BLOCK` windows' worth of pixels to `BLOCK` results.

    Parameters
    ----------
    factor : ndarray of float, shape (K,)
        Taps along the axis.
    stride, dilation : int
        In pixels.

    Returns
    -------
    ndarray of float, shape (BLOCK, (BLOCK - 1) * stride + dilation * (K - 1) + 1)
        Row b holds the taps, begun at pixel b * stride.
    """
    extent = dilation * (len(factor) - 1) + 1
    matrix = np.zeros((BLOCK, (BLOCK - 1) * stride + extent), factor.dtype)
    for b in range(BLOCK):
        matrix[b, b * stride : b * stride + extent : dilation] = factor
    return matrix


def run_bands(job: Job, factors: Factors) -> None:
    """Filter with long factors, by products with band matrices.

    Parameters
    ----------
    job : Job
        What to filter, one channel; its weights are the sum of `factors`.
    factors : list of (column, row)
        As `low_rank` returns them.
    """
    (sv, sh), (dv, dh), dtype = job.stride, job.dilation, job.out.dtype
    bands = [(band(column, sv, dv), band(row, sh, dh).T.copy()) for column, row in factors]
    (_, high), (long, _) = bands[0][0].shape, bands[0][1].shape
    rows, columns = (min(n, -(-size // BLOCK) * BLOCK) for n, size in zip(TILE, job.out.shape, strict=False))
    tall, wide = job.span(rows, columns)
    piece = max(SMALL_PRODUCT // (BLOCK * high) // 8 * 8, 8)
    pieces = -(-wide // piece)
    wide, item = pieces * piece, dtype.itemsize

    def work(queue: Iterator[Tile]) -> None:
        picture = np.zeros((tall, wide, 1), dtype)
        filtered = np.empty((rows, wide), dtype)
        total, part = np.empty((rows, columns), dtype), np.empty((rows, columns), dtype)
        # Every operand is a view: windows of `high` rows, one for each block of results and piece of a row, ...
        shape = rows // BLOCK, pieces, high, piece
        under = np.ndarray(shape, dtype, picture, 0, (BLOCK * sv * wide * item, piece * item, wide * item, item))
        halfway = filtered.reshape(rows // BLOCK, BLOCK, pieces, piece).swapaxes(1, 2)
        # ... then windows of `long` columns, one for each block of results.
        shape = columns // BLOCK, rows, long
        beside = np.ndarray(shape, dtype, filtered, 0, (BLOCK * sh * item, wide * item, item))
        for tile in queue:
            y, x, h, w = tile
            span = job.span(h, w)
            job.read(y, x, picture[: span[0], : span[1]])
            for n, (down, along) in enumerate(bands):
                target = part if n else total
                np.matmul(down, under, out=halfway)
                np.matmul(beside, along, out=target.reshape(rows, -1, BLOCK).swapaxes(0, 1))
                if n:
                    total += part
            job.write(tile, total[:h, :w, None])

    share(work, job.tiles(rows, columns), job, item * ((tall + rows) * wide + 2 * rows * columns))
