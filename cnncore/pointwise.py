"""The rectifier: what every number becomes by itself, and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnncore._arrays import Array, as_float, as_gradient, keep_where


def relu(x: Any) -> Array:
    """Return ``max(x, 0)``, number by number.

    Parameters
    ----------
    x : array_like, any shape
        float32 and float64 are kept, integers and bool become float32.

    Returns
    -------
    ndarray of float, of the shape, dtype and memory layout of `x`
        NaN stays NaN.

    Raises
    ------
    ValueError
        If `x` has no real dtype, or float16.

    Examples
    --------
    >>> relu(np.array([-1.5, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    x = as_float(x, "x")
    return np.maximum(x, 0, out=np.empty_like(x))


def relu_backward(dy: Any, x: Any) -> Array:
    """Return the gradient of a loss with respect to what went into `relu`.

    Parameters
    ----------
    dy : array_like, shape of `x`
        Gradient of the loss with respect to the output.
    x : array_like
        What went in. The output will do as well: it is positive in the same places.

    Returns
    -------
    ndarray of float, shape of `x`
        `dy` where `x` is positive or NaN; 0 elsewhere, at ``x == 0`` too (as in PyTorch).

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> relu_backward(np.array([5.0, 6.0, 7.0]), np.array([-1.5, 0.0, 2.0]))
    array([0., 0., 7.])
    """
    x = as_float(x, "x")
    dy = as_gradient(dy, "dy", x, x.shape)
    return keep_where(np.logical_not(x <= 0), dy)  # not x > 0, which NaN is not
