"""Arrays of any range -> 8-bit levels at the size of the screen, and their PNG.

A feature map of 12 megapixels is shown some 700 pixels wide: it is averaged down first, then turned into levels, and
only the levels travel. The four ways to choose the levels answer four questions: what sign and size has a value
("signed"), what would it look like as a picture ("clipped"), what structure is there at all ("minmax"), and how does it
look on a scale chosen elsewhere ("range").
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnncore.geometry import as_int

TONE_MODES = ("signed", "clipped", "minmax", "range")

ZERO_LEVEL = 128
"""The level of zero in the mode "signed"; negative values lie below, down to 1, positive ones above, up to 255."""

GAMMA = 0.75
"""Of the magnitude, where signed levels are coloured: below 1, small values stand out more."""

RGB = tuple[int, int, int]


def display_step(shape: Sequence[int], longest: int) -> int:
    """Return how many pixels of a picture go into one of the screen, along each side.

    Parameters
    ----------
    shape : sequence of int
        Of the array; the first two are its height and width, in pixels.
    longest : int
        The most pixels that a side may have on the screen.

    Returns
    -------
    int
        The smallest step with ``ceil(max(height, width) / step) <= longest``; 1 where the picture fits.

    Raises
    ------
    ValueError
        If `shape` has fewer than two sizes, one of them below 1, or `longest` is below 1.

    Examples
    --------
    >>> display_step((3000, 4000), 700), display_step((28, 28), 700)
    (6, 1)
    """
    if len(shape) < 2:
        raise ValueError(f"`shape` (={tuple(shape)}) must hold a height and a width")
    side = max(as_int(size, "shape", least=1) for size in shape[:2])
    return -(-side // as_int(longest, "longest", least=1))


def shrink(values: Any, step: int) -> NDArray[np.floating]:
    """Average blocks of `step` x `step` values.

    Parameters
    ----------
    values : array_like of numbers, shape (H, W) or (H, W, C)
        Channels are averaged apart.
    step : int
        Values of a block along each side; 1 only converts.

    Returns
    -------
    ndarray of float, shape (ceil(H / step), ceil(W / step)) or the same with C
        float32; float64 for float64 and for integers of 32 bits and more. A block cut off by the lower or right
        border is the mean of what it has. A NaN makes its block NaN; an infinity makes it infinite.

    Raises
    ------
    ValueError
        If `values` has another shape, no value, or holds no real numbers, or `step` is below 1.

    Examples
    --------
    >>> shrink([[1, 3, 5], [1, 3, 5]], 2).tolist()
    [[2.0, 5.0]]
    """
    step = as_int(step, "step", least=1)
    array = np.asarray(values)
    if array.ndim not in (2, 3) or not array.size:
        raise ValueError(f"`values` {array.shape} must have the shape (height, width) or (height, width, channels)")
    dtype = _float_type(array)
    if step == 1:
        return array.astype(dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        return _mean_columns(_mean_rows(array, step, dtype), step)


def _float_type(array: NDArray) -> type[np.floating]:
    if array.dtype.kind not in "buif":
        raise ValueError(f"`values` ({array.dtype}) must hold real numbers")
    return np.float32 if array.dtype == np.float32 or array.dtype.itemsize <= 2 else np.float64


def _mean_rows(array: NDArray, step: int, dtype: type[np.floating]) -> NDArray[np.floating]:
    """Average every `step` rows."""
    rows, rest = divmod(len(array), step)
    means = np.empty((rows + bool(rest), *array.shape[1:]), dtype)
    whole = array[: rows * step].reshape(rows, step, *array.shape[1:])
    np.add.reduce(whole, axis=1, dtype=dtype, out=means[:rows])
    means[:rows] *= dtype(1 / step)
    if rest:
        np.mean(array[-rest:], axis=0, dtype=dtype, out=means[-1])
    return means


def _mean_columns(array: NDArray[np.floating], step: int) -> NDArray[np.floating]:
    """Average every `step` columns: by strides, since to reduce a short axis is slow."""
    columns, rest = divmod(array.shape[1], step)
    means = np.empty((len(array), columns + bool(rest), *array.shape[2:]), array.dtype)
    if columns:
        whole, last = means[:, :columns], columns * step
        whole[...] = array[:, 0:last:step]
        for j in range(1, step):
            whole += array[:, j:last:step]
        whole *= array.dtype.type(1 / step)
    if rest:
        np.mean(array[:, -rest:], axis=1, dtype=array.dtype, out=means[:, -1])
    return means


def tone(
    values: Any, mode: str, *, low: float | None = None, high: float | None = None
) -> tuple[NDArray[np.uint8], float, float]:
    """Turn values into 8-bit levels.

    Parameters
    ----------
    values : array_like of numbers, shape (...)
        One axis and one value at least.
    mode : str
        ``"signed"``: ``128 + round(127 * v / bound)``, so that zero is exactly 128 and the bound, the largest
        magnitude, is 1 or 255. Whoever colours the levels applies a gamma (`signed_palette`).
        ``"clipped"``: rounded, and what lies outside 0..255 is cut off: the values as a picture.
        ``"minmax"``: the least becomes 0 and the greatest 255; where all are equal, 128.
        ``"range"``: `low` becomes 0 and `high` 255 as in matplotlib's ``imshow(vmin=low, vmax=high, cmap="gray")``,
        which counts in 256 bins of equal width, ``floor(256 * (v - low) / (high - low))``; where the two are equal, 0.
    low, high : float, optional
        The ends of the scale, so that several maps can share one. In ``"signed"`` the larger magnitude of the two is
        the bound. By default those of the finite values. ``"range"`` needs both; ``"clipped"`` takes neither.

    Returns
    -------
    levels : ndarray of uint8
        Shaped like `values`. NaN becomes 128 in ``"signed"`` and 0 otherwise; infinities become the ends.
    low, high : float
        The ends of the scale used; 0 and 0 if no value is finite.

    Raises
    ------
    ValueError
        If the mode is unknown, an end is not finite or the low one above the high one, or there are no values.

    Examples
    --------
    >>> levels, low, high = tone([-2.0, 0.0, 1.0, 4.0], "signed")
    >>> levels.tolist(), low, high
    ([64, 128, 160, 255], -4.0, 4.0)
    >>> tone([-2.0, 0.0, 1.0, 4.0], "minmax")[0].tolist()
    [0, 85, 128, 255]
    >>> tone([-2.0, 100.4, 300.0], "clipped")[0].tolist()
    [0, 100, 255]
    """
    array = np.asarray(values)
    dtype = _float_type(array)
    if not array.size or not array.ndim:
        raise ValueError(f"`values` {array.shape} must be an array of at least one value")
    _check_ends(mode, low, high)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore", under="ignore"):
        array = array.astype(dtype, copy=False)
        least, greatest = float(array.min()), float(array.max())
        has_nan = math.isnan(greatest)  # NaN wins every comparison of min and max
        if not (math.isfinite(least) and math.isfinite(greatest)):
            finite = array[np.isfinite(array)]
            least, greatest = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        least, greatest = least if low is None else float(low), greatest if high is None else float(high)
        if least > greatest:  # the end that is given lies beyond all values
            least, greatest = (greatest, greatest) if low is None else (least, least)
        if max(abs(least), abs(greatest)) > 1e37:
            array = array.astype(np.float64)  # the span would overflow float32
        if mode == "signed":
            bound = max(abs(least), abs(greatest))
            levels, middle = _signed(array, bound), ZERO_LEVEL
            least, greatest = -bound, bound
        elif mode == "clipped":
            least, greatest = 0.0, 255.0
            levels, middle = np.rint(np.clip(array, 0, 255)), 0
        else:
            levels, middle = _between(array, least, greatest, bins=mode == "range"), 0
        if has_nan:
            np.nan_to_num(levels, copy=False, nan=middle)
        return levels.astype(np.uint8), least, greatest


def _check_ends(mode: str, low: float | None, high: float | None) -> None:
    if mode not in TONE_MODES:
        raise ValueError(f"`mode` (={mode!r}) must be one of {', '.join(map(repr, TONE_MODES))}")
    if mode == "range" and (low is None or high is None):
        raise ValueError('`low` and `high` must be given with "range"')
    if mode == "clipped" and not (low is None and high is None):
        raise ValueError('`low` and `high` have no place with "clipped", which runs from 0 to 255')
    for name, end in (("low", low), ("high", high)):
        if end is not None and not math.isfinite(end):
            raise ValueError(f"`{name}` (={end!r}) must be a finite number")
    if low is not None and high is not None and low > high:
        raise ValueError(f"`low` (={low!r}) must not be above `high` (={high!r})")


def _signed(array: NDArray[np.floating], bound: float) -> NDArray[np.floating]:
    if bound == 0:
        return np.where(np.isinf(array), ZERO_LEVEL + np.copysign(127, array), ZERO_LEVEL).astype(array.dtype)
    # Divided before it is multiplied: 127 / bound is infinite for the smallest numbers.
    levels = array / bound
    levels *= 127
    np.clip(levels, -127, 127, out=levels)
    np.rint(levels, out=levels)
    levels += ZERO_LEVEL
    return levels


def _between(array: NDArray[np.floating], low: float, high: float, *, bins: bool) -> NDArray[np.floating]:
    if not low < high:
        flat = np.where(np.isnan(array), np.nan, 0 if bins else ZERO_LEVEL)
        flat[array < low], flat[array > high] = 0, 255
        return flat
    if not math.isfinite(high - low):
        array, low, high = array / 2, low / 2, high / 2
    levels = array - low
    levels /= high - low
    levels *= 256 if bins else 255
    np.clip(levels, 0, 255, out=levels)
    return np.floor(levels, out=levels) if bins else np.rint(levels, out=levels)


def signed_palette(negative: RGB, zero: RGB, positive: RGB, *, gamma: float = GAMMA) -> NDArray[np.uint8]:
    """Return the colours of the 256 levels of a signed map.

    Parameters
    ----------
    negative, zero, positive : tuple of three ints, 0 to 255
        Red, green, blue of the lower end, of zero (the background of the page, so that nothing looks like nothing),
        and of the upper end.
    gamma : float
        Level l is the share ``abs((l - 128) / 127) ** gamma`` of the way from zero to its end.

    Returns
    -------
    ndarray of uint8, shape (256, 3)
        Level 0, which `tone` never gives, is coloured as level 1.

    Raises
    ------
    ValueError
        If a colour is not three whole numbers of 0 to 255, or `gamma` is not above 0.

    Examples
    --------
    >>> signed_palette((0, 0, 255), (255, 255, 255), (255, 0, 0))[[1, 128, 255]].tolist()
    [[0, 0, 255], [255, 255, 255], [255, 0, 0]]
    """
    if not (math.isfinite(gamma) and gamma > 0):
        raise ValueError(f"`gamma` (={gamma!r}) must be above 0")
    ends = []
    for name, colour in (("negative", negative), ("zero", zero), ("positive", positive)):
        parts = np.asarray(colour)
        if parts.shape != (3,) or parts.dtype.kind not in "ui" or parts.min() < 0 or parts.max() > 255:
            raise ValueError(f"`{name}` (={colour!r}) must be red, green and blue of 0 to 255")
        ends.append(parts.astype(float))
    place = ((np.arange(256) - ZERO_LEVEL) / 127).clip(-1, 1)[:, None]
    below, middle, above = ends
    return np.rint(middle + np.where(place < 0, below - middle, above - middle) * np.abs(place) ** gamma).astype(
        np.uint8
    )


def png(levels: NDArray[np.uint8], *, palette: NDArray[np.uint8] | None = None, compression: int = 6) -> bytes:
    """Write levels as a PNG file.

    Parameters
    ----------
    levels : ndarray of uint8, shape (H, W) or (H, W, 3)
        Greys, or red, green, blue.
    palette : ndarray of uint8, shape (256, 3), optional
        The colours of the levels of a (H, W) array, such as `signed_palette` gives: the file then has one byte a
        pixel and these colours, which is a third of the size and a sixth of the time of an RGB file.
    compression : int
        0 (none, fast) to 9 (small, slow).

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If an argument has another shape or dtype.

    Examples
    --------
    >>> from cnncore.images import decode
    >>> levels = np.array([[1, 128, 255]], np.uint8)
    >>> decode(png(levels))[0].tolist()
    [[1, 1, 1], [128, 128, 128], [255, 255, 255]]
    >>> decode(png(levels, palette=signed_palette((0, 0, 255), (9, 9, 9), (255, 0, 0))))[0].tolist()
    [[0, 0, 255], [9, 9, 9], [255, 0, 0]]
    """
    levels = np.asarray(levels)
    if levels.dtype != np.uint8 or levels.ndim not in (2, 3) or levels.shape[2:] not in ((), (3,)) or not levels.size:
        raise ValueError(f"`levels` must be uint8 of shape (H, W) or (H, W, 3), not {levels.dtype} {levels.shape}")
    compression = as_int(compression, "compression", least=0)
    if compression > 9:
        raise ValueError(f"`compression` (={compression}) must be at most 9")
    picture = Image.fromarray(levels)
    if palette is not None:
        colours = np.asarray(palette)
        if levels.ndim != 2:
            raise ValueError(f"`palette` colours levels of shape (H, W), not {levels.shape}")
        if colours.shape != (256, 3) or colours.dtype != np.uint8:
            raise ValueError(f"`palette` must be uint8 of shape (256, 3), not {colours.dtype} {colours.shape}")
        picture.putpalette(colours.tobytes())
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=compression)
    return file.getvalue()


def finite_range(values: NDArray[Any]) -> tuple[float, float]:
    """Return the least and the greatest of the values that are finite.

    Parameters
    ----------
    values : ndarray of numbers
        In any unit.

    Returns
    -------
    tuple of float
        (0, 0) where no value is finite.

    Examples
    --------
    >>> finite_range(np.array([2.0, np.nan, -1.0, np.inf]))
    (-1.0, 2.0)
    """
    if not values.size:
        return 0.0, 0.0
    low, high = float(values.min()), float(values.max())
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def summary(values: NDArray[Any]) -> tuple[float, float, float]:
    """Return the mean, the standard deviation and the share of negative ones of the values that are finite.

    Parameters
    ----------
    values : ndarray of numbers
        In any unit.

    Returns
    -------
    tuple of float
        (0, 0, 0) where no value is finite.

    Examples
    --------
    >>> summary(np.array([-1.0, 1.0, np.nan]))
    (0.0, 1.0, 0.5)
    """
    finite = values if math.isfinite(float(values.sum(dtype=np.float64))) else values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0, 0.0
    negative = np.count_nonzero(finite < 0) / finite.size
    return float(finite.mean(dtype=np.float64)), float(finite.std(dtype=np.float64)), float(negative)
