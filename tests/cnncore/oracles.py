"""Slow, readable twins of the operations: plain loops that say what each number is, in float64.

Padding is given in pixels, ((top, bottom), (left, right)); strides, dilations and sizes are pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Pair = tuple[int, int]
Pads = tuple[Pair, Pair]


def count_windows(n: int, k: int, stride: int, pads: Pair, dilation: int, ceil_mode: bool = False) -> int:
    """Slide a window along one axis and count where it may stop."""
    begin, end = pads
    count = 0
    while True:
        start = count * stride - begin
        overhang = start + dilation * (k - 1) + 1 - (n + end)
        fits = overhang <= 0 or (ceil_mode and overhang < stride and start < n)
        if not fits:
            return count
        count += 1


def window_cells(shape: Pair, size: Pair, stride: Pair, pads: Pads, dilation: Pair, i: int, j: int) -> Iterator[Any]:
    """List the cells of window (i, j) that lie in the image, row by row: (row and column of the tap, of the pixel)."""
    for r in range(size[0]):
        for c in range(size[1]):
            y = i * stride[0] - pads[0][0] + r * dilation[0]
            x = j * stride[1] - pads[1][0] + c * dilation[1]
            if 0 <= y < shape[0] and 0 <= x < shape[1]:
                yield (r, c), (y, x)


def conv2d(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Pair = (1, 1),
    pads: Pads = ((0, 0), (0, 0)),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """Cross-correlate: multiply, add up, shift, repeat."""
    images, _, height, width = x.shape
    filters, per_group, kh, kw = w.shape
    rows = count_windows(height, kh, stride[0], pads[0], dilation[0])
    columns = count_windows(width, kw, stride[1], pads[1], dilation[1])
    y = np.zeros((images, filters, rows, columns))
    for n, f, i, j in np.ndindex(*y.shape):
        first = f // (filters // groups) * per_group
        total = 0.0 if b is None else float(b[f])
        for (r, c), (row, column) in window_cells((height, width), (kh, kw), stride, pads, dilation, i, j):
            for channel in range(per_group):
                total += float(x[n, first + channel, row, column]) * float(w[f, channel, r, c])
        y[n, f, i, j] = total
    return y


def conv_transpose2d(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: Pair = (1, 1),
    pads: Pads = ((0, 0), (0, 0)),
    output_padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """Put down a weighted filter for every number, then cut the borders off."""
    images, channels, height, width = x.shape
    _, per_group, kh, kw = w.shape
    filters = per_group * groups
    full = np.zeros(
        (
            images,
            filters,
            (height - 1) * stride[0] + dilation[0] * (kh - 1) + 1 + output_padding[0],
            (width - 1) * stride[1] + dilation[1] * (kw - 1) + 1 + output_padding[1],
        )
    )
    for n, channel, i, j in np.ndindex(*x.shape):
        first = channel // (channels // groups) * per_group
        for f, r, c in np.ndindex(per_group, kh, kw):
            at = n, first + f, i * stride[0] + r * dilation[0], j * stride[1] + c * dilation[1]
            full[at] += float(x[n, channel, i, j]) * float(w[channel, f, r, c])
    (top, bottom), (left, right) = pads
    y = full[:, :, top : max(full.shape[2] - bottom, 0), left : max(full.shape[3] - right, 0)]
    return y if b is None else y + b[:, None, None]


def max_pool2d(
    x: Array, size: Pair, stride: Pair, pads: Pads, dilation: Pair = (1, 1), ceil_mode: bool = False
) -> Array:
    """Look at the pixels under every window: NaN wins, then the largest; without any it is minus infinity."""
    images, channels, height, width = x.shape
    rows = count_windows(height, size[0], stride[0], pads[0], dilation[0], ceil_mode)
    columns = count_windows(width, size[1], stride[1], pads[1], dilation[1], ceil_mode)
    y = np.full((images, channels, rows, columns), -np.inf)
    for n, c, i, j in np.ndindex(*y.shape):
        for _, pixel in window_cells((height, width), size, stride, pads, dilation, i, j):
            value = float(x[n, c][pixel])
            if value != value or value > y[n, c, i, j]:
                y[n, c, i, j] = value
    return y


def avg_pool2d(
    x: Array,
    size: Pair,
    stride: Pair,
    pads: Pads,
    dilation: Pair,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Array:
    """Add up the pixels under every window; divide by their number, or by that of all cells of the padded image."""
    images, channels, height, width = x.shape
    (top, bottom), (left, right) = pads
    rows = count_windows(height, size[0], stride[0], pads[0], dilation[0], ceil_mode)
    columns = count_windows(width, size[1], stride[1], pads[1], dilation[1], ceil_mode)
    y = np.zeros((images, channels, rows, columns))
    for n, c, i, j in np.ndindex(*y.shape):
        total, cells = 0.0, 0
        for r, q in np.ndindex(*size):
            row, column = i * stride[0] - top + r * dilation[0], j * stride[1] - left + q * dilation[1]
            if 0 <= row < height and 0 <= column < width:
                total += float(x[n, c, row, column])
                cells += 1
            elif count_include_pad and row < height + bottom and column < width + right:
                cells += 1
        y[n, c, i, j] = total / cells if cells else 0.0
    return y


def max_pool2d_backward(
    dy: Array,
    x: Array,
    size: Pair,
    stride: Pair,
    pads: Pads = ((0, 0), (0, 0)),
    dilation: Pair = (1, 1),
) -> Array:
    """Give every window's gradient to its first largest pixel, or to its last NaN."""
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*dy.shape):
        winner = None
        for _, pixel in window_cells(x.shape[2:], size, stride, pads, dilation, i, j):
            value = x[n, c][pixel]
            if winner is None or value > x[n, c][winner] or np.isnan(value):
                winner = pixel
        if winner is not None:
            dx[n, c][winner] += dy[n, c, i, j]
    return dx


def numeric_gradient(f: Callable[[Array], Array], x: Array, dy: Array, step: float = 1e-5) -> Array:
    """Return the gradient of ``sum(dy * f(x))`` by central differences, one number of `x` at a time."""
    gradient = np.zeros(x.shape)
    for at in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[at] += step
        down[at] -= step
        gradient[at] = (dy * (f(up) - f(down))).sum() / (2 * step)
    return gradient
