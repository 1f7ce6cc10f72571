"""Variety: every training picture moved and turned a little at random, so that a network sees more than there is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnncore._arrays import Array


def augment(x: Any, rng: np.random.Generator, *, shift: int = 0, rotate: float = 0.0) -> Array:
    """Move and turn every picture at random.

    Parameters
    ----------
    x : array_like of float, shape (N, C, H, W)
        Their background is 0.
    rng : numpy.random.Generator
    shift : int
        Whole pixels, up to so many each way; up, down, left and right are equally likely.
    rotate : float
        Degrees about the middle, up to so many each way, evenly spread; bilinear in between.

    Returns
    -------
    ndarray of float, shape and dtype of `x`
        A new array; what moves in from beyond the edge is 0.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> bool((augment(x, np.random.default_rng(0)) == x).all())
    True
    """
    x = np.asarray(x)
    if rotate:
        return _turn(x, rng, math.radians(rotate), shift)
    if shift:
        return _move(x, rng.integers(-shift, shift + 1, (2, len(x))), shift)
    return x.copy()


def _move(x: Array, moves: Array, most: int) -> Array:
    """Cut each picture out of itself with zeros around it, `moves` pixels off the middle."""
    images, channels, rows, columns = x.shape
    padded = np.zeros((images, channels, rows + 2 * most, columns + 2 * most), x.dtype)
    padded[:, :, most : most + rows, most : most + columns] = x
    windows = np.lib.stride_tricks.sliding_window_view(padded, (rows, columns), axis=(2, 3))
    down, right = most - moves
    return np.ascontiguousarray(windows[np.arange(images), :, down, right])


def _turn(x: Array, rng: np.random.Generator, most: float, shift: int) -> Array:
    """Turn and move in one bilinear step: each pixel asks where it comes from."""
    images, channels, rows, columns = x.shape
    angle = rng.uniform(-most, most, images)
    moves = rng.integers(-shift, shift + 1, (2, images)) if shift else np.zeros((2, images))
    cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    y = np.arange(rows, dtype=np.float32) - (rows - 1) / 2 - moves[0][:, None].astype(np.float32)
    x_ = np.arange(columns, dtype=np.float32) - (columns - 1) / 2 - moves[1][:, None].astype(np.float32)
    source_y = (cos[:, None] * y)[:, :, None] + (sin[:, None] * x_)[:, None, :] + np.float32((rows - 1) / 2 + 1)
    source_x = (cos[:, None] * x_)[:, None, :] - (sin[:, None] * y)[:, :, None] + np.float32((columns - 1) / 2 + 1)
    # One pixel of zeros all around: what lies farther out is taken from there.
    np.clip(source_y, 0, rows + 0.999, out=source_y)
    np.clip(source_x, 0, columns + 0.999, out=source_x)
    padded = np.zeros((images, rows + 2, columns + 2, channels), x.dtype)
    padded[:, 1:-1, 1:-1] = x.transpose(0, 2, 3, 1)
    flat = padded.reshape(-1, channels)
    top, left = source_y.astype(np.int32), source_x.astype(np.int32)
    down, right = (source_y - top)[..., None], (source_x - left)[..., None]
    width = columns + 2
    corner = (np.arange(images, dtype=np.int32) * ((rows + 2) * width))[:, None, None] + top * width + left
    upper = flat[corner] * (1 - right) + flat[corner + 1] * right
    lower = flat[corner + width] * (1 - right) + flat[corner + width + 1] * right
    turned = upper * (1 - down) + lower * down
    return np.ascontiguousarray(turned.transpose(0, 3, 1, 2), dtype=x.dtype)
