"""Settings -> one filtered picture with all that the Convolution page says about it. Imports no streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.display import finite_range
from cnncore.explain import FilterTrace, trace_filter
from cnncore.geometry import as_pair, resolve_padding_2d, window_extent
from cnncore.operation import Operation
from pages.ui.kernel_controls import ChosenKernel
from pages.ui.panes import Windows


def make_operation(values: dict[str, Any], kernel: ChosenKernel) -> Operation:
    """Return the operation that the settings describe."""
    return Operation(
        kernel.weights,
        mode=values["colour"],
        stride=values["stride"],
        dilation=values["dilation"],
        padding=values["pixels"] if values["padding"] == "pixels" else values["padding"],
        border=values["border"],
        value=values["value"],
        flip=values["flip"],
        bias=0.0 if kernel.combine else values["bias"],
        relu=values["relu"],
        combine=kernel.combine,
    )


def operation_key(operation: Operation) -> tuple[Any, ...]:
    """Return what two operations that do the same have in common."""
    names = ("mode", "stride", "dilation", "padding", "border", "value", "flip", "bias", "relu", "combine")
    plain = tuple(getattr(operation, name) for name in names)
    return (*plain, operation.planes.shape, operation.planes.tobytes())


@dataclass(frozen=True, eq=False)
class FilterView:
    """A picture, what was done to it, and what came out."""

    operation: Operation
    image: NDArray[np.float32]
    result: NDArray[np.float32]
    input_range: tuple[float, float]
    output_range: tuple[float, float]

    @property
    def windows(self) -> Windows:
        """Where the windows lie on the input."""
        operation = self.operation
        strides, dilations = as_pair(operation.stride, "stride"), as_pair(operation.dilation, "dilation")
        taps = operation.kernel_shape
        rows, columns = self.image.shape[:2]
        pads = resolve_padding_2d((rows, columns), taps, stride=strides, padding=operation.padding, dilation=dilations)
        extent = window_extent(taps[0], dilations[0]), window_extent(taps[1], dilations[1])
        return Windows(strides, (pads[0][0], pads[1][0]), (pads[0][1], pads[1][1]), extent, dilations, taps)

    def shown_as(self, wanted: str) -> str:
        """Return how the output is shown; ``"auto"`` is decided by whether it still is a picture."""
        if wanted != "auto":
            return wanted
        if self.operation.combine:
            return "amount"
        if self.operation.bias:
            return "signed"
        weights = self.operation.planes
        return "clipped" if weights.min() >= 0 or abs(weights.sum() - 1) < 1e-3 else "signed"

    def mapped(self, shown: str, channel: int) -> NDArray[Any]:
        """Return what is shown of the result: one channel where colour stands for sign or size, else all."""
        return self.channel(self.result, channel) if shown in ("signed", "amount") else self.result

    def channel(self, values: NDArray[Any], channel: int) -> NDArray[Any]:
        """Return one channel of a colour array, or the only one there is."""
        return values[..., channel] if values.ndim == 3 else values

    def trace(self, row: int, column: int, channel: int) -> FilterTrace:
        """Take one output number apart."""
        return trace_filter(self.operation, self.image, row, column, channel=channel)

    def value(self, row: int, column: int, channel: int) -> float:
        """Return the core's own output number."""
        return float(self.channel(self.result, channel)[row, column])


def filter_picture(operation: Operation, image: NDArray[np.float32], input_range: tuple[float, float]) -> FilterView:
    """Filter a picture, whose range is known. Raises ValueError with a sentence if the window does not fit."""
    result = operation.apply(image)
    return FilterView(operation, image, result, input_range, finite_range(result))
