"""The four convolutions of one input side by side: their maps as numbers, and what each costs."""

from __future__ import annotations

import html

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.display import signed_palette, tone
from pages.ui.channels_controls import NAMES
from pages.ui.channels_counts import STYLE, TITLES, Layer, card, count
from pages.ui.channels_grid import Channels
from pages.ui.figures import DARK, LIGHT
from pages.ui.words import number as say
from pages.ui.words import size as say_size

READABLE = 8
"""So many columns leave each number room."""
DIGITS = 4
PALETTES = tuple(signed_palette(*colours.signed) for colours in (LIGHT, DARK))


def _ink(colour: NDArray[np.uint8]) -> str:
    """Black or white, whichever contrasts more."""
    parts = colour / 255.0
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return "#000" if linear @ [0.2126, 0.7152, 0.0722] > 0.179 else "#fff"


def _both(light: str, dark: str) -> str:
    return f"light-dark({light},{dark})"


def _cell(value: float, level: int, digits: int) -> str:
    colours = [palette[level] for palette in PALETTES]
    inks = _both(*(_ink(colour) for colour in colours))
    back = _both(*(f"rgb({r},{g},{b})" for r, g, b in colours))
    said = say(value, digits) if digits else ""
    return f'<td title="{say(value, 6)}" style="background:{back};color:{inks}">{said}</td>'


def grid(numbers: NDArray[np.float64], bound: float, name: str, digits: int) -> str:
    """Return one map as an HTML table, coloured by sign and size, its numbers with so many digits, or without."""
    levels, _, _ = tone(numbers, "signed", low=-bound, high=bound)
    rows = "".join(
        "<tr>" + "".join(_cell(v, int(level), digits) for v, level in zip(row, line, strict=True)) + "</tr>"
        for row, line in zip(numbers.tolist(), levels, strict=True)
    )
    kind = "readable" if digits else "small"
    return f'<table class="{kind}" aria-label="{html.escape(name)}">{rows}</table>'


def _figure(map_of: str, caption: str) -> str:
    return f"<figure>{map_of}<figcaption>{caption}</figcaption></figure>"


def cards(found: Channels) -> str:
    """Return the four operations as HTML, in one scale of colours."""
    kernel, out = found.weights.shape[1:], found.outputs["standard"].shape[1:]
    bound = max(float(np.abs(maps).max()) for maps in found.outputs.values())
    counted = count(Layer(3, 1, (kernel[0], kernel[1]), (out[0], out[1])))
    flat = count(Layer(3, 1, (1, 1), (found.image.shape[1], found.image.shape[2])))["pointwise"]
    digits = DIGITS if found.image.shape[2] <= READABLE else 0
    made = []
    for name, maps in found.outputs.items():
        cost = flat if name == "pointwise" else counted[name]
        names = NAMES if len(maps) > 1 else ("Map",)
        grids = "".join(
            _figure(grid(plane, bound, f"{TITLES[name]}, {title}", digits), f"{title} · {say_size(*plane.shape)}")
            for title, plane in zip(names, maps, strict=True)
        )
        made.append(card(TITLES[name], cost, f'<div class="channels-maps">{grids}</div>'))
    return f'<div class="channels-cards">{"".join(made)}</div>'


def planes(weights: NDArray[np.float64], title: str) -> str:
    """Return a filter's planes side by side as HTML, in one scale of colours."""
    bound = float(np.abs(weights).max())
    digits = 2 if max(weights.shape[1:]) <= 3 else 0
    grids = "".join(
        _figure(grid(plane, bound, f"{title}, {name}", digits), f"{name} · sum {say(round(float(plane.sum()), 9), 4)}")
        for name, plane in zip(NAMES, weights, strict=True)
    )
    return f'{STYLE}<div class="channels-maps">{grids}</div>'


def draw(found: Channels) -> None:
    """Draw the four side by side."""
    st.html(STYLE + cards(found))
    st.caption(
        "The same input and one scale of colours for all; one filter (F = 1) for each that sums over the channels. The "
        "depthwise kernels are the planes of the standard filter."
    )
