"""The four convolutions of one input side by side: their maps as numbers, and what each costs."""

from __future__ import annotations

import html

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.display import signed_palette, tone
from pages.ui.channels_controls import NAMES
from pages.ui.channels_counts import TITLES, Layer, count, exact
from pages.ui.channels_grid import Channels
from pages.ui.figures import DARK, LIGHT
from pages.ui.words import number as say
from pages.ui.words import size as say_size

READABLE = 6
"""So many columns leave each number room."""
PALETTES = tuple(signed_palette(*colours.signed) for colours in (LIGHT, DARK))


def _ink(colour: NDArray[np.uint8]) -> str:
    """Black or white, whichever contrasts more."""
    parts = colour / 255.0
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return "#000" if linear @ [0.2126, 0.7152, 0.0722] > 0.179 else "#fff"


def _both(light: str, dark: str) -> str:
    return f"light-dark({light},{dark})"


def _cell(value: float, level: int, *, readable: bool) -> str:
    colours = [palette[level] for palette in PALETTES]
    inks = _both(*(_ink(colour) for colour in colours))
    back = _both(*(f"rgb({r},{g},{b})" for r, g, b in colours))
    said = say(value)
    return f'<td title="{said}" style="background:{back};color:{inks}">{said if readable else ""}</td>'


def grid(numbers: NDArray[np.float64], bound: float, name: str) -> str:
    """Return one map as an HTML table, coloured by sign and size."""
    levels, _, _ = tone(numbers, "signed", low=-bound, high=bound)
    readable = numbers.shape[1] <= READABLE
    rows = "".join(
        "<tr>" + "".join(_cell(v, int(level), readable=readable) for v, level in zip(row, line, strict=True)) + "</tr>"
        for row, line in zip(numbers.tolist(), levels, strict=True)
    )
    kind = "readable" if readable else "small"
    return f'<table class="{kind}" aria-label="{html.escape(name)}">{rows}</table>'


def cards(found: Channels) -> str:
    """Return the four operations as HTML, in one scale of colours."""
    kernel, out = found.weights.shape[1:], found.outputs["standard"].shape[1:]
    bound = max(float(np.abs(maps).max()) for maps in found.outputs.values())
    counted = count(Layer(3, 1, (kernel[0], kernel[1]), (out[0], out[1])))
    flat = count(Layer(3, 1, (1, 1), (found.image.shape[1], found.image.shape[2])))["pointwise"]
    made = []
    for name, maps in found.outputs.items():
        cost = flat if name == "pointwise" else counted[name]
        names = NAMES if len(maps) > 1 else ("Map",)
        grids = "".join(
            f"<figure>{grid(plane, bound, f'{TITLES[name]}, {title}')}<figcaption>{title} · {say_size(*plane.shape)}"
            "</figcaption></figure>"
            for title, plane in zip(names, maps, strict=True)
        )
        numbers = "".join(
            f"<div><dt>{title}</dt><dd>{formula} = <b>{exact(total)}</b></dd></div>"
            for title, formula, total in (
                ("Parameters", cost.parameters, cost.cost.parameters),
                ("Multiply-adds", cost.multiply_adds, cost.cost.multiply_adds),
            )
        )
        plural = "1 map" if len(maps) == 1 else f"{len(maps)} maps"
        made.append(
            f"<section><h4>{TITLES[name]}<span>{plural}</span></h4><dl>{numbers}</dl>"
            f'<div class="channels-maps">{grids}</div></section>'
        )
    return f'<div class="channels-cards">{"".join(made)}</div>'


STYLE = """<style>
.channels-cards { display: grid; gap: 1rem 1.6rem; }
.channels-cards { grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.channels-cards section { min-width: 0; border-top: 1px solid light-dark(#dedad0, #2c363c); padding-top: 0.5rem; }
.channels-cards h4 { font-size: 1rem; font-weight: 600; margin: 0; padding: 0; }
.channels-cards h4 { display: flex; justify-content: space-between; align-items: baseline; }
.channels-cards h4 span { font-weight: 400; }
.channels-cards h4 span, .channels-cards dt, .channels-maps figcaption { font-size: 0.8rem; opacity: 0.75; }
.channels-cards dl { margin: 0.25rem 0 0.5rem; padding: 0; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
.channels-cards dl div { display: flex; gap: 0.6rem; align-items: baseline; }
.channels-cards dt { flex: 0 0 6rem; margin: 0; padding: 0; font-weight: 400; }
.channels-cards dd { margin: 0; padding: 0; }
.channels-maps { display: flex; flex-wrap: wrap; gap: 0.7rem; }
.channels-maps figure { margin: 0; }
.channels-maps table { border-collapse: collapse; margin: 0; border: 1px solid light-dark(#dedad0, #2c363c); }
.channels-maps td { min-width: 1.1rem; height: 1.45rem; padding: 0 0.2rem; border: 0; text-align: center;
  font-size: 0.68rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.channels-maps table.readable td { min-width: 2.1rem; }
</style>"""


def planes(weights: NDArray[np.float64], title: str) -> str:
    """Return a filter's planes side by side as HTML, in one scale of colours."""
    bound = float(np.abs(weights).max())
    grids = "".join(
        f"<figure>{grid(plane, bound, f'{title}, {name}')}<figcaption>{name} · sum {say(round(float(plane.sum()), 9))}"
        "</figcaption></figure>"
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
