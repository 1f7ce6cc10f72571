"""Any number inside a network, taken apart into the numbers of the layer before and the weights that it came from.

Examples
--------
>>> from cnncore.network import Architecture, Network
>>> network = Network(Architecture(), seed=1)
>>> x = np.random.default_rng(0).random((1, 1, 8, 8), np.float32)
>>> trace = trace_cell(network, x, "conv1", (3, 0, 0))
>>> bool(abs(trace.total - network.activations(x)["conv1"][0, 3, 0, 0]) < 1e-5)
True
>>> trace.parts[0].inside.tolist()
[[False, False, False], [False, True, True], [False, True, True]]
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncore._arrays import Array
from cnncore.architecture import LEAKY_SLOPE, LayerPlan
from cnncore.geometry import as_int
from cnncore.layers import BATCH_NORM_EPSILON
from cnncore.network import Network

Index = tuple[int, ...]
Span = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Part:
    """What one channel of the layer before contributes.

    Parameters
    ----------
    channel : int
    rows, columns : ndarray of int
        Where the cells lie in the layer before; both empty where that layer gives a list, not maps.
    inside : ndarray of bool
        False for cells in the padding.
    inputs, weights, products : ndarray of float64
        Of one shape: (KH, KW) of a window, or (D,) of a list.
    """

    channel: int
    rows: Array
    columns: Array
    inside: Array
    inputs: Array
    weights: Array
    products: Array

    @property
    def sum(self) -> float:
        """The sum of the products."""
        return float(self.products.sum())


@dataclass(frozen=True, eq=False)
class CellTrace:
    """One number of a layer, with everything it came from.

    Parameters
    ----------
    layer, kind : str
    index : tuple of int
        (channel, row, column), or (unit,).
    before : str
        The layer that it was computed from; ``"input"`` for the picture.
    parts : tuple of Part
        One for each channel that takes part.
    bias : float
    value : float
        What the network itself gives, in its own precision.
    total : float
        The same number computed from `parts` in float64.
    field : tuple
        ((top, bottom), (left, right)) of the pixels that can move it, both ends included; see
        `receptive_field`.
    detail : mapping
        Besides: "function" and "before" of an activation; "winner" (row, column) of a max pool; "mean", "variance",
        "scale", "shift" of a batch normalisation.
    """

    layer: str
    kind: str
    index: Index
    before: str
    parts: tuple[Part, ...]
    bias: float
    value: float
    total: float
    field: tuple[Span, Span]
    detail: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def trace_cell(
    network: Network, x: Any, layer: str, index: Any, *, activations: Mapping[str, Array] | None = None
) -> CellTrace:
    """Take one number inside a network apart.

    Parameters
    ----------
    network : Network
    x : array_like, shape (1, C, H, W)
        One picture.
    layer : str
        A key of `Network.activations`.
    index : tuple of int
        (channel, row, column) in the layer's maps, or (unit,) in its list.
    activations : mapping, optional
        What `Network.activations` gave for `x`, if it is known already.

    Returns
    -------
    CellTrace

    Raises
    ------
    ValueError
        If there is no such layer or cell, or `x` is not one picture.
    """
    x = np.asarray(x)
    if x.shape != (1, *network.input_shape):
        raise ValueError(f"`x` has shape {x.shape}; one picture of shape {(1, *network.input_shape)} is needed")
    known = network.activations(x) if activations is None else activations
    plan = _plan(network, layer)
    place = _checked(index, plan)
    before = layer_before(network, layer)
    source = np.asarray(x[0] if before == "input" else known[before][0], np.float64)
    parts, bias, detail = _TRACERS[plan.kind](network, plan, place, source)
    total = sum(part.sum for part in parts) + bias
    if plan.kind == "activation":
        detail = {"before": total, "function": plan.detail["function"]}
        total = apply_activation(plan.detail["function"], total)
    value = float(known[layer][0][place])
    return CellTrace(
        layer, plan.kind, place, before, parts, bias, value, total, receptive_field(network, layer, place), detail
    )


def layer_before(network: Network, layer: str) -> str:
    """Return the name of the layer that `layer` is computed from, leaving dropout out; "input" for the first."""
    names = [plan.name for plan in network.plan if plan.kind != "dropout"]
    return "input" if layer == names[0] else names[names.index(layer) - 1]


def receptive_field(network: Network, layer: str, index: Index) -> tuple[Span, Span]:
    """Return the first and last row, and the first and last column, of the pixels that can move one number.

    Cells that a layer pads with are nobody's: only the padding around the picture itself is counted, as rows and
    columns below 0 or beyond its edge. Where no pixel can move the number, both spans are (0, -1).

    Examples
    --------
    >>> from cnncore.network import Architecture
    >>> receptive_field(Network(Architecture()), "pool2", (0, 0, 1))
    ((-1, 6), (1, 8))
    """
    spans: list[Span] | None = [(n, n) for n in index[1:]] if len(index) == 3 else None
    names = [plan.name for plan in network.plan]
    for plan in reversed(network.plan[: names.index(layer) + 1]):
        if spans is None:
            if len(plan.input_shape) == 3:  # a list made of maps sees them whole; a flattened number only one cell
                spans = [(0, n - 1) for n in plan.input_shape[1:]]
                if plan.kind == "flatten" and plan.name == layer:
                    _, row, column = np.unravel_index(index[0], plan.input_shape)
                    spans = [(int(row), int(row)), (int(column), int(column))]
        elif plan.kind in ("conv", "pool"):
            spans = [_back(span, plan, axis) for axis, span in enumerate(spans)]
            if plan is not network.plan[0]:
                sizes = plan.input_shape[1:]
                spans = [(max(first, 0), min(last, n - 1)) for (first, last), n in zip(spans, sizes, strict=True)]
            if any(first > last for first, last in spans):
                return (0, -1), (0, -1)
    down, across = spans if spans is not None else [(0, n - 1) for n in network.input_shape[1:]]
    return down, across


def _back(span: Span, plan: LayerPlan, axis: int) -> Span:
    """Return the first and last cell of a layer's input that a span of its output is computed from."""
    if plan.kind == "pool":
        size = plan.detail["size"]
        return span[0] * size, span[1] * size + size - 1
    stride, begin, taps = plan.detail["stride"][axis], plan.detail["padding"][axis][0], plan.detail["kernel"][axis]
    return span[0] * stride - begin, span[1] * stride - begin + taps - 1


def apply_activation(function: str, value: float) -> float:
    """Return what an activation function makes of one number.

    Examples
    --------
    >>> apply_activation("leaky_relu", -2.0)
    -0.02
    """
    if function == "tanh":
        return math.tanh(value)
    return value if value > 0 else value * (LEAKY_SLOPE if function == "leaky_relu" else 0.0)


# One kind of layer each: parts, bias, detail --------------------------------------------------------------------------

Found = tuple[tuple[Part, ...], float, dict[str, Any]]


def _conv(network: Network, plan: LayerPlan, index: Index, source: Array) -> Found:
    weight = network.parameters()[f"{plan.name}.weight"][index[0]].astype(np.float64)
    bias = float(network.parameters()[f"{plan.name}.bias"][index[0]])
    taps = [
        index[axis + 1] * plan.detail["stride"][axis]
        - plan.detail["padding"][axis][0]
        + np.arange(plan.detail["kernel"][axis])
        for axis in (0, 1)
    ]
    return tuple(_window(c, taps[0], taps[1], source[c], weight[c]) for c in range(len(source))), bias, {}


def _pool(network: Network, plan: LayerPlan, index: Index, source: Array) -> Found:
    size, (channel, row, column) = plan.detail["size"], index
    rows, columns = row * size + np.arange(size), column * size + np.arange(size)
    window = source[channel][np.ix_(rows, columns)]
    if plan.detail["pool"] == "average":
        return (_window(channel, rows, columns, source[channel], np.full((size, size), 1 / size**2)),), 0.0, {}
    first = np.unravel_index(int(np.argmax(window)), window.shape)
    winner = np.zeros((size, size))
    winner[first] = 1
    detail = {"winner": (int(rows[first[0]]), int(columns[first[1]]))}
    return (_window(channel, rows, columns, source[channel], winner),), 0.0, detail


def _same_cell(network: Network, plan: LayerPlan, index: Index, source: Array) -> Found:
    if len(index) == 1:
        return (_entries(0, source[index[0] : index[0] + 1], np.ones(1)),), 0.0, {}
    channel, row, column = index
    return (_window(channel, np.array([row]), np.array([column]), source[channel], np.ones((1, 1))),), 0.0, {}


def _batch_norm(network: Network, plan: LayerPlan, index: Index, source: Array) -> Found:
    channel, row, column = index
    parameters, buffers = network.parameters(), network.buffers()
    gamma, beta = (float(parameters[f"{plan.name}.{part}"][channel]) for part in ("weight", "bias"))
    mean, variance = (float(buffers[f"{plan.name}.running_{part}"][channel]) for part in ("mean", "var"))
    slope = gamma / math.sqrt(variance + BATCH_NORM_EPSILON)
    part = _window(channel, np.array([row]), np.array([column]), source[channel], np.full((1, 1), slope))
    return (part,), beta - mean * slope, {"mean": mean, "variance": variance, "scale": gamma, "shift": beta}


def _flatten(network: Network, plan: LayerPlan, index: Index, source: Array) -> Found:
    channel, row, column = (int(n) for n in np.unravel_index(index[0], plan.input_shape))
    return _same_cell(network, plan, (channel, row, column), source)


def _global_average(network: Network, plan: LayerPlan, index: Index, source: Array) -> Found:
    _, rows, columns = plan.input_shape
    weights = np.full((rows, columns), 1 / (rows * columns))
    return (_window(index[0], np.arange(rows), np.arange(columns), source[index[0]], weights),), 0.0, {}


def _dense(network: Network, plan: LayerPlan, index: Index, source: Array) -> Found:
    weight = network.parameters()[f"{plan.name}.weight"][index[0]].astype(np.float64)
    return (_entries(0, source, weight),), float(network.parameters()[f"{plan.name}.bias"][index[0]]), {}


_TRACERS = {
    "conv": _conv,
    "pool": _pool,
    "activation": _same_cell,
    "batch_norm": _batch_norm,
    "flatten": _flatten,
    "global_average": _global_average,
    "dense": _dense,
}


def _window(channel: int, rows: Array, columns: Array, plane: Array, weights: Array) -> Part:
    """Return the part of one channel under a window; padding is 0."""
    inside = ((rows >= 0) & (rows < plane.shape[0]))[:, None] & ((columns >= 0) & (columns < plane.shape[1]))[None, :]
    near = np.clip(rows, 0, plane.shape[0] - 1), np.clip(columns, 0, plane.shape[1] - 1)
    inputs = np.where(inside, plane[np.ix_(*near)], 0.0)
    return Part(channel, rows, columns, inside, inputs, weights, inputs * weights)


def _entries(channel: int, inputs: Array, weights: Array) -> Part:
    """Return the part of a list of numbers."""
    nowhere = np.empty(0, int)
    return Part(channel, nowhere, nowhere, np.ones(inputs.shape, bool), inputs, weights, inputs * weights)


# Checks --------------------------------------------------------------------------------------------------------------


def _plan(network: Network, layer: str) -> LayerPlan:
    for plan in network.plan:
        if plan.name == layer and plan.kind != "dropout":
            return plan
    names = [plan.name for plan in network.plan if plan.kind != "dropout"]
    raise ValueError(f"`layer` (={layer!r}) must be one of {', '.join(names)}")


def _checked(index: Any, plan: LayerPlan) -> Index:
    try:
        place = tuple(as_int(n, "index", least=0) for n in index)
    except TypeError:
        place = ()
    if len(place) != len(plan.output_shape) or any(n >= most for n, most in zip(place, plan.output_shape, strict=True)):
        raise ValueError(f"`index` (={index!r}) must lie in what {plan.name!r} gives, {plan.output_shape}")
    return place
