"""What a network is made of, as frozen data: its shapes and parameter counts are known without running it.

A network is one to four convolution blocks, a head, and dense layers. A block is a convolution, then, where wanted,
batch normalisation, an activation, a pool and dropout, in this order. The head makes one list of numbers of the last
maps; up to two hidden dense layers and the one that gives a number for each class follow.

Examples
--------
>>> net = Architecture(blocks=(ConvBlock(8, pool="max"), ConvBlock(16, pool="max")))
>>> for layer in net.plan((1, 8, 8), 10):
...     print(layer.name, layer.output_shape, layer.parameters)
conv1 (8, 8, 8) 80
relu1 (8, 8, 8) 0
pool1 (8, 4, 4) 0
conv2 (16, 4, 4) 1168
relu2 (16, 4, 4) 0
pool2 (16, 2, 2) 0
flatten (64,) 0
logits (10,) 650
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from cnncore._checks import one_of, share, whole_number
from cnncore.geometry import as_pair, output_size, resolve_padding

ACTIVATIONS = ("relu", "leaky_relu", "tanh")
POOLS = (None, "max", "average")
HEADS = ("flatten", "global_average")
LEAKY_SLOPE = 0.01
"""What a leaky ReLU multiplies negative numbers by; PyTorch's default."""

MOST_BLOCKS, MOST_FILTERS, MOST_KERNEL, MOST_STRIDE, MOST_POOL = 4, 64, 7, 4, 4
MOST_DENSE, MOST_WIDTH, MOST_DROPOUT = 2, 256, 0.9
MOST_SIDE, MOST_CLASSES = 64, 100

_TITLES = {"relu": "ReLU", "leaky_relu": "Leaky ReLU", "tanh": "tanh", "max": "Max pool", "average": "Average pool"}


@dataclass(frozen=True)
class ConvBlock:
    """A convolution and what follows it before the next one.

    Parameters
    ----------
    filters : int
        Feature maps it gives, 1 to 64.
    kernel : int or (vertical, horizontal)
        Taps of a filter, 1 to 7.
    stride : int or (vertical, horizontal)
        Pixels from one window to the next, 1 to 4.
    padding : int, pair, ((top, bottom), (left, right)), or str
        Zeros around the maps; see `cnncore.geometry.resolve_padding`.
    activation : {"relu", "leaky_relu", "tanh"}
    pool : {None, "max", "average"}
        Pool with windows that neither overlap nor leave gaps.
    pool_size : int
        Side of its window, 2 to 4.
    batch_norm : bool
        Normalise every map over the batch, between convolution and activation.
    dropout : float
        Share of the block's numbers set to 0 while training, 0 to 0.9.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> ConvBlock(200)
    Traceback (most recent call last):
    ...
    ValueError: `filters` (=200) must lie between 1 and 64
    """

    filters: int = 8
    kernel: Any = 3
    stride: Any = field(default=1, kw_only=True)
    padding: Any = field(default="same", kw_only=True)
    activation: str = field(default="relu", kw_only=True)
    pool: str | None = field(default=None, kw_only=True)
    pool_size: int = field(default=2, kw_only=True)
    batch_norm: bool = field(default=False, kw_only=True)
    dropout: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        whole_number(self.filters, "filters", 1, MOST_FILTERS)
        for name, most in (("kernel", MOST_KERNEL), ("stride", MOST_STRIDE)):
            for number in as_pair(getattr(self, name), name):
                whole_number(number, name, 1, most)
        whole_number(self.pool_size, "pool_size", 2, MOST_POOL)
        one_of(self.activation, "activation", ACTIVATIONS)
        one_of(self.pool, "pool", POOLS)
        share(self.dropout, "dropout", MOST_DROPOUT)
        if not isinstance(self.batch_norm, bool):
            raise ValueError(f"`batch_norm` (={self.batch_norm!r}) must be True or False")
        resolve_padding(64, 1, padding=_axis_padding(self.padding, 0))
        object.__setattr__(self, "padding", _frozen(self.padding))
        for name in ("kernel", "stride"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))
        object.__setattr__(self, "dropout", float(self.dropout))


@dataclass(frozen=True)
class LayerPlan:
    """One layer as it will be: names, shapes, and what it costs.

    Parameters
    ----------
    name : str
        Such as "conv1"; the same as the key in `cnncore.network.Network.activations`.
    kind : str
        "conv", "batch_norm", "activation", "pool", "dropout", "flatten", "global_average" or "dense".
    label : str
        For people, such as "Conv 3 × 3 · 8".
    input_shape, output_shape : tuple of int
        (channels, rows, columns), or (numbers,); without the batch.
    parameters : int
        Numbers that are learned.
    multiply_adds : int
        Products of a weight and a number, for one picture.
    detail : mapping
        What the kind has besides: "kernel", "stride", "padding" ((top, bottom), (left, right)); "function"; "pool",
        "size"; "rate"; "block", counted from 1.
    """

    name: str
    kind: str
    label: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    parameters: int = 0
    multiply_adds: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Architecture:
    """A network's layers, without weights.

    Parameters
    ----------
    blocks : tuple of ConvBlock
        One to four.
    head : {"flatten", "global_average"}
        How the last maps become one list of numbers: all of them in the order channel, row, column; or the mean of
        each map.
    dense : tuple of int
        Widths of hidden dense layers, at most two of at most 256, with the activation of the last block.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """

    blocks: tuple[ConvBlock, ...] = field(default_factory=lambda: (ConvBlock(8, pool="max"), ConvBlock(16, pool="max")))
    head: str = "flatten"
    dense: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("blocks", "dense"):
            if not isinstance(getattr(self, name), tuple | list):
                raise ValueError(f"`{name}` (={getattr(self, name)!r}) must be a tuple")
            object.__setattr__(self, name, tuple(getattr(self, name)))
        strange = [block for block in self.blocks if not isinstance(block, ConvBlock)]
        if strange:
            raise ValueError(f"`blocks` must hold ConvBlocks alone, not {strange[0]!r:.60}")
        if not 1 <= len(self.blocks) <= MOST_BLOCKS:
            raise ValueError(f"`blocks` must be 1 to {MOST_BLOCKS} ConvBlocks, not {len(self.blocks)}")
        one_of(self.head, "head", HEADS)
        if len(self.dense) > MOST_DENSE:
            raise ValueError(f"`dense` (={self.dense!r}) must hold at most {MOST_DENSE} widths")
        for width in self.dense:
            whole_number(width, "dense", 1, MOST_WIDTH)

    def plan(self, input_shape: tuple[int, ...] = (1, 8, 8), classes: int = 10) -> tuple[LayerPlan, ...]:
        """Return every layer with its shapes and parameter count, without running anything.

        Parameters
        ----------
        input_shape : tuple of int
            (channels, rows, columns) of one picture.
        classes : int
            Numbers that the last layer gives.

        Returns
        -------
        tuple of LayerPlan

        Raises
        ------
        ValueError
            If a window does not fit the maps that reach it.

        Examples
        --------
        >>> Architecture((ConvBlock(8, pool="max"),) * 4).plan((1, 8, 8))
        Traceback (most recent call last):
        ...
        ValueError: Pool 4 does not fit: its window of 2 × 2 is larger than the maps that reach it, 1 × 1.
        """
        shape = _picture_shape(input_shape)
        whole_number(classes, "classes", 2, MOST_CLASSES)
        layers: list[LayerPlan] = []
        for number, block in enumerate(self.blocks, 1):
            layers += _plan_block(block, number, shape)
            shape = layers[-1].output_shape
        flat = (math.prod(shape),) if self.head == "flatten" else (shape[0],)
        label = "Flatten" if self.head == "flatten" else "Global average pool"
        layers.append(LayerPlan(self.head, self.head, label, shape, flat))
        activation = self.blocks[-1].activation
        for number, width in enumerate(self.dense, 1):
            layers.append(_plan_dense(f"dense{number}", f"Dense · {width}", layers[-1].output_shape[0], width))
            layers.append(_plan_activation(f"dense{number}_{activation}", activation, (width,)))
        layers.append(_plan_dense("logits", f"Dense, {classes} classes", layers[-1].output_shape[0], classes))
        return tuple(layers)

    def to_dict(self) -> dict[str, Any]:
        """Return it as dicts, lists, numbers and strings, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Any) -> Architecture:
        """Return the architecture that `to_dict` wrote; anything else is refused.

        Raises
        ------
        ValueError
            If `data` is not what `to_dict` writes.

        Examples
        --------
        >>> net = Architecture(dense=(32,))
        >>> Architecture.from_dict(net.to_dict()) == net
        True
        """
        try:
            blocks = tuple(ConvBlock(**dict(block)) for block in data["blocks"])
            return cls(blocks, data["head"], tuple(data["dense"]))
        except (TypeError, KeyError) as error:
            raise ValueError(f"this is not an architecture: {error}") from None


# One block, layer by layer -------------------------------------------------------------------------------------------


def _plan_block(block: ConvBlock, number: int, shape: tuple[int, ...]) -> list[LayerPlan]:
    kernel, stride = as_pair(block.kernel, "kernel"), as_pair(block.stride, "stride")
    pads, out = [], []
    for axis, n in enumerate(shape[1:]):
        begin, end = resolve_padding(n, kernel[axis], stride=stride[axis], padding=_axis_padding(block.padding, axis))
        pads.append((begin, end))
        if kernel[axis] > n + begin + end:
            around = f", {n + begin + end} with padding" if begin + end else ""
            raise ValueError(
                f"Convolution {number} does not fit: its kernel of {kernel[0]} × {kernel[1]} is larger than the maps "
                f"that reach it, {shape[1]} × {shape[2]}{around}."
            )
        out.append(output_size(n, kernel[axis], stride=stride[axis], padding=(begin, end)))
    maps = (block.filters, *out)
    taps = shape[0] * kernel[0] * kernel[1]
    label = f"Conv {kernel[0]} × {kernel[1]} · {block.filters}"
    detail = {"kernel": kernel, "stride": stride, "padding": tuple(pads), "block": number}
    layers = [
        LayerPlan(
            f"conv{number}", "conv", label, shape, maps, block.filters * (taps + 1), taps * math.prod(maps), detail
        )
    ]
    if block.batch_norm:
        layers.append(
            LayerPlan(
                f"norm{number}", "batch_norm", "Batch norm", maps, maps, 2 * block.filters, detail={"block": number}
            )
        )
    layers.append(_plan_activation(f"{block.activation}{number}", block.activation, maps, block=number))
    if block.pool is not None:
        layers.append(_plan_pool(block, number, maps))
    if block.dropout:
        shape = layers[-1].output_shape
        detail = {"rate": block.dropout, "block": number}
        layers.append(LayerPlan(f"drop{number}", "dropout", f"Dropout {block.dropout:g}", shape, shape, detail=detail))
    return layers


def _plan_pool(block: ConvBlock, number: int, shape: tuple[int, ...]) -> LayerPlan:
    size = block.pool_size
    if min(shape[1:]) < size:
        raise ValueError(
            f"Pool {number} does not fit: its window of {size} × {size} is larger than the maps that reach it, "
            f"{shape[1]} × {shape[2]}."
        )
    out = (shape[0], shape[1] // size, shape[2] // size)
    label = f"{_TITLES[str(block.pool)]} {size} × {size}"
    detail = {"pool": block.pool, "size": size, "block": number}
    return LayerPlan(f"pool{number}", "pool", label, shape, out, detail=detail)


def _plan_activation(name: str, function: str, shape: tuple[int, ...], **detail: int) -> LayerPlan:
    return LayerPlan(name, "activation", _TITLES[function], shape, shape, detail={"function": function, **detail})


def _plan_dense(name: str, label: str, numbers: int, width: int) -> LayerPlan:
    return LayerPlan(name, "dense", label, (numbers,), (width,), width * (numbers + 1), width * numbers)


# Shapes --------------------------------------------------------------------------------------------------------------


def _picture_shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, tuple | list) or len(shape) != 3:
        raise ValueError(f"`input_shape` (={shape!r}) must be (channels, rows, columns)")
    return tuple(whole_number(n, "input_shape", 1, MOST_SIDE) for n in shape)


def _axis_padding(padding: Any, axis: int) -> Any:
    """Return what stands in `padding` for one axis, as `cnncore.geometry.resolve_padding` takes it."""
    if isinstance(padding, str) or not isinstance(padding, tuple | list):
        return padding
    if len(padding) != 2:
        raise ValueError(f"`padding` (={padding!r}) must be a number, a pair, two pairs, or a name")
    return tuple(padding[axis]) if isinstance(padding[axis], tuple | list) else padding[axis]


def _frozen(value: Any) -> Any:
    """Return lists as tuples, all the way down."""
    return tuple(map(_frozen, value)) if isinstance(value, tuple | list) else value
