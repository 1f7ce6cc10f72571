"""A drawn or photographed digit, made ready step by step as the pictures were that a network learned from.

Each step can be left out, to see how the answer breaks.

Examples
--------
>>> drawing = np.full((60, 60), 255, np.uint8)
>>> drawing[10:50, 28:33] = 0
>>> ready = prepare(drawing)
>>> {name: values.shape for name, values in ready.stages.items()}
... # doctest: +NORMALIZE_WHITESPACE
{'given': (60, 60), 'polarity': (60, 60), 'crop': (40, 5), 'scaled': (20, 2), 'centred': (28, 28), 'final': (28, 28)}
>>> ready.notes[0]
'The picture was dark on light, so it was inverted.'
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from cnncore._arrays import Array
from cnncore._digit_frames import FRAMES, Frame
from cnncore._ink import FAINT, NOTHING, SOLID, Ink, find_ink
from cnncore.images import to_gray

__all__ = ["STAGES", "Prepared", "UnreadableError", "prepare"]

STAGES = ("polarity", "crop", "scale", "centre")
"""What can be left out, in order."""
LONGEST = 400
"""Pixels of the longer side; larger pictures are first reduced below it."""
SMALL = 8
"""A drawing that fits into so many pixels shows little."""
BLOT = 0.7
"""Ink that covers more of its box may be a blot: a round dot covers pi / 4; of MNIST, one digit in a thousand does."""
NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture made ready for a network.

    Parameters
    ----------
    stages : dict of str to ndarray
        What each step gave, in order, as 2-D float32 arrays: ``"given"`` (grey levels 0 to 1, the longer side at most
        400 pixels), ``"polarity"`` (ink is 1, background 0), ``"crop"`` (its box), ``"scaled"`` (into the size of the
        training pictures), ``"centred"`` (in their frame) and ``"final"``. A step that was left out shows what stood in
        for it.
    final : ndarray of float32, shape (1, 1, H, W)
        What the network reads, 0 to 1.
    notes : tuple of str
        What was seen, in sentences.
    """

    stages: dict[str, Array]
    final: Array
    notes: tuple[str, ...]


class UnreadableError(ValueError):
    """Says in a sentence why a picture could not be made ready.

    Parameters
    ----------
    sentence : str
    stages : dict of str to ndarray
        As in `Prepared`: what was made of the picture until then, at least ``"given"``.
    """

    def __init__(self, sentence: str, stages: dict[str, Array]) -> None:
        super().__init__(sentence)
        self.stages = stages


def prepare(image: Any, *, like: str = "mnist", skip: Iterable[str] = (), paper: int | None = None) -> Prepared:
    """Make a picture of one digit ready, as the pictures were that a network learned from.

    Parameters
    ----------
    image : array_like of uint8, shape (H, W) or (H, W, 3)
        Grey or red, green, blue; dark on light or light on dark, in even or uneven light, of any size.
    like : {"mnist", "digits"}
        MNIST's recipe [1]_: the ink's box is brought to 20 x 20 pixels without changing its proportions, edges
        smoothed, and placed by whole pixels so that its centre of mass lies in the middle of 28 x 28. Or that of
        scikit-learn's digits, after [2]_: the ink is made upright and brought to 20 columns and 32 rows in a bitmap of
        32 x 32, its strokes to the thickness of those; each number is how many of 4 x 4 cells are ink, divided by 16.
    skip : iterable of str
        Of `STAGES`, what to leave out. Without ``"polarity"`` the grey levels are taken as they are; without
        ``"crop"`` the whole picture is; without ``"scale"`` it is stretched over the whole frame, whatever its
        proportions; without ``"centre"`` it stays as far up or down, left or right as it was in the picture.
    paper : int, optional
        The grey level of what was written on, 0 to 255, where it is known, as of a drawing program's canvas. By default
        it is found out, which takes the ink for the paper where there is more of it.

    Returns
    -------
    Prepared

    Raises
    ------
    UnreadableError
        If there is nothing to read: a ValueError with a sentence that says so, and with the stages that were reached.
    ValueError
        If the picture is of another type or shape; if a name is not known; if `paper` is no grey level.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", 1998.
    .. [2] M. D. Garris et al., "NIST form-based handprint recognition system", NISTIR 5469, 1994.
    """
    if not isinstance(like, str) or like not in FRAMES:
        raise ValueError(f"`like` (={like!r}) must be one of {', '.join(map(repr, FRAMES))}")
    left_out = _checked_skip(skip)
    if paper is not None and (not isinstance(paper, int | np.integer) or not 0 <= paper <= 255):
        raise ValueError(f"`paper` (={paper!r}) must be a whole number from 0 to 255")
    levels, notes = _levels(image)
    stages = {"given": levels.astype(np.float32) / np.float32(255)}
    try:
        notes += _make_ready(levels, FRAMES[like], left_out, stages, paper)
    except ValueError as error:
        raise UnreadableError(str(error), stages) from None
    return Prepared(stages, np.ascontiguousarray(stages["final"][None, None], np.float32), tuple(notes))


def _make_ready(
    levels: Array, frame: Frame, left_out: frozenset[str], stages: dict[str, Array], paper: int | None
) -> list[str]:
    """Add every stage after the first to `stages`; return what was seen, in sentences."""
    values, found, notes = stages["given"], None, []
    if "polarity" not in left_out:
        found = find_ink(levels, paper)
        values = found.values
        notes += _said(found)
    elif levels.min() == levels.max():
        raise ValueError(f"{NOTHING}all of the picture has the same brightness.")
    stages["polarity"] = values

    rows, columns = values.shape
    box = (0, rows, 0, columns) if "crop" in left_out else _box(values)
    top, bottom, left, right = box
    stages["crop"] = values = values[top:bottom, left:right]
    if "crop" not in left_out:
        notes += _said_of_box(box, (rows, columns), found)

    stages["scaled"] = values = frame.stretched(values) if "scale" in left_out else frame.scaled(values)
    # How far along the free room of the picture the box was: 0 at the top or left, 1 at the bottom or right.
    place = (_along(top, rows - bottom), _along(left, columns - right))
    stages["centred"] = values = frame.placed(values, place) if "centre" in left_out else frame.centred(values)
    stages["final"] = frame.finished(values)
    return notes


# The picture as given -------------------------------------------------------------------------------------------------


def _checked_skip(skip: Iterable[str]) -> frozenset[str]:
    names = (skip,) if isinstance(skip, str) else tuple(skip)
    for name in names:
        if not isinstance(name, str) or name not in STAGES:
            raise ValueError(f"`skip` holds {name!r}; it may hold {', '.join(map(repr, STAGES))}")
    return frozenset(names)


def _levels(image: Any) -> tuple[Array, list[str]]:
    """Return grey levels, (H, W) uint8, of a size that is quick to work with, and what is to be said of them."""
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)) or not image.size:
        raise ValueError(
            f"`image` has shape {image.shape} and dtype {image.dtype}; it must be uint8 of shape (H, W) or (H, W, 3), "
            "with at least one pixel"
        )
    rows, columns = image.shape[:2]
    step = math.ceil(max(rows, columns) / LONGEST)
    if min(rows, columns) < step:  # reduced, it would be a single line, whatever stands in it
        seen = to_gray(image) if image.ndim == 3 else image
        raise UnreadableError(
            f"{NOTHING}the picture is a strip of {rows:,} × {columns:,} pixels, too narrow for a digit.",
            {"given": np.asarray(seen, np.float32) / np.float32(255)},
        )
    if step > 1:
        image = _reduced(image, step)
    grey = image if image.ndim == 2 else np.rint(to_gray(image)).astype(np.uint8)
    if step == 1:
        return grey, []
    size = f"{grey.shape[0]:,} × {grey.shape[1]:,}"
    return grey, [f"The picture has {rows:,} × {columns:,} pixels; it was first reduced to {size}."]


def _reduced(image: Array, step: int) -> Array:
    """Return the mean of every `step` x `step` pixels; at the right and lower edges, of those that are left."""
    return np.asarray(Image.fromarray(np.ascontiguousarray(image)).reduce(step))


# Its box --------------------------------------------------------------------------------------------------------------


def _box(values: Array) -> tuple[int, int, int, int]:
    """Return the first row and the one after the last, and the same of the columns, that hold ink."""
    inked = values >= FAINT
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not rows.size:
        raise ValueError(f"{NOTHING}the picture is black, and taken as light on dark.")
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _along(before: int, after: int) -> float:
    return before / (before + after) if before + after else 0.5


# What is said of it ---------------------------------------------------------------------------------------------------


def _said(ink: Ink) -> list[str]:
    notes = [
        "The picture was dark on light, so it was inverted."
        if ink.dark
        else "The picture was light on dark, as the training pictures are."
    ]
    if not ink.even:
        notes.append("The background was uneven, so each stroke was measured against what surrounds it.")
    if ink.strokes > 1:
        notes.append(f"{_number(ink.strokes)} strokes that do not touch were taken together.")
    if ink.bands:
        which = "bands along whole edges were" if ink.bands > 1 else "band along a whole edge was"
        notes.append(f"{_number(ink.bands)} {which} left out.")
    if ink.specks:
        notes.append(f"{_number(ink.specks)} {'specks were' if ink.specks > 1 else 'speck was'} left out.")
    return notes


def _said_of_box(box: tuple[int, int, int, int], shape: tuple[int, int], ink: Ink | None) -> list[str]:
    if ink is None:
        return []
    top, bottom, left, right = box
    height, width = bottom - top, right - left
    notes = []
    if top == 0 or left == 0 or bottom == shape[0] or right == shape[1]:
        notes.append("The drawing touches the edge: part of it may be missing.")
    if max(height, width) <= SMALL:
        notes.append(f"The drawing has only {height} × {width} pixels: enlarged, it shows little.")
    covered = float(np.mean(ink.values[top:bottom, left:right] >= SOLID))
    if covered > BLOT and min(height, width) > 0.4 * max(height, width):
        notes.append(f"Ink covers {covered:.0%} of its box: this may be a blot and no digit.")
    return notes


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"
