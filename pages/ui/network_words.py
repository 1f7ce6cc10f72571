"""How a layer's size and parameters come about, with the layer's own numbers in the formula."""

from __future__ import annotations

import math

from cnncore.architecture import LayerPlan
from pages.ui.words import MINUS

FUNCTIONS = {"relu": "max(0, x)", "leaky_relu": "x where x > 0, else 0.01 x", "tanh": "tanh(x), between −1 and 1"}


def size_formula(plan: LayerPlan) -> str:
    """Return how the size of what a layer gives follows from the size of what it takes.

    >>> from cnncore.architecture import Architecture, ConvBlock
    >>> layers = Architecture((ConvBlock(8, pool="max"),)).plan((1, 28, 28))
    >>> for layer in layers:
    ...     print(size_formula(layer))
    ⌊(28 + 1 + 1 − 3) / 1⌋ + 1 = 28
    max(0, x)
    ⌊28 / 2⌋ = 14
    8 × 14 × 14 = 1,568
    10 × a sum of 1,568 products, + a bias
    """
    if plan.kind == "conv":
        return _both([_conv_axis(plan, axis) for axis in (0, 1)])
    if plan.kind == "pool":
        size = plan.detail["size"]
        return _both([f"⌊{n} / {size}⌋ = {n // size}" for n in plan.input_shape[1:]])
    if plan.kind == "activation":
        return FUNCTIONS[plan.detail["function"]]
    if plan.kind == "batch_norm":
        return f"γ (x {MINUS} mean) / √(variance + 0.00001) + β"
    if plan.kind == "flatten":
        return f"{' × '.join(f'{n:,}' for n in plan.input_shape)} = {math.prod(plan.input_shape):,}"
    if plan.kind == "global_average":
        _, rows, columns = plan.input_shape
        return f"mean of {rows} × {columns} = {rows * columns:,}"
    return f"{plan.output_shape[0]:,} × a sum of {plan.input_shape[0]:,} products, + a bias"


def parameter_formula(plan: LayerPlan) -> str:
    """Return how the number of a layer's parameters comes about, or "" where it has none.

    >>> from cnncore.architecture import Architecture
    >>> layers = Architecture().plan((1, 8, 8))
    >>> parameter_formula(layers[0]), parameter_formula(layers[-1]), parameter_formula(layers[1])
    ('8 × (1 × 3 × 3) + 8 = 80 parameters', '64 × 10 + 10 = 650 parameters', '')
    """
    out, total = plan.output_shape[0], f"{plan.parameters:,} parameters"
    if plan.kind == "conv":
        down, across = plan.detail["kernel"]
        return f"{out} × ({plan.input_shape[0]} × {down} × {across}) + {out} = {total}"
    if plan.kind == "dense":
        return f"{plan.input_shape[0]:,} × {out} + {out} = {total}"
    if plan.kind == "batch_norm":
        return f"2 × {out} = {total}"
    return ""


def cell_name(layer: str, index: tuple[int, ...], classes: tuple[str, ...] = ()) -> str:
    """Return how one number of a layer is called; maps, rows and columns count from 0.

    >>> cell_name("relu1", (3, 4, 7)), cell_name("dense1", (12,)), cell_name("logits", (3,), tuple("0123"))
    ('relu1, map 3, row 4, column 7', 'dense1, unit 12', 'logits, class “3”')
    """
    if len(index) == 3:
        what = "channel" if layer == "input" else "map"
        return f"{layer}, {what} {index[0]}, row {index[1]}, column {index[2]}"
    if layer in ("logits", "probabilities") and index[0] < len(classes):
        return f"{layer}, class “{classes[index[0]]}”"
    return f"{layer}, unit {index[0]}"


def cell_code(layer: str, index: tuple[int, ...], classes: tuple[str, ...] = ()) -> str:
    """Return the same as `cell_name` in little room: map, then row and column.

    >>> cell_code("relu1", (3, 4, 7)), cell_code("dense1", (12,)), cell_code("logits", (3,), tuple("0123"))
    ('relu1 · 3 · 4,7', 'dense1 · 12', 'logits · “3”')
    """
    if len(index) == 3:
        return f"{layer} · {index[0]} · {index[1]},{index[2]}"
    if layer in ("logits", "probabilities") and index[0] < len(classes):
        return f"{layer} · “{classes[index[0]]}”"
    return f"{layer} · {index[0]}"


def purpose(plan: LayerPlan) -> str:
    """Return in everyday words what a layer does.

    >>> from cnncore.architecture import Architecture
    >>> layers = Architecture().plan((1, 8, 8))
    >>> purpose(layers[0]), purpose(layers[1])
    ('One map for each filter: at every place, window × weights, summed', 'Negative numbers become 0')
    """
    if plan.kind == "pool":
        size = plan.detail["size"]
        largest = plan.detail["pool"] == "max"
        return f"Of every {size} × {size} numbers, {'the largest stays' if largest else 'their mean'}"
    if plan.kind == "dense":
        return "One score for each class, from all the numbers before" if plan.name == "logits" else _DENSE
    if plan.kind == "activation":
        return _ACTIVATIONS[plan.detail["function"]]
    return _PURPOSES[plan.kind]


_DENSE = "Each number is a sum of all the numbers before, each times a weight"
_ACTIVATIONS = {
    "relu": "Negative numbers become 0",
    "leaky_relu": "Negative numbers shrink to a hundredth",
    "tanh": "All numbers are squeezed to between −1 and 1",
}
_PURPOSES = {
    "conv": "One map for each filter: at every place, window × weights, summed",
    "batch_norm": "Each map is shifted and scaled by what training measured and learned",
    "flatten": "All the maps, row after row, in one list",
    "global_average": "Each map becomes one number, its mean",
}


def _conv_axis(plan: LayerPlan, axis: int) -> str:
    n, kernel, stride = plan.input_shape[axis + 1], plan.detail["kernel"][axis], plan.detail["stride"][axis]
    begin, end = plan.detail["padding"][axis]
    padded = f"{n} + {begin} + {end}" if begin or end else f"{n}"
    return f"⌊({padded} {MINUS} {kernel}) / {stride}⌋ + 1 = {plan.output_shape[axis + 1]}"


def _both(axes: list[str]) -> str:
    """Return one formula where rows and columns agree, else both, on a line each."""
    return axes[0] if axes[0] == axes[1] else f"rows {axes[0]}\ncolumns {axes[1]}"
