"""The equation of the Channels page: a small RGB patch through a filter, in each of the four ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import kernel_text, ops
from pages.ui import picks, pins
from pages.ui.channels_controls import (
    MOST,
    NAMES,
    OPTIONS,
    OWN,
    PICTURE,
    RANDOM,
    labels,
    the_filter,
    the_mix,
    typed_input,
)
from pages.ui.explorer import Edit, Pin, annotate, convolution, explorer, pixels
from pages.ui.explorer_data import Data
from pages.ui.picture_controls import Picture
from pages.ui.repair import make_or_last
from pages.ui.state import PageState
from pages.ui.words import number as written
from pages.ui.words import size as say_size

Grid = NDArray[np.float64]
FIRST = ("pointwise", "side", "filter", "input")
"""What is put back first where the settings do not go together."""


@dataclass(frozen=True, eq=False)
class Channels:
    """An RGB input, the filters over it, and what comes out in each of the four ways.

    Parameters
    ----------
    image : ndarray, shape (3, H, W)
    top, left : int
        Where it lies in the picture; 0 if it comes from none.
    weights : ndarray, shape (3, KH, KW)
        The standard filter; its planes are those of the depthwise one.
    mix : ndarray, shape (3, 1, 1)
        The 1 × 1 filter.
    bias : float
    """

    image: Grid
    top: int
    left: int
    weights: Grid
    mix: Grid
    bias: float
    outputs: dict[str, Grid]
    """For each operation its maps, shape (F, OH, OW)."""


def middle(values: dict[str, Any], shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the pixel in the middle of the patch: the one chosen, brought inside, or the picture's middle."""
    return picks.picked(values, shape)


def patch(values: dict[str, Any], picture: Picture) -> tuple[Grid, int, int]:
    """Return the patch round the chosen pixel, kept in the picture, shape (3, H, W), and its top and left."""
    side = values["side"]
    rows, columns = picture.rgb.shape[:2]
    row, column = middle(values, picture.rgb.shape)
    top = min(max(row - (side - 1) // 2, 0), max(rows - side, 0))
    left = min(max(column - (side - 1) // 2, 0), max(columns - side, 0))
    cut = picture.rgb[top : top + side, left : left + side]
    return cut.transpose(2, 0, 1).astype(np.float64), top, left


def compute(values: dict[str, Any], picture: Picture) -> Channels:
    """Return what the settings describe. Raises ValueError with a sentence."""
    image, top, left = patch(values, picture) if values["input"] == PICTURE else (typed_input(values), 0, 0)
    weights, mix = the_filter(values), the_mix(values)
    if any(k > n for k, n in zip(weights.shape[1:], image.shape[1:], strict=True)):
        raise ValueError(
            f"The filter is {say_size(*weights.shape[1:])} pixels, but the input has only {say_size(*image.shape[1:])}."
        )
    x, bias = image[None], np.array([values["bias"]])
    apart = ops.conv2d(x, weights[:, None], groups=3)
    outputs = {
        "standard": ops.conv2d(x, weights[None], bias),
        "depthwise": ops.conv2d(x, weights[:, None], np.repeat(bias, 3), groups=3),
        "pointwise": ops.conv2d(x, mix[None], bias),
        "separable": ops.conv2d(apart, mix[None], bias),
    }
    return Channels(image, top, left, weights, mix, values["bias"], {name: y[0] for name, y in outputs.items()})


def compute_or_last(
    state: PageState, values: dict[str, Any], picture: Picture, complaints: list[str]
) -> tuple[Channels, dict[str, Any]]:
    """Return what the settings describe, and them; if it cannot be drawn say why, and return the last that could."""
    found, drawn = make_or_last(
        state,
        values,
        complaints,
        lambda attempt: compute(attempt, picture),
        first=FIRST,
        labels=labels(values),
        options=OPTIONS,
        instead={"input": RANDOM},  # the picture may be smaller than any window
    )
    if drawn is values:
        pins.drop_lost(state, [found.outputs[values["operation"]].shape], complaints)
    return found, drawn


def equation(values: dict[str, Any], found: Channels) -> Data:
    """Return the explorer's data of the chosen operation."""
    operation = values["operation"]
    high = 255.0 if values["input"] == PICTURE else max(9.0, float(found.image.max()))
    words: dict[str, Any] = {"names": list(NAMES)}
    if (found.image >= 0).all():
        words["scale"] = pixels(0, high)
    output: dict[str, Any] = {"title": "Map"}
    editable = ["input", "kernel"]
    if operation == "standard":
        data = convolution(found.image, found.weights, bias=found.bias)
    elif operation == "depthwise":
        data = convolution(found.image, found.weights, bias=found.bias, depthwise=True)
        output["names"] = [f"{name} map" for name in NAMES]
    elif operation == "pointwise":
        data = convolution(found.image, found.mix, bias=found.bias)
    else:
        # The second step: the first is the depthwise equation without its bias.
        first = ops.conv2d(found.image[None], found.weights[:, None], groups=3)[0]
        data = convolution(first, found.mix, bias=found.bias)
        words = {"names": [f"{name[0]} map" for name in NAMES]}
        editable = ["kernel"]
    title = "Filter" if operation == "standard" else "Kernel" if operation == "depthwise" else "Weight"
    pin = pins.read(values["pin"])
    return annotate(data, input=words, kernel={"title": title}, output=output, pinned=pin, editable=editable)


def draw(state: PageState, values: dict[str, Any], found: Channels) -> None:
    """Draw the equation."""

    def take_pin(pin: Pin | None) -> None:
        state.change(pin=pins.write(pin))

    def take_edit(edit: Edit) -> None:
        on_mix = edit.where == "kernel" and values["operation"] in ("pointwise", "separable")
        changed = (found.image if edit.where == "input" else found.mix if on_mix else found.weights).copy()
        changed[edit.channel, edit.row, edit.column] = edit.value
        written = kernel_text.format_kernel(changed, most=MOST)
        if edit.where == "input":
            state.change(input=OWN, numbers=written)
        elif on_mix:
            state.change(pointwise=written.replace("|", " "))
        else:
            state.change(filter=OWN, weights=written)

    explorer(equation(values, found), key="channels-grid", on_pin=take_pin, on_edit=take_edit)


def say(values: dict[str, Any], found: Channels) -> None:
    """Say what to notice in the equation, and where its input is from."""
    st.markdown(sentence(values["operation"], found))
    if values["input"] == PICTURE:
        rows, columns = found.image.shape[1:]
        st.caption(
            f"The patch: rows {found.top} to {found.top + rows - 1} of your picture, columns {found.left} to "
            f"{found.left + columns - 1}; each number from 0 to 255."
        )


def sentence(operation: str, found: Channels) -> str:
    """Say what the operation does, with its numbers."""
    rows, columns = found.weights.shape[1:]
    bias = written(found.bias)
    if operation == "standard":
        return (
            f"One filter is a block of 3 × {rows} × {columns} weights, one plane for each channel: "
            f"{3 * rows * columns} products, one sum over **all** channels, one bias ({bias}), **one** map."
        )
    if operation == "depthwise":
        return (
            "Filtering red, green and blue apart is a **depthwise** convolution: nothing is summed over the channels, "
            f"so 3 channels stay 3 maps, each with its own bias ({bias} here)."
        )
    if operation == "pointwise":
        return (
            "A **1 × 1** convolution sees one pixel and no neighbours: it sums over the channels with one weight for "
            f"each, and adds its bias ({bias}). Weights of 0.2989, 0.587 and 0.114 would make grey."
        )
    return (
        f"**Depthwise separable**: first each channel under its own {rows} × {columns} kernel, without a bias, then a "
        f"1 × 1 over the three maps, which you see here, and one bias ({bias}). One such map is what a standard filter "
        "with the planes times these weights gives; it saves only where many maps share the first step."
    )
