"""Small pictures and bars as HTML: what the Inspect page shows beside its components. Imports no streamlit."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from cnncore.display import GAMMA, png
from pages.ui.figures import DARK, LIGHT, Colours
from pages.ui.words import MINUS, brief
from pages.ui.words import number as say

Picture = NDArray[Any]
SHARP = 168
"""Pixels of a stencil's longer side, about: the browser would blur a smaller one."""
LONGEST_NAME = 22  # characters of a class; a longer one loses its middle
AT_ONCE = 11
"""Bars of a list that are seen without scrolling, as in assets/app.css."""
PRIMARY = f"light-dark({LIGHT.primary},{DARK.primary})"
ENDS = tuple(f"light-dark(rgb{LIGHT.signed[end]},rgb{DARK.signed[end]})" for end in (0, 2))
"""The colours of negative and of positive numbers."""


@dataclass(frozen=True)
class Mask:
    """A colour, and the address of the picture that lets it through where it is bright."""

    uri: str
    colour: str


def grey_levels(values: Picture, low: float = 0.0, high: float = 1.0) -> NDArray[np.uint8]:
    """Return (H, W) numbers as bytes, `low` black and `high` white."""
    span = high - low if high > low else 1.0
    levels: NDArray[np.uint8] = np.rint(np.clip((np.asarray(values, np.float64) - low) / span, 0, 1) * 255).astype(
        np.uint8
    )
    return levels


def amount_masks(values: Picture, bound: float) -> tuple[Mask, ...]:
    """Return a picture of amounts: from the background at 0 to the primary colour at `bound`, in either theme."""
    return (Mask(_stencil(np.asarray(values, np.float64), bound), PRIMARY),)


def signed_masks(values: Picture, bound: float) -> tuple[Mask, ...]:
    """Return a picture of signed numbers: zero is the background, in either theme."""
    array = np.asarray(values, np.float64)
    parts = (np.maximum(-array, 0), np.maximum(array, 0))
    return tuple(
        Mask(_stencil((part / (bound or 1.0)) ** GAMMA, 1.0), colour) for part, colour in zip(parts, ENDS, strict=True)
    )


def outline(digit: Picture) -> Mask:
    """Return the line around what is at least half ink: it shows where the digit is, and changes no colour in it."""
    zoom = max(4, SHARP // max(digit.shape))
    solid = np.pad(np.kron(np.asarray(digit) >= 0.5, np.ones((zoom, zoom), bool)), 1)
    inner = solid.copy()
    for axis in (0, 1):
        inner &= np.roll(solid, 1, axis) & np.roll(solid, -1, axis)
    return Mask(_stencil((solid & ~inner)[1:-1, 1:-1].astype(np.float64), 1.0), "light-dark(#1d2329,#e7e9ea)")


def _stencil(values: Picture, bound: float) -> str:
    """Return a picture that lets its colour through where it is bright, as a data address; cells stay sharp squares."""
    zoom = max(1, SHARP // max(values.shape))
    return _uri(png(np.kron(grey_levels(values, 0.0, bound), np.ones((zoom, zoom), np.uint8))))


def grey_uri(values: Picture, low: float = 0.0, high: float = 1.0) -> str:
    """Return a grey picture as a data address."""
    return _uri(png(grey_levels(values, low, high)))


def picture_uri(pixels: NDArray[np.uint8], most: int = 400) -> str:
    """Return a picture of bytes, grey or in colour, as a data address; a large one by every so-manyth pixel."""
    step = -(-max(pixels.shape[:2]) // most)
    return _uri(png(np.ascontiguousarray(pixels[::step, ::step])))


def opaque_uri(values: Picture, bound: float, colours: Colours, *, signed: bool) -> str:
    """Return signed numbers or amounts in the colours of one theme, for where no mask can be used."""
    return _uri(png(opaque_levels(values, bound, colours, signed=signed)))


def strip_uri(tiles: Sequence[Picture], colours: Colours, side: int = 28) -> str:
    """Return pictures of bytes, grey or in colour, side by side as one, each in a framed square of `side` pixels."""
    ground, border = (ImageColor.getrgb(colour) for colour in (colours.background, colours.border))
    strip = Image.new("RGB", (len(tiles) * (side + 4) - 2, side + 2), ground)
    for nth, tile in enumerate(tiles):
        picture, left = Image.fromarray(tile).convert("RGB"), nth * (side + 4)
        longest = max(picture.size)
        zoom = side // longest or side / longest  # cells are whole pixels where there is room for that
        width, height = (max(1, round(zoom * length)) for length in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BOX)
        strip.paste(border, (left, 0, left + side + 2, side + 2))
        strip.paste(ground, (left + 1, 1, left + side + 1, side + 1))
        strip.paste(picture, (left + 1 + (side - width) // 2, 1 + (side - height) // 2))
    return _uri(png(np.asarray(strip)))


def opaque_levels(values: Picture, bound: float, colours: Colours, *, signed: bool) -> NDArray[np.uint8]:
    """Return signed numbers or amounts as red, green and blue bytes, as the masks would show them in one theme."""
    share = np.clip(np.asarray(values, np.float64) / (bound or 1.0), -1, 1)[..., None]
    low, zero, high = (np.array(colour, np.float64) for colour in colours.signed)
    if signed:
        levels = zero + np.maximum(share, 0) ** GAMMA * (high - zero) + np.maximum(-share, 0) ** GAMMA * (low - zero)
    else:
        levels = zero + np.maximum(share, 0) * (np.array(ImageColor.getrgb(colours.primary), np.float64) - zero)
    rounded: NDArray[np.uint8] = np.rint(levels).astype(np.uint8)
    return rounded


def _uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def figure(
    picture: str | tuple[Mask, ...],
    words: str,
    *,
    strong: str = "",
    side: int = 84,
    shape: tuple[int, ...] = (1, 1),
    faint: bool = False,
    mark: tuple[float, float, float, float] | None = None,
    beside: str = "",
) -> str:
    """Return one picture with words below it.

    Parameters
    ----------
    picture : str, or tuple of Mask
        The address of a grey picture, or colours and where they show.
    words : str
        Below the picture; `strong` stands before them.
    side : int
        CSS pixels of the longer side.
    shape : tuple of int
        Rows and columns, for the picture's proportions.
    faint : bool
        Whether it is dimmed.
    mark : tuple of float, optional
        The top, left, bottom and right of a frame in it, as shares of its height and width.
    beside : str
        Another picture, from `drawn`, at its right.
    """
    own = drawn(picture, side, shape, mark)
    room = max(side, round(side * shape[1] / max(shape))) + (side if beside else 0)
    before = f"<b>{escape(strong)}</b> " if strong else ""
    words = f'<figcaption style="max-width:{room + 24}px">{before}{escape(words)}</figcaption>'
    held = f'<span class="pair">{own}{beside}</span>' if beside else own
    opened = '<figure class="faint">' if faint else "<figure>"
    return f"{opened}{held}{words}</figure>"


def drawn(
    picture: str | tuple[Mask, ...],
    side: int,
    shape: tuple[int, ...],
    mark: tuple[float, float, float, float] | None = None,
) -> str:
    """Return a picture without words, as `figure` draws it."""
    longest = max(shape)
    style = f"width:{round(side * shape[1] / longest)}px;height:{round(side * shape[0] / longest)}px"
    if isinstance(picture, str):
        image = f'<img src="{picture}" alt="" style="{style}">'
        if mark is None:
            return image
        top, left, bottom, right = (100 * share for share in mark)
        place = f"top:{top:.2f}%;left:{left:.2f}%;height:{bottom - top:.2f}%;width:{right - left:.2f}%"
        return f'<div style="{style}">{image}<u style="{place}"></u></div>'
    planes = "".join(f'<i style="background:{mask.colour};mask-image:url({mask.uri})"></i>' for mask in picture)
    return f'<div style="{style}">{planes}</div>'


def reading(picture: str, shape: tuple[int, ...], said: str, words: str, *, whose: str = "") -> str:
    """Return what a network reads, what it says of it, and, quietly, what the picture is.

    With `whose`, the network's name has a line of its own, cut off where it is too long: what stands below two readings
    side by side is then level.
    """
    name = f'<p class="whose" title="{escape(whose)}">{escape(whose)}</p>' if whose else ""
    return (
        f'<div class="reading">{drawn(picture, 72, shape)}<div>{name}<p><b>{escape(said)}</b></p>'
        f"<p><small>{escape(words)}</small></p></div></div>"
    )


def scale(bound: float, *, signed: bool, what: str) -> str:
    """Return the legend of maps that share one scale: its two numbers, and the colours in between."""
    shares = np.linspace(-1 if signed else 0, 1, 9)
    stops = []
    for share in shares:
        colour = PRIMARY if not signed else ENDS[int(share > 0)]
        strength = abs(share) ** GAMMA if signed else share
        stops.append(f"color-mix(in srgb,{colour} {100 * strength:.0f}%,transparent)")
    low = f"\u2212{say(bound)}" if signed else "0"
    return (
        f'<p class="scale"><b>{escape(what)}</b><span><em>{low}</em>'
        f'<i style="background:linear-gradient(90deg,{",".join(stops)})"></i><em>{say(bound)}</em></span></p>'
    )


def row(figures: Sequence[str], notes: str = "") -> str:
    """Return pictures side by side, wrapping where there is no room, and a few words after them."""
    after = f"<p>{escape(notes)}</p>" if notes else ""
    return f'<div class="shots">{"".join(figures)}{after}</div>'


def bars(
    probabilities: NDArray[Any], classes: Sequence[str], *, right: int | None = None, ordered: bool = False
) -> str:
    """Return one bar for each class, as long as its probability; the largest stands out.

    Of many classes the most probable come first, as the list shows but some of them at a time.

    Parameters
    ----------
    probabilities : ndarray, shape (classes,)
    classes : sequence of str
    right : int, optional
        What the picture really is.
    ordered : bool
        Whether many classes, too, keep their order, for lists that stand side by side.
    """
    best = int(np.argmax(probabilities))
    order = list(range(len(classes)))
    if len(classes) > AT_ONCE and not ordered:
        order.sort(key=lambda number: -float(probabilities[number]))
    lines = []
    for number in order:
        name, share = classes[number], probabilities[number]
        marks = " best" if number == best else ""
        truth = ' <i title="what it is">✓</i>' if number == right else ""
        lines.append(
            f'<li class="bar{marks}"><b title="{escape(name)}">{escape(brief(name, LONGEST_NAME))}{truth}</b>'
            f'<span><i style="width:{100 * float(share):.2f}%"></i></span><em>{percent(float(share))}</em></li>'
        )
    return f'<ol class="bars">{"".join(lines)}</ol>'


def differences(first: NDArray[Any], second: NDArray[Any], classes: Sequence[str]) -> str:
    """Return by how many percentage points the second network gives each class more than the first, as bars."""
    lines = []
    for name, change in zip(classes, np.asarray(second, np.float64) - np.asarray(first, np.float64), strict=True):
        side = "left" if change > 0 else "right"
        style = f"{side}:50%;width:{50 * abs(change):.2f}%;background:{ENDS[int(change > 0)]}"
        lines.append(
            f'<li class="bar"><b title="{escape(name)}">{escape(brief(name, LONGEST_NAME))}</b>'
            f'<span class="both"><i style="{style}"></i></span>'
            f"<em>{points(float(change))}</em></li>"
        )
    said = "<p><b>The second less the first</b>, in percentage points: red where it gives a class more.</p>"
    return f'<div class="reading">{said}</div><ol class="bars">{"".join(lines)}</ol>'


def points(change: float) -> str:
    """Write a difference of two probabilities in percentage points.

    >>> points(0.25), points(-0.0123), points(0.0001)
    ('+25.0', '−1.2', '0.0')
    """
    text = f"{100 * abs(change):.1f}"
    return text if text == "0.0" else ("+" if change > 0 else "\u2212") + text


def percent(share: float) -> str:
    """Write a probability, so that no line breaks within it.

    >>> percent(0.99997), percent(0.5), percent(0.00004)
    ('>\\xa099.9\\xa0%', '50.0\\xa0%', '<\\xa00.1\\xa0%')
    """
    if 0.9995 <= share < 1:
        return ">\u00a099.9\u00a0%"
    if 0 < share < 0.0005:
        return "<\u00a00.1\u00a0%"
    return f"{100 * share:.1f}\u00a0%"


def alike(values: Sequence[float]) -> list[str]:
    """Write numbers that stand beside each other with the same decimals, three digits of the largest.

    >>> alike([7.8, 7.7712]), alike([0.0])
    (['7.80', '7.77'], ['0.00'])
    """
    largest = max(map(abs, values))
    decimals = max(0, 2 - math.floor(math.log10(largest))) if largest > 0 else 2
    return [f"{value:,.{decimals}f}".replace("-", MINUS) for value in values]
