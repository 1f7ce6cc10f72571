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


def table(layer: Layer) -> str:
    """Return the counts as a Markdown table."""
    lines = ["| Convolution | Maps | Parameters (weights + biases) | Multiply-adds |", "| --- | --- | --- | --- |"]
    for name, found in count(layer).items():
        lines.append(
            f"| **{TITLES[name]}** | {found.maps:,} | {found.parameters} = **{exact(found.cost.parameters)}** "
            f"| {found.multiply_adds} = **{exact(found.cost.multiply_adds)}** |"
        )
    return "\n".join(lines)


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
    st.markdown(table(layer))
    st.markdown(comparison(layer))
    size = say_size(*out)
    given = size if s == 1 else f"⌈{rows:,} / {s}⌉ × ⌈{columns:,} / {s}⌉ = {size}"
    st.caption(
        f"Your picture has {say_size(rows, columns)} pixels; with “same” padding each map has {given} numbers, the "
        "outputs above. A multiply-add is one weight times one number, added to the "
        "sum; adding a bias is none. The separable one has no bias between its two steps, as in Keras."
    )
