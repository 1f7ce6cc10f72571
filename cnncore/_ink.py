"""From grey levels to ink: 0 where the background is, 1 in the middle of a stroke, whatever the light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cnncore._arrays import Array

NOTHING = "There is nothing to read: "
LEAST_CONTRAST = 12
"""Grey levels, of 255, by which ink must differ from a plain background."""
NEAR = 6
"""Grey levels around the most common one that still count as the plain background."""
LEAST_SHADED = 0.05
"""Share of the border that a shadow reaches at least."""
LEAST_WRITTEN = 0.002
"""Share of the picture that ink covers at least, where light and shadow meet."""
FAINT = 0.08
"""Ink below this is left out: the noise of a plain background, the last trace of a blurred edge."""
SOLID = 0.4
"""Ink from here on belongs to a stroke when strokes are counted."""
WEAKEST_PHOTOGRAPHED = 0.12
"""Share of the light around it that a photographed stroke must swallow or add at least."""
WHOLE_EDGE = 0.95
"""Share of an edge of the picture that a shadow along it fills at least."""
FULL_BAND = 0.6
"""Share of its box that such a shadow fills at least; a stroke that touches it lets its box grow."""
LEAST_BESIDE = 0.005
"""Share of the picture that the largest stroke covers at least, where a band along an edge is taken for a shadow."""
MOST_MARKS = 40
"""More marks than that, none of which stands out, are texture, not writing."""


@dataclass(frozen=True, eq=False)
class Ink:
    """What was written, parted from what it was written on.

    Parameters
    ----------
    values : ndarray of float32, shape (H, W)
        0 to 1.
    dark : bool
        Whether it was darker than its background.
    even : bool
        Whether the background had one level, so that nothing had to be evened out.
    strokes, specks : int
        Pieces that do not touch and were kept; pieces that were left out as too small or too far away.
    bands : int
        Pieces that were left out since they run along a whole edge of the picture.
    """

    values: Array
    dark: bool
    even: bool
    strokes: int
    specks: int
    bands: int = 0


def find_ink(levels: Array, paper: int | None = None) -> Ink:
    """Part ink from background.

    Parameters
    ----------
    levels : ndarray of uint8, shape (H, W)
    paper : int, optional
        The level of the background, where it is known.

    Returns
    -------
    Ink

    Raises
    ------
    ValueError
        With a sentence, if nothing stands out from the background.
    """
    counts = np.bincount(levels.reshape(-1), minlength=256)
    lowest, highest = (int(edge) for edge in np.flatnonzero(counts)[[0, -1]])
    if highest - lowest < LEAST_CONTRAST:
        raise ValueError(f"{NOTHING}all of the picture has about the same brightness.")
    background = _plain_background(levels, counts) if paper is None else paper
    shaded = background is not None and paper is None and _shaded(levels, counts, background)
    plain = None if background is None or shaded else _plain_table(counts, background)
    if plain is not None:
        table, dark = plain
        ink = _pieces(table[levels], dark, even=True, bands=paper is None)
        if ink.specks <= MOST_MARKS:  # so many are where the light falls off and noise decides, not what was written
            return ink
    top, bottom, left, right = _sheet(levels)
    values = np.zeros(levels.shape, np.float32)
    values[top:bottom, left:right], dark = _uneven(levels[top:bottom, left:right])
    return _pieces(values, dark, even=False)


# A plain background ---------------------------------------------------------------------------------------------------


def _plain_background(levels: Array, counts: Array) -> int | None:
    """Return the level of a background that has one, else None."""
    around = _around_it(levels)
    for own, least_here, other, least_there in ((around, 0.6, counts, 0.15), (counts, 0.5, around, 0.3)):
        level = _commonest(own)
        near = slice(max(0, level - NEAR), level + NEAR + 1)
        if own[near].sum() >= least_here * own.sum() and other[near].sum() >= least_there * other.sum():
            return level
    return None


def _around_it(levels: Array) -> Array:
    """Return how many pixels of the picture's border have each of 256 grey levels."""
    border = np.concatenate([levels[0], levels[-1], levels[1:-1, 0], levels[1:-1, -1]])
    return np.bincount(border, minlength=256)


def _shaded(levels: Array, counts: Array, background: int) -> bool:
    """Return whether the background has a second level, as under the sharp edge of a shadow.

    It then reaches the border, as strokes that leave the picture do; but something is darker, or brighter, than both
    levels: what was written, of which nothing is outside a plain background and its ink.
    """
    around = _around_it(levels)
    step = np.abs(np.arange(256) - background)
    odd = np.where(step >= LEAST_CONTRAST, around, 0)
    if odd.sum() < LEAST_SHADED * around.sum():
        return False
    second = _commonest(odd)
    low, high = sorted((background, second))
    outside = counts[: max(0, low - LEAST_CONTRAST)].sum(), counts[high + LEAST_CONTRAST + 1 :].sum()
    return bool(max(outside) > LEAST_WRITTEN * counts.sum())


def _commonest(counts: Array) -> int:
    """Return the middle of the few neighbouring levels that together are the most common."""
    # Neighbours together, since noise spreads one level over several; the middle one counts most.
    shares = np.convolve(counts, [1, 2, 3, 4, 3, 2, 1], mode="same")
    return int(shares.argmax())


def _plain_table(counts: Array, background: int) -> tuple[Array, bool] | None:
    """Return the ink of each of 256 grey levels, and whether it is the dark ones; None if the background is not plain.

    It is not if it reaches to the other side of its level, too, or slowly into the ink: blurred edges of strokes pass
    through all levels alike, but light that falls off fills those next to the background.
    """
    step = np.arange(256) - background
    stands_out = np.abs(step) >= LEAST_CONTRAST
    weight = counts * np.abs(step) * stands_out
    if not weight.any():
        raise ValueError(f"{NOTHING}all of the picture has about the same brightness.")
    dark = bool(weight[step < 0].sum() > weight[step > 0].sum())
    contrast = -step if dark else step
    own = np.where(contrast >= LEAST_CONTRAST, counts, 0)
    # Full ink is what the darker half of a stroke shows: its edges are blurred, so they are left out of the question.
    strongest = _level_at(own, contrast, 0.98)
    inner = np.where(contrast >= strongest / 2, own, 0)
    full = _level_at(inner, contrast, 0.5)
    table = np.clip(contrast / np.float32(full), 0, 1).astype(np.float32)
    pixels = counts.sum()
    beyond = counts[contrast <= -LEAST_CONTRAST].sum()
    shaded = counts[(contrast >= NEAR) & (table < 0.3)].sum()
    blurred = counts[(table >= 0.3) & (table < 0.8)].sum()
    if beyond > 0.03 * pixels or (shaded > 0.03 * pixels and shaded > 1.5 * blurred):
        return None
    table[table < FAINT] = 0
    return table, dark


def _level_at(counts: Array, contrast: Array, share: float) -> int:
    """Return the contrast that this share of the counted pixels stays below or reaches."""
    order = np.argsort(contrast, kind="stable")
    reached = np.cumsum(counts[order])
    return int(contrast[order[np.searchsorted(reached, share * reached[-1])]])


# Uneven light ---------------------------------------------------------------------------------------------------------


def _uneven(levels: Array) -> tuple[Array, bool]:
    """Return the ink of a photograph, and whether it is dark.

    Paper in uneven light has another level at every place. A grey closing (the brightest nearby, then the darkest of
    that) fills every dark stroke that is narrower than its window with the level of the paper around it, and keeps the
    edges of a shadow or of the sheet; an opening does the same for bright strokes. What differs from it is ink, as a
    share of the light there.
    """
    from scipy import ndimage

    light = ndimage.uniform_filter(levels.astype(np.float32), 3, mode="nearest")
    window = max(3, min(levels.shape) // 3) | 1
    brightest = ndimage.maximum_filter(light, window, mode="nearest")
    darkest = ndimage.minimum_filter(light, window, mode="nearest")
    filled = ndimage.minimum_filter(brightest, window, mode="nearest")
    emptied = ndimage.maximum_filter(darkest, window, mode="nearest")
    # Strokes take less room than what is between them, so the many hardly differ from their surroundings, and the few
    # differ much: to the dark side or the bright one.
    lean = light - ndimage.uniform_filter(light, window, mode="nearest")
    spread = float(np.abs(lean).mean()) or 1.0
    dark = bool(np.mean((lean / spread) ** 3) < 0)
    contrast = (filled - light) / np.maximum(filled, 40) if dark else (light - emptied) / np.maximum(light, 40)
    contrast -= np.median(contrast)
    noise = 1.4826 * float(np.median(np.abs(contrast)))
    # A digit covers at least a thousandth of what it is on: half of what that much ink reaches parts it from the rest.
    least = max(0.5 * float(np.percentile(contrast, 99.9)), 4 * noise)
    found = contrast[contrast > least]
    full = float(np.median(found)) if found.size else 0.0
    if full < WEAKEST_PHOTOGRAPHED:
        raise ValueError(f"{NOTHING}no stroke stands out from its surroundings.")
    floor = max(0.3 * full, 3 * noise)
    values = np.clip((contrast - floor) / max(0.8 * full - floor, 0.1 * full), 0, 1).astype(np.float32)
    return values, dark


def _sheet(levels: Array) -> tuple[int, int, int, int]:
    """Return rows and columns of a sheet that lies, about upright, on something darker; of all of it if there is none.

    Else the sheet's own edges would be what stands out most. A sheet is bright, covers a quarter of the picture or
    more, nearly fills its box, and what surrounds it is dark on all four sides.
    """
    from scipy import ndimage

    everything = (0, levels.shape[0], 0, levels.shape[1])
    middle = (float(levels.min()) + float(levels.max())) / 2
    for _ in range(8):  # the threshold in the middle between the means of what is above and below it
        bright = levels > middle
        if bright.all() or not bright.any():
            return everything
        middle = (float(levels[bright].mean()) + float(levels[~bright].mean())) / 2
    border = (bright[0], bright[-1], bright[:, 0], bright[:, -1])
    if max(float(side.mean()) for side in border) > 0.1:
        return everything
    names, count = ndimage.label(bright)
    areas = np.bincount(names.reshape(-1), minlength=count + 1)[1:]
    rows, columns = ndimage.find_objects(names)[int(areas.argmax())]
    box = (rows.stop - rows.start) * (columns.stop - columns.start)
    if box < 0.25 * levels.size or areas.max() < 0.7 * box:
        return everything
    shorter = min(rows.stop - rows.start, columns.stop - columns.start)
    rim = 2 + round(0.03 * shorter)
    if shorter < 4 * rim:
        return everything
    return rows.start + rim, rows.stop - rim, columns.start + rim, columns.stop - rim


# Pieces ---------------------------------------------------------------------------------------------------------------


def _pieces(values: Array, dark: bool, *, even: bool, bands: bool = False) -> Ink:
    """Leave out specks, and if asked `bands` along an edge; count the strokes that do not touch."""
    from scipy import ndimage

    solid = values >= SOLID
    names, count = ndimage.label(solid, np.ones((3, 3)))
    if count == 0:
        raise ValueError(f"{NOTHING}no stroke stands out from its surroundings.")
    if count == 1:
        return Ink(_around(values, solid, even), dark, even, 1, 0)
    boxes: list[Any] = ndimage.find_objects(names)
    areas = np.bincount(names.reshape(-1), minlength=count + 1)[1:]
    along = _along_edges(names, areas, boxes) if bands else np.zeros(count, bool)
    main, kept = _kept(np.where(along, 0, areas), boxes, values.shape, even)
    if not even and len(areas) > MOST_MARKS and areas[main] < 0.25 * areas.sum():
        raise ValueError(f"{NOTHING}the picture is full of small marks, none of which stands out.")
    if kept.all():
        return Ink(_around(values, solid, even), dark, even, count, 0)
    solid &= np.concatenate([[False], kept])[names]
    left_out = int(along.sum())
    return Ink(_around(values, solid, False), dark, even, int(kept.sum()), int(count - kept.sum()) - left_out, left_out)


def _along_edges(names: Array, areas: Array, boxes: list[Any]) -> Array:
    """Return of each piece whether it is a shadow, or the table beside the sheet: a band that fills a whole edge.

    A piece that reaches far beyond a band, as a stroke does that touches one, is none. Nor is any if nothing of some
    size would be left.
    """
    along = np.zeros(len(areas), bool)
    for edge, axis in ((names[0], 0), (names[-1], 0), (names[:, 0], 1), (names[:, -1], 1)):
        counts = np.bincount(edge, minlength=len(areas) + 1)[1:]
        for piece in np.flatnonzero(counts >= WHOLE_EDGE * len(edge)):
            depth = boxes[piece][axis].stop - boxes[piece][axis].start
            along[piece] |= areas[piece] >= FULL_BAND * depth * len(edge)
    rest = np.where(along, 0, areas).max()
    return along if rest >= LEAST_BESIDE * names.size else np.zeros_like(along)


def _kept(areas: Array, boxes: list[Any], shape: tuple[int, ...], even: bool) -> tuple[int, Array]:
    """Return the main piece, and which pieces belong to the digit.

    A drawing's pieces all do, but for dots of a few pixels beside strokes a hundred times as large. In a photograph a
    piece must have some size, lie near the main one, and not come in from the picture's edge.
    """
    if even:
        return int(areas.argmax()), areas >= 0.01 * areas.max()
    ends = np.array([[box[0].start, box[1].start, box[0].stop, box[1].stop] for box in boxes])
    cut = (ends[:, 0] == 0) | (ends[:, 1] == 0) | (ends[:, 2] == shape[0]) | (ends[:, 3] == shape[1])
    main = int(np.where(cut, 0.1 * areas, areas).argmax())
    top, left, bottom, right = ends[main]
    reach = 0.5 * max(bottom - top, right - left)
    apart = np.maximum.reduce([top - ends[:, 2], ends[:, 0] - bottom, left - ends[:, 3], ends[:, 1] - right])
    kept = (areas >= 0.04 * areas[main]) & (apart <= reach) & ~cut
    kept[main] = True
    return main, kept


def _around(values: Array, solid: Array, even: bool) -> Array:
    """Return the ink of the chosen strokes with their soft edges; all of it if nothing is to be left out."""
    if even:
        return values
    from scipy import ndimage

    near = ndimage.maximum_filter(solid.view(np.uint8), 5, mode="constant")
    return np.where(near, values, np.float32(0))
