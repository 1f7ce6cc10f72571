"""Why the network answers so: four explanations, each beside that of a network that has learned nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore import explain
from cnncore.network import Network
from pages.ui import inspect_html as html
from pages.ui.inspect_answer import probabilities
from pages.ui.inspect_network import Chosen
from pages.ui.inspect_source import Given
from pages.ui.state import PageState, Setting, memo, number, set_widget, text, widget
from pages.ui.words import literal
from pages.ui.words import number as say

PREDICTED = -1
SETTINGS: tuple[Setting, ...] = (
    number("target", PREDICTED, PREDICTED, 99, "class to explain", whole=True, shown=0),
    text("cam_layer", ""),
    number("window", 0, 0, 64, "window", whole=True, shown=1),
    number("window_stride", 1, 1, 16, "stride of the window", whole=True),
    number("random_seed", 1, 0, 9999, "seed of the random network", whole=True),
)
WORDS = {
    "Saliency": "How much each pixel, changed a little, would move the score (Simonyan et al. 2013).",
    "Gradient × input": "The same gradient, times the pixel. Red pixels speak for the class, blue ones against it.",
    "Grad-CAM": "Where the layer's maps hold evidence for the class (Selvaraju et al. 2017), enlarged to the picture.",
    "Occlusion": "Red: the probability falls when a window around this place is covered; blue: it rises "
    "(Zeiler and Fergus 2014).",
}
LEAST = {"Saliency": 1e-3, "Gradient × input": 1e-3, "Grad-CAM": 1e-6, "Occlusion": 1e-3}
"""Below this a map is nothing: a thousandth of the score or of the probability; of Grad-CAM, rounding."""

NOTHING = {
    "Saliency": "nothing; no pixel moves the score by a thousandth",
    "Gradient × input": "nothing; no pixel adds a thousandth to the score",
    "Grad-CAM": "nothing; taken together, these maps speak for the class at no place",
    "Occlusion": "nothing; no cover moves the probability by 0.1 %",
}


def target_of(state: PageState, chosen: Chosen, given: Given) -> int:
    """Return the class to explain: the one the person chose, or the one that the network reads."""
    if 0 <= state["target"] < len(chosen.classes):
        return int(state["target"])
    return int(np.argmax(probabilities(chosen, given)))


def cam_layers(chosen: Chosen) -> list[str]:
    """Return the layers whose maps Grad-CAM can weigh."""
    return [plan.name for plan in chosen.network.plan if len(plan.output_shape) == 3 and plan.kind != "dropout"]


def usual(chosen: Chosen) -> dict[str, Any]:
    """Return the layer and the window that this network is explained by, until the person chooses others."""
    last = next(name for name in reversed(cam_layers(chosen)) if name.startswith(("relu", "leaky", "tanh")))
    return {"cam_layer": last, "window": max(1, min(chosen.network.input_shape[1:]) // 4)}


def put_right(state: PageState, chosen: Chosen) -> list[str]:
    """Take out of the settings what the network does not have; return a sentence about each."""
    said = []
    target, count = state["target"], len(chosen.classes)
    if target >= count:
        state.settle(target=PREDICTED)
        said.append(f"There is no class number {target}: this network has {count}, counted from 0.")
    layer, layers = state["cam_layer"], cam_layers(chosen)
    if layer and layer not in layers:
        state.settle(cam_layer="")
        said.append(f"This network has no layer “{layer[:40]}” for Grad-CAM: it has {', '.join(layers)}.")
    window, side = state["window"], min(chosen.network.input_shape[1:])
    if window > side:
        state.settle(window=0)
        said.append(f"The occlusion window must lie between 1 and {side} for this network, not {window}.")
    return said


def draw(state: PageState, chosen: Chosen, given: Given) -> None:
    """Draw the explanations of one class, each beside the same of a random network."""
    names = ["What it reads", *chosen.classes]
    layers, side = cam_layers(chosen), min(chosen.network.input_shape[1:])
    settings = {**state.values(), **{name: state[name] or value for name, value in usual(chosen).items()}}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Class to explain",
            range(PREDICTED, len(chosen.classes)),
            format_func=lambda n: names[n - PREDICTED],
            key=state.key("target"),
            width=170,
        )
        key, take = _own(state, chosen, "cam_layer", settings["cam_layer"])
        st.selectbox("Grad-CAM on layer", layers, key=key, on_change=take, width=170)
        key, take = _own(state, chosen, "window", settings["window"])
        st.number_input("Occlusion window", 1, side, key=key, on_change=take, width=140)
        st.number_input("Its stride", 1, 16, key=state.key("window_stride"), width=140)
        st.number_input("Seed of the random network", 0, 9999, key=state.key("random_seed"), width=210)
    target = target_of(state, chosen, given)
    if state["off"]:
        st.caption("Explained is the whole network: the filters that are switched off under What if are on here.")
    name = chosen.classes[target]
    named = name if name.lower().startswith("class") else f"the class {name}"
    st.markdown(f"**For {literal(named)}**, of the network, and of one of the same shape with random weights")
    blank: Network = memo(
        "inspect.blank", (chosen.key, state["random_seed"]), lambda: chosen.network.reinitialised(state["random_seed"])
    )
    progress = st.empty()
    done = Progress(progress)
    columns = st.columns(4)
    asked = (chosen.key, given.key, target, settings["cam_layer"], settings["window"], settings["window_stride"])
    for column, (name, make) in zip(columns, _explanations(settings, target).items(), strict=True):
        found = memo(f"inspect.why.{name}", asked, partial(make, chosen.network, given.x, done))
        blank_key = (*asked, state["random_seed"])
        other = memo(f"inspect.why.{name}.blank", blank_key, partial(make, blank, given.x, done))
        with column:
            st.markdown(f"**{name}**")
            draw_map = partial(explained, settings, name, given.x[0, 0])
            st.html(html.row([draw_map(found, "this network"), draw_map(other, "random weights")]))
            st.caption(WORDS[name])
    progress.empty()
    st.caption(
        "The line is the digit's outline; each map has a scale of its own. Where the two maps of a pair look alike, "
        "the explanation shows the digit, not what was learned (Adebayo et al. 2018)."
    )


def _own(state: PageState, chosen: Chosen, name: str, value: Any) -> tuple[str, Callable[[], None]]:
    """Return the key of a field that shows `value`, and what takes over the person's own choice.

    A value that nobody chose follows the network, and stands in no link: it is no setting. Choosing it again by hand is
    the way back to that.
    """
    key = f"inspect.why.{name}.{'.'.join(cam_layers(chosen))}.{chosen.network.input_shape}"
    set_widget(key, value)

    def take() -> None:
        picked = widget(key)
        state.change(**{name: state.settings[name].default if picked == usual(chosen)[name] else picked})

    return key, take


class Progress:
    """Tells how many covers of the occlusion are done."""

    def __init__(self, place: Any) -> None:
        self._place = place

    def __call__(self, done: int, total: int) -> None:
        self._place.progress(done / total, f"Occlusion: {done:,} of {total:,} windows")


Explanation = Callable[[Network, NDArray[Any], Progress], NDArray[Any]]


def _explanations(settings: Mapping[str, Any], target: int) -> dict[str, Explanation]:
    layer, window, stride = settings["cam_layer"], settings["window"], settings["window_stride"]
    return {
        "Saliency": lambda network, x, done: explain.saliency(network, x, target)[0],
        "Gradient × input": lambda network, x, done: explain.gradient_times_input(network, x, target)[0],
        "Grad-CAM": lambda network, x, done: explain.grad_cam(network, x, target, layer=layer)[0],
        "Occlusion": lambda network, x, done: explain.occlusion(
            network, x, target, window=window, stride=stride, progress=done
        ),
    }


def explained(settings: Mapping[str, Any], name: str, digit: NDArray[Any], values: NDArray[Any], whose: str) -> str:
    """Return one map over the digit's outline, with its scale in words."""
    bound = float(np.abs(values).max(initial=0.0))
    nothing = bound < LEAST[name]
    signed = name in ("Gradient × input", "Occlusion")
    if name == "Grad-CAM":
        values = enlarged(values, digit.shape)
    elif name == "Occlusion":
        values = on_picture(values, digit.shape, settings["window"], settings["window_stride"])
    paint = html.signed_masks if signed else html.amount_masks
    uris = paint(values, max(bound, LEAST[name]))
    if nothing:
        words = f"{whose}: {NOTHING[name]}"
    else:
        words = f"{whose}, ±{say(bound)}" if signed else f"{whose}, 0 to {say(bound)}"
    return html.figure((*uris, html.outline(digit)), words, side=108, shape=digit.shape)


def on_picture(drops: NDArray[Any], shape: tuple[int, ...], window: int, stride: int) -> NDArray[Any]:
    """Return what covers did, each in the middle of its cover, in half pixels of the picture.

    Parameters
    ----------
    drops : ndarray, shape (OH, OW)
        Of a window of `window` pixels that moved by `stride`.
    shape : tuple of int
        Rows and columns of the picture.

    Returns
    -------
    ndarray, shape (2 * rows, 2 * columns)
        0 where no cover has its middle. A half pixel, since the middle of an even window lies between two.
    """
    side = min(window, stride)
    placed = np.zeros((2 * shape[0], 2 * shape[1]))
    for row, column in np.ndindex(drops.shape):
        top, left = (2 * stride * n + window - side for n in (row, column))
        placed[top : top + 2 * side, left : left + 2 * side] = drops[row, column]
    return placed


def enlarged(values: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return a map in the size of the picture, bilinear in between."""
    from PIL import Image

    picture = Image.fromarray(np.asarray(values, np.float32)).resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
    return np.asarray(picture)
