"""Pooling without windows: every map becomes one number, or all channels become one map.

The first is what "global pooling" means in the field: (N, C, H, W) becomes (N, C). The second, pooling across
channels, keeps every pixel and reduces the channels to one.

References
----------
.. [1] M. Lin, Q. Chen, S. Yan, "Network in network", arXiv:1312.4400: global average pooling.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cnncore._arrays import QUIET, Array, as_images


def global_max_pool2d(x: Any) -> Array:
    """Return the largest number of every map.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
        Feature maps.

    Returns
    -------
    ndarray of float, shape (N, C)
        In the dtype of `x` (integers and bool become float32); NaN where a map holds NaN.

    Raises
    ------
    ValueError
        If `x` has not four dimensions, or no channel, row or column.

    Examples
    --------
    >>> global_max_pool2d(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[3., 7.]])
    """
    return as_images(x).max(axis=(2, 3))


@np.errstate(**QUIET)
def global_avg_pool2d(x: Any) -> Array:
    """Return the mean of every map: what "global pooling" means in the field.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
        Feature maps.

    Returns
    -------
    ndarray of float, shape (N, C)
        In the dtype of `x` (integers and bool become float32); summed in float64.

    Raises
    ------
    ValueError
        If `x` has not four dimensions, or no channel, row or column.

    References
    ----------
    .. [1] M. Lin, Q. Chen, S. Yan, "Network in network", arXiv:1312.4400.

    Examples
    --------
    >>> global_avg_pool2d(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[1.5, 5.5]])
    """
    x = as_images(x)
    # A float32 sum over the rows of batch-last memory would be taken number by number and lose digits.
    return x.mean(axis=(2, 3), dtype=np.float64).astype(x.dtype, copy=False)


def cross_channel_max_pool(x: Any) -> Array:
    """Return the largest number over the channels, pixel by pixel.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
        Feature maps.

    Returns
    -------
    ndarray of float, shape (N, 1, H, W)
        In the dtype of `x` (integers and bool become float32); NaN where a channel holds NaN.

    Raises
    ------
    ValueError
        If `x` has not four dimensions, or no channel, row or column.

    Examples
    --------
    >>> cross_channel_max_pool(np.array([[[[1.0, 5.0]], [[3.0, 2.0]]]]))
    array([[[[3., 5.]]]])
    """
    return as_images(x).max(axis=1, keepdims=True)


@np.errstate(**QUIET)
def cross_channel_avg_pool(x: Any) -> Array:
    """Return the mean over the channels, pixel by pixel.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
        Feature maps.

    Returns
    -------
    ndarray of float, shape (N, 1, H, W)
        In the dtype of `x` (integers and bool become float32).

    Raises
    ------
    ValueError
        If `x` has not four dimensions, or no channel, row or column.

    Examples
    --------
    >>> cross_channel_avg_pool(np.array([[[[1.0, 5.0]], [[3.0, 2.0]]]]))
    array([[[[2. , 3.5]]]])
    """
    x = as_images(x)
    return x.mean(axis=1, keepdims=True, dtype=np.float64).astype(x.dtype, copy=False)
