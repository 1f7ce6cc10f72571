"""How a box of ink is brought into the size and place that the pictures of a training set have."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from PIL import Image

from cnncore._arrays import Array
from cnncore._ink import FAINT, SOLID

DIGITS_INK = 310
"""Cells of 32 x 32 that are ink in scikit-learn's digits: 303 to 330 in the mean of each class, even for a one."""
DIGITS_WIDEST = 1.5
"""How much wider a narrow digit is made at most: their ones are often narrower than the 20 columns of all others."""
FINE = 128
"""Rows of a box of ink while it is made upright."""


class MnistFrame:
    """MNIST's: a box of 20 x 20 that keeps its proportions; centre of mass in the middle of 28 x 28.

    The mass centres of all of MNIST's pictures lie within half a pixel of row 14 and column 14, counted from 0, and the
    longer side of every box is 20: they were moved by whole pixels.
    """

    side, box, centre = 28, 20, 14

    def scaled(self, values: Array) -> Array:
        """Return a box of ink in its size: the longer side 20, at least 1 the shorter."""
        rows, columns = values.shape
        longer = max(rows, columns)
        size = (max(1, round(self.box * rows / longer)), max(1, round(self.box * columns / longer)))
        return _full_ink(resampled(values, size))

    def stretched(self, values: Array) -> Array:
        """Return a box of ink in the size of the frame, whatever its proportions."""
        return resampled(values, (self.side, self.side))

    def centred(self, values: Array) -> Array:
        """Return the frame with the box in it, its centre of mass in the middle, as far as all of it stays inside."""
        mass = float(values.sum()) or 1.0
        tops = []
        for axis in (0, 1):
            middle = float(values.sum(axis=1 - axis) @ np.arange(values.shape[axis])) / mass
            tops.append(min(max(round(self.centre - middle), 0), self.side - values.shape[axis]))
        return _pasted(values, tops[0], tops[1], self.side)

    def placed(self, values: Array, place: tuple[float, float]) -> Array:
        """Return the frame with the box at a share of the way from top to bottom and from left to right."""
        return _placed(values, place, self.side)

    def finished(self, values: Array) -> Array:
        """Return what the network reads."""
        return values


class DigitsFrame:
    """scikit-learn's digits: a bitmap of 20 columns and 32 rows in 32 x 32; counts of ink in 4 x 4 cells.

    Measured in those 1,797 pictures: all 32 rows are used, and 20 columns but by narrow ones; 30 % of the frame is ink,
    whatever the digit; and the left edge of the first row lies above that of the last one, within a fifth of a block of
    4 columns: slanted digits were sheared until it did.
    """

    side, rows, columns, block = 32, 32, 20, 4

    def scaled(self, values: Array) -> Array:
        """Return a box of ink, upright, as a bitmap of 32 rows and up to 20 columns, strokes as thick as in the set."""
        rows, columns = values.shape
        if rows > FINE:
            values = resampled(values, (FINE, max(1, round(columns * FINE / rows))))
        values = upright(values)
        rows, columns = values.shape
        width = max(1, min(self.columns, round(DIGITS_WIDEST * self.rows * columns / rows)))
        bitmap = _as_thick(resampled(values, (self.rows, width)), DIGITS_INK)
        # Thin strokes grow to both sides: they are given room for it, as long as they then still reach the edges.
        for room in range(1, min(5, (width + 1) // 2)):
            inner = resampled(values, (self.rows - 2 * room, width - 2 * room))
            thicker = _as_thick(np.pad(inner, room), DIGITS_INK)
            if not (thicker[0].any() and thicker[-1].any()):
                break
            bitmap = thicker
        return bitmap

    def stretched(self, values: Array) -> Array:
        """Return a box of ink in the size of the frame: 32 columns too, the strokes as thick as they come."""
        return (resampled(values, (self.side, self.side)) >= 0.5).astype(np.float32)

    def centred(self, values: Array) -> Array:
        """Return the frame with the box in the middle of it."""
        return _placed(values, (0.5, 0.5), self.side)

    def placed(self, values: Array, place: tuple[float, float]) -> Array:
        """Return the frame with the box at a share of the way from top to bottom and from left to right."""
        return _placed(values, place, self.side)

    def finished(self, values: Array) -> Array:
        """Return what the network reads: the share of ink in each block."""
        count = self.side // self.block
        return values.reshape(count, self.block, count, self.block).mean(axis=(1, 3), dtype=np.float32)


Frame = MnistFrame | DigitsFrame
FRAMES: Mapping[str, Frame] = MappingProxyType({"mnist": MnistFrame(), "digits": DigitsFrame()})


def resampled(values: Array, size: tuple[int, int]) -> Array:
    """Return a picture in another size: the mean of the area that each pixel covers, or straight lines between pixels
    where it grows.

    Examples
    --------
    >>> resampled(np.array([[0, 1, 1, 1]], np.float32), (1, 2)).tolist()
    [[0.5, 1.0]]
    """
    rows, columns = size
    if rows < values.shape[0]:
        values = _means(values, rows)
    if columns < values.shape[1]:
        values = _means(values.T, columns).T
    if values.shape != size:
        # Not Pillow's box filter for the above: it takes whole pixels only, those whose middle lies in the area.
        picture = Image.fromarray(np.ascontiguousarray(values, np.float32))
        values = np.asarray(picture.resize((columns, rows), Image.Resampling.BILINEAR))
    return np.clip(values, 0, 1)


def _means(values: Array, wanted: int) -> Array:
    """Return the means of `wanted` equal bands of rows, whose edges may lie within a row.

    From the sum up to each edge, and not as a product of matrices: for one this small, BLAS wakes a second thread, and
    on a busy machine waits for it.
    """
    length = values.shape[0]
    sums = np.zeros((length + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, out=sums[1:])
    edges = np.linspace(0, length, wanted + 1)
    whole = np.minimum(edges.astype(np.int64), length - 1)
    up_to = sums[whole] + (edges - whole)[:, None] * values[whole]
    return (np.diff(up_to, axis=0) * (wanted / length)).astype(np.float32)


def upright(values: Array) -> Array:
    """Return a box of ink sheared so that the left edge at its top lies above the left edge at its bottom.

    Rows are moved to the side, by parts of a pixel too; the box is cut to the ink again.
    """
    rows, columns = values.shape
    few = max(1, round(0.08 * rows))
    top, bottom = (np.flatnonzero((part >= SOLID).any(axis=0)) for part in (values[:few], values[-few:]))
    if rows < 4 or not top.size or not bottom.size or top[0] == bottom[0]:
        return values
    # What is at the top moves by half the way to the one side, what is at the bottom by half to the other.
    lean = min(max((int(bottom[0]) - int(top[0])) / rows, -1.0), 1.0)
    moved = lean * (np.arange(rows, dtype=np.float32) - (rows - 1) / 2)
    room = int(np.ceil(abs(moved[0]))) + 1
    at = np.arange(columns + 2 * room, dtype=np.float32)[None, :] + moved[:, None] - room
    left = np.floor(at).astype(np.int64)
    share = (at - left).astype(np.float32)
    padded = np.pad(values, ((0, 0), (1, 1)))
    edges = np.clip(left + 1, 0, columns + 1), np.clip(left + 2, 0, columns + 1)
    before, after = (np.take_along_axis(padded, edge, axis=1) for edge in edges)
    sheared = before * (1 - share) + after * share
    inked = np.flatnonzero((sheared >= FAINT).any(axis=0))
    return np.ascontiguousarray(sheared[:, inked[0] : inked[-1] + 1])


def _full_ink(values: Array) -> Array:
    """Return ink whose strongest is 1: a stroke thinner than a pixel would be grey all along, which no pen writes."""
    peak = float(values.max(initial=0))
    return values / np.float32(peak) if peak > 0 else values


def _as_thick(values: Array, count: int) -> Array:
    """Return the bitmap of the `count` cells that are deepest in the ink or nearest to it."""
    from scipy import ndimage

    inked = values >= 0.5 * values.max(initial=0)
    if inked.all():
        return np.ones(values.shape, np.float32)
    depth = ndimage.distance_transform_edt(np.pad(inked, 1))[1:-1, 1:-1] - ndimage.distance_transform_edt(~inked)
    # Half a cell either way decides between cells that lie equally deep.
    order = np.argsort(-(depth + 0.5 * values), axis=None, kind="stable")
    bitmap = np.zeros(values.size, np.float32)
    bitmap[order[:count]] = 1
    return bitmap.reshape(values.shape)


def _placed(values: Array, place: tuple[float, float], side: int) -> Array:
    top, left = (round((side - length) * share) for length, share in zip(values.shape, place, strict=True))
    return _pasted(values, top, left, side)


def _pasted(values: Array, top: int, left: int, side: int) -> Array:
    frame = np.zeros((side, side), np.float32)
    frame[top : top + values.shape[0], left : left + values.shape[1]] = values
    return frame
