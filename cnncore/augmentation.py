"""Variety: every training picture moved and turned a little at random, so that a network sees more than there is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnncore._arrays import Array

AT_ONCE = 12_000
"""Pixels that are turned at once: what is worked out for them stays in a processor's cache."""


def augment(x: Any, rng: np.random.Generator, *, shift: int = 0, rotate: float = 0.0) -> Array:
    """Move and turn every picture at random.

    Parameters
    ----------
    x : array_like of float, shape (N, C, H, W)
        Their background is 0.
    rng : numpy.random.Generator
    shift : int
        Pixels, up to so many each way, evenly spread: whole ones, or, where pictures are turned as well and pixels
        are mixed anyway, any number of them.
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
    images, _, rows, columns = x.shape
    angle = rng.uniform(-most, most, images)
    moves = rng.uniform(-shift, shift, (2, images))
    turned = np.empty_like(x)
    step = max(1, AT_ONCE // max(1, rows * columns))
    for start in range(0, images, step):
        part = slice(start, start + step)
        _turn_part(x[part], angle[part].astype(np.float32), moves[:, part].astype(np.float32), turned[part])
    return turned


def _turn_part(x: Array, angle: Array, moves: Array, out: Array) -> None:
    images, channels, rows, columns = x.shape
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    y = np.arange(rows, dtype=np.float32) - np.float32((rows - 1) / 2) - moves[0][:, None]
    x_ = np.arange(columns, dtype=np.float32) - np.float32((columns - 1) / 2) - moves[1][:, None]
    # Zeros all around, one pixel before and two after: what lies farther out is taken from there.
    down = (cos * y)[:, :, None] + (sin * x_ + np.float32((rows + 1) / 2))[:, None, :]
    right = (cos * x_ + np.float32((columns + 1) / 2))[:, None, :] - (sin * y)[:, :, None]
    np.clip(down, 0, rows + 1, out=down)
    np.clip(right, 0, columns + 1, out=right)
    top, left, width = down.astype(np.int32), right.astype(np.int32), columns + 3
    down -= top
    right -= left
    corner = (np.arange(images) * ((rows + 3) * width))[:, None, None] + (top * width + left)
    padded = np.zeros((images, rows + 3, width), x.dtype)
    flat = padded.reshape(-1)
    for channel in range(channels):
        padded[:, 1:-2, 1:-2] = x[:, channel]
        above = _between(flat, corner, right)
        below = _between(flat[width:], corner, right)
        below -= above
        below *= down
        np.add(above, below, out=out[:, channel])


def _between(flat: Array, left: Array, share: Array) -> Array:
    """Return what lies `share` of the way from each number at `left` to the one after it."""
    found, after = flat.take(left, mode="clip"), flat[1:].take(left, mode="clip")  # "clip" is the quick way; none is
    after -= found
    after *= share
    found += after
    return found
