"""A small app for the browser tests: one explorer, chosen by the address (?case=...)."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.ui.explorer import (
    Edit,
    Pin,
    annotate,
    convolution,
    cross_channel_pooling,
    explorer,
    global_pooling,
    pixels,
    pooling,
    transposed_convolution,
    worked_example,
)
from pages.ui.state import recall, remember

RAMP = np.arange(49.0).reshape(7, 7)


def noise(*shape: int, seed: int = 0) -> Any:
    return np.round(np.random.default_rng(seed).random(shape), 2)


def weights(*shape: int, seed: int = 1) -> Any:
    return np.round(np.random.default_rng(seed).normal(size=shape), 1)


def sentence() -> dict[str, Any]:
    """One-hot letters of a short text, and a detector of "cat"."""
    text, letters = "the cat sat on the catalogue", sorted(set("the cat sat on the catalogue"))
    hot = np.array([[float(letter == symbol) for symbol in text] for letter in letters])
    detector = np.array([[float(letter == symbol) for symbol in "cat"] for letter in letters])
    shown = ["␣" if letter == " " else letter for letter in letters]
    data = convolution(hot, detector)
    return annotate(
        data,
        input={"title": "One-hot text", "row_labels": shown, "column_labels": list(text.replace(" ", "␣"))},
        kernel={"title": "Detector of “cat”", "row_labels": shown},
        output={"title": "Feature map"},
    )


CASES: dict[str, Any] = {
    "home": lambda: worked_example(autoplay=False),
    "autoplay": worked_example,
    "rgb": lambda: annotate(
        convolution(noise(3, 6, 6), weights(3, 3, 3), bias=0.5, padding=1),
        input={"names": ["Red", "Green", "Blue"], "scale": pixels(), "decimals": 2},
    ),
    "large": lambda: annotate(
        convolution(noise(3, 16, 16), weights(3, 3, 3), bias=-0.1),
        input={"names": ["Red", "Green", "Blue"], "scale": pixels()},
    ),
    "sixteen": lambda: annotate(
        convolution(noise(16, 16), weights(3, 3), padding="same"), input={"scale": pixels()}, pinned=[0, 4, 5]
    ),
    "stride": lambda: convolution(noise(8, 8), weights(3, 3), stride=3, padding=((0, 0), (1, 0)), bias=0.25),
    "reflect": lambda: annotate(
        convolution(noise(6, 6), weights(3, 3), padding=((1, 2), (2, 1)), border="reflect", dilation=2, flip=True),
        input={"scale": pixels()},
    ),
    "transposed": lambda: transposed_convolution(noise(4, 4), weights(3, 3), stride=2),
    "bigout": lambda: transposed_convolution(noise(13, 13), weights(4, 4), stride=3),
    "full": lambda: convolution(noise(16, 16), weights(7, 7), padding="full"),
    "max": lambda: pooling(RAMP, 3, stride=2, padding=1, ceil_mode=True),
    "average": lambda: pooling(RAMP, 2, kind="average", stride=3, ceil_mode=True),
    "padded_average": lambda: pooling(RAMP, 3, kind="average", stride=2, padding=1),
    "maxrgb": lambda: pooling(noise(3, 4, 4), 2),
    "global": lambda: global_pooling(noise(2, 8, 8), kind="average"),
    "across": lambda: annotate(
        cross_channel_pooling(noise(3, 4, 4)), input={"names": ["Red", "Green", "Blue"], "scale": pixels()}
    ),
    "text": sentence,
    "strange": lambda: convolution([[np.nan, 1.0, 2.0], [np.inf, 1e-9, -12345.678], [1.0, 2.0, 3.0]], [[1.0, -0.5]]),
    "nan_weight": lambda: convolution(noise(3, 3), [[np.nan, 1.0]], bias=np.inf),
    "depthwise": lambda: convolution(noise(3, 5, 5), weights(3, 3, 3), depthwise=True),
}


GALLERY = (
    *("home", "rgb", "stride", "reflect", "transposed", "max", "average", "padded_average", "maxrgb", "across"),
    *("depthwise", "sixteen", "bigout", "global", "text"),
)


def own() -> dict[str, Any]:
    """A grid and a kernel that a person changes in place."""
    image, kernel = recall("image"), recall("kernel")
    return annotate(
        convolution(noise(4, 4) if image is None else image, np.eye(2) if kernel is None else kernel, padding=1),
        editable=["input", "kernel"],
        pinned=recall("pin"),
    )


def take_pin(pin: Pin | None) -> None:
    remember("pin", pin)


def take_edit(edit: Edit) -> None:
    grid = recall(edit.where)
    grid = np.array((noise(4, 4) if edit.where == "input" else np.eye(2)) if grid is None else grid)
    grid[edit.row, edit.column] = edit.value
    remember("image" if edit.where == "input" else "kernel", grid)


st.set_page_config(layout="wide")
name = st.query_params.get("case", "home")
if "runs" not in st.session_state:
    st.session_state.runs = 0
st.session_state.runs += 1
for complaint in st.session_state.pop("complaints", []):
    st.error(complaint)
if name == "tabs":
    first, second = st.tabs(["First", "Second"])
    first.write("Nothing here.")
    with second:
        explorer(CASES["home"](), key="hidden")
elif name == "changing":
    more = st.checkbox("One row more, another bias")  # the windows stay where they are
    image = noise(8, 7)
    explorer(convolution(image if more else image[:7], weights(3, 3), stride=3, bias=2.0 if more else 1.0), key=name)
elif name == "gallery":
    for each in GALLERY:
        explorer(CASES[each](), key=each)
else:
    explorer(own() if name == "own" else CASES[name](), key=name, on_pin=take_pin, on_edit=take_edit)
st.text(f"runs {st.session_state.runs}, pin {recall('pin')}")
