"""Receptive fields of stacked layers: which input pixels a unit deep in a network sees.

Layers are data (`Layer`), and so is what `fields` says of each. Two questions are kept apart, because they have
different answers. The *field* of a unit is the rectangle between the outermost taps of its windows, traced back through
all layers as if the padding went on for ever: that is the arithmetic of the literature, and it may lie partly outside
the picture. The *pixels it sees* are those that really can change its value: strides and dilations leave gaps in the
rectangle, and the zeros that a deeper layer pads with stand for no pixel at all.

References
----------
.. [1] A. Araujo, W. Norris, J. Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019,
   doi:10.23915/distill.00021.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnncore.geometry import as_int, as_pair, output_size, resolve_padding, window_extent

Pair = tuple[int, int]
Mask = NDArray[np.bool_]

KINDS = {"conv": "convolution", "pool": "pool"}
AXES = ("rows", "columns")


@dataclass(frozen=True)
class Layer:
    """A layer as far as its geometry goes; what it computes does not matter here.

    Parameters
    ----------
    kind : {"conv", "pool"}
    kernel : int or (vertical, horizontal)
        Taps of the window.
    stride : int or (vertical, horizontal)
        Units of its input from one window to the next.
    dilation : int or (vertical, horizontal)
        Units of its input from one tap to the next; 1 means no gaps.
    padding : int, (vertical, horizontal), or ((top, bottom), (left, right))
        Units of padding round its input. Numbers only: what "same" pads depends on the size of the input.

    Raises
    ------
    ValueError
        If an argument is out of range or of another form.

    Examples
    --------
    >>> layer = Layer("conv", 3, stride=2, padding=((0, 1), (0, 1)))
    >>> layer.extent, layer.pads
    ((3, 3), ((0, 1), (0, 1)))
    """

    kind: Literal["conv", "pool"] = "conv"
    kernel: Any = 3
    stride: Any = 1
    dilation: Any = 1
    padding: Any = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"`kind` (={self.kind!r}) must be 'conv' or 'pool'")
        for name in ("kernel", "stride", "dilation"):
            object.__setattr__(self, name, as_pair(getattr(self, name), name))
        if isinstance(self.padding, str):
            raise ValueError(f"`padding` (={self.padding!r}) must be numbers: what a name pads depends on the input")
        each = self.padding if hasattr(self.padding, "__len__") else (self.padding, self.padding)
        if len(each) != 2:
            raise ValueError(
                f"`padding` (={self.padding!r}) must be a number, a pair, or ((top, bottom), (left, right))"
            )
        vertical, horizontal = (as_pair(sides, "padding", least=0) for sides in each)
        object.__setattr__(self, "padding", (vertical, horizontal))

    @property
    def pads(self) -> tuple[Pair, Pair]:
        """Padding as ((top, bottom), (left, right))."""
        vertical, horizontal = self.padding
        return vertical, horizontal

    @property
    def extent(self) -> Pair:
        """Units of its input that the window spans, its gaps included."""
        return window_extent(self.kernel[0], self.dilation[0]), window_extent(self.kernel[1], self.dilation[1])

    def __str__(self) -> str:
        return f"{KINDS[self.kind]} {self.kernel[0]} × {self.kernel[1]}"


@dataclass(frozen=True)
class Rectangle:
    """Pixels from `top` to `bottom` and from `left` to `right`, both ends included, counted from 0 in the picture."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def shape(self) -> Pair:
        """Rows and columns."""
        return self.bottom - self.top + 1, self.right - self.left + 1

    def clipped(self, shape: Sequence[int]) -> Rectangle | None:
        """Return the part inside a picture of `shape` (rows, columns), or None if there is none.

        Examples
        --------
        >>> Rectangle(-2, 3, 4, 9).clipped((8, 8))
        Rectangle(top=0, left=3, bottom=4, right=7)
        """
        part = Rectangle(
            max(self.top, 0), max(self.left, 0), min(self.bottom, shape[0] - 1), min(self.right, shape[1] - 1)
        )
        return part if min(part.shape) > 0 else None


@dataclass(frozen=True)
class LayerField:
    """What one unit of a layer sees of the picture; each pair is (vertical, horizontal).

    Parameters
    ----------
    layer : Layer
    shape : tuple of int
        Rows and columns of the layer's output.
    size : tuple of int
        Pixels of the picture that a unit's receptive field spans.
    jump : tuple of int
        Pixels of the picture from one unit's field to the next one's: the product of the strides so far.
    start : tuple of int
        The first row and column of the field of unit (0, 0); negative where it begins in the padding.
    """

    layer: Layer
    shape: Pair
    size: Pair
    jump: Pair
    start: Pair

    @property
    def centre(self) -> tuple[float, float]:
        """Where the middle of the field of unit (0, 0) lies, in pixels; halves lie between two."""
        return self.start[0] + (self.size[0] - 1) / 2, self.start[1] + (self.size[1] - 1) / 2

    def field(self, row: int, column: int) -> Rectangle:
        """Return the field of unit (`row`, `column`), whether or not it reaches over the border.

        Raises
        ------
        ValueError
            If the layer has no such unit.
        """
        place = _unit(self.shape, row, column)
        top, left = (start + at * jump for start, at, jump in zip(self.start, place, self.jump, strict=True))
        return Rectangle(top, left, top + self.size[0] - 1, left + self.size[1] - 1)


def fields(shape: Sequence[int], layers: Sequence[Layer]) -> tuple[LayerField, ...]:
    """Return size, jump and start of the receptive field after each layer.

    Parameters
    ----------
    shape : (rows, columns)
        Of the picture, in pixels.
    layers : sequence of Layer
        From the picture on.

    Returns
    -------
    tuple of LayerField
        One for each layer: ``size += (k - 1) * d * jump``, ``start -= padding before * jump``, then ``jump *= s``.

    Raises
    ------
    ValueError
        If a layer's window is larger than its padded input; says which layer, and the numbers.

    References
    ----------
    .. [1] A. Araujo, W. Norris, J. Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019.

    Examples
    --------
    LeNet-5 on its 32 x 32 pixels: a number of its last feature map sees all of them.

    >>> lenet = [Layer("conv", 5), Layer("pool", 2, 2), Layer("conv", 5), Layer("pool", 2, 2), Layer("conv", 5)]
    >>> [(f.shape[0], f.size[0], f.jump[0]) for f in fields((32, 32), lenet)]
    [(28, 5, 1), (14, 6, 2), (10, 14, 2), (5, 16, 4), (1, 32, 4)]
    """
    now = _shape(shape)
    size, jump, start = (1, 1), (1, 1), (0, 0)
    found = []
    for number, layer in enumerate(layers, start=1):
        now = _output(now, layer, number)
        size = _pair(r + (k - 1) * d * j for r, k, d, j in zip(size, layer.kernel, layer.dilation, jump, strict=True))
        start = _pair(at - begin * j for at, (begin, _), j in zip(start, layer.pads, jump, strict=True))
        jump = _pair(j * s for j, s in zip(jump, layer.stride, strict=True))
        found.append(LayerField(layer, now, size, jump, start))
    return tuple(found)


def middle_units(shape: Sequence[int], layers: Sequence[Layer], row: int, column: int) -> tuple[Pair, ...]:
    """Return, for each layer, the unit in the middle of what a unit of the last layer reads.

    Drawing their fields one after another shows the field growing round one place.

    Parameters
    ----------
    shape : (rows, columns)
        Of the picture.
    layers : sequence of Layer
    row, column : int
        The unit of the last layer, counted from 0.

    Returns
    -------
    tuple of (row, column)
        One for each layer, the last one the unit itself. Where the middle lies between two taps, the one before it;
        where it lies in the padding, the nearest real unit.

    Raises
    ------
    ValueError
        As in `fields`, or if there is no such unit.

    Examples
    --------
    >>> middle_units((8, 8), [Layer("conv", 3, padding=1), Layer("pool", 2, 2)], 1, 3)
    ((2, 6), (1, 3))
    """
    shapes = [_shape(shape), *(found.shape for found in fields(shape, layers))]
    at = _unit(shapes[-1], row, column)
    chain = [at]
    for layer, limits in zip(reversed(layers[1:]), reversed(shapes[1:-1]), strict=True):
        at = _pair(
            min(max(place * s - begin + d * ((k - 1) // 2), 0), n - 1)
            for place, s, (begin, _), d, k, n in zip(
                at, layer.stride, layer.pads, layer.dilation, layer.kernel, limits, strict=True
            )
        )
        chain.append(at)
    return tuple(reversed(chain)) if layers else ()


def pixels_seen(shape: Sequence[int], layers: Sequence[Layer], row: int, column: int) -> tuple[Mask, Mask]:
    """Return which rows and which columns of the picture a unit of the last layer really sees.

    Windows are rectangles of taps, so what a unit sees is every crossing of such a row with such a column.

    Parameters
    ----------
    shape : (rows, columns)
        Of the picture.
    layers : sequence of Layer
    row, column : int
        The unit of the last layer, counted from 0; of the picture, if there is no layer.

    Returns
    -------
    rows : ndarray of bool, shape (H,)
    columns : ndarray of bool, shape (W,)
        Whether a pixel there can change the unit's value. Padding of any layer stands for no pixel.

    Raises
    ------
    ValueError
        As in `fields`, or if there is no such unit.

    Examples
    --------
    Two dilated layers span 7 rows and see 4 of them; the unit in the corner sees less, the rest is padding:

    >>> layers = [Layer("conv", 2, dilation=2), Layer("conv", 2, dilation=4, padding=2)]
    >>> fields((9, 9), layers)[-1].field(3, 0)
    Rectangle(top=1, left=-2, bottom=7, right=4)
    >>> [mask.astype(int).tolist() for mask in pixels_seen((9, 9), layers, 3, 0)]
    [[0, 1, 0, 1, 0, 1, 0, 1, 0], [0, 0, 1, 0, 1, 0, 0, 0, 0]]
    """
    shapes = [_shape(shape), *(found.shape for found in fields(shape, layers))]
    place = _unit(shapes[-1], row, column)
    masks = []
    for axis in (0, 1):
        seen = np.array([place[axis]])
        for layer, limits in zip(reversed(layers), reversed(shapes[:-1]), strict=True):
            taps = layer.dilation[axis] * np.arange(layer.kernel[axis])
            seen = np.unique(seen[:, None] * layer.stride[axis] - layer.pads[axis][0] + taps)
            seen = seen[(seen >= 0) & (seen < limits[axis])]
        mask = np.zeros(shapes[0][axis], np.bool_)
        mask[seen] = True
        masks.append(mask)
    if not (masks[0].any() and masks[1].any()):  # a unit that reads padding along one axis sees no pixel at all
        masks = [np.zeros_like(mask) for mask in masks]
    return masks[0], masks[1]


def _output(shape: Pair, layer: Layer, number: int) -> Pair:
    """Return the shape of a layer's output, or say which window does not fit."""
    sizes = []
    for axis, unit in enumerate(AXES):
        n, k, s, d, pads = shape[axis], layer.kernel[axis], layer.stride[axis], layer.dilation[axis], layer.pads[axis]
        begin, end = resolve_padding(n, k, stride=s, padding=pads, dilation=d)
        if layer.extent[axis] > n + begin + end:
            raise ValueError(
                f"layer {number} ({layer}) does not fit: its window spans {layer.extent[axis]} {unit}, but its input "
                f"has only {n + begin + end} ({n} + {begin} + {end} of padding)"
            )
        sizes.append(output_size(n, k, stride=s, padding=pads, dilation=d))
    return sizes[0], sizes[1]


def _shape(shape: Any) -> Pair:
    if not hasattr(shape, "__len__") or len(shape) < 2:
        raise ValueError(f"`shape` (={shape!r}) must be (rows, columns)")
    return as_pair(tuple(shape)[:2], "shape")


def _unit(shape: Pair, row: Any, column: Any) -> Pair:
    place = as_int(row, "row", least=0), as_int(column, "column", least=0)
    if place[0] >= shape[0] or place[1] >= shape[1]:
        raise ValueError(f"`row` (={place[0]}) and `column` (={place[1]}) must lie in {shape[0]} x {shape[1]} units")
    return place


def _pair(values: Any) -> Pair:
    vertical, horizontal = values
    return vertical, horizontal
