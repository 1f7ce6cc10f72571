"""Text as masks of coverage, with fonts that are always there.

Pillow brings a font along, so nothing is fetched and a film looks the same everywhere. That font has letters and
figures, but no minus, no times, no star: these are drawn here, in its weight. Labels can hold any letter a person
types; those the font lacks come from a font of the machine, if it has one, else without their accents.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Mask = NDArray[np.uint8]
Point = tuple[float, float]

STROKE = 0.07  # a little more than the bars of the font's own plus sign: slanted strokes look thinner
FIGURE = 0.602  # the width of a figure, in sizes of the font
FINE = 4  # shapes are drawn so much larger, and averaged
MACHINE_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "arial.ttf",
    "Arial Unicode.ttf",
)


class Line(NamedTuple):
    """One line of text: coverage from 0 to 255, rows of it above the baseline, and how far the pen has moved."""

    mask: Mask
    above: int
    width: float


class Shape(NamedTuple):
    """A sign drawn here, in units of the font's size, up from the baseline: strokes, filled outlines, discs."""

    advance: float
    strokes: tuple[tuple[Point, ...], ...] = ()
    filled: tuple[tuple[Point, ...], ...] = ()
    discs: tuple[tuple[float, float, float], ...] = ()


def _ring(count: int, radius: Callable[[int], float], middle: Point) -> tuple[Point, ...]:
    angles = [math.pi / 2 + 2 * math.pi * i / count for i in range(count)]
    return tuple(
        (middle[0] + radius(i) * math.cos(a), middle[1] + radius(i) * math.sin(a)) for i, a in enumerate(angles)
    )


def _curve(place: Callable[[float], Point], count: int = 32) -> tuple[Point, ...]:
    return tuple(place(i / count) for i in range(count + 1))


def _wave(height: float) -> tuple[Point, ...]:
    return _curve(lambda t: (0.08 + 0.42 * t, height + 0.055 * math.sin(2 * math.pi * t)))


def _loop(t: float) -> Point:
    """A lying eight, after Bernoulli."""
    angle = 2 * math.pi * t
    spread = 1 + math.sin(angle) ** 2
    return 0.37 + 0.3 * math.cos(angle) / spread, 0.32 + 0.48 * math.sin(angle) * math.cos(angle) / spread


_BAR = ((0.08, 0.32), (0.50, 0.32))
SHAPES = {
    "−": Shape(0.58, (_BAR,)),
    "–": Shape(0.56, (((0.05, 0.28), (0.51, 0.28)),)),
    "×": Shape(0.58, (((0.11, 0.14), (0.47, 0.5)), ((0.11, 0.5), (0.47, 0.14)))),
    "÷": Shape(0.58, (_BAR,), discs=((0.29, 0.52, 0.05), (0.29, 0.12, 0.05))),
    "∞": Shape(0.74, (_curve(_loop, 48),)),
    "≈": Shape(0.58, (_wave(0.42), _wave(0.22))),
    "√": Shape(0.6, (((0.04, 0.34), (0.13, 0.4), (0.26, 0.02), (0.46, 0.78), (0.6, 0.78)),)),
    "★": Shape(0.84, filled=(_ring(10, lambda i: 0.175 if i % 2 else 0.43, (0.42, 0.33)),)),
    "∗": Shape(0.7, tuple(((0.35, 0.33), end) for end in _ring(6, lambda i: 0.32, (0.35, 0.33)))),
    "ᵀ": Shape(0.4, (((0.06, 0.74), (0.36, 0.74)), ((0.21, 0.74), (0.21, 0.38)))),
    "␣": Shape(0.58, (((0.1, 0.08), (0.1, -0.1), (0.48, -0.1), (0.48, 0.08)),)),
    "→": Shape(0.8, (((0.06, 0.32), (0.72, 0.32)), ((0.52, 0.5), (0.72, 0.32), (0.52, 0.14)))),
}


@lru_cache(maxsize=64)
def _font(size: int, name: str = "") -> ImageFont.FreeTypeFont | None:
    """Return the font that Pillow brings along, or one of the machine by its file name; None if it has none such."""
    try:
        font = ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
    except OSError:
        return None
    return font if isinstance(font, ImageFont.FreeTypeFont) else None


@lru_cache(maxsize=4096)
def _has(name: str, char: str) -> bool:
    """Whether a font has a letter of its own for `char`."""
    font = _font(24, name)
    if font is None:
        return False
    if char == " ":
        return True
    drawn, missing = (font.getmask(text) for text in (char, "\uffff"))
    return drawn.size[0] > 0 and (drawn.size != missing.size or bytes(drawn) != bytes(missing))


@lru_cache(maxsize=4096)
def _source(char: str) -> str:
    """Where a character comes from: "" Pillow's font, "shape", or a font of the machine."""
    if char in SHAPES:
        return "shape"
    return next((name for name in ("", *MACHINE_FONTS) if _has(name, char)), "")


@lru_cache(maxsize=4096)
def _drawable(char: str) -> str:
    """Return what stands for `char`: itself, or what is left of it without its accents; blanks for what is unseen."""
    if unicodedata.category(char)[0] in "CZ":
        return " "
    if char in SHAPES or any(_has(name, char) for name in ("", *MACHINE_FONTS)):
        return char
    plain = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
    return plain if plain and all(_has("", c) for c in plain) else char


def _shape(char: str, size: int, bold: bool) -> tuple[Mask, int, float]:
    shape = SHAPES[char]
    above, below, across = math.ceil(size), math.ceil(size * 0.4), math.ceil(shape.advance * size) + 1
    image = Image.new("L", (across * FINE, (above + below) * FINE))
    pen = ImageDraw.Draw(image)

    def place(x: float, y: float) -> Point:
        return x * size * FINE, (above - y * size) * FINE

    width = max(STROKE * (1.6 if bold else 1) * size, 1.2) * FINE
    for stroke in shape.strokes:
        points = [place(*point) for point in stroke]
        pen.line(points, fill=255, width=round(width), joint="curve")
    for outline in shape.filled:
        pen.polygon([place(*point) for point in outline], fill=255)
    for x, y, radius in shape.discs:
        (left, top), (right, bottom) = place(x - radius, y + radius), place(x + radius, y - radius)
        pen.ellipse((left, top, right, bottom), fill=255)
    return np.asarray(image.reduce(FINE)), above, shape.advance * size


def _letters(text: str, size: int, name: str, bold: bool) -> tuple[Mask, int, float]:
    font = _font(size, name) or _font(size)
    if font is None:  # a Pillow without FreeType draws no text
        return np.zeros((1, 1), np.uint8), 1, size * 0.6 * len(text)
    width = font.getlength(text)
    above, below = math.ceil(size * 1.1), math.ceil(size * 0.4)
    image = Image.new("L", (math.ceil(width) + math.ceil(size / 3), above + below))
    ImageDraw.Draw(image).text((0, above), text, fill=255, font=font, anchor="ls")
    mask = np.array(image)
    if bold:
        for _ in range(max(round(size / 26), 1)):
            mask[:, 1:] = np.maximum(mask[:, 1:], mask[:, :-1])
    return mask, above, width


@lru_cache(maxsize=2048)
def line(text: str, size: int, bold: bool = False) -> Line:
    """Return `text` in letters of `size` pixels.

    >>> line("3 × −2", 26).width > line("3", 26).width
    True
    """
    shown = "".join(_drawable(char) for char in text)
    parts = []
    for source, run in groupby(shown, _source):
        if source == "shape":
            parts += [_shape(char, size, bold) for char in run]
        else:
            parts.append(_letters("".join(run), size, source, bold))
    total = sum(width for _, _, width in parts)
    above = max((above for _, above, _ in parts), default=1)
    below = max((len(mask) - above for mask, above, _ in parts), default=0)
    reach = max((mask.shape[1] for mask, _, _ in parts), default=1)
    whole = np.zeros((above + below, math.ceil(total) + reach + 1), np.uint8)
    pen = 0.0
    for mask, up, width in parts:
        top, left = above - up, round(pen)
        part = whole[top : top + len(mask), left : left + mask.shape[1]]
        np.maximum(part, mask, out=part)
        pen += width
    used = np.flatnonzero(whole.any(axis=0))
    result = whole[:, : used[-1] + 1] if used.size else whole[:, :1]
    result.setflags(write=False)
    return Line(result, above, total)


def width(text: str, size: int, bold: bool = False) -> float:
    """Return how wide `text` is, in pixels."""
    return line(text, size, bold).width


def cut(text: str, size: int, room: float) -> str:
    """Return as much of `text` as fits, with an ellipsis where something was left out."""
    if width(text, size) <= room:
        return text
    for length in range(len(text) - 1, 0, -1):
        shorter = text[:length].rstrip() + "…"
        if width(shorter, size) <= room:
            return shorter
    return text[:1]


def wrap(words: list[str], size: int, room: float, joint: str = " ") -> list[str]:
    """Return `words` in lines of at most `room` pixels (a longer word stands alone)."""
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]}{joint}{word}" if lines else word
        if lines and width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
