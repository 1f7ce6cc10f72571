"""Pooling: the maximum or the mean of every window.

A window is a rectangle, so pooling goes one axis at a time: down the rows first, where runs of memory are longest, then
along what that gives. A window of KH x KW then costs KH + KW passes over the batch instead of KH * KW. Taps that fall
on the padding are left out, so it can neither win a maximum nor pull down a mean.

References
----------
.. [1] PyTorch, `MaxPool2d` and `AvgPool2d`: ceil_mode, count_include_pad.
.. [2] ONNX operator specification, `MaxPool` and `AveragePool`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from cnncore._arrays import QUIET, Array, as_gradient, as_images, batch_first, batch_last, keep_where
from cnncore._windows import Windows, place_windows, taps
from cnncore.geometry import as_pair, window_extent


@np.errstate(**QUIET)
def max_pool2d(
    x: Any, size: Any, *, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Array:
    """Return the largest number of every window.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
        Feature maps. float32 and float64 are kept, integers and bool become float32.
    size : int or (vertical, horizontal)
        Taps of the window.
    stride : int or (vertical, horizontal), optional
        Pixels from one window to the next; by default `size`, so that windows neither overlap nor leave gaps.
    padding : int, (vertical, horizontal), ((top, bottom), (left, right)), or str
        Pixels of minus infinity around the maps, less than the dilated window spans, or one of "valid", "same",
        "same_lower", "full"; see `cnncore.geometry.resolve_padding`.
    dilation : int or (vertical, horizontal)
        Pixels from one tap of the window to the next; 1 means no gaps.
    ceil_mode : bool
        Where the stride leaves a rest, also pool a last window that overhangs the padded map, if it starts inside
        the map or the padding before it. Has no effect with "same" and "same_lower".

    Returns
    -------
    ndarray of float, shape (N, C, OH, OW)
        In the dtype of `x`. A window that holds NaN gives NaN; one that holds no pixel, minus infinity. An
        NCHW-shaped view of memory laid out (C, OH, OW, N).

    Raises
    ------
    ValueError
        If `x` has not four dimensions, the window exceeds the padded map, or an argument is out of range.

    Examples
    --------
    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    """
    x = as_images(x)
    windows = _pool_windows(x, size, stride, padding, dilation, ceil_mode)
    tallest = _gather(batch_last(x), windows, 0, np.maximum, -np.inf)
    return batch_first(_gather(tallest, windows, 1, np.maximum, -np.inf))


@np.errstate(**QUIET)
def max_pool2d_backward(
    dy: Any, x: Any, size: Any, *, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Array:
    """Return the gradient of a loss with respect to the maps that went into `max_pool2d`.

    Parameters
    ----------
    dy : array_like, shape (N, C, OH, OW)
        Gradient of the loss with respect to the output.
    x : array_like, shape (N, C, H, W)
        The maps that went in.
    size, stride, padding, dilation, ceil_mode
        As in `max_pool2d`.

    Returns
    -------
    ndarray of float, shape (N, C, H, W)
        Every window's gradient stands at its largest pixel: the first of equals, row by row. Of several NaN the last
        has it (as in PyTorch). A window that holds no pixel gives none.

    Raises
    ------
    ValueError
        As in `max_pool2d`, or if `dy` has not the shape of its output.

    Examples
    --------
    >>> max_pool2d_backward([[[[5.0]]]], np.array([[[[1.0, 2.0], [2.0, 0.0]]]]), 2)
    array([[[[0., 5.],
             [0., 0.]]]])
    """
    x = as_images(x)
    windows = _pool_windows(x, size, stride, padding, dilation, ceil_mode)
    dy = as_gradient(dy, "dy", x, (*x.shape[:2], *windows.out))
    x = batch_last(x)
    # The gradient goes to a row first, then to a column in it: of equals, that is the first in row-major order.
    widest = _gather(x, windows, 1, np.maximum, -np.inf)
    y = _gather(widest, windows, 0, np.maximum, -np.inf)
    d_widest = _to_largest(batch_last(dy), widest, y, windows, 0)
    return batch_first(_to_largest(d_widest, x, widest, windows, 1))


@np.errstate(**QUIET)
def avg_pool2d(
    x: Any,
    size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> Array:
    """Return the mean of every window.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
        Feature maps. float32 and float64 are kept, integers and bool become float32.
    size : int or (vertical, horizontal)
        Taps of the window.
    stride : int or (vertical, horizontal), optional
        Pixels from one window to the next; by default `size`, so that windows neither overlap nor leave gaps.
    padding : int, (vertical, horizontal), ((top, bottom), (left, right)), or str
        Pixels around the maps, less than the dilated window spans, or one of "valid", "same", "same_lower", "full";
        see `cnncore.geometry.resolve_padding`.
    dilation : int or (vertical, horizontal)
        Pixels from one tap of the window to the next; 1 means no gaps.
    ceil_mode : bool
        Where the stride leaves a rest, also pool a last window that overhangs the padded map, if it starts inside
        the map or the padding before it. Has no effect with "same" and "same_lower".
    count_include_pad : bool
        Whether padding counts as zeros (PyTorch's default) or is left out of the mean (TensorFlow, and the default
        here). What overhangs the padded map never counts.

    Returns
    -------
    ndarray of float, shape (N, C, OH, OW)
        In the dtype of `x`; 0 for a window that holds no pixel. An NCHW-shaped view of memory laid out
        (C, OH, OW, N).

    Raises
    ------
    ValueError
        If `x` has not four dimensions, the window exceeds the padded map, or an argument is out of range.

    Examples
    --------
    >>> avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])
    >>> avg_pool2d(np.arange(49.0).reshape(1, 1, 7, 7), 2, stride=3, ceil_mode=True)[0, 0, 2, 2].item()
    48.0
    """
    x = as_images(x)
    windows = _pool_windows(x, size, stride, padding, dilation, ceil_mode)
    y = _gather(_gather(batch_last(x), windows, 0, np.add, 0.0), windows, 1, np.add, 0.0)
    y /= _cell_counts(windows, count_include_pad, x.dtype)
    return batch_first(y)


@np.errstate(**QUIET)
def avg_pool2d_backward(
    dy: Any,
    x: Any,
    size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> Array:
    """Return the gradient of a loss with respect to the maps that went into `avg_pool2d`.

    Parameters
    ----------
    dy : array_like, shape (N, C, OH, OW)
        Gradient of the loss with respect to the output.
    x : array_like, shape (N, C, H, W)
        The maps that went in; only their shape and dtype matter.
    size, stride, padding, dilation, ceil_mode, count_include_pad
        As in `avg_pool2d`.

    Returns
    -------
    ndarray of float, shape (N, C, H, W)
        Every window's gradient, shared equally among its pixels.

    Raises
    ------
    ValueError
        As in `avg_pool2d`, or if `dy` has not the shape of its output.

    Examples
    --------
    >>> avg_pool2d_backward([[[[8.0]]]], np.zeros((1, 1, 2, 2)), 2)
    array([[[[2., 2.],
             [2., 2.]]]])
    """
    x = as_images(x)
    windows = _pool_windows(x, size, stride, padding, dilation, ceil_mode)
    dy = as_gradient(dy, "dy", x, (*x.shape[:2], *windows.out))
    share = batch_last(dy) / _cell_counts(windows, count_include_pad, x.dtype)
    return batch_first(_to_all(_to_all(share, windows, 1), windows, 0))


def _pool_windows(x: Array, size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Windows:
    """Place the windows of a pool, and check that its padding is smaller than its dilated window."""
    kernel = as_pair(size, "size")
    windows = place_windows(
        x.shape,
        kernel,
        source="size",
        stride=kernel if stride is None else stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
    )
    for k, d, pads in zip(kernel, windows.dilation, windows.padding, strict=True):
        if max(pads) >= window_extent(k, d):
            raise ValueError(
                f"`padding` (={padding!r}) must be smaller than the {window_extent(k, d)} pixels that the window "
                f"spans (`size` (={size!r}), `dilation` (={dilation!r}))"
            )
    return windows


def _at(axis: int, where: slice) -> tuple[slice, ...]:
    """Index a (C, H, W, N) array along its rows (axis 0) or columns (axis 1)."""
    return (slice(None), where) if axis == 0 else (slice(None), slice(None), where)


def _resized(x: Array, axis: int, size: int) -> Array:
    """Return an uninitialised array like the batch-last `x`, but with `size` rows or columns."""
    shape = list(x.shape)
    shape[axis + 1] = size
    return np.empty(shape, x.dtype)


def _gather(x: Array, windows: Windows, axis: int, combine: np.ufunc, empty: float) -> Array:
    """Combine the taps of every window along one axis; a window without any gives `empty`."""
    y = _resized(x, axis, windows.out[axis])
    found = taps(windows, axis)
    if found and found[0].out == slice(0, windows.out[axis]):  # the first tap sees a pixel in every window
        np.copyto(y, x[_at(axis, found[0].pixels)])
        found = found[1:]
    else:
        y.fill(empty)
    for tap in found:
        target = y[_at(axis, tap.out)]
        combine(target, x[_at(axis, tap.pixels)], out=target)
    return y


def _to_all(dy: Array, windows: Windows, axis: int) -> Array:
    """Give every tap of every window along one axis the window's number; the adjoint of gathering a sum."""
    dx = _resized(dy, axis, windows.shape[axis])
    dx.fill(0)
    for tap in taps(windows, axis):
        dx[_at(axis, tap.pixels)] += dy[_at(axis, tap.out)]
    return dx


def _to_largest(dy: Array, x: Array, y: Array, windows: Windows, axis: int) -> Array:
    """Give every window's number to its largest tap along one axis: the first of equals, the last of NaN."""
    dx = np.zeros_like(x)
    done = np.zeros(y.shape, bool)  # windows whose number has been given
    found = taps(windows, axis)
    passes = [(tap, False) for tap in found]
    if np.isnan(y.max(initial=-np.inf)):  # NaN equals nothing, so the windows that hold one are still to be served
        passes += [(tap, True) for tap in reversed(found)]
    for tap, wants_nan in passes:
        out, pixels = _at(axis, tap.out), _at(axis, tap.pixels)
        hit = np.isnan(x[pixels]) if wants_nan else np.equal(x[pixels], y[out])
        np.greater(hit, done[out], out=hit)
        np.logical_or(done[out], hit, out=done[out])
        dx[pixels] += keep_where(hit, dy[out])
    return dx


@lru_cache(maxsize=64)
def _cell_counts(windows: Windows, count_include_pad: bool, dtype: np.dtype[Any]) -> Array:
    """Count the cells each mean is taken over, (OH, OW, 1); at least 1, so that a sum over none stays 0."""
    counts = []
    for axis in (0, 1):
        begin, end = windows.padding[axis]
        first = np.arange(windows.out[axis])[:, None] * windows.stride[axis] - begin
        pixel = first + np.arange(windows.kernel[axis]) * windows.dilation[axis]
        n = windows.shape[axis]
        seen = pixel < n + end if count_include_pad else (pixel >= 0) & (pixel < n)
        counts.append(seen.sum(axis=1))
    cells = np.maximum(np.multiply.outer(*counts), 1).astype(dtype)[..., None]
    cells.flags.writeable = False
    return cells
