"""The answer: how the picture was made ready, what the network reads in it, and which known digits are nearest."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.datasets import split
from cnncore.whatif import features, nearest
from pages.ui import inspect_html as html
from pages.ui.inspect_network import Chosen, bundled
from pages.ui.inspect_source import Given
from pages.ui.state import PageState, memo
from pages.ui.words import literal
from pages.ui.words import number as say

NEIGHBOURS = 6
MOST_KNOWN = 2500
"""Training pictures whose features are kept: enough to find good neighbours, and few enough for a hundred people."""


def probabilities(chosen: Chosen, given: Given) -> NDArray[Any]:
    """Return the probability of each class."""
    found: NDArray[Any] = memo(
        "inspect.probabilities", (chosen.key, given.key), lambda: chosen.network.predict_proba(given.x)[0]
    )
    return found


def draw_given(state: PageState, given: Given) -> None:
    """Draw the picture as it was given, where no canvas shows it already."""
    if state["source"] == "draw":
        if given.label is not None:
            st.caption("Draw a digit here. Until then, test digits are read.")
        return
    first = np.asarray(next(iter(given.stages.values()), given.x[0, 0]))
    plane = first.mean(axis=2) if first.ndim == 3 else first
    words = given.title if given.stages else f"{given.title}, as it stands in the test set: nothing to prepare"
    shot = html.figure(_grey(plane), words, side=240, shape=plane.shape)
    st.html(html.row([shot]))


def draw_stages(state: PageState, given: Given) -> None:
    """Draw every step from the picture as given to what the network reads."""
    if not given.stages and state["source"] != "draw":
        return  # it stands above, and nothing was done to it
    shots = []
    for name, values in given.stages.items():
        plane = np.asarray(values, np.float32)
        plane = plane[0, 0] if plane.ndim == 4 else plane.mean(axis=2) if plane.ndim == 3 else plane
        rows, columns = plane.shape
        shots.append(html.figure(_grey(plane), f"{rows} × {columns}", strong=name.capitalize(), shape=plane.shape))
    if not shots:
        rows, columns = given.x.shape[2:]
        words = f"{rows} × {columns}, as it stands in the test set: nothing to prepare"
        shots = [html.figure(html.grey_uri(given.x[0, 0]), words, strong=f"{given.title}.", side=84)]
    with st.container(gap="small", key="inspect-stages"):
        st.html(html.row(shots))
        if given.notes:
            st.caption(literal(" ".join(given.notes)))


def _grey(plane: NDArray[Any]) -> str:
    return html.grey_uri(plane, 0, 255.0 if plane.max(initial=0) > 1.5 else 1.0)


def draw_answer(chosen: Chosen, given: Given) -> None:
    """Draw the probabilities."""
    shares = probabilities(chosen, given)
    best = int(np.argmax(shares))
    share = html.percent(float(shares[best])).replace(" ", "\u00a0")
    said = f"The network reads {literal(chosen.classes[best])}, with {share}."
    if given.label is not None:
        known = literal(chosen.dataset.classes[given.label])
        said += f" It is {known}." if best == given.label else f" It is {known}: a mistake."
    st.markdown(f"**{said}**")
    st.html(html.bars(shares, chosen.classes, right=given.label))


def draw_neighbours(chosen: Chosen, given: Given) -> None:
    """Draw the training digits that are nearest in the last layer's features."""
    known, indices = _known(chosen)
    own = features(chosen.network, given.x)
    found, distances = nearest(known, own, NEIGHBOURS)
    shots = [
        html.figure(
            html.grey_uri(chosen.dataset.images[indices[place], 0]),
            f"distance {say(float(distance))}",
            strong=chosen.dataset.classes[int(chosen.dataset.labels[indices[place]])],
            side=56,
        )
        for place, distance in zip(found, distances, strict=True)
    ]
    st.html(html.row(shots))
    st.caption(
        f"Nearest of {len(indices):,} training digits, by the {known.shape[1]} numbers that the last layer before the "
        "answer makes of each."
    )


Known = tuple[NDArray[Any], NDArray[Any]]


def _known(chosen: Chosen) -> Known:
    """Return the features of training pictures, and which pictures they are."""
    if chosen.key[0] == "bundled":
        return _known_by_bundled(chosen.key[1])
    made: Known = memo("inspect.known", chosen.key, lambda: _look_at_known(chosen))
    return made


@cache
def _known_by_bundled(name: str) -> Known:
    """The same for everybody, so it is computed once on a server."""
    return _look_at_known(bundled(name))


def _look_at_known(chosen: Chosen) -> Known:
    indices = some_training_pictures(chosen)
    return features(chosen.network, fit_images(chosen, indices)), indices


def some_training_pictures(chosen: Chosen) -> NDArray[Any]:
    """Return which training pictures are looked at: all of them, or as many as a page can wait for."""
    indices = split(chosen.dataset.labels).train
    if len(indices) <= MOST_KNOWN:
        return indices
    return np.sort(np.random.default_rng(11).permutation(indices)[:MOST_KNOWN])


def digits_on_offer(chosen: Chosen) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the test pictures in the size that the network takes, and their labels."""
    indices = split(chosen.dataset.labels).test
    return fit_images(chosen, indices), chosen.dataset.labels[indices]


def fit_images(chosen: Chosen, indices: NDArray[Any]) -> NDArray[Any]:
    """Return pictures of the set in the size that the network takes."""
    from pages.ui.inspect_source import fitted

    images = chosen.dataset.images[indices]
    if images.shape[1:] == chosen.network.input_shape:
        return images
    return np.concatenate([fitted(np.ascontiguousarray(x[None]), chosen.network.input_shape) for x in images])
