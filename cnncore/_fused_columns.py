"""Convolution over maps laid out row first, (H, C, W, N): columns of pixels with a third of the usual copying.

A filter of KH x KW over C channels is a row of KH * KW * C weights. With the rows of the maps outermost, and each row
copied once for every horizontal tap, (KW, C, OW, N), the pixels under all windows of one output row are KH neighbouring
rows of memory: a matrix of KH * KW * C by OW * N that needs no copy of its own, and that overlapping output rows share.
So pixels are copied KW times, not KH * KW times, and one matrix product for each output row does the rest.

Output rows are handled in blocks small enough that what one step leaves is still in the cache when the next reads it.
"""

from __future__ import annotations

import numpy as np

from cnncore._arrays import Array
from cnncore._windows import Windows, taps
from cnncore.layers import Conv

Copies = list[tuple[Array, Array]]

#: Bytes of output that a block of rows may take: with what belongs to it, it fits a second-level cache of 512 KiB.
BLOCK_BYTES = 128 << 10


class RowColumns:
    """Memory for the pixels under the windows of a convolution, with one matrix for each output row.

    Parameters
    ----------
    windows : Windows
        Where they lie; without dilation.
    channels, images : int
    dtype : dtype

    Attributes
    ----------
    matrices : ndarray, shape (OH, KH * KW * C, OW * N)
        To multiply with; they share memory.

    Examples
    --------
    >>> windows = Windows((2, 2), (2, 2), (1, 1), ((0, 0), (0, 1)), (1, 1), (1, 2))
    >>> rows = RowColumns(windows, 1, 1, np.float64)
    >>> for target, pixels in rows.copies(np.arange(4.0).reshape(2, 1, 2, 1), 0):
    ...     np.copyto(target, pixels)
    >>> rows.matrices
    array([[[0., 1.],
            [1., 0.],
            [2., 3.],
            [3., 0.]]])
    """

    def __init__(self, windows: Windows, channels: int, images: int, dtype: np.dtype) -> None:
        (kh, kw), (down, _), (oh, ow) = windows.kernel, windows.stride, windows.out
        self._windows = windows
        self._memory: Array = np.zeros(((oh - 1) * down + kh, kw, channels, ow, images), dtype)  # 0 is padding
        per_row, _, per_channel, *_ = self._memory.strides
        self.matrices: Array = np.ndarray(
            (oh, kh * kw * channels, ow * images),
            dtype,
            self._memory,  # type: ignore[arg-type]
            0,
            (down * per_row, per_channel, self._memory.itemsize),
        )

    def copies(self, maps: Array, first: int) -> Copies:
        """Return what is to be copied where once the rows of the maps from `first` on stand in `maps`.

        Parameters
        ----------
        maps : ndarray, shape (rows, C, W, N)
        first : int

        Returns
        -------
        list of (target, source)
        """
        start = first + self._windows.padding[0][0]
        target = self._memory[start : start + maps.shape[0]]
        source = maps[: target.shape[0]]
        if not target.size:
            return []
        return [(target[:, tap.number, :, tap.out], source[:, :, tap.pixels]) for tap in taps(self._windows, 1)]


class FusedConv:
    """A convolution without its bias, and its gradients, block by block, in memory that is wired once.

    Parameters
    ----------
    layer : cnncore.layers.Conv
        Gives the windows and the live filters.
    x : ndarray, shape (H, C, W, N)
        What goes in.
    dx : ndarray, shape (H, C, W, N), or None
        Where the gradient with respect to it goes, if it is wanted.
    dw : ndarray, shape (F, C, KH, KW)
        Where the gradient with respect to the filters goes.
    used : int
        Output rows that are needed, from the first: a pool may leave a rest.
    step : int
        A block holds a multiple of so many rows; 0 for all rows at once.
    in_place : bool
        Whether the gradient with respect to the output takes the output's place.

    Attributes
    ----------
    rows : list of (first, stop)
        The blocks.
    y : list of ndarray, shape (rows, F, OW, N)
        For each block where its output stands; all are the same memory.
    dy : list of ndarray
        And where the gradient with respect to it comes in.
    """

    def __init__(
        self, layer: Conv, x: Array, dx: Array | None, dw: Array, *, used: int, step: int, in_place: bool
    ) -> None:
        self.weight, self.dw, self.dx = layer.parameters[f"{layer.name}.weight"], dw, dx
        self.windows = windows = layer.windows
        filters, channels, kh, kw = self.weight.shape
        width, images = windows.out[1], x.shape[-1]
        mirrored = None if dx is None else windows.mirrored()
        row_bytes = filters * width * images * x.itemsize
        at_once = max(1, BLOCK_BYTES // (row_bytes * step)) * step if step else used
        if dx is not None and mirrored is None:
            at_once = used
        self.rows = [(first, min(first + at_once, used)) for first in range(0, used, at_once)]
        memory: Array = np.empty((min(at_once, used), filters, width, images), x.dtype)
        self.y = [memory[: stop - first] for first, stop in self.rows]
        self.dy = self.y if in_place else [np.empty_like(y) for y in self.y]
        columns = RowColumns(windows, channels, images, x.dtype)
        self._matrices = [columns.matrices[first:stop] for first, stop in self.rows]
        self._turned_matrices = [matrices.transpose(0, 2, 1) for matrices in self._matrices]
        self._copies = [columns.copies(x[a:b], a) for a, b in self._arriving(x.shape[0])]
        self._weights: Array = np.empty((filters, kh, kw, channels), x.dtype)  # in the columns' order
        self._weight_rows = self._weights.reshape(filters, -1)
        self._flat, self._flat_dy = ([y.reshape(y.shape[0], filters, -1) for y in ys] for ys in (self.y, self.dy))
        dw_rows: Array = np.empty((used, *self._weight_rows.shape), x.dtype)
        self._dw_rows, self._dw_parts = dw_rows, [dw_rows[first:stop] for first, stop in self.rows]
        self._dw_sum: Array = np.empty(self._weight_rows.shape, x.dtype)
        self._gradient: _GatheredGradient | _SpreadGradient | None = None
        if dx is not None and mirrored is not None:
            self._gradient = _GatheredGradient(self, mirrored, dx)
        elif dx is not None:
            self._gradient = _SpreadGradient(self, dx)

    def _arriving(self, height: int) -> list[tuple[int, int]]:
        """Return which rows of what goes in each block needs that no block before it has needed."""
        found, done = [], 0
        for _, stop in self.rows:
            needed = (stop - 1) * self.windows.stride[0] + self.windows.kernel[0] - self.windows.padding[0][0]
            end = max(done, min(needed, height))
            found.append((done, end))
            done = end
        return found

    def start_forward(self) -> None:
        """Take over the filters as they are now."""
        np.copyto(self._weights, self.weight.transpose(0, 2, 3, 1))

    def forward(self, block: int) -> None:
        """Fill ``y[block]`` from what stands in `x`; the blocks in their order."""
        for target, pixels in self._copies[block]:
            np.copyto(target, pixels)
        np.matmul(self._weight_rows, self._matrices[block], out=self._flat[block])

    def start_backward(self) -> None:
        """Prepare for the gradients of the blocks."""
        if self._gradient is not None:
            self._gradient.start()

    def backward(self, block: int) -> None:
        """Take the gradient that stands in ``dy[block]``; the blocks in their order."""
        np.matmul(self._flat_dy[block], self._turned_matrices[block], out=self._dw_parts[block])
        if self._gradient is not None:
            self._gradient.take(block)

    def end_backward(self) -> None:
        """Fill `dw`, when all blocks are done."""
        np.add.reduce(self._dw_rows, axis=0, out=self._dw_sum)
        np.copyto(self.dw, self._dw_sum.reshape(self._weights.shape).transpose(0, 3, 1, 2))


class _GatheredGradient:
    """For stride 1 the gradient of what went in is a convolution itself, with the filters turned by half."""

    def __init__(self, conv: FusedConv, windows: Windows, dx: Array) -> None:
        filters, channels, kh, kw = conv.weight.shape
        height, _, width, images = dx.shape
        columns = RowColumns(windows, filters, images, dx.dtype)
        self._weight = conv.weight.transpose(1, 2, 3, 0)[:, ::-1, ::-1]
        self._weights: Array = np.empty((channels, kh, kw, filters), dx.dtype)
        self._weight_rows = self._weights.reshape(channels, -1)
        self._steps: list[tuple[Copies, Array, Array]] = []
        flat, done = dx.reshape(height, channels, width * images), 0
        for (first, stop), dy in zip(conv.rows, conv.dy, strict=True):
            ready = min(max(done, stop + windows.padding[0][0] - kh + 1), height)
            if stop == conv.rows[-1][1]:
                ready = height
            self._steps.append((columns.copies(dy, first), columns.matrices[done:ready], flat[done:ready]))
            done = ready

    def start(self) -> None:
        np.copyto(self._weights, self._weight)

    def take(self, block: int) -> None:
        copies, matrices, dx = self._steps[block]
        for target, pixels in copies:
            np.copyto(target, pixels)
        if dx.size:
            np.matmul(self._weight_rows, matrices, out=dx)


class _SpreadGradient:
    """For other strides it is added back onto the pixels, tap by tap; all rows in one block."""

    def __init__(self, conv: FusedConv, dx: Array) -> None:
        filters, channels, kh, kw = conv.weight.shape
        (first, stop), (dy,) = conv.rows[0], conv.dy
        values: Array = np.empty((stop - first, kh, kw, channels, *dy.shape[2:]), dx.dtype)
        self._weights, self._dy, self._dx = conv._weight_rows.T, dy.reshape(stop, filters, -1), dx
        self._flat = values.reshape(stop, kh * kw * channels, -1)
        self._adds: list[tuple[Array, Array]] = []
        for row in taps(conv.windows, 0):
            last = min(row.out.stop, stop)
            pixels = dx[row.pixels][: last - row.out.start]
            for column in taps(conv.windows, 1):
                source = values[row.out.start : last, row.number, column.number, :, column.out]
                self._adds.append((pixels[:, :, column.pixels], source))

    def start(self) -> None:
        self._dx.fill(0)

    def take(self, block: int) -> None:
        np.matmul(self._weights, self._dy, out=self._flat)
        for pixels, values in self._adds:
            pixels += values
