"""What a filter likes: the training pictures, and the places in them, where its map is largest."""

from __future__ import annotations

import streamlit as st

from cnncore.whatif import top_patches
from pages.ui import inspect_html as html
from pages.ui.inspect_answer import fit_images, some_training_pictures
from pages.ui.inspect_network import Chosen
from pages.ui.inspect_source import Given
from pages.ui.state import PageState, Setting, memo, number, text
from pages.ui.words import number as say

COUNT = 12
SETTINGS: tuple[Setting, ...] = (text("like_layer", ""), number("like_filter", 0, 0, 63, "filter", whole=True))


def draw(state: PageState, chosen: Chosen, given: Given) -> None:
    """Draw the patches of one filter, and the filter itself where it is one that sees pixels."""
    layers = {
        plan.name: plan for plan in chosen.network.plan if len(plan.output_shape) == 3 and plan.kind == "activation"
    }
    if state["like_layer"] not in layers:
        state.settle(like_layer=next(iter(layers)))
    layer = state["like_layer"]
    filters = layers[layer].output_shape[0]
    if state["like_filter"] >= filters:
        state.settle(like_filter=0)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Layer", list(layers), key=state.key("like_layer"), width=170)
        st.number_input("Filter", 0, filters - 1, key=state.key("like_filter"), width=130)
    channel = int(state["like_filter"])
    indices = some_training_pictures(chosen)
    found = memo(
        "inspect.likes",
        (chosen.key, layer, channel),
        lambda: top_patches(chosen.network, layer, channel, fit_images(chosen, indices), COUNT),
    )
    shots = []
    for patch in found:
        name = chosen.dataset.classes[int(chosen.dataset.labels[indices[patch.picture]])]
        shots.append(
            html.figure(
                html.grey_uri(patch.pixels[0]),
                f"{say(patch.value)}, in a {name}",
                side=64,
                shape=(patch.pixels.shape[1], patch.pixels.shape[2]),
            )
        )
    st.html(html.row(shots))
    size = found[0].pixels.shape[1:]
    st.caption(
        f"Of {len(indices):,} training digits, the {len(found)} in which filter {channel} of {layer} answers most "
        f"strongly, each cut to the {size[0]} × {size[1]} pixels that its strongest cell sees, with that cell's number."
    )
    if found[0].value <= 0:
        st.caption("It never answers: on all of these digits its map is 0 everywhere.")
