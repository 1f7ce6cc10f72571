"""Take a number apart: which pixels and which weights it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.geometry import as_int, as_pair, resolve_padding_2d
from cnncore.operation import Operation


@dataclass(frozen=True, eq=False)
class ChannelTrace:
    """One channel's share of a sum; all arrays have shape (KH, KW).

    Parameters
    ----------
    name : str
        ``"R"``, ``"G"``, ``"B"``, or empty for the only one.
    patch : ndarray
        The pixels under the window, those that the border rule made up included.
    outside : ndarray of bool
        Which of them lie outside the picture.
    weights : ndarray
        The weights on them, flipped already if the operation flips.
    products : ndarray
        ``patch * weights``, in float64.
    """

    name: str
    patch: NDArray[Any]
    outside: NDArray[np.bool_]
    weights: NDArray[np.float64]
    products: NDArray[np.float64]

    @property
    def sum(self) -> float:
        """The sum of the products."""
        return float(self.products.sum())


@dataclass(frozen=True, eq=False)
class Branch:
    """One linear filter: its channels' sums and the bias."""

    channels: tuple[ChannelTrace, ...]
    bias: float

    @property
    def total(self) -> float:
        """The sum over the channels, plus the bias."""
        return sum(channel.sum for channel in self.channels) + self.bias


@dataclass(frozen=True, eq=False)
class FilterTrace:
    """One output number of an `Operation`, with everything it came from.

    Parameters
    ----------
    row, column : int
        Which output pixel, counted from 0.
    origin : tuple of int
        Row and column of the window's first tap in the picture; negative inside the padding before it.
    branches : tuple of Branch
        One, or two for a gradient magnitude.
    """

    row: int
    column: int
    origin: tuple[int, int]
    branches: tuple[Branch, ...]
    relu: bool

    @property
    def value(self) -> float:
        """The output number, summed in float64."""
        totals = [branch.total for branch in self.branches]
        result = totals[0] if len(totals) == 1 else float(np.hypot(totals[0], totals[1]))
        return max(result, 0.0) if self.relu else result


def trace_filter(operation: Operation, image: NDArray[Any], row: int, column: int, *, channel: int = 0) -> FilterTrace:
    """Take one output number of an operation apart.

    Parameters
    ----------
    operation : Operation
        What was done.
    image : ndarray, shape (H, W), or (H, W, 3) unless the mode is ``"gray"``
        The picture it was done to.
    row, column : int
        Which output pixel, counted from 0.
    channel : int
        Which channel's output, for mode ``"each"``.

    Returns
    -------
    FilterTrace

    Raises
    ------
    ValueError
        If the output has no such pixel.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning", 2016, section 9.1.

    Examples
    --------
    >>> ramp = np.arange(9.0).reshape(3, 3)
    >>> trace = trace_filter(Operation([[1, 0, -1]], padding="valid"), ramp, 2, 0)
    >>> trace.branches[0].channels[0].products.tolist(), trace.value
    ([[6.0, 0.0, -8.0]], -2.0)
    """
    image = np.asarray(image)
    shape = (image.shape[0], image.shape[1])
    limits = operation.output_shape(*shape)
    position = (as_int(row, "row", least=0), as_int(column, "column", least=0))
    if position[0] >= limits[0] or position[1] >= limits[1]:
        raise ValueError(f"`row` (={row}) and `column` (={column}) must lie in the output, {limits[0]} x {limits[1]}")
    strides, dilations = as_pair(operation.stride, "stride"), as_pair(operation.dilation, "dilation")
    pads = resolve_padding_2d(
        shape, operation.kernel_shape, stride=strides, padding=operation.padding, dilation=dilations
    )
    origin = (position[0] * strides[0] - pads[0][0], position[1] * strides[1] - pads[1][0])
    taps = [
        begin + dilation * np.arange(k)
        for begin, dilation, k in zip(origin, dilations, operation.kernel_shape, strict=True)
    ]
    sources = [border_source(tap, n, operation.border) for tap, n in zip(taps, shape, strict=True)]
    beyond = [(tap < 0) | (tap >= n) for tap, n in zip(taps, shape, strict=True)]
    outside = beyond[0][:, None] | beyond[1][None, :]

    def share(plane: int, weights: NDArray[np.float64]) -> ChannelTrace:
        pixels = image if image.ndim == 2 else image[..., plane]
        patch = pixels[sources[0][:, None], sources[1][None, :]]
        if operation.border == "constant":
            patch = np.where(outside, pixels.dtype.type(operation.value), patch)
        name = "" if image.ndim == 2 else "RGB"[plane]
        return ChannelTrace(name, patch, outside, weights, patch.astype(np.float64) * weights)

    planes = (channel,) if operation.mode == "each" else tuple(range(operation.planes.shape[1]))
    branches = tuple(
        Branch(tuple(share(plane, kernels[number]) for number, plane in enumerate(planes)), float(operation.bias))
        for kernels in operation.applied
    )
    return FilterTrace(position[0], position[1], origin, branches, operation.relu)


def border_source(position: NDArray[np.int_], n: int, border: str) -> NDArray[np.int_]:
    """Return which pixel of an axis of `n` stands at each position, inside it or beyond, under a border rule.

    Parameters
    ----------
    position : ndarray of int
        Positions along the axis; those below 0 or from `n` up lie in the padding.
    n : int
        Pixels along the axis.
    border : str
        One of `numpy.pad`'s names; ``"constant"`` gives the nearest pixel, for the caller to replace.

    Returns
    -------
    ndarray of int
        Indices from 0 to ``n - 1``.

    Examples
    --------
    >>> border_source(np.arange(-3, 6), 3, "reflect").tolist()
    [1, 2, 1, 0, 1, 2, 1, 0, 1]
    >>> border_source(np.arange(-3, 6), 3, "symmetric").tolist()
    [2, 1, 0, 0, 1, 2, 2, 1, 0]
    """
    if border == "wrap":
        return position % n
    if border == "symmetric":
        folded = position % (2 * n)
        return np.minimum(folded, 2 * n - 1 - folded)
    if border == "reflect":
        if n == 1:
            return np.zeros_like(position)
        folded = position % (2 * n - 2)
        return np.minimum(folded, 2 * n - 2 - folded)
    if border in ("edge", "constant"):
        return np.clip(position, 0, n - 1)
    raise ValueError(f"`border` (={border!r}) must be one of 'constant', 'reflect', 'symmetric', 'edge', 'wrap'")
