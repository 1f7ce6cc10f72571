"""Parameters and multiply-adds of the four convolutions, as formulae with the person's numbers in them."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from cnncore.counting import Cost, convolution_cost, depthwise_cost, pointwise_cost, separable_cost
from cnncore.geometry import output_size
from pages.ui.picture_controls import Picture
from pages.ui.state import PageState, Setting, number
from pages.ui.words import number as say
from pages.ui.words import size as say_size

MOST = 4096
SETTINGS: tuple[Setting, ...] = (
    number("channels", 3, 1, MOST, "number of channels", whole=True),
    number("filters", 64, 1, MOST, "number of filters", whole=True),
    number("window", 3, 1, 15, "size of the window", whole=True),
    number("stride", 1, 1, 8, "stride", whole=True),
)


@dataclass(frozen=True)
class Layer:
    """The sizes that decide what a layer costs."""

    channels: int
    filters: int
    kernel: tuple[int, int]
    out: tuple[int, int]


@dataclass(frozen=True)
class Counted:
    """What one operation costs, and how that comes about."""

    cost: Cost
    maps: int
    parameters: str
    multiply_adds: str


def times(*factors: int) -> str:
    """Write a product of whole numbers.

    >>> times(64, 3, 1000)
    '64 × 3 × 1,000'
    """
    return " × ".join(f"{factor:,}" for factor in factors)


def count(layer: Layer) -> dict[str, Counted]:
    """Return for each operation what it costs, and the formulae with the numbers in them."""
    c, f, kernel, out = layer.channels, layer.filters, layer.kernel, layer.out
    standard, depthwise = convolution_cost(c, f, kernel, out), depthwise_cost(c, kernel, out)
    pointwise, separable = pointwise_cost(c, f, out), separable_cost(c, f, kernel, out)
    size = times(*out)
    return {
        "standard": Counted(standard, f, f"{times(f, c, *kernel)} + {f:,}", f"{size} outputs × {times(f, c, *kernel)}"),
        "depthwise": Counted(depthwise, c, f"{times(c, *kernel)} + {c:,}", f"{size} outputs × {times(c, *kernel)}"),
        "pointwise": Counted(pointwise, f, f"{times(f, c)} + {f:,}", f"{size} outputs × {times(f, c)}"),
        "separable": Counted(
            separable,
            f,
            f"{times(c, *kernel)} + {times(f, c)} + {f:,}",
            f"{size} outputs × ({times(c, *kernel)} + {times(f, c)})",
        ),
    }


def exact(value: int) -> str:
    """Write a whole number in full, thousands separated; `words.number` would shorten a large one.

    >>> exact(86704128)
    '86,704,128'
    """
    return f"{value:,}"


TITLES = {
    "standard": "Standard",
    "depthwise": "Depthwise",
    "pointwise": "1 × 1",
    "separable": "Depthwise separable",
}


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
.channels-cards dd { margin: 0; padding: 0; min-width: 0; overflow-wrap: anywhere; }
.channels-maps { display: flex; flex-wrap: wrap; gap: 0.7rem; }
.channels-maps figure { margin: 0; }
.channels-maps table { border-collapse: collapse; margin: 0; border: 1px solid light-dark(#dedad0, #2c363c); }
.channels-maps td { height: 1.45rem; padding: 0 0.2rem; border: 0; text-align: center;
  font-size: 0.68rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.channels-maps table.readable td { min-width: 2.1rem; }
.channels-maps table.small td { min-width: 0.95rem; height: 0.95rem; padding: 0; }
</style>"""


def card(title: str, found: Counted, below: str = "") -> str:
    """Return one operation as HTML: its name, how many maps it makes, its formulae, and what stands below them."""
    numbers = "".join(
        f"<div><dt>{what}</dt><dd>{formula} = <b>{exact(total)}</b></dd></div>"
        for what, formula, total in (
            ("Parameters", found.parameters, found.cost.parameters),
            ("Multiply-adds", found.multiply_adds, found.cost.multiply_adds),
        )
    )
    maps = "1 map" if found.maps == 1 else f"{found.maps:,} maps"
    return f"<section><h4>{title}<span>{maps}</span></h4><dl>{numbers}</dl>{below}</section>"


def cards(layer: Layer) -> str:
    """Return the costs of all four as HTML."""
    made = "".join(card(TITLES[name], found) for name, found in count(layer).items())
    return f'{STYLE}<div class="channels-cards">{made}</div>'


def comparison(layer: Layer) -> str:
    """Say what share of a standard convolution's multiply-adds a separable one has."""
    found = count(layer)
    standard, separable = found["standard"].cost.multiply_adds, found["separable"].cost.multiply_adds
    rows, columns = layer.kernel
    share = separable / standard
    verdict = (
        "the same"
        if share == 1
        else "fewer"
        if share < 1
        else "more: with so few maps, or so small a window, it does not pay"
    )
    return (
        f"Separable against standard: 1 / {layer.filters:,} + 1 / ({rows} × {columns}) = {say(share)} of the "
        f"multiply-adds ({verdict})."
    )


def draw(state: PageState, picture: Picture) -> None:
    """Draw the sizes to choose, and what the four convolutions cost on the person's picture."""
    with st.container(horizontal=True):
        st.number_input("Channels in", 1, MOST, key=state.key("channels"), width=140)
        st.number_input("Filters", 1, MOST, key=state.key("filters"), width=140)
        st.number_input("Window", 1, 15, key=state.key("window"), width=140, help="Rows and columns.")
        st.number_input("Stride", 1, 8, key=state.key("stride"), width=140)
    rows, columns = picture.rgb.shape[:2]
    k, s = state["window"], state["stride"]
    out = tuple(output_size(n, k, stride=s, padding="same") for n in (rows, columns))
    layer = Layer(state["channels"], state["filters"], (k, k), (out[0], out[1]))
    st.html(cards(layer))
    st.markdown(comparison(layer))
    size = say_size(*out)
    given = size if s == 1 else f"⌈{rows:,} / {s}⌉ × ⌈{columns:,} / {s}⌉ = {size}"
    st.caption(
        f"Your picture has {say_size(rows, columns)} pixels; with “same” padding each map has {given} numbers, the "
        "outputs above. A multiply-add is one weight times one number, added to the "
        "sum; adding a bias is none. The separable one has no bias between its two steps, as in Keras."
    )
