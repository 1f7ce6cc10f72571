"""Convolutions for the explorer: what `pages.ui.explorer_data` describes, with the core's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnncore import ops
from cnncore.geometry import as_pair, resolve_padding_2d
from pages.ui.explorer_data import (
    Data,
    as_planes,
    bordered,
    grid,
    left_over,
    signed,
    stamp_lines,
    whole,
    window_lines,
)
from pages.ui.panes import plain, plain_grid

STAR, ASTERISK, TRANSPOSED = "★", "∗", "★ᵀ"


def convolution(
    image: ArrayLike,
    kernel: ArrayLike,
    *,
    bias: float | None = None,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    border: str = "constant",
    value: float = 0.0,
    flip: bool = False,
    depthwise: bool = False,
) -> Data:
    """Return the explorer's data of one filter over an image.

    Parameters
    ----------
    image : array_like, shape (H, W) or (C, H, W)
        Numbers of each channel.
    kernel : array_like, shape (KH, KW) or (C, KH, KW)
        One plane of weights for each channel.
    bias : float, optional
        Added to every output; not shown if it is None.
    stride, padding, dilation
        As `cnncore.ops.conv2d` takes them.
    border, value
        What the padding holds: one of `numpy.pad`'s names; the number for ``"constant"``.
    flip : bool
        True convolution instead of cross-correlation.
    depthwise : bool
        Filter every channel apart, instead of summing over them.

    Returns
    -------
    dict
        As in `pages.ui.explorer_data`.

    Raises
    ------
    ValueError
        If shapes disagree, the window is larger than the padded image, or the grids are too large to be shown.

    Examples
    --------
    >>> data = convolution([[1, 2, 3]], [[1, 0, -1]])
    >>> data["output"]["planes"], data["taps"]["columns"]
    ([[[-2.0]]], [[[0, 0], [1, 1], [2, 2]]])
    """
    x, w = as_planes(image, "image"), as_planes(kernel, "kernel")
    channels = len(x)
    if len(w) != channels:
        raise ValueError(f"`kernel` must have a plane for each of the {channels} channels of `image`, not {len(w)}")
    strides, dilations = as_pair(stride, "stride"), as_pair(dilation, "dilation")
    pads = resolve_padding_2d(x.shape[1:], w.shape[1:], stride=strides, padding=padding, dilation=dilations)  # type: ignore[arg-type]
    padded = bordered(x, pads, border, value)
    applied = w[:, ::-1, ::-1] if flip else w
    how: Data = {"stride": strides, "dilation": dilations}
    apart = ops.conv2d(padded[None], applied[:, None], **how, groups=channels)[0]
    shift = 0.0 if bias is None else float(bias)
    if depthwise:
        output = ops.conv2d(padded[None], applied[:, None], np.full(channels, shift), **how, groups=channels)[0]
    else:
        output = ops.conv2d(padded[None], applied[None], np.array([shift]), **how)[0]
    lines = [
        window_lines(k, s, d, out, flip=flip)
        for k, s, d, out in zip(w.shape[1:], strides, dilations, output.shape[1:], strict=True)
    ]
    partials = [[plain_grid(plane) for plane in apart]] if channels > 1 and not depthwise else None
    around: Data = {"pad": [*pads[0], *pads[1]], "over": [0, 0], "dropped": left_over(lines, padded.shape[1:])}
    sources = [[[c, c]] for c in range(channels)] if depthwise else [[[c, c] for c in range(channels)]]
    return whole(
        {
            "operation": "convolved with" if flip else "cross-correlated with",
            "sign": ASTERISK if flip else STAR,
            "reduce": "sum",
            "input": grid("Input", padded, signed(x), **around),
            "kernel": grid("Kernel", w, signed(w), rows=w.shape[1], columns=w.shape[2], hidden=False),
            "output": grid("Output", output, signed(output), partials=partials, winners=None, divisors=None),
            "taps": {"rows": lines[0], "columns": lines[1]},
            "sources": sources,
            "bias": None if bias is None else [plain(bias)] * len(sources),
        }
    )


def transposed_convolution(
    image: ArrayLike,
    kernel: ArrayLike,
    *,
    bias: float | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
) -> Data:
    """Return the explorer's data of a transposed convolution: every input cell stamps the kernel onto the output.

    Parameters
    ----------
    image : array_like, shape (H, W) or (C, H, W)
        Numbers of each channel.
    kernel : array_like, shape (KH, KW) or (C, KH, KW)
        One plane of weights for each channel.
    bias, stride, padding, output_padding, dilation
        As `cnncore.ops.conv_transpose2d` takes them; the bias is one number.

    Returns
    -------
    dict
        As in `pages.ui.explorer_data`.

    Raises
    ------
    ValueError
        If shapes disagree, an argument is out of range, or the grids are too large to be shown.

    Examples
    --------
    >>> data = transposed_convolution([[1, 2]], [[1, 10, 100]], stride=2)
    >>> data["output"]["planes"], data["taps"]["columns"][2]
    ([[[1.0, 10.0, 102.0, 20.0, 200.0]]], [[0, 2], [1, 0]])
    """
    x, w = as_planes(image, "image"), as_planes(kernel, "kernel")
    if len(w) != len(x):
        raise ValueError(f"`kernel` must have a plane for each of the {len(x)} channels of `image`, not {len(w)}")
    strides, dilations = as_pair(stride, "stride"), as_pair(dilation, "dilation")
    how: Data = {"stride": strides, "padding": padding, "output_padding": output_padding, "dilation": dilations}
    output = ops.conv_transpose2d(x[None], w[:, None], None if bias is None else np.array([float(bias)]), **how)[0]
    apart = ops.conv_transpose2d(x[None], w[:, None], **how, groups=len(x))[0]
    cuts = resolve_padding_2d(x.shape[1:], w.shape[1:], padding=padding)  # type: ignore[arg-type]
    lines = [
        stamp_lines(n, k, s, d, begin, out)
        for n, k, s, d, (begin, _), out in zip(
            x.shape[1:], w.shape[1:], strides, dilations, cuts, output.shape[1:], strict=True
        )
    ]
    return whole(
        {
            "operation": "transposed convolution with",
            "sign": TRANSPOSED,
            "reduce": "sum",
            "input": grid("Input", x, signed(x), pad=[0, 0, 0, 0], over=[0, 0], dropped=[0, 0]),
            "kernel": grid("Kernel", w, signed(w), rows=w.shape[1], columns=w.shape[2], hidden=False),
            "output": grid(
                "Output",
                output,
                signed(output),
                partials=[[plain_grid(plane) for plane in apart]] if len(x) > 1 else None,
                winners=None,
                divisors=None,
            ),
            "taps": {"rows": lines[0], "columns": lines[1]},
            "sources": [[[c, c] for c in range(len(x))]],
            "bias": None if bias is None else [plain(bias)],
        }
    )
