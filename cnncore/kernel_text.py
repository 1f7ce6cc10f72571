"""A person's own kernel: read it from text, write it as text, turn it about.

The canonical text, which also stands in links, has spaces between cells, ``;`` between rows and ``|`` between the
planes of a filter over red, green and blue: ``0 1 0;1 -4 1;0 1 0``. `parse` reads much more than that.

What turns a kernel about works on its last two axes, so a colour filter (3, KH, KW) and the pair of a gradient
magnitude (2, KH, KW) go through it plane by plane. Each returns a fresh array.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore._kernel_reader import MAX_SIDE, MAX_TEXT, MAX_VALUE, parse
from cnncore.geometry import as_int

__all__ = [
    "MAX_SIDE",
    "MAX_TEXT",
    "MAX_VALUE",
    "can_normalise",
    "flip",
    "flip_horizontal",
    "flip_vertical",
    "format_kernel",
    "normalise",
    "parse",
    "resized",
    "rotate",
    "transpose",
]

Weights = NDArray[np.float64]


def format_kernel(weights: Any, *, most: int = MAX_SIDE) -> str:
    """Write a kernel as compact text that `parse` reads back exactly.

    Parameters
    ----------
    weights : array_like of float, shape (KH, KW) or (3, KH, KW)
    most : int
        Most rows or columns, as `parse` is told when it reads the text back.

    Returns
    -------
    str
        Cells parted by spaces, rows by ``;``, planes by ``|``; each number with as many digits as it takes to read
        back the same float. -0.0 is written 0, its equal.

    Raises
    ------
    ValueError
        If the shape is another, a side exceeds `most`, or a weight is not finite or beyond a million.

    Examples
    --------
    >>> format_kernel([[0, 1, 0], [1, -4.5, 1]])
    '0 1 0;1 -4.5 1'
    """
    array = _checked(weights, most)
    if array.ndim == 4 or (array.ndim == 3 and len(array) == 2):
        raise ValueError(f"`weights` has shape {array.shape}, but text holds (KH, KW) or (3, KH, KW)")
    planes = array.reshape(-1, *array.shape[-2:])
    return "|".join(";".join(" ".join(map(_cell, row)) for row in plane) for plane in planes.tolist())


def _cell(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def flip_horizontal(weights: Any) -> Weights:
    """Mirror a kernel left to right.

    Parameters
    ----------
    weights : array_like of float, shape (..., KH, KW)

    Returns
    -------
    ndarray of float64, of the same shape

    Raises
    ------
    ValueError
        If `weights` is no kernel.

    Examples
    --------
    >>> flip_horizontal([[1, 2], [3, 4]])
    array([[2., 1.],
           [4., 3.]])
    """
    return _checked(weights)[..., ::-1].copy()


def flip_vertical(weights: Any) -> Weights:
    """Mirror a kernel top to bottom.

    Parameters
    ----------
    weights : array_like of float, shape (..., KH, KW)

    Returns
    -------
    ndarray of float64, of the same shape

    Raises
    ------
    ValueError
        If `weights` is no kernel.

    Examples
    --------
    >>> flip_vertical([[1, 2], [3, 4]])
    array([[3., 4.],
           [1., 2.]])
    """
    return _checked(weights)[..., ::-1, :].copy()


def flip(weights: Any) -> Weights:
    """Mirror a kernel along both axes: cross-correlation with the result is convolution with the kernel.

    Parameters
    ----------
    weights : array_like of float, shape (..., KH, KW)

    Returns
    -------
    ndarray of float64, of the same shape

    Raises
    ------
    ValueError
        If `weights` is no kernel.

    Examples
    --------
    >>> flip([[1, 2], [3, 4]])
    array([[4., 3.],
           [2., 1.]])
    """
    return _checked(weights)[..., ::-1, ::-1].copy()


def rotate(weights: Any, turns: int = 1) -> Weights:
    """Turn a kernel clockwise by quarter turns.

    Parameters
    ----------
    weights : array_like of float, shape (..., KH, KW)
    turns : int
        Quarter turns; negative ones go counter-clockwise.

    Returns
    -------
    ndarray of float64, shape (..., KW, KH) after an odd number of turns

    Raises
    ------
    ValueError
        If `weights` is no kernel, or `turns` no whole number.

    Examples
    --------
    >>> rotate([[1, 2], [3, 4]])
    array([[3., 1.],
           [4., 2.]])
    """
    quarters = as_int(turns, "turns", least=-(10**9)) % 4
    return np.rot90(_checked(weights), -quarters, axes=(-2, -1)).copy()


def transpose(weights: Any) -> Weights:
    """Swap a kernel's rows and columns.

    Parameters
    ----------
    weights : array_like of float, shape (..., KH, KW)

    Returns
    -------
    ndarray of float64, shape (..., KW, KH)

    Raises
    ------
    ValueError
        If `weights` is no kernel.

    Examples
    --------
    >>> transpose([[1, 2], [3, 4]])
    array([[1., 3.],
           [2., 4.]])
    """
    return np.swapaxes(_checked(weights), -2, -1).copy()


def can_normalise(weights: Any) -> bool:
    """Tell whether dividing a kernel by its sum means something.

    Parameters
    ----------
    weights : array_like of float, shape (..., KH, KW)

    Returns
    -------
    bool
        False where positive and negative weights cancel: where the sum is no more than a millionth of the sum of
        the sizes. What is left of it then is rounding.

    Raises
    ------
    ValueError
        If `weights` is no kernel.

    Examples
    --------
    >>> can_normalise([[1, 2, 1]]), can_normalise([[0.1, 0.2, -0.3]])
    (True, False)
    """
    array = _checked(weights)
    return bool(abs(array.sum()) > 1e-6 * np.abs(array).sum())


def normalise(weights: Any) -> Weights:
    """Divide a kernel by its sum, so that a flat picture keeps its brightness.

    Parameters
    ----------
    weights : array_like of float, shape (..., KH, KW)
        With several planes, all are divided by the sum of them all.

    Returns
    -------
    ndarray of float64, of the same shape
        They sum to 1.

    Raises
    ------
    ValueError
        If the weights sum to zero, as those of edge detectors do.

    Examples
    --------
    >>> normalise([[1, 2, 1]])
    array([[0.25, 0.5 , 0.25]])
    """
    array = _checked(weights)
    if not can_normalise(array):
        raise ValueError("the weights sum to zero, so dividing them by their sum means nothing")
    return array / array.sum()


def resized(weights: Any, rows: int, columns: int) -> Weights:
    """Grow a kernel with zeros, or crop it, about its centre.

    Parameters
    ----------
    weights : array_like of float, shape (..., KH, KW)
    rows, columns : int
        The new size, 1 to 15 each.

    Returns
    -------
    ndarray of float64, shape (..., rows, columns)
        The tap that ``"same"`` lays on the pixel, ``(k - 1) // 2``, stays that tap. So growing a kernel leaves its
        results as they were (without stride and dilation), and cropping back undoes it.

    Raises
    ------
    ValueError
        If `weights` is no kernel, or a size is out of range.

    Examples
    --------
    >>> resized([[5]], 2, 3)
    array([[0., 5., 0.],
           [0., 0., 0.]])
    >>> resized([[1, 2, 3]], 1, 1)
    array([[2.]])
    """
    array = _checked(weights)
    spans = []
    for axis, (size, name) in enumerate(((rows, "rows"), (columns, "columns")), -2):
        new = as_int(size, name, least=1)
        if new > MAX_SIDE:
            raise ValueError(f"`{name}` (={new}) must be at most {MAX_SIDE}")
        old = array.shape[axis]
        before = (new - 1) // 2 - (old - 1) // 2
        to = slice(max(before, 0), min(before + old, new))
        spans.append((new, to, slice(to.start - before, to.stop - before)))
    (height, to_rows, from_rows), (width, to_columns, from_columns) = spans
    result = np.zeros((*array.shape[:-2], height, width))
    result[..., to_rows, to_columns] = array[..., from_rows, from_columns]
    return result


def _checked(weights: Any, most: int = MAX_SIDE) -> Weights:
    """Return `weights` as float64 if they are what `parse` could have returned, or such a pair."""
    array = np.asarray(weights, dtype=np.float64)
    if array.ndim < 2 or array.shape[:-2] not in ((), (3,), (2,), (2, 3)) or 0 in array.shape:
        raise ValueError(f"`weights` has shape {array.shape}, but a kernel is (KH, KW), or (3, KH, KW) for colour")
    if max(array.shape[-2:]) > most:
        rows, columns = array.shape[-2:]
        raise ValueError(f"`weights` has {rows} × {columns} numbers; at most {most} × {most} are taken")
    if not np.abs(array).max() <= MAX_VALUE:
        raise ValueError(f"`weights` must be finite and within ±{MAX_VALUE:,}")
    return array
