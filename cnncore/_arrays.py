"""What the operations agree on about arrays: which dtypes they take, and where a batch lies in memory.

Memory format. Shapes are always (N, C, H, W), but inside, and in what they return, the operations lay an array out
as (C, H, W, N): the image's number runs fastest. Every slice that a window, a pool or a rectifier touches is then one
contiguous run over the batch, and one matrix product serves all images without a transpose. The caller sees an
NCHW-shaped view of that memory, as with PyTorch's ``channels_last``. For one image both layouts are the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

#: For `numpy.errstate`: infinities and NaN pass through an operation, as in PyTorch; NumPy would warn of each.
QUIET: dict[str, Any] = {"over": "ignore", "under": "ignore", "invalid": "ignore", "divide": "ignore"}


def as_float(value: Any, name: str) -> Array:
    """Return `value` as an array of native float32 or float64, copied only where its dtype changes.

    Parameters
    ----------
    value : array_like
        Numbers. float32 and float64 stay, integers and bool become float32.
    name : str
        The argument's name, for the message.

    Returns
    -------
    ndarray of float

    Raises
    ------
    ValueError
        If the dtype is another one, such as float16 or complex.

    Examples
    --------
    >>> as_float([1, 2], "x").dtype, as_float([1.0, 2.0], "x").dtype
    (dtype('float32'), dtype('float64'))
    """
    array = np.asarray(value)
    dtype = array.dtype
    if dtype == np.float32 or dtype == np.float64:
        return array
    if dtype.kind in "biu":
        return array.astype(np.float32)
    if dtype.kind == "f" and dtype.itemsize in (4, 8):  # the other byte order
        return array.astype(dtype.newbyteorder("="))
    raise ValueError(f"`{name}` has dtype {dtype}; float32, float64, integers or bool are needed")


def as_dtype(value: Any, name: str, dtype: np.dtype[Any]) -> Array:
    """Return real numbers of any dtype cast to `dtype`; what is too large for it becomes infinite, as in PyTorch.

    Parameters
    ----------
    value : array_like
        Real numbers.
    name : str
        The argument's name, for the message.
    dtype : dtype
        The dtype to cast to.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If `value` does not hold real numbers.

    Examples
    --------
    >>> as_dtype([1, 2], "w", np.dtype("float64"))
    array([1., 2.])
    """
    array = np.asarray(value)
    if array.dtype == dtype:
        return array
    if array.dtype.kind not in "biuf":
        raise ValueError(f"`{name}` has dtype {array.dtype}; real numbers are needed")
    with np.errstate(over="ignore"):
        return array.astype(dtype)


def as_images(value: Any, name: str = "x") -> Array:
    """Return a batch of images or feature maps as floats, or raise a ValueError that says what it is instead.

    Parameters
    ----------
    value : array_like, shape (N, C, H, W)
        N may be 0; the other sizes may not.
    name : str
        The argument's name, for the message.

    Returns
    -------
    ndarray of float, shape (N, C, H, W)

    Raises
    ------
    ValueError
        If `value` has another number of dimensions, no channel, no row or no column, or no real numbers.

    Examples
    --------
    >>> as_images([[1.0, 2.0]])
    Traceback (most recent call last):
    ...
    ValueError: `x` must have shape (N, C, H, W), but has shape (1, 2)
    """
    array = as_float(value, name)
    if array.ndim != 4:
        raise ValueError(f"`{name}` must have shape (N, C, H, W), but has shape {array.shape}")
    if 0 in array.shape[1:]:
        raise ValueError(f"`{name}` (shape {array.shape}) must have at least one channel, row and column")
    return array


def as_gradient(value: Any, name: str, like: Array, shape: tuple[int, ...]) -> Array:
    """Return a gradient cast to the dtype of `like`, checked to have the shape of what it is the gradient of.

    Parameters
    ----------
    value : array_like
        The gradient.
    name : str
        The argument's name, for the message.
    like : ndarray
        Gives the dtype.
    shape : tuple of int
        The shape needed.

    Returns
    -------
    ndarray of float

    Raises
    ------
    ValueError
        If the shape is another one.

    Examples
    --------
    >>> as_gradient([1, 2], "dy", np.zeros(2), (3,))
    Traceback (most recent call last):
    ...
    ValueError: `dy` has shape (2,), but the output it belongs to has shape (3,)
    """
    array = as_dtype(value, name, like.dtype)
    if array.shape != shape:
        raise ValueError(f"`{name}` has shape {array.shape}, but the output it belongs to has shape {shape}")
    return array


def batch_last(x: Array) -> Array:
    """Return an (N, C, H, W) array as contiguous (C, H, W, N), without a copy where its memory is so already.

    Examples
    --------
    >>> batch_last(np.zeros((5, 1, 2, 3))).shape
    (1, 2, 3, 5)
    """
    return np.ascontiguousarray(x.transpose(1, 2, 3, 0))


def batch_first(x: Array) -> Array:
    """Return a (C, H, W, N) array as its (N, C, H, W) view.

    Examples
    --------
    >>> batch_first(np.zeros((1, 2, 3, 5))).shape
    (5, 1, 2, 3)
    """
    return x.transpose(3, 0, 1, 2)


def keep_where(mask: Array, values: Array) -> Array:
    """Return `values` where `mask` holds and 0 elsewhere, NaN and infinities included.

    Parameters
    ----------
    mask : ndarray of bool
    values : ndarray of float32 or float64
        Of the same shape.

    Returns
    -------
    ndarray of float

    Notes
    -----
    `numpy.where` branches on every element, which is 20 times slower on the unpredictable masks of a rectifier or a
    maximum; ``values * mask`` would make NaN out of an infinity that is to go. Multiplying the bits, taken as
    integers, by 0 or 1 is fast and exact.

    Examples
    --------
    >>> keep_where(np.array([True, False]), np.array([2.0, np.inf]))
    array([2., 0.])
    """
    bits = np.int32 if values.dtype.itemsize == 4 else np.int64
    return np.multiply(mask.view(np.uint8), values.view(bits)).view(values.dtype)
