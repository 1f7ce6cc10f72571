"""The answer: how the picture was made ready, what the network reads in it, and which known digits are nearest."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.blas import OneThread
from cnncore.datasets import split
from cnncore.whatif import features, nearest
from pages.ui import inspect_canvas
from pages.ui import inspect_html as html
from pages.ui.inspect_network import Chosen, bundled
from pages.ui.inspect_source import STEP_OF, STEPS, Given
from pages.ui.state import PageState, memo
from pages.ui.words import size

NEIGHBOURS = 6
MOST_KNOWN = 2500
"""Training pictures whose features are kept: enough to find good neighbours, and few enough for a hundred people."""


def probabilities(chosen: Chosen, given: Given) -> NDArray[Any]:
    """Return the probability of each class."""

    def read() -> NDArray[Any]:
        with OneThread():  # or, where other threads are at work, a product of one small picture waits for the second
            return chosen.network.predict_proba(given.x)[0]

    found: NDArray[Any] = memo("inspect.probabilities", (chosen.key, given.key), read)
    return found


def draw_given(state: PageState, given: Given) -> None:
    """Draw the picture as it was given, where no canvas shows it already."""
    if state["source"] == "draw":
        inspect_canvas.buttons()
        st.caption(_below_canvas(given))
        return
    if given.refused is not None:
        pixels, words = given.refused.pixels, f"{given.refused.name}, as given: nothing can be read in it"
        shot = html.figure(html.picture_uri(pixels), words, side=252, shape=pixels.shape)
    elif given.stages:
        shot = html.figure(html.picture_uri(given.raw), given.title, side=252, shape=given.raw.shape)
    else:
        words = f"{given.title}, as it stands in the test set: nothing to prepare"
        shot = html.figure(html.grey_uri(given.raw[0, 0]), words, side=252, shape=given.raw.shape[2:])
    st.html(html.row([shot]))


def _below_canvas(given: Given) -> str:
    if given.stages:
        return "Draw on, or take strokes back."
    stands_in = f"{given.title} stands in."
    return f"Draw a digit here. {stands_in}" if given.refused is None else f"Nothing to read in it. {stands_in}"


def draw_stages(state: PageState, given: Given) -> None:
    """Draw every step from the picture as given to what the network reads; before the first stroke, their places."""
    if not given.stages and state["source"] == "draw":
        names = ["Given", *STEPS.values(), "Final"]
        shots = [html.figure((), "", strong=name, side=76, faint=True) for name in names]
        with st.container(gap="small", key="inspect-stages"):
            st.html(html.row(shots, "What you draw is made ready in these steps."))
        return
    if not given.stages:
        return  # nothing was done to what is read: it stands above
    shots = []
    for name, values in given.stages.items():
        uri = html.picture_uri(given.raw) if name == "given" else html.grey_uri(values)  # given: in its own colours
        step = STEP_OF.get(name, name)
        left_out = step in given.skip
        words = "left out" if left_out else size(*values.shape)
        title = STEPS.get(step, name.capitalize())
        shots.append(html.figure(uri, words, strong=title, side=76, shape=values.shape, faint=left_out))
    with st.container(gap="small", key="inspect-stages"):
        st.html(html.row(shots, " ".join(given.notes)))


def headline(chosen: Chosen, shares: NDArray[Any]) -> str:
    """Return in a sentence what a network reads, and how surely."""
    return f"{chosen.title} {verdict(chosen, shares)}."


def verdict(chosen: Chosen, shares: NDArray[Any]) -> str:
    """Return what a network reads, and how surely, as words that follow its name."""
    best = int(np.argmax(shares))
    share = html.percent(float(shares[best]))
    return f"reads {chosen.classes[best]}, with {share}"


def answer(chosen: Chosen, given: Given, off: int = 0) -> str:
    """Return what the network reads, and the probabilities; `off` filters are switched off elsewhere on the page."""
    shares = probabilities(chosen, given)
    best = int(np.argmax(shares))
    said = headline(chosen, shares)
    if given.label is not None:
        known = chosen.dataset.classes[given.label]
        said += f" It is {known}." if best == given.label else f" It is {known}: a mistake."
    words = "Your picture, made ready." if given.stages else f"{given.title}."
    if off:
        words = f"With all its filters; {off} {'is' if off == 1 else 'are'} switched off below (What if)."
    reading = html.reading(html.grey_uri(given.x[0, 0]), given.x.shape[2:], said, words)
    return reading + html.bars(shares, chosen.classes, right=given.label)


def draw_neighbours(chosen: Chosen, given: Given) -> None:
    """Draw the training digits that are nearest in the last layer's features."""
    known, indices = _known(chosen)
    own = features(chosen.network, given.x)
    found, distances = nearest(known, own, NEIGHBOURS)
    shots = [
        html.figure(
            html.grey_uri(chosen.dataset.images[indices[place], 0]),
            f"distance {distance}",
            strong=chosen.dataset.classes[int(chosen.dataset.labels[indices[place]])],
            side=56,
        )
        for place, distance in zip(found, html.alike(distances.tolist()), strict=True)
    ]
    st.markdown("**Nearest training digits**")
    st.html(html.row(shots))
    st.caption(
        f"Of {len(indices):,}, by the {known.shape[1]:,} numbers that the last layer before the answer makes of each."
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
