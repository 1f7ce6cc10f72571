"""The patterns that say without colour what a cell is, as masks of coverage, and the key to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pages.ui.film_model import Model

Mask = NDArray[np.uint8]
Plane = NDArray[np.float64]

FINE = 4  # points along each side of a pixel at which a pattern is looked up


def _mask(height: int, width: int, inside: Callable[[Plane, Plane], NDArray[np.bool_]]) -> Mask:
    """Cover each pixel as much as `inside` (of rows and columns, in pixels) is true in it."""
    rows = (np.arange(height * FINE) + 0.5)[:, None] / FINE
    columns = (np.arange(width * FINE) + 0.5)[None, :] / FINE
    covered = np.broadcast_to(inside(rows, columns), (height * FINE, width * FINE))
    mask = np.rint(255 * covered.reshape(height, FINE, width, FINE).mean(axis=(1, 3))).astype(np.uint8)
    mask.setflags(write=False)
    return mask


@lru_cache(maxsize=64)
def hatch(side: int, scale: float) -> Mask:
    """Thin stripes, rising: padding."""
    return _mask(side, side, lambda y, x: ((x + y) / np.sqrt(2) / scale) % 5 >= 4)


@lru_cache(maxsize=64)
def dots(side: int, scale: float) -> Mask:
    """A dot every six pixels: beyond the padding."""

    def inside(y: Plane, x: Plane) -> NDArray[np.bool_]:
        return np.hypot((y / scale) % 6 - 3, (x / scale) % 6 - 3) < 1

    return _mask(side, side, inside)


@lru_cache(maxsize=64)
def cross(side: int, scale: float) -> Mask:
    """Both diagonals: never read."""
    reach = 0.8 * scale * np.sqrt(2)
    return _mask(side, side, lambda y, x: (np.abs(x - y) < reach) | (np.abs(x + y - side) < reach))


@lru_cache(maxsize=64)
def dashes(side: int, scale: float) -> Mask:
    """A dashed line, two pixels high: here the stride's rest begins."""
    return _mask(max(round(2 * scale), 1), side, lambda y, x: (x / scale) % 10 < 6)


@lru_cache(maxsize=64)
def corner(side: int) -> Mask:
    """The upper right half of a square: pinned."""
    return _mask(side, side, lambda y, x: x > y)


@lru_cache(maxsize=8)
def rounded(height: int, width: int, radius: int) -> Mask:
    """A rectangle with round corners."""
    mask = np.full((height, width), 255, np.uint8)
    radius = min(radius, height // 2, width // 2)
    if radius:
        quarter = _mask(radius, radius, lambda y, x: np.hypot(radius - y, radius - x) < radius)
        mask[:radius, :radius], mask[:radius, -radius:] = quarter, quarter[:, ::-1]
        mask[-radius:, :radius], mask[-radius:, -radius:] = quarter[::-1], quarter[::-1, ::-1]
    return mask


def key(model: Model) -> list[tuple[str, str]]:
    """Return the patterns that are seen, each with what it means; "" for a sign that stands in its words."""
    kinds = model.kinds()
    words = {
        "pad": "padding",
        "over": "beyond the padding",
        "dropped": "left over by the stride: dropped, never read",
        "unread": "never read",
    }
    items = [(kind, text) for kind, text in words.items() if kind in kinds]
    if model.reduce == "mean" and ("over" in kinds or ("pad" in kinds and not model.data["count_pad"])):
        items.append(("", "– in the window, does not count"))
    return items
