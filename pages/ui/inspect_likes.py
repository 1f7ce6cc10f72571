"""What a filter likes: the training pictures, and the places in them, where its map is largest."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.whatif import TopPatch, all_top_patches
from pages.ui import inspect_html as html
from pages.ui.figures import DARK, LIGHT
from pages.ui.inspect_answer import fit_images, some_training_pictures
from pages.ui.inspect_network import Chosen
from pages.ui.inspect_source import Given
from pages.ui.state import PageState, Setting, memo, number, set_widget, text, widget
from pages.ui.words import number as say

COUNT = 12
SEEN = 3
"""Of the places that a filter likes, those that are seen of every filter at a glance."""
SIDE = 64  # CSS pixels
SETTINGS: tuple[Setting, ...] = (text("like_layer", ""), number("like_filter", 0, 0, 63, "filter", whole=True))


def likeable(chosen: Chosen) -> dict[str, int]:
    """Return how many filters each layer has whose likings can be shown."""
    return {
        plan.name: plan.output_shape[0]
        for plan in chosen.network.plan
        if len(plan.output_shape) == 3 and plan.kind == "activation"
    }


def put_right(state: PageState, chosen: Chosen) -> list[str]:
    """Take out of the settings what the network does not have; return a sentence about each."""
    said = []
    layers = likeable(chosen)
    if state["like_layer"] and state["like_layer"] not in layers:
        said.append(
            f"This network has no layer “{state['like_layer'][:40]}” with filters that like something: "
            f"it has {', '.join(layers)}."
        )
        state.settle(like_layer="")
    layer = state["like_layer"] or next(iter(layers))
    if state["like_filter"] >= layers[layer]:
        said.append(f"{layer} has no filter {state['like_filter']}: it has {layers[layer]}, counted from 0.")
        state.settle(like_filter=0)
    return said


def draw(state: PageState, chosen: Chosen, given: Given) -> None:
    """Draw the patches of one filter, and the filter itself where it is one that sees pixels."""
    layers = likeable(chosen)
    layer = state["like_layer"] or next(iter(layers))
    key = f"inspect.likes.layer.{'.'.join(layers)}"
    set_widget(key, layer)

    def take() -> None:  # what nobody chose follows the network, and stands in no link
        picked = str(widget(key))
        kept = state["like_filter"] if state["like_filter"] < layers.get(picked, 0) else 0
        state.change(like_layer="" if picked == next(iter(layers)) else picked, like_filter=kept)

    st.selectbox("Layer", list(layers), key=key, on_change=take, width=170)
    channel = int(state["like_filter"])
    indices = some_training_pictures(chosen)
    of_all = memo(
        "inspect.likes",
        (chosen.key, layer),
        lambda: all_top_patches(chosen.network, layer, fit_images(chosen, indices), COUNT),
    )
    _choice(state, chosen, given, layer, of_all)
    found = of_all[channel]
    own = _filter(chosen, channel) if layer == next(iter(layers)) else []
    st.html(html.row([*own, *_patches(chosen, found, indices)]))
    size = found[0].pixels.shape[1:]
    st.caption(
        f"Of {len(indices):,} training digits, the {len(found)} in which filter {channel} of {layer} answers most "
        f"strongly: the digit, a frame around the {size[0]} × {size[1]} pixels that its strongest cell sees, those "
        "pixels enlarged, and that cell's number."
    )
    if found[0].value <= 0:
        st.caption("It never answers: on all of these digits its map is 0 everywhere.")


def _choice(state: PageState, chosen: Chosen, given: Given, layer: str, of_all: list[list[TopPatch]]) -> None:
    """Draw every filter of a layer small, its map of the picture and what it likes most; one of them is chosen."""
    colours = DARK if st.context.theme.type == "dark" else LIGHT
    maps = memo("inspect.maps", (chosen.key, given.key), lambda: chosen.network.activations(given.x))[layer][0]
    bound, signed = float(np.abs(maps).max(initial=0.0)), bool((maps < 0).any())

    def strip(plane: NDArray[Any], best: list[TopPatch]) -> str:
        own = html.opaque_levels(plane, bound, colours, signed=signed)
        return html.strip_uri([own, *(html.grey_levels(patch.pixels[0]) for patch in best[:SEEN])], colours)

    shots = [strip(plane, best) for plane, best in zip(maps, of_all, strict=True)]
    key = f"inspect.likes.filter.{layer}.{len(shots)}"
    set_widget(key, int(state["like_filter"]))

    def take() -> None:
        state.change(like_filter=int(widget(key) or 0))

    with st.container(key="strips-likes"):
        st.pills(
            f"Filter: its map of this picture, and the {SEEN} places it likes most",
            range(len(shots)),
            format_func=lambda n: f"![]({shots[n]}) {n}",
            key=key,
            required=True,
            on_change=take,
            wrap=True,
        )


def _filter(chosen: Chosen, channel: int) -> list[str]:
    """Return a picture of a filter of the first layer itself: its weights lie on pixels."""
    weights = chosen.network.parameters()["conv1.weight"][channel].mean(axis=0)
    bound = float(np.abs(weights).max(initial=0.0))
    masks = html.signed_masks(weights, bound)
    return [
        html.figure(masks, f"its weights, ±{say(bound)}", strong=f"Filter {channel}", side=SIDE, shape=weights.shape)
    ]


def _patches(chosen: Chosen, found: list[TopPatch], indices: NDArray[Any]) -> list[str]:
    """Return each digit with a frame where the filter answers most, and what stands in the frame beside it."""
    rows, columns = chosen.network.input_shape[1:]
    shots = []
    for patch, value in zip(found, html.alike([patch.value for patch in found]), strict=True):
        index = indices[patch.picture]
        name = chosen.dataset.classes[int(chosen.dataset.labels[index])]
        (top, bottom), (left, right) = patch.field
        shots.append(
            html.figure(
                html.grey_uri(fit_images(chosen, index[None])[0, 0]),
                f"{value}, in {f'a {name}' if name.isdigit() else f'“{name}”'}",
                side=SIDE,
                shape=(rows, columns),
                mark=(top / rows, left / columns, (bottom + 1) / rows, (right + 1) / columns),
                beside=html.drawn(html.grey_uri(patch.pixels[0]), SIDE, patch.pixels.shape[1:]),
            )
        )
    return shots
