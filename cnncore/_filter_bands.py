"""Filtering with long (column x row) products, by band matrices: first down the columns, then along the rows.

Every row of a band matrix holds the factor one window further on; the matrix product with a stretch of pixels gives
that many results at once. Blocks of 16 results keep the bands narrow.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnncore._filter_low_rank import Factors
from cnncore._filter_tiles import Job, Tile, share

BLOCK = 16
"""Results that one band matrix yields."""

TILE = 64, 512
"""Rows and columns of a tile, in whole blocks."""

SMALL_PRODUCT = 262_144
"""Multiplications (m n k) up to which OpenBLAS, NumPy's BLAS on most systems, starts no threads of its own."""


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


def run(job: Job, factors: Factors) -> None:
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
        under = np.ndarray(
            (rows // BLOCK, pieces, high, piece),
            dtype,
            picture,
            0,
            (BLOCK * sv * wide * item, piece * item, wide * item, item),
        )
        halfway = filtered.reshape(rows // BLOCK, BLOCK, pieces, piece).swapaxes(1, 2)
        # ... then windows of `long` columns, one for each block of results.
        beside = np.ndarray((columns // BLOCK, rows, long), dtype, filtered, 0, (BLOCK * sh * item, wide * item, item))
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
