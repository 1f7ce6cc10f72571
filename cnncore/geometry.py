"""Where windows land: output sizes, padding in pixels, and the checks of the arguments that decide them.

One axis at a time. Everything is plain integer arithmetic, shared by the convolutions, the pools and `filter2d`,
so that one sentence explains one error wherever it is met.

References
----------
.. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.
.. [2] ONNX operator specification, `Conv` and `AveragePool`: auto_pad and ceil_mode.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

PADDING_NAMES = ("valid", "same", "same_lower", "full")


def as_int(value: Any, name: str, *, least: int) -> int:
    """Return `value` as a Python int, or raise a ValueError that names the argument.

    Parameters
    ----------
    value : int
        Anything with ``__index__``, except bool.
    name : str
        The argument's name, for the message.
    least : int
        The smallest value allowed.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `value` is no whole number, or smaller than `least`.

    Examples
    --------
    >>> as_int(3, "stride", least=1)
    3
    >>> as_int(0, "stride", least=1)
    Traceback (most recent call last):
    ...
    ValueError: `stride` (=0) must be at least 1
    """
    if isinstance(value, (bool, np.bool_)):
        raise ValueError(f"`{name}` (={value!r}) must be a whole number")
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"`{name}` (={value!r}) must be a whole number") from None
    if number < least:
        raise ValueError(f"`{name}` (={number}) must be at least {least}")
    return number


def as_pair(value: Any, name: str, *, least: int = 1) -> tuple[int, int]:
    """Return `value`, an int or (vertical, horizontal), as a pair of ints.

    Parameters
    ----------
    value : int or sequence of two ints
        One number for both axes, or (vertical, horizontal).
    name : str
        The argument's name, for the message.
    least : int
        The smallest value allowed.

    Returns
    -------
    tuple of int
        (vertical, horizontal)

    Raises
    ------
    ValueError
        If `value` is neither an int nor two ints, or too small.

    Examples
    --------
    >>> as_pair(2, "stride"), as_pair((1, 2), "stride")
    ((2, 2), (1, 2))
    """
    if _stands_alone(value):
        number = as_int(value, name, least=least)
        return number, number
    if isinstance(value, (str, bytes)) or not hasattr(value, "__len__") or len(value) != 2:
        raise ValueError(f"`{name}` (={value!r}) must be a whole number or a pair (vertical, horizontal)")
    vertical, horizontal = value
    return as_int(vertical, name, least=least), as_int(horizontal, name, least=least)


def _stands_alone(value: Any) -> bool:
    """Whether `value` is one number, not several: an array has ``__index__``, too, whatever it holds."""
    return hasattr(value, "__index__") and getattr(value, "ndim", 0) == 0


def window_extent(k: int, dilation: int = 1) -> int:
    """Return the pixels that a window of `k` taps spans: ``dilation * (k - 1) + 1``.

    Parameters
    ----------
    k : int
        Taps along the axis.
    dilation : int
        Distance between neighbouring taps in pixels; 1 means no gaps.

    Returns
    -------
    int

    Examples
    --------
    >>> window_extent(3), window_extent(3, dilation=2)
    (3, 5)
    """
    return dilation * (k - 1) + 1


def resolve_padding(n: int, k: int, *, stride: int = 1, padding: Any = 0, dilation: int = 1) -> tuple[int, int]:
    """Turn any way of saying the padding of one axis into pixels before and after.

    Parameters
    ----------
    n : int
        Size of the input along the axis, in pixels.
    k : int
        Taps of the window along the axis.
    stride, dilation : int
        Step between windows and distance between taps, in pixels.
    padding : int, (begin, end), or str
        Pixels on both sides; pixels before and after; or a name. ``"valid"`` pads nothing. ``"same"`` pads so that
        the output has ``ceil(n / stride)`` values, an odd pixel at the end (TensorFlow's SAME, ONNX's SAME_UPPER).
        ``"same_lower"`` puts the odd pixel first. ``"full"`` pads so that every window that touches the
        input counts.

    Returns
    -------
    tuple of int
        Pixels of padding (begin, end); never negative.

    Raises
    ------
    ValueError
        If an argument is out of range or the name is unknown.

    Examples
    --------
    >>> resolve_padding(5, 4, padding="same")
    (1, 2)
    >>> resolve_padding(5, 4, padding="same_lower")
    (2, 1)
    >>> resolve_padding(6, 3, stride=2, padding="same")
    (0, 1)
    """
    n = as_int(n, "n", least=1)
    k = as_int(k, "k", least=1)
    stride = as_int(stride, "stride", least=1)
    dilation = as_int(dilation, "dilation", least=1)
    extent = window_extent(k, dilation)
    if isinstance(padding, str):
        if padding == "valid":
            return 0, 0
        if padding == "full":
            return extent - 1, extent - 1
        if padding in ("same", "same_lower"):
            total = max((-(-n // stride) - 1) * stride + extent - n, 0)
            small, large = total // 2, total - total // 2
            return (small, large) if padding == "same" else (large, small)
        names = ", ".join(repr(name) for name in PADDING_NAMES)
        raise ValueError(f"`padding` (={padding!r}) must be a number of pixels or one of {names}")
    return as_pair(padding, "padding", least=0)


def output_size(
    n: int, k: int, *, stride: int = 1, padding: Any = 0, dilation: int = 1, ceil_mode: bool = False
) -> int:
    """Return how many windows fit along one axis.

    Parameters
    ----------
    n : int
        Size of the input along the axis, in pixels.
    k : int
        Taps of the window along the axis.
    stride, dilation : int
        Step between windows and distance between taps, in pixels.
    padding : int, (begin, end), or str
        As in `resolve_padding`.
    ceil_mode : bool
        Also count a last window that overhangs the padded input, if it starts inside the input or the padding
        before it; it may be the only one. Has no effect with ``"same"`` and ``"same_lower"``.

    Returns
    -------
    int
        ``floor((n + begin + end - dilation*(k-1) - 1) / stride) + 1``; the rest that the stride leaves is dropped.
        With `ceil_mode` the division is rounded up.

    Raises
    ------
    ValueError
        If no window fits into the padded input, or an argument is out of range.

    References
    ----------
    .. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.

    Examples
    --------
    >>> output_size(6, 3)
    4
    >>> output_size(7, 3, stride=2, padding="same")
    4
    >>> output_size(7, 2, stride=3), output_size(7, 2, stride=3, ceil_mode=True)
    (2, 3)
    """
    begin, end = resolve_padding(n, k, stride=stride, padding=padding, dilation=dilation)
    extent = window_extent(k, dilation)
    room = n + begin + end - extent
    fixed = isinstance(padding, str) and padding.startswith("same")
    counts_rest = ceil_mode and not fixed
    size = (-(-room // stride) if counts_rest else room // stride) + 1
    if counts_rest and (size - 1) * stride >= n + begin:
        size -= 1
    if size < 1:
        raise ValueError(
            f"the window spans {extent} pixels (`k` (={k}), `dilation` (={dilation})) but the padded input has only "
            f"{n + begin + end} ({n} + {begin} + {end} of padding)"
        )
    return size


def resolve_padding_2d(
    shape: tuple[int, int], kernel: tuple[int, int], *, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Turn any way of saying the padding of an image into ((top, bottom), (left, right)).

    Parameters
    ----------
    shape, kernel : tuple of two ints
        (rows, columns) of the image and of the window, in pixels and taps.
    stride, dilation : int or (vertical, horizontal)
        In pixels.
    padding : int, (vertical, horizontal), ((top, bottom), (left, right)), or str
        As in `resolve_padding`, for both axes.

    Returns
    -------
    tuple
        ((top, bottom), (left, right)) in pixels.

    Raises
    ------
    ValueError
        If an argument is out of range or of another form.

    Examples
    --------
    >>> resolve_padding_2d((5, 6), (3, 3), stride=2, padding="same")
    ((1, 1), (0, 1))
    >>> resolve_padding_2d((5, 6), (3, 3), padding=(1, 2))
    ((1, 1), (2, 2))
    """
    strides = as_pair(stride, "stride")
    dilations = as_pair(dilation, "dilation")
    per_axis: tuple[Any, Any]
    if isinstance(padding, str) or _stands_alone(padding):
        per_axis = padding, padding
    elif hasattr(padding, "__len__") and len(padding) == 2:
        vertical, horizontal = padding
        per_axis = vertical, horizontal
        if isinstance(vertical, str) or isinstance(horizontal, str):
            raise ValueError(f"`padding` (={padding!r}) must hold numbers of pixels; a name stands alone")
    else:
        raise ValueError(
            f"`padding` (={padding!r}) must be a number of pixels, (vertical, horizontal), "
            f"((top, bottom), (left, right)), or one of {', '.join(map(repr, PADDING_NAMES))}"
        )
    rows, columns = (
        resolve_padding(n, k, stride=s, padding=p, dilation=d)
        for n, k, s, p, d in zip(shape, kernel, strides, per_axis, dilations, strict=True)
    )
    return rows, columns
