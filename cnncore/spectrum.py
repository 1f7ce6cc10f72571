"""What a kernel does to stripes: its frequency response."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnncore.geometry import as_pair


def frequency_response(kernels: ArrayLike, *, dilation: Any = 1, size: int = 128) -> NDArray[np.float64]:
    """Return how strongly a kernel passes each spatial frequency: the magnitude of its discrete Fourier transform.

    Parameters
    ----------
    kernels : array_like of float, shape (KH, KW) or (B, KH, KW)
        One kernel, or several whose responses are combined as the root of the sum of their squares.
    dilation : int or (vertical, horizontal)
        Distance between taps in pixels.
    size : int
        Frequencies along each axis; even, at least 2.

    Returns
    -------
    ndarray of float64, shape (size, size)
        Magnitudes; frequencies run from -1/2 up to just below 1/2 cycles per pixel, zero at index ``size // 2``.

    Raises
    ------
    ValueError
        If `kernels` has another number of axes or `size` is odd or too small.

    References
    ----------
    .. [1] A. V. Oppenheim, R. W. Schafer, "Discrete-Time Signal Processing", 1989, section 2.6.

    Examples
    --------
    A box of three passes even areas whole, and its alternating stripes by a third:

    >>> response = frequency_response([[1 / 3, 1 / 3, 1 / 3]], size=4)
    >>> response[2].round(3).tolist()
    [0.333, 0.333, 1.0, 0.333]
    """
    stack = np.asarray(kernels, dtype=np.float64)
    if stack.ndim == 2:
        stack = stack[None]
    if stack.ndim != 3 or stack.size == 0:
        raise ValueError(f"`kernels` has shape {stack.shape}, but (KH, KW) or (B, KH, KW) is needed")
    if size < 2 or size % 2:
        raise ValueError(f"`size` (={size}) must be an even number of at least 2")
    vertical, horizontal = as_pair(dilation, "dilation")
    frequencies = np.fft.fftshift(np.fft.fftfreq(size))
    rows = np.exp(-2j * np.pi * vertical * np.outer(frequencies, np.arange(stack.shape[1])))
    columns = np.exp(-2j * np.pi * horizontal * np.outer(np.arange(stack.shape[2]), frequencies))
    responses = np.abs(rows @ stack @ columns)
    result: NDArray[np.float64] = np.sqrt((responses**2).sum(axis=0))
    return result
