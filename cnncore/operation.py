"""One filter as a person sets it up: how channels are treated, the windows, the border, what follows the sum."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnncore.filtering import filter2d
from cnncore.geometry import as_pair, output_size, resolve_padding_2d

Mode = Literal["gray", "each", "rgb"]
BORDERS = ("reflect", "symmetric", "edge", "wrap", "constant")


@dataclass(frozen=True, eq=False)
class Operation:
    """What is done to a picture, complete: `apply` does it, `cnncore.explain.trace_filter` takes one number apart.

    Parameters
    ----------
    weights : array_like of float
        The kernel, applied unflipped unless `flip`. (KH, KW) for one plane; (3, KH, KW) for a filter that sums over
        R, G and B (`mode` ``"rgb"``); with `combine` ``"magnitude"`` two of these stacked along a new first axis.
    mode : {"gray", "each", "rgb"}
        A grey picture (H, W); each channel of a colour picture (H, W, 3) apart (a depthwise convolution); or one
        filter summed over the three channels into one map.
    stride, dilation : int or (vertical, horizontal)
        In pixels.
    padding : int, pair, ((top, bottom), (left, right)), or str
        As in `cnncore.geometry.resolve_padding_2d`.
    border : {"reflect", "symmetric", "edge", "wrap", "constant"}
        What stands in the padding, by `numpy.pad`'s names.
    value : float
        What stands there under ``"constant"``.
    flip : bool
        True for mathematical convolution, False for the cross-correlation of convolutional networks.
    bias : float
        Added to each sum. A gradient magnitude has none.
    relu : bool
        Whether negative results become 0.
    combine : {None, "magnitude"}
        ``"magnitude"``: the root of the sum of the squares of two filters' outputs.

    Raises
    ------
    ValueError
        If the weights have another shape, are not finite, or the settings contradict each other.
    """

    weights: Any
    mode: Mode = "gray"
    stride: Any = 1
    dilation: Any = 1
    padding: Any = "same"
    border: str = "reflect"
    value: float = 0.0
    flip: bool = False
    bias: float = 0.0
    relu: bool = False
    combine: Literal["magnitude"] | None = None
    planes: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        weights = np.array(self.weights, dtype=np.float64)
        if self.mode not in ("gray", "each", "rgb"):
            raise ValueError(f"`mode` (={self.mode!r}) must be 'gray', 'each' or 'rgb'")
        if self.border not in BORDERS:
            raise ValueError(f"`border` (={self.border!r}) must be one of {', '.join(map(repr, BORDERS))}")
        if self.combine not in (None, "magnitude"):
            raise ValueError(f"`combine` (={self.combine!r}) must be None or 'magnitude'")
        branches = 1 if self.combine is None else 2
        channels = 3 if self.mode == "rgb" else 1
        lead = ((2,) if self.combine else ()) + ((3,) if self.mode == "rgb" else ())
        if weights.ndim != len(lead) + 2 or weights.shape[: len(lead)] != lead or weights.size == 0:
            wanted = ", ".join(map(str, (*lead, "KH", "KW")))
            raise ValueError(f"`weights` has shape {weights.shape}, but `mode` {self.mode!r} needs ({wanted})")
        if not np.isfinite(weights).all() or not np.isfinite(self.bias) or not np.isfinite(self.value):
            raise ValueError("`weights`, `bias` and `value` must be finite: NaN and infinity cannot be filtered with")
        if self.combine and self.bias:
            raise ValueError(f"`bias` (={self.bias:g}) must be 0 for a gradient magnitude, which is no linear filter")
        as_pair(self.stride, "stride")
        as_pair(self.dilation, "dilation")
        weights = weights.reshape(branches, channels, *weights.shape[-2:])
        weights.setflags(write=False)
        object.__setattr__(self, "planes", weights)

    @property
    def kernel_shape(self) -> tuple[int, int]:
        """Rows and columns of the kernel, in taps."""
        rows, columns = self.planes.shape[-2:]
        return rows, columns

    @property
    def applied(self) -> NDArray[np.float64]:
        """The weights as they meet the picture, shape (branches, planes, KH, KW): flipped for a true convolution."""
        return self.planes[..., ::-1, ::-1] if self.flip else self.planes

    def output_shape(self, rows: int, columns: int) -> tuple[int, int]:
        """Return (rows, columns) of the result for a picture of that size.

        Raises
        ------
        ValueError
            If a window is larger than the padded picture; says which axis and both sizes.
        """
        pads = resolve_padding_2d(
            (rows, columns), self.kernel_shape, stride=self.stride, padding=self.padding, dilation=self.dilation
        )
        strides, dilations = as_pair(self.stride, "stride"), as_pair(self.dilation, "dilation")
        sizes = []
        for n, k, pad, s, d, axis in zip(
            (rows, columns), self.kernel_shape, pads, strides, dilations, ("rows", "columns"), strict=True
        ):
            extent = d * (k - 1) + 1
            if extent > n + sum(pad):
                padded = f"{n} + {sum(pad)} of padding = {n + sum(pad)}" if sum(pad) else f"{n}"
                raise ValueError(
                    f"The window spans {extent} {axis}, but the picture has only {padded}: pad more, or take a smaller "
                    "kernel or dilation."
                )
            sizes.append(output_size(n, k, stride=s, padding=pad, dilation=d))
        return sizes[0], sizes[1]

    def branch(self, image: NDArray[Any], index: int) -> NDArray[Any]:
        """Return the linear output of one branch, without bias: (OH, OW), or (OH, OW, 3) for mode ``"each"``."""
        options: dict[str, Any] = {name: getattr(self, name) for name in FILTER_OPTIONS}
        kernels = self.planes[index]
        if self.mode != "rgb":
            return filter2d(image, kernels[0], **options)
        total = filter2d(image[..., 0], kernels[0], **options)
        for channel in (1, 2):
            total += filter2d(image[..., channel], kernels[channel], **options)
        return total

    def apply(self, image: NDArray[Any]) -> NDArray[Any]:
        """Filter a picture.

        Parameters
        ----------
        image : ndarray, shape (H, W) for mode ``"gray"``, else (H, W, 3)
            The picture, in any unit.

        Returns
        -------
        ndarray, shape (OH, OW), or (OH, OW, 3) for mode ``"each"``
            The feature map, in the picture's unit times the weights'.

        Raises
        ------
        ValueError
            If the picture's shape does not fit the mode, or a window is larger than the padded picture.

        Examples
        --------
        >>> Operation([[0, 1, 0], [1, -4, 1], [0, 1, 0]], padding="valid").apply(np.eye(3)).item()
        -4.0
        """
        image = np.asarray(image)
        wanted = 2 if self.mode == "gray" else 3
        if image.ndim != wanted or (wanted == 3 and image.shape[2] != 3):
            form = "(H, W)" if wanted == 2 else "(H, W, 3)"
            raise ValueError(f"`image` has shape {image.shape}, but `mode` {self.mode!r} needs {form}")
        self.output_shape(image.shape[0], image.shape[1])
        result = self.branch(image, 0)
        if self.combine:
            result = np.hypot(result, self.branch(image, 1))
        if self.bias:
            result += result.dtype.type(self.bias)
        if self.relu:
            np.maximum(result, 0, out=result)
        return result


FILTER_OPTIONS = ("stride", "dilation", "padding", "border", "value", "flip")
