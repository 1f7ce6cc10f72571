"""Filtering by multiplying spectra: overlap-save in tiles, for kernels with so many taps that adding them loses.

A tile of the padded picture is transformed, multiplied with the conjugate of the kernel's spectrum (which makes it a
correlation), and transformed back; the results whose windows would wrap around are never asked for. Single
precision stays single precision. Rounding spreads over a tile, so this way is for pictures of finite, moderate
numbers only.

References
----------
.. [1] A. V. Oppenheim, R. W. Schafer, "Discrete-Time Signal Processing", 3rd ed., section 8.7.3 (overlap-save).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from cnncore._filter_tiles import Job, Tile, share

LONGEST = 576
"""Longest side of a tile, in pixels: its buffers, 4 MB in single precision, still fit in a large cache."""


SHORTEST = 192
"""Shortest side of a tile that is not the only one: smaller ones spend their time on being started."""

FAST_SIZES = sorted(
    size for size in {2**a * 3**b * 5**c for a in range(10) for b in range(6) for c in range(4)} if size <= LONGEST
)
"""Lengths whose transforms are fast: no prime factor above 5."""


@functools.lru_cache(256)
def tile_side(windows: int, extent: int, stride: int) -> tuple[int, int]:
    """Choose the length of the tiles along one axis.

    Parameters
    ----------
    windows : int
        Windows along the axis.
    extent, stride : int
        Pixels that a window spans, and between windows.

    Returns
    -------
    size : int
        Length of a tile, in pixels.
    inside : int
        Windows that lie wholly inside it.

    Examples
    --------
    >>> tile_side(1024, 31, 1)
    (375, 345)
    """
    fitting = []
    for size in FAST_SIZES:
        inside = min((size - extent) // stride + 1, windows)
        if size >= extent and (size >= SHORTEST or inside == windows):
            fitting.append((-(-windows // inside) * size, size, inside))
    # Of nearly equal totals the smallest tile: more of them for the threads to share, and less memory.
    least = min(fitting)[0]
    return next((size, inside) for total, size, inside in fitting if total <= 1.02 * least)


def run(job: Job) -> None:
    """Filter in the frequency domain.

    Parameters
    ----------
    job : Job
        What to filter, finite numbers; its window spans at most `LONGEST` pixels either way.
    """
    import scipy.fft  # here, not above: small kernels never need it, and importing it takes longer than they do

    (high, down), (long, along) = (
        tile_side(*axis) for axis in zip(job.out.shape, job.extent, job.stride, strict=False)
    )
    (sv, sh), (dv, dh), dtype, channels = job.stride, job.dilation, job.out.dtype, job.out.shape[2]
    spread = np.zeros((high, long), dtype)
    spread[: job.extent[0] : dv, : job.extent[1] : dh] = job.weights
    kernel = scipy.fft.rfft2(spread).conj()
    del spread

    def work(queue: Iterator[Tile]) -> None:
        picture = np.empty((high, long, channels), dtype)
        for tile in queue:
            y, x, h, w = tile
            job.read(y, x, picture)
            spectrum = scipy.fft.fft(scipy.fft.rfft(picture, axis=1), axis=0, overwrite_x=True)
            spectrum *= kernel[:, :, None]
            rows = scipy.fft.ifft(spectrum, axis=0, overwrite_x=True)[: h * sv : sv]
            job.write(tile, scipy.fft.irfft(rows, n=long, axis=1)[:, : w * sh : sh])

    share(work, job.tiles(down, along), job, 3 * high * long * channels * dtype.itemsize)
