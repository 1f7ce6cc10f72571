"""What the programs of `cnncore.filter_code` have in common: the windows worked out once, and lines of source text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnncore.geometry import as_pair, resolve_padding_2d, window_extent
from cnncore.operation import Operation

Shape = tuple[int, int]


@dataclass(frozen=True)
class Plan:
    """What all four programs need to know of an operation, worked out once."""

    op: Operation
    stride: Shape
    dilation: Shape
    window: Shape
    """Rows and columns that the dilated kernel spans."""
    pads: tuple[Shape, Shape] | None
    """((top, bottom), (left, right)), or None where they depend on the picture's size."""
    actual: tuple[Shape, Shape] | None
    """The same for the picture whose shape was given."""
    shape: Shape | None

    @property
    def colour(self) -> bool:
        return self.op.mode != "gray"

    @property
    def no_padding(self) -> bool:
        return self.pads == ((0, 0), (0, 0))

    @property
    def zeros(self) -> bool:
        return self.op.border == "constant" and self.op.value == 0


def make_plan(op: Operation, shape: Shape | None) -> Plan:
    if shape is not None:
        op.output_shape(*shape)
    stride, dilation = as_pair(op.stride, "stride"), as_pair(op.dilation, "dilation")
    rows, columns = (window_extent(k, d) for k, d in zip(op.kernel_shape, dilation, strict=True))

    def pads_of(size: Shape) -> tuple[Shape, Shape]:
        return resolve_padding_2d(size, op.kernel_shape, stride=stride, padding=op.padding, dilation=dilation)

    # Under "same" a stride brings the picture's size into the padding; at stride 1 any size gives the same.
    depends = isinstance(op.padding, str) and op.padding.startswith("same") and stride != (1, 1)
    pads = None if depends else pads_of((1, 1))
    return Plan(op, stride, dilation, (rows, columns), pads, pads_of(shape) if shape else pads, shape)


def number_text(value: float) -> str:
    """Write a float so that it is read back exactly, whole numbers without a point."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def pair_text(pair: Shape) -> str:
    """Write (vertical, horizontal), as one number where both are equal."""
    return str(pair[0]) if pair[0] == pair[1] else str(pair)


def steps_text(steps: Shape) -> str:
    """Write the slices that take every n-th row and column."""
    return ", ".join(f"::{step}" if step > 1 else ":" for step in steps)


def array_text(weights: NDArray[np.float64], dtype: str) -> str:
    """Write weights as a NumPy expression, one kernel row on a line."""
    first = float(weights.flat[0])
    if weights.size > 1 and (weights == first).all():
        count = round(1 / first) if first > 1e-6 else 0
        if count and first == 1.0 / count:
            return f"np.ones({weights.shape}, dtype={dtype})" + (f" / {count}" if count > 1 else "")
        return f"np.full({weights.shape}, {number_text(first)}, dtype={dtype})"

    def rows(part: NDArray[np.float64], indent: str) -> str:
        if part.ndim == 1:
            return f"{indent}[{', '.join(map(number_text, part.tolist()))}],\n"
        return f"{indent}[\n" + "".join(rows(inner, indent + "    ") for inner in part) + f"{indent}],\n"

    return "np.array([\n" + "".join(rows(part, "    ") for part in weights) + f"], dtype={dtype})"


def kernel_of(op: Operation) -> NDArray[np.float64]:
    """Return the weights without axes of length 1 before (KH, KW): (2,)? + (3,)? + (KH, KW)."""
    lead = tuple(n for n in op.planes.shape[:2] if n > 1)
    return op.planes.reshape(*lead, *op.kernel_shape)


def head(plan: Plan, *imports: str, pads: bool = True) -> list[str]:
    """Write the imports, and the function for padding that depends on the picture's size, where `pads` needs it."""
    op = plan.op
    shape = "(rows, columns)" if op.mode == "gray" else "(rows, columns, 3), channels red, green, blue"
    lines = [f"# image: a float32 array of shape {shape}", *imports, ""]
    if plan.pads is not None or not pads:
        return lines
    split, odd = "total // 2, total - total // 2", "end"
    if op.padding == "same_lower":
        split, odd = "total - total // 2, total // 2", "begin"
    return [
        *lines,
        "",
        f"def {op.padding}_padding(size, window, stride):",
        f"    # The output has ceil(size / stride) values; an odd pixel of padding goes to the {odd}.",
        "    total = max((-(-size // stride) - 1) * stride + window - size, 0)",
        f"    return {split}",
        "",
        "",
    ]


def pad_sizes(plan: Plan) -> list[str]:
    """Work out `rows` and `columns`, the padding of each axis, where they depend on the picture's size."""
    if plan.pads is not None:
        return []
    return [
        f"{axis} = {plan.op.padding}_padding(image.shape[{index}], {plan.window[index]}, {plan.stride[index]})"
        for index, axis in enumerate(("rows", "columns"))
    ]


def numpy_pad(plan: Plan) -> list[str]:
    """Pad `image` into `padded` with NumPy, whose names of borders are the operation's."""
    if plan.no_padding:
        return ["padded = image"]
    pads = "(rows, columns" if plan.pads is None else f"({plan.pads[0]}, {plan.pads[1]}"
    pads += ", (0, 0))" if plan.colour else ")"
    value = f", constant_values={number_text(plan.op.value)}" if plan.op.border == "constant" and plan.op.value else ""
    return [*pad_sizes(plan), f'padded = np.pad(image, {pads}, mode="{plan.op.border}"{value})']


def dilated_kernel(plan: Plan, dtype: str, library: str) -> list[str]:
    """Write the kernel, with zeros between its taps where the library has no dilation."""
    kernel = kernel_of(plan.op)
    lines = [f"kernel = {array_text(kernel, dtype)}"]
    if plan.window != plan.op.kernel_shape:
        shape = (*kernel.shape[:-2], *plan.window)
        lines += [
            f"# {library} has no dilation: put zeros between the taps.",
            f"dilated = np.zeros({shape}, dtype={dtype})",
            f"dilated[..., {steps_text(plan.dilation)}] = kernel",
            "kernel = dilated",
        ]
    return lines


def flipped_kernel(op: Operation, library: str) -> list[str]:
    if not op.flip:
        return []
    axes = "" if kernel_of(op).ndim == 2 else ", axis=(-2, -1)"
    return [f"kernel = np.flip(kernel{axes}).copy()  # {library} correlates; convolution flips the kernel first"]


def sums(op: Operation, call: str, root: str) -> list[str]:
    """Write the weighted sums of one kernel, or of two and the root of the sum of their squares."""
    if op.combine is None:
        return [f"result = {call.replace('KERNEL', 'kernel')}"]
    pair = [f"{name} = {call.replace('KERNEL', f'kernel[{index}]')}" for index, name in enumerate(("first", "second"))]
    return [*pair, f"result = {root}(first, second)"]


def bias_and_relu(op: Operation) -> list[str]:
    """Write what follows the sum: bias, then ReLU."""
    lines = [f"result = result {'-' if op.bias < 0 else '+'} {number_text(abs(op.bias))}  # bias"] if op.bias else []
    return [*lines, "result = np.maximum(result, 0)  # ReLU"] if op.relu else lines


def source_text(*parts: list[str]) -> str:
    return "\n".join(line for part in parts for line in part) + "\n"
