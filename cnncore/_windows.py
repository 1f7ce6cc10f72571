"""Windows over a batch of images: where they lie, how their pixels are gathered, and how gradients are spread back.

A `Windows` says where every window of a convolution or a pool lies. `columns` gathers the pixels under the windows
into a matrix (im2col), block by block; `spread` is its adjoint and adds a matrix of that form back onto the pixels
(col2im). `taps` lists, for one axis, which pixels the first, second, ... cell of the windows sees: padding is never
looked at, so a pool can neither count it nor take it for a maximum.

Arrays are batch-last here: (C, H, W, N).

References
----------
.. [1] K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document processing",
   10th International Workshop on Frontiers in Handwriting Recognition, 2006.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cnncore._arrays import Array
from cnncore.geometry import as_pair, output_size, resolve_padding_2d, window_extent

Pair = tuple[int, int]

#: Bytes the column matrix may take. A few megabytes: what is gathered is still in the processor's cache when it is
#: multiplied, and a large picture never needs more.
COLUMN_BYTES = 2 << 20


@dataclass(frozen=True)
class Windows:
    """Where the windows of one operation lie; every pair is (vertical, horizontal), every size in pixels.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of the image.
    kernel : tuple of int
        Taps of a window.
    stride, dilation : tuple of int
        Step between windows; distance between taps.
    padding : tuple
        ((top, bottom), (left, right)).
    out : tuple of int
        Rows and columns of windows.
    """

    shape: Pair
    kernel: Pair
    stride: Pair
    padding: tuple[Pair, Pair]
    dilation: Pair
    out: Pair

    @property
    def pointwise(self) -> bool:
        """Whether every pixel is a window of its own: a 1 x 1 kernel that moves by one, without padding."""
        moves_by_one = self.kernel == (1, 1) and self.stride == (1, 1) and self.padding == ((0, 0), (0, 0))
        return moves_by_one and self.shape == self.out  # the adjoint may have an `output_padding`

    def mirrored(self) -> Windows | None:
        """Place the windows of the adjoint, which for stride 1 is a convolution, too: of the output, back to the image.

        Returns
        -------
        Windows or None
            None where the stride is not 1, or so much padding that the adjoint would have to cut pixels off.
        """
        around = []
        for n, k, d, (begin, _), o in zip(self.shape, self.kernel, self.dilation, self.padding, self.out, strict=True):
            before = window_extent(k, d) - 1 - begin
            around.append((before, n + window_extent(k, d) - 1 - o - before))  # so that n windows fit
        if self.stride != (1, 1) or min(around[0] + around[1]) < 0:
            return None
        return Windows(self.out, self.kernel, self.stride, (around[0], around[1]), self.dilation, self.shape)


class Tap(NamedTuple):
    """One tap of the windows along one axis: windows `out` see pixels `pixels`."""

    number: int
    out: slice
    pixels: slice


class Block(NamedTuple):
    """Windows handled at once: rows of windows, and images of the batch."""

    rows: slice
    images: slice

    @property
    def size(self) -> int:
        """Images in the block."""
        return self.images.stop - self.images.start


def place_windows(
    shape: tuple[int, ...],
    kernel: Pair,
    *,
    source: str,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Windows:
    """Check the arguments that place windows, and place them.

    Parameters
    ----------
    shape : tuple of int
        Shape of the images, (N, C, H, W).
    kernel : tuple of int
        Taps of a window (vertical, horizontal).
    source : str
        The argument that sets the window, for the message: "w" or "size".
    stride, padding, dilation, ceil_mode
        As the public operations take them.

    Returns
    -------
    Windows

    Raises
    ------
    ValueError
        If an argument is out of range, or the window is larger than the padded image.

    Examples
    --------
    >>> place_windows((1, 1, 6, 6), (3, 3), source="w", stride=2).out
    (2, 2)
    """
    image = shape[2], shape[3]
    strides = as_pair(stride, "stride")
    dilations = as_pair(dilation, "dilation")
    pads = resolve_padding_2d(image, kernel, stride=strides, padding=padding, dilation=dilations)
    counts_rest = ceil_mode and not (isinstance(padding, str) and padding.startswith("same"))
    out = []
    for axis, unit in enumerate(("rows", "columns")):
        n, k, d, (begin, end) = image[axis], kernel[axis], dilations[axis], pads[axis]
        try:
            out.append(output_size(n, k, stride=strides[axis], padding=(begin, end), dilation=d, ceil_mode=counts_rest))
        except ValueError:
            raise ValueError(
                f"the window spans {window_extent(k, d)} {unit} (`{source}` has {k}, `dilation` is {d}), but `x` "
                f"(shape {shape}) has only {n + begin + end} with its padding ({n} + {begin} + {end}); "
                f"give more `padding` (={padding!r}) or a smaller window"
            ) from None
    # Between fewer than two windows there is no stride, between fewer than two taps no dilation: 1 keeps indices small.
    stride_y, stride_x = (s if o > 1 else 1 for s, o in zip(strides, out, strict=True))
    dilation_y, dilation_x = (d if k > 1 else 1 for d, k in zip(dilations, kernel, strict=True))
    return Windows(image, kernel, (stride_y, stride_x), pads, (dilation_y, dilation_x), (out[0], out[1]))


def taps(windows: Windows, axis: int) -> tuple[Tap, ...]:
    """List the taps of the windows along one axis (0 rows, 1 columns) that see any pixel, in order.

    Examples
    --------
    >>> for tap in taps(place_windows((1, 1, 4, 4), (3, 3), source="w", padding=1), 0):
    ...     print(tap.number, tap.out, tap.pixels)
    0 slice(1, 4, None) slice(0, 3, 1)
    1 slice(0, 4, None) slice(0, 4, 1)
    2 slice(0, 3, None) slice(1, 4, 1)
    """
    return _taps(
        windows.shape[axis],
        windows.kernel[axis],
        windows.stride[axis],
        windows.padding[axis][0],
        windows.dilation[axis],
        windows.out[axis],
    )


@lru_cache(maxsize=256)
def _taps(n: int, k: int, stride: int, begin: int, dilation: int, out: int) -> tuple[Tap, ...]:
    """List the taps of one axis; see `taps`."""
    found = []
    for index in range(k):
        offset = index * dilation - begin  # window o's tap sees pixel o * stride + offset
        first = max(0, -(offset // stride))
        last = min(out - 1, (n - 1 - offset) // stride)
        if first <= last:
            start = first * stride + offset
            found.append(Tap(index, slice(first, last + 1), slice(start, last * stride + offset + 1, stride)))
    return tuple(found)


def pad(x: Array, padding: tuple[Pair, Pair]) -> Array:
    """Return (N, C, H, W) images as contiguous (C, rows, columns, N) with zeros around them.

    Examples
    --------
    >>> pad(np.ones((1, 1, 1, 2)), ((0, 1), (1, 0)))[0, :, :, 0]
    array([[0., 1., 1.],
           [0., 0., 0.]])
    """
    (top, bottom), (left, right) = padding
    inner = x.transpose(1, 2, 3, 0)
    if not (top or bottom or left or right):
        return np.ascontiguousarray(inner)
    channels, rows, columns, images = inner.shape
    out = np.zeros((channels, rows + top + bottom, columns + left + right, images), x.dtype)
    out[:, top : top + rows, left : left + columns] = inner
    return out


def blocks(windows: Windows, channels: int, images: int, itemsize: int) -> Iterator[Block]:
    """Cut the windows of a batch into blocks whose column matrix stays within `COLUMN_BYTES`.

    The least is one row of windows of one image, which may exceed it.

    Parameters
    ----------
    windows : Windows
    channels, images, itemsize : int
        Channels under a window, images in the batch, bytes of a number.

    Yields
    ------
    Block

    Examples
    --------
    >>> [len(range(*block.rows.indices(1000)))
    ...  for block in blocks(place_windows((1, 1, 1000, 1000), (3, 3), source="w"), 1, 1, 4)]
    [58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 12]
    """
    rows, columns = windows.out
    row_bytes = channels * windows.kernel[0] * windows.kernel[1] * columns * itemsize
    at_once = min(images, max(1, COLUMN_BYTES // row_bytes))
    step = max(1, COLUMN_BYTES // (row_bytes * at_once)) if at_once == images else 1
    for first in range(0, images, at_once):
        for row in range(0, rows, step):
            yield Block(slice(row, min(row + step, rows)), slice(first, min(first + at_once, images)))


def columns(padded: Array, windows: Windows, block: Block) -> Array:
    """Gather the pixels under a block of windows (im2col).

    Parameters
    ----------
    padded : ndarray, shape (C, H + top + bottom, W + left + right, N)
        From `pad`: contiguous.
    windows : Windows
    block : Block

    Returns
    -------
    ndarray, shape (C, KH, KW, rows, OW, images)
        A view of `padded`, without a copy; read it only.

    Examples
    --------
    >>> windows = place_windows((1, 1, 1, 4), (1, 3), source="w")
    >>> columns(np.arange(4.0).reshape(1, 1, 4, 1), windows, Block(slice(0, 1), slice(0, 1))).reshape(3, 2)
    array([[0., 1.],
           [1., 2.],
           [2., 3.]])
    """
    (kh, kw), (sh, sw), (dh, dw) = windows.kernel, windows.stride, windows.dilation
    per_channel, per_row, per_column, per_image = padded.strides
    # The constructor checks that the view stays within the buffer; as_strided would not, and is slower.
    return np.ndarray(
        (
            padded.shape[0],
            kh,
            kw,
            block.rows.stop - block.rows.start,
            windows.out[1],
            block.images.stop - block.images.start,
        ),
        padded.dtype,
        padded,  # type: ignore[arg-type]
        block.rows.start * sh * per_row + block.images.start * per_image,
        (per_channel, dh * per_row, dw * per_column, sh * per_row, sw * per_column, per_image),
    )


def spread(values: Array, onto: Array, windows: Windows, block: Block) -> None:
    """Add a block of columns back onto the pixels they came from, in place (col2im); what falls on padding is dropped.

    Parameters
    ----------
    values : ndarray, shape (C, KH, KW, rows, OW, images)
        In the form of `columns`.
    onto : ndarray, shape (C, H, W, N)
        Is added to.
    windows : Windows
    block : Block

    Examples
    --------
    >>> pixels = np.zeros((1, 1, 4, 1))
    >>> windows = place_windows((1, 1, 1, 4), (1, 3), source="w")
    >>> spread(np.ones((1, 1, 3, 1, 2, 1)), pixels, windows, Block(slice(0, 1), slice(0, 1)))
    >>> pixels.ravel()
    array([1., 2., 2., 1.])
    """
    stride, first, stop = windows.stride[0], block.rows.start, block.rows.stop
    target = onto[..., block.images]
    for row in taps(windows, 0):
        low, high = max(row.out.start, first), min(row.out.stop, stop)
        if low >= high:
            continue
        start = row.pixels.start + (low - row.out.start) * stride
        pixels = slice(start, start + (high - low - 1) * stride + 1, stride)
        for column in taps(windows, 1):
            target[:, pixels, column.pixels] += values[
                :, row.number, column.number, low - first : high - first, column.out
            ]
