"""What the Inspect page reads: a drawing, a photograph, an upload, or a test digit; and how it was made ready."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.datasets import split
from cnncore.handwriting import STAGES, prepare
from cnncore.images import ImageError, decode
from pages.ui.inspect_network import Chosen
from pages.ui.state import PageState, Setting, choice, memo, number, recall, remember, set_widget, text, touch, widget
from pages.ui.uploads import new_file
from pages.ui.words import literal

SOURCES = {"test": "A test digit", "draw": "Draw one", "upload": "Upload a picture", "camera": "Take a photograph"}
CANVAS = 252  # CSS pixels
STROKE = 20
LARGEST_DRAWING = 4_000_000  # characters of a drawing that came from the browser

SETTINGS: tuple[Setting, ...] = (
    choice("source", "draw", list(SOURCES), "input"),
    number("digit", 0, 0, 10**6, "number of the test digit", whole=True),
    text("skip", ""),
)


@dataclass(frozen=True, eq=False)
class Given:
    """A picture on its way into the network.

    Parameters
    ----------
    title : str
    x : ndarray of float32, shape (1, 1, H, W)
        What the network reads.
    stages : mapping of str to ndarray
        Each step of the preparation; empty for a test digit, which is as the network learned it.
    notes : tuple of str
        What the preparation saw, in sentences.
    label : int or None
        What it is, where that is known.
    key : tuple
        Names these very pixels.
    """

    title: str
    x: NDArray[np.float32]
    stages: dict[str, NDArray[Any]]
    notes: tuple[str, ...]
    label: int | None
    key: tuple[Any, ...]


def skipped(values: dict[str, Any]) -> tuple[str, ...]:
    """Return the stages that are switched off; unknown names are left out."""
    return tuple(name for name in values["skip"].split() if name in STAGES)


def given(state: PageState, chosen: Chosen, drawing: Any, complaints: list[str]) -> Given:
    """Return what the network is to read; a test digit stands in where there is nothing yet."""
    source = state["source"]
    image = None
    if source == "draw":
        image = drawing
    elif source in ("upload", "camera"):
        _receive(source, complaints)
        kept = recall(f"inspect.{source}")
        image = None if kept is None else kept[1]
    if image is None:
        return test_digit(chosen, state["digit"])
    skip = skipped(state.values())
    try:
        return prepared(image, chosen, skip, SOURCES[source])
    except ValueError as error:
        complaints.append(f"{error} You see a test digit instead.")
        return test_digit(chosen, state["digit"])


def prepared(image: NDArray[np.uint8], chosen: Chosen, skip: tuple[str, ...], title: str) -> Given:
    """Return a picture made ready as the network's training set was. ValueError with a sentence if it shows nothing."""
    digest = hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()
    key = (digest, chosen.like, skip, chosen.network.input_shape)

    def make() -> Given:
        ready = prepare(image, like=chosen.like, skip=skip)
        x = fitted(ready.final, chosen.network.input_shape)
        return Given(title, x, dict(ready.stages), tuple(ready.notes), None, key)

    made: Given = memo("inspect.prepared", key, make)
    return made


def fitted(final: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return a prepared picture in the size and channels that a network of other pictures takes."""
    if final.shape[1:] == shape:
        return final
    from PIL import Image

    picture = Image.fromarray(final[0, 0]).resize((shape[2], shape[1]), Image.Resampling.BOX)
    return np.ascontiguousarray(np.broadcast_to(np.asarray(picture, np.float32), (1, *shape)))


def test_digit(chosen: Chosen, digit: int) -> Given:
    """Return a picture of the test split, which no network here has learned from."""
    indices = memo("inspect.test", id(chosen.dataset), lambda: _mixed(chosen))
    place = digit % len(indices)
    index = int(indices[place])
    x = np.ascontiguousarray(chosen.dataset.images[index : index + 1])
    return Given(
        f"Test digit {place}",
        fitted(x, chosen.network.input_shape),
        {},
        (),
        int(chosen.dataset.labels[index]) if chosen.judged else None,
        ("test", chosen.dataset.name, index),
    )


def _mixed(chosen: Chosen) -> NDArray[np.int64]:
    """Return the test pictures in an order in which the classes are mixed, always the same."""
    indices = split(chosen.dataset.labels).test
    order: NDArray[np.int64] = np.random.default_rng(7).permutation(indices)
    return order


def canvas(key: str) -> NDArray[np.uint8] | None:
    """Draw the canvas; return what was drawn on it, (H, W) dark on white, or None while it is empty."""
    from streamlit_drawable_canvas import st_canvas

    with st.container(key="inspect-canvas"):
        result = st_canvas(
            stroke_width=STROKE,
            stroke_color="#1d2329",
            background_color="#ffffff",
            height=CANVAS,
            width=CANVAS,
            return_image_data=True,
            key=key,
        )
    try:
        objects = (result.json_data or {}).get("objects")
        address = result._image_data_url
        if not objects or address is None or len(address) > LARGEST_DRAWING:
            return None
        return flattened(decode(result.image_bytes or b""))
    except (ImageError, ValueError, AttributeError, TypeError):  # the browser can send anything
        return None


def flattened(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a drawing as grey levels."""
    levels: NDArray[np.uint8] = np.rint(rgb.astype(np.float32).mean(axis=2)).astype(np.uint8)
    return levels


def _receive(source: str, complaints: list[str]) -> None:
    file = new_file(f"inspect.{source}.file")
    if file is None:
        return
    name, data = file
    try:
        remember(f"inspect.{source}", (name, decode(data)))
    except ImageError as error:
        complaints.append(f"“{name}” could not be opened. {error}")


def controls(state: PageState) -> None:
    """Draw the controls that choose the input and its preparation."""
    st.selectbox("Input", list(SOURCES), format_func=SOURCES.__getitem__, key=state.key("source"))
    source = state["source"]
    if source == "upload":
        st.file_uploader(
            "A digit, dark on light or light on dark",
            type=["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"],
            key="inspect.upload.file",
            on_change=touch,
        )
    elif source == "camera":
        st.camera_input("Your camera", key="inspect.camera.file", on_change=touch)
    if source in ("upload", "camera"):
        kept = recall(f"inspect.{source}")
        st.caption("Until then you see a test digit." if kept is None else f"In use: {literal(kept[0][:60])}")
    if source == "test":
        st.number_input("Which test digit", 0, 10**6, key=state.key("digit"))
    else:
        _skip_controls(state)


def _skip_controls(state: PageState) -> None:
    key = f"{state.page}.kept_stages"
    off = skipped(state.values())
    set_widget(key, [name for name in STAGES if name not in off])

    def changed() -> None:
        kept = widget(key) or []
        state.change(skip=" ".join(name for name in STAGES if name not in kept))

    st.pills(
        "Preparation",
        list(STAGES),
        selection_mode="multi",
        key=key,
        on_change=changed,
        help="Switch a step off to see how the answer breaks: the network learned from pictures that went through all.",
    )
