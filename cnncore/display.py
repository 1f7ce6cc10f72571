"""Numbers -> levels for the screen: reduce a picture to the size it is shown at, and tone it into a byte a sample."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MODES = ("signed", "clipped", "minmax", "range")
ZERO_LEVEL = 128
GAMMA = 0.75  # small magnitudes stay visible


def finite_range(values: NDArray[Any]) -> tuple[float, float]:
    """Return the least and the greatest of the values that are finite; (0, 0) where none is.

    Examples
    --------
    >>> finite_range(np.array([2.0, np.nan, -1.0, np.inf]))
    (-1.0, 2.0)
    """
    if values.size == 0:
        return 0.0, 0.0
    low, high = float(values.min()), float(values.max())
    if np.isfinite(low) and np.isfinite(high):
        return low, high
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def display_step(shape: Sequence[int], longest: int) -> int:
    """Return the smallest whole step with which the longer side takes at most `longest` samples.

    Examples
    --------
    >>> display_step((3000, 4000), 800), display_step((28, 28), 800)
    (5, 1)
    """
    return max(-(-max(shape[:2]) // longest), 1)


def shrink(values: NDArray[Any], step: int) -> NDArray[Any]:
    """Reduce a picture by averaging blocks of `step` x `step` pixels.

    Parameters
    ----------
    values : ndarray, shape (H, W) or (H, W, C)
        A picture in any unit. A block with a NaN in it becomes NaN.
    step : int
        Pixels along each side of a block; 1 returns `values` itself. The last blocks average what they have.

    Returns
    -------
    ndarray of float32 (or of the dtype of `values` if `step` is 1), shape (ceil(H / step), ceil(W / step)[, C])

    Raises
    ------
    ValueError
        If `step` is less than 1.

    Examples
    --------
    >>> shrink(np.array([[1.0, 3.0, 5.0]]), 2).tolist()
    [[2.0, 5.0]]
    """
    if step < 1:
        raise ValueError(f"`step` (={step}) must be at least 1")
    if step == 1:
        return values
    result: NDArray[Any] = values
    for axis in (0, 1):
        result = _block_means(result, step, axis)
    return result


def _block_means(values: NDArray[Any], step: int, axis: int) -> NDArray[np.float32]:
    """Average along one axis. Adding strided slices is several times faster than `numpy.add.reduceat`."""
    n = values.shape[axis]
    count = -(-n // step)
    sums = np.zeros((*values.shape[:axis], count, *values.shape[axis + 1 :]), np.float32)
    lead = (slice(None),) * axis
    for offset in range(min(step, n)):
        part = values[(*lead, slice(offset, None, step))]
        target = sums[(*lead, slice(0, part.shape[axis]))]
        np.add(target, part, out=target, casting="same_kind" if values.dtype.kind == "f" else "unsafe")
    sizes = np.minimum(n - step * np.arange(count), step).astype(np.float32)
    sums *= (1 / sizes).reshape((-1, *(1,) * (values.ndim - 1 - axis)))
    return sums


def tone(
    values: NDArray[Any], mode: str, *, low: float | None = None, high: float | None = None
) -> tuple[NDArray[np.uint8], float, float]:
    """Turn values into levels from 0 to 255.

    Parameters
    ----------
    values : ndarray of any shape
        What is shown. NaN is shown like zero, infinities like the ends.
    mode : {"signed", "clipped", "minmax", "range"}
        ``"signed"``: level 128 is zero, 1 and 255 are minus and plus the larger magnitude of `low` and `high`.
        ``"clipped"``: the values are levels already; what lies outside 0 to 255 is cut. ``"minmax"`` and ``"range"``:
        `low` becomes 0, `high` 255, what lies outside is cut.
    low, high : float, optional
        The ends of the scale; by default the least and greatest finite value. ``"clipped"`` has its own.

    Returns
    -------
    levels : ndarray of uint8, same shape
    low, high : float
        What the ends of the scale stand for.

    Raises
    ------
    ValueError
        If the mode is unknown.

    Examples
    --------
    >>> tone(np.array([-2.0, 0.0, 1.0]), "signed")
    (array([  1, 128, 192], dtype=uint8), -2.0, 2.0)
    >>> tone(np.array([3.0, 3.0]), "minmax")
    (array([128, 128], dtype=uint8), 3.0, 3.0)
    """
    if mode not in MODES:
        raise ValueError(f"`mode` (={mode!r}) must be one of {', '.join(map(repr, MODES))}")
    if mode == "clipped":
        low, high = 0.0, 255.0
        if values.dtype == np.uint8:
            return values, low, high
    elif low is None or high is None:
        least, greatest = finite_range(values)
        low, high = least if low is None else low, greatest if high is None else high
    if mode == "signed":
        high = max(abs(low), abs(high))
        low = -high
        scale, shift, bottom = (127.0 / high if high else 0.0), float(ZERO_LEVEL), 1
    elif high > low:
        scale, bottom = 255.0 / (high - low), 0
        shift = -low * scale
    else:
        scale, shift, bottom = 0.0, float(ZERO_LEVEL), 0
    kind = values.dtype if values.dtype.kind == "f" else np.float32
    scaled = np.multiply(values, scale, dtype=kind)
    if not scale:
        scaled = np.zeros_like(scaled)
    scaled += kind.type(shift) if isinstance(kind, np.dtype) else kind(shift)
    if np.isnan(scaled.sum()):
        scaled = np.where(np.isnan(values), kind.type(shift) if isinstance(kind, np.dtype) else shift, scaled)
    np.clip(np.rint(scaled, out=scaled), bottom, 255, out=scaled)
    return scaled.astype(np.uint8), float(low), float(high)


def png(levels: NDArray[np.uint8], *, signed: bool = False, dark: bool = False) -> bytes:
    """Write levels as a PNG file.

    Parameters
    ----------
    levels : ndarray of uint8, shape (H, W) or (H, W, 3)
    signed : bool
        Whether they are levels of the signed scale: then they are coloured as on the screen.
    dark : bool
        Whether in the colours of the dark theme.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If the shape is another.
    """
    from PIL import Image

    if levels.dtype != np.uint8 or levels.ndim not in (2, 3) or (levels.ndim == 3 and (levels.shape[2] != 3 or signed)):
        raise ValueError(f"`levels` must be uint8 of shape (H, W) or (H, W, 3), not {levels.dtype} {levels.shape}")
    image = Image.fromarray(np.ascontiguousarray(levels))
    if signed:
        image = image.convert("P") if image.mode != "L" else Image.frombytes("P", image.size, image.tobytes())
        image.putpalette(signed_palette(dark=dark).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def signed_palette(*, dark: bool = False) -> NDArray[np.uint8]:
    """Return the colours of the signed scale's 256 levels, shape (256, 3): blue, the background at zero, red.

    Examples
    --------
    >>> signed_palette()[[1, 128, 255]].tolist()
    [[33, 102, 172], [251, 250, 247], [178, 24, 43]]
    """
    zero = np.array([17, 22, 25] if dark else [251, 250, 247])
    negative = np.array([88, 166, 230] if dark else [33, 102, 172])
    positive = np.array([240, 120, 90] if dark else [178, 24, 43])
    offset = np.arange(256) - ZERO_LEVEL
    share = np.minimum(np.abs(offset) / 127, 1)[:, None] ** GAMMA
    ends = np.where(offset[:, None] < 0, negative, positive)
    return np.rint(zero + (ends - zero) * share).astype(np.uint8)
