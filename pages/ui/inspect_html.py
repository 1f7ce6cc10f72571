"""Small pictures and bars as HTML: what the Inspect page shows beside its components. Imports no streamlit."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnncore.display import GAMMA, png
from pages.ui.figures import DARK, LIGHT

Picture = NDArray[Any]
SHARP = 168
"""Pixels of a stencil's longer side, about: the browser would blur a smaller one."""


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
    return (Mask(_stencil(np.asarray(values, np.float64), bound), f"light-dark({LIGHT.primary},{DARK.primary})"),)


def signed_masks(values: Picture, bound: float) -> tuple[Mask, ...]:
    """Return a picture of signed numbers: zero is the background, in either theme."""
    array = np.asarray(values, np.float64)
    ends = [f"light-dark(rgb{LIGHT.signed[end]},rgb{DARK.signed[end]})" for end in (0, 2)]
    parts = (np.maximum(-array, 0), np.maximum(array, 0))
    return tuple(
        Mask(_stencil((part / (bound or 1.0)) ** GAMMA, 1.0), colour) for part, colour in zip(parts, ends, strict=True)
    )


def _stencil(values: Picture, bound: float) -> str:
    """Return a picture that lets its colour through where it is bright, as a data address; cells stay sharp squares."""
    zoom = max(1, SHARP // max(values.shape))
    return _uri(png(np.kron(grey_levels(values, 0.0, bound), np.ones((zoom, zoom), np.uint8))))


def grey_uri(values: Picture, low: float = 0.0, high: float = 1.0) -> str:
    """Return a grey picture as a data address."""
    return _uri(png(grey_levels(values, low, high)))


def _uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def figure(
    picture: str | tuple[Mask, ...], words: str, *, strong: str = "", side: int = 84, shape: tuple[int, ...] = (1, 1)
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
    """
    longest = max(shape)
    width, height = round(side * shape[1] / longest), round(side * shape[0] / longest)
    style = f"width:{width}px;height:{height}px"
    if isinstance(picture, str):
        drawn = f'<img src="{picture}" alt="" style="{style}">'
    else:
        planes = "".join(f'<i style="background:{mask.colour};mask-image:url({mask.uri})"></i>' for mask in picture)
        drawn = f'<div style="{style}">{planes}</div>'
    before = f"<b>{escape(strong)}</b> " if strong else ""
    words = f'<figcaption style="max-width:{max(side, width) + 24}px">{before}{escape(words)}</figcaption>'
    return f"<figure>{drawn}{words}</figure>"


def row(figures: Sequence[str]) -> str:
    """Return pictures side by side, wrapping where there is no room."""
    return f'<div class="shots">{"".join(figures)}</div>'


def bars(probabilities: NDArray[Any], classes: Sequence[str], *, right: int | None = None) -> str:
    """Return one bar for each class, as long as its probability; the largest stands out.

    Parameters
    ----------
    probabilities : ndarray, shape (classes,)
    classes : sequence of str
    right : int, optional
        What the picture really is.
    """
    best = int(np.argmax(probabilities))
    lines = []
    for number, (name, share) in enumerate(zip(classes, probabilities, strict=True)):
        marks = " best" if number == best else ""
        truth = ' <i title="what it is">✓</i>' if number == right else ""
        lines.append(
            f'<li class="bar{marks}"><b>{escape(name)}{truth}</b>'
            f'<span><i style="width:{100 * float(share):.2f}%"></i></span><em>{percent(float(share))}</em></li>'
        )
    return f'<ol class="bars">{"".join(lines)}</ol>'


def percent(share: float) -> str:
    """Write a probability.

    >>> percent(0.99997), percent(0.5), percent(0.00004)
    ('> 99.9 %', '50.0 %', '< 0.1 %')
    """
    if 0.9995 <= share < 1:
        return "> 99.9 %"
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return f"{100 * share:.1f} %"
