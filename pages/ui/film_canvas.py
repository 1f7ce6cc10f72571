"""A picture of at most 255 colours, drawn as the numbers of these colours, so that a GIF of it is exact and small."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from pages.ui import figures, film_glyphs

RGB = tuple[int, int, int]
Pixels = NDArray[np.uint8]
Rectangle = tuple[int, int, int, int]
"""Top, left, bottom, right; the last two are beyond it."""

UNCHANGED = 255
"""The number that stands for "as in the frame before": no colour has it."""
MOST_FILLS = 160
"""Different colours of cells; the others are for letters and their soft edges."""
SOFT = 4  # steps of coverage on the edge of a letter
GAMMA = 0.75


@dataclass(frozen=True)
class Theme:
    """The colours of one theme, those of .streamlit/config.toml."""

    background: RGB
    second: RGB
    text: RGB
    primary: RGB
    negative: RGB
    positive: RGB


def theme(*, dark: bool) -> Theme:
    """Return the colours of the dark or the light theme."""
    colours = figures.DARK if dark else figures.LIGHT
    negative, zero, positive = colours.signed
    second = (26, 33, 37) if dark else (241, 239, 233)
    return Theme(zero, second, _rgb(colours.text), _rgb(colours.primary), negative, positive)


def _rgb(css: str) -> RGB:
    red, green, blue = ImageColor.getrgb(css)[:3]
    return red, green, blue


def mix(start: RGB, end: RGB, share: float) -> RGB:
    """Return the colour at `share` of the way, rounded as the components round it."""
    red, green, blue = (int(np.floor(a + (b - a) * share + 0.5)) for a, b in zip(start, end, strict=True))
    return red, green, blue


def scale_colour(theme: Theme, scale: dict[str, object], value: float) -> RGB:
    """Return the colour of `value` on an explorer's scale: signed, pixels or amount.

    >>> scale_colour(theme(dark=False), {"kind": "signed", "bound": 2.0}, -2.0)
    (33, 102, 172)
    >>> scale_colour(theme(dark=True), {"kind": "pixels", "low": 0.0, "high": 1.0}, 0.2)
    (51, 51, 51)
    """
    if scale["kind"] == "pixels":
        low, high = float(scale["low"]), float(scale["high"])  # type: ignore[arg-type]
        share = min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 128 / 255
        level = int(np.floor(255 * share + 0.5))
        return level, level, level
    bound = float(scale["bound"])  # type: ignore[arg-type]
    if scale["kind"] == "amount":
        return mix(theme.background, theme.primary, min(max(value / bound, 0.0), 1.0) if bound > 0 else 0.0)
    share = min(abs(value) / bound, 1.0) ** GAMMA if bound > 0 else 0.0
    return mix(theme.background, theme.negative if value < 0 else theme.positive, share)


def ink_on(colour: RGB) -> RGB:
    """Return black or white, whichever contrasts more (WCAG's relative luminance)."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return (0, 0, 0) if 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] > 0.179 else (255, 255, 255)


def thinned(colours: Iterable[RGB], most: int = MOST_FILLS) -> dict[RGB, RGB]:
    """Return each colour, or, where they are more than `most`, another that looks the same, for several of them."""
    known = list(dict.fromkeys(colours))
    step, stand_in = 1, {colour: colour for colour in known}
    while len(set(stand_in.values())) > most:
        step += 1
        first: dict[RGB, RGB] = {}
        for colour in known:
            red, green, blue = (part // step for part in colour)
            stand_in[colour] = first.setdefault((red, green, blue), colour)
    return stand_in


class Palette:
    """Colours by number, made as they are needed; when all are taken, the nearest one is used."""

    def __init__(self) -> None:
        self.colours: list[RGB] = []
        self._known: dict[RGB, int] = {}
        self._mixed: dict[tuple[int, int, int], int] = {}

    def index(self, colour: RGB) -> int:
        """Return the number of a colour."""
        if colour not in self._known:
            if len(self.colours) < UNCHANGED:
                self.colours.append(colour)
                self._known[colour] = len(self.colours) - 1
            else:
                apart = ((np.array(self.colours) - np.array(colour)) ** 2).sum(axis=1)
                self._known[colour] = int(apart.argmin())
        return self._known[colour]

    def mixed(self, under: int, over: int, level: int) -> int:
        """Return the number of a colour of which `level` parts of `SOFT` are `over`."""
        key = (under, over, level)
        if key not in self._mixed:
            self._mixed[key] = self.index(mix(self.colours[under], self.colours[over], level / SOFT))
        return self._mixed[key]

    def table(self) -> bytes:
        """Return 256 colours as a GIF and a PNG have them."""
        return bytes(part for colour in self.colours for part in colour).ljust(768, b"\0")


class Canvas:
    """Pixels as numbers of colours, and which of them were drawn on since the last frame."""

    def __init__(self, width: int, height: int, palette: Palette, background: RGB) -> None:
        self.palette = palette
        self.pixels: Pixels = np.full((height, width), palette.index(background), np.uint8)
        self.touched: list[Rectangle] = []

    def copy(self) -> Canvas:
        """Return another one with the same pixels and the same palette, not yet drawn on."""
        other = object.__new__(Canvas)
        other.palette, other.pixels, other.touched = self.palette, self.pixels.copy(), []
        return other

    def _clip(self, top: int, left: int, bottom: int, right: int) -> Rectangle:
        height, width = self.pixels.shape
        return max(top, 0), max(left, 0), min(bottom, height), min(right, width)

    def fill(self, top: int, left: int, bottom: int, right: int, colour: RGB) -> None:
        """Fill a rectangle."""
        top, left, bottom, right = self._clip(top, left, bottom, right)
        if top < bottom and left < right:
            self.pixels[top:bottom, left:right] = self.palette.index(colour)
            self.touched.append((top, left, bottom, right))

    def ring(self, top: int, left: int, bottom: int, right: int, thick: int, colour: RGB) -> None:
        """Draw the four sides of a rectangle, `thick` pixels into it."""
        thick = min(thick, (bottom - top + 1) // 2, (right - left + 1) // 2)
        for sides in (
            (top, left, top + thick, right),
            (bottom - thick, left, bottom, right),
            (top, left, bottom, left + thick),
            (top, right - thick, bottom, right),
        ):
            self.fill(*sides, colour)

    def stamp(self, mask: Pixels, top: int, left: int, colour: RGB) -> None:
        """Lay a colour on, as much as the mask says (0 to 255)."""
        y0, x0, y1, x1 = self._clip(top, left, top + mask.shape[0], left + mask.shape[1])
        if y0 >= y1 or x0 >= x1:
            return
        part = mask[y0 - top : y1 - top, x0 - left : x1 - left]
        levels = (part.astype(np.uint16) * SOFT + 127) // 255
        under = self.pixels[y0:y1, x0:x1]
        over = self.palette.index(colour)
        drawn = under.copy()
        for level in range(1, SOFT):
            there = levels == level
            for below in np.unique(under[there]):
                drawn[there & (under == below)] = self.palette.mixed(int(below), over, level)
        drawn[levels == SOFT] = over
        self.pixels[y0:y1, x0:x1] = drawn
        self.touched.append((y0, x0, y1, x1))

    def text(
        self, words: str, x: float, middle: float, size: int, colour: RGB, *, at: float = 0.0, bold: bool = False
    ) -> float:
        """Write a line whose figures are centred on `middle`. `at` 0 begins it at `x`, 0.5 centres, 1 ends it there.

        Returns where it ends.
        """
        line = film_glyphs.line(words, size, bold)
        start = x - at * line.width
        baseline = round(middle + 0.36 * size)
        self.stamp(line.mask, baseline - line.above, round(start), colour)
        return start + line.width

    def png(self) -> bytes:
        """Return it as a PNG file."""
        image = Image.frombytes("P", (self.pixels.shape[1], self.pixels.shape[0]), self.pixels.tobytes())
        image.putpalette(self.palette.table())
        buffer = io.BytesIO()
        image.save(buffer, "PNG", optimize=False, compress_level=6)
        return buffer.getvalue()
