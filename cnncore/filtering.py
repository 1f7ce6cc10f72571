"""`filter2d`: one image, one kernel, fast.

How it is done stands in the modules behind this one. `_filter_plan` chooses: dot products (`_filter_dots`), shift and
add (`_filter_taps`), band matrices (`_filter_bands`) for kernels that come apart (`_filter_low_rank`), or spectra
(`_filter_fft`). All of them work tile by tile, on threads (`_filter_tiles`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cnncore import _filter_plan
from cnncore._filter_tiles import BORDERS, Job, Padded
from cnncore.geometry import as_pair, resolve_padding_2d, window_extent


def filter2d(
    image: Any,
    kernel: Any,
    *,
    stride: Any = 1,
    dilation: Any = 1,
    padding: Any = "same",
    border: str = "reflect",
    value: float = 0.0,
    flip: bool = False,
) -> np.ndarray:
    """Slide a kernel over an image and sum the products under it.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
        Rows run down, columns right. Channels are filtered apart, each with the same kernel.
    kernel : array_like, shape (KH, KW)
        Cast to the dtype of the result.
    stride, dilation : int or (vertical, horizontal)
        Step between windows and distance between taps, in pixels.
    padding : int, (vertical, horizontal), ((top, bottom), (left, right)), or str
        Pixels of padding, or a name: ``"same"`` gives ``ceil(H / stride)`` rows and puts an odd pixel of padding at
        the end (TensorFlow's windows), ``"same_lower"`` first; ``"full"`` counts every window that touches the
        image, ``"valid"`` those that lie inside it.
    border : {"reflect", "constant", "symmetric", "edge", "wrap"}
        What the padding holds, by `numpy.pad`'s names; repeated as often as it takes to fill it.
    value : float
        What it holds when `border` is ``"constant"``.
    flip : bool
        Flip the kernel both ways first: mathematical convolution, where the default is correlation. The windows
        stay where they are, also for even kernels.

    Returns
    -------
    ndarray, shape (OH, OW) or (OH, OW, C)
        float64 for a float64 image, else float32. ``OH = (H + top + bottom - dilation*(KH-1) - 1) // stride + 1``.

    Raises
    ------
    ValueError
        If an argument has a wrong shape, holds no real numbers, or is unknown, or if the window is larger than the
        padded image.

    Notes
    -----
    Each number is within ``1e-5 * sum|kernel| * max|image|`` of the exact result, usually far nearer. NaN and
    infinities stay exactly where a window meets them; it meets them under a zero of the kernel, too, and 0 * inf is
    NaN. Beside the result, at most three times its size (or some MB, for a small one) is in use at any time.

    References
    ----------
    .. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.

    Examples
    --------
    >>> image = np.arange(16.0).reshape(4, 4)
    >>> filter2d(image, [[0, 1, 0], [1, -4, 1], [0, 1, 0]], padding="valid")
    array([[0., 0.],
           [0., 0.]])
    >>> filter2d(image, [[1, 2]], stride=2, border="edge")
    array([[ 2.,  8.],
           [26., 32.]])

    With ``flip=True``, the impulse shows the kernel itself:

    >>> impulse = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    >>> filter2d(impulse, [[1, 2, 3], [4, 5, 6], [7, 8, 9]], border="constant", flip=True)
    array([[1., 2., 3.],
           [4., 5., 6.],
           [7., 8., 9.]], dtype=float32)
    """
    return _filter2d(image, kernel, stride, dilation, padding, border, value, flip)


def _filter2d(
    image: Any,
    kernel: Any,
    stride: Any = 1,
    dilation: Any = 1,
    padding: Any = "same",
    border: str = "reflect",
    value: float = 0.0,
    flip: bool = False,
    way: str | None = None,
) -> np.ndarray:
    """`filter2d`, done the given `way` (one of `_filter_plan.WAYS`) rather than the cheapest."""
    pixels = _real_numbers(image, "image")
    if pixels.ndim not in (2, 3) or not pixels.size:
        raise ValueError(f"`image` must have the shape (H, W) or (H, W, C), none of them 0, not {pixels.shape}")
    taps = _real_numbers(kernel, "kernel")
    if taps.ndim != 2 or not taps.size:
        raise ValueError(f"`kernel` must have the shape (KH, KW), none of them 0, not {taps.shape}")
    if not isinstance(border, str) or border not in BORDERS:
        raise ValueError(f"`border` (={border!r}) must be one of {', '.join(map(repr, BORDERS))}")
    fill = _real_numbers(value, "value")
    if fill.ndim:
        raise ValueError(f"`value` must be one number, not an array of the shape {fill.shape}")
    strides, dilations = as_pair(stride, "stride"), as_pair(dilation, "dilation")
    planes = pixels.reshape(*pixels.shape[:2], -1)
    pads = resolve_padding_2d(planes.shape[:2], taps.shape, stride=strides, padding=padding, dilation=dilations)
    shape = []
    for axis, n, k, s, d, (begin, end) in zip(
        ("rows", "columns"), planes.shape, taps.shape, strides, dilations, pads, strict=False
    ):
        extent = window_extent(k, d)
        if extent > n + begin + end:
            raise ValueError(
                f"`kernel` of {k} {axis} spans {extent} at `dilation` {d}, but the padded `image` has only "
                f"{n + begin + end} ({n} + {begin} + {end} of `padding`)"
            )
        shape.append((n + begin + end - extent) // s + 1)

    dtype = np.dtype(np.float64 if pixels.dtype == np.float64 else np.float32)
    with np.errstate(over="ignore"):  # what is too large for single precision is infinite there
        weights = np.ascontiguousarray(taps[::-1, ::-1] if flip else taps, dtype=dtype)
        fill = fill.astype(dtype)
    out = np.empty((*shape, planes.shape[2]), dtype)
    padded = Padded(planes, pads, border, fill.item())
    _filter_plan.run(Job(padded, weights, out, strides, dilations), way)
    return out.reshape(*shape, *pixels.shape[2:])


def _real_numbers(array: Any, name: str) -> np.ndarray:
    try:
        numbers = np.asarray(array)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"`{name}` must be a rectangular array of numbers: {error}") from None
    if numbers.dtype.kind not in "buif":
        raise ValueError(f"`{name}` must hold real numbers, not {numbers.dtype}")
    return numbers
