"""What the Inspect page reads: a drawing, a photograph, an upload, or a test digit; and how it was made ready."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.datasets import split
from cnncore.handwriting import STAGES, UnreadableError, prepare
from cnncore.images import ImageError, decode
from pages.ui.inspect_network import Chosen
from pages.ui.state import PageState, Setting, choice, memo, number, recall, remember, set_widget, text, touch, widget
from pages.ui.uploads import new_file
from pages.ui.words import literal

STEPS = {"polarity": "Polarity", "crop": "Crop", "scale": "Scale", "centre": "Centre"}
"""The steps of the preparation that can be left out, in the words of the page."""
STEP_OF = {"scaled": "scale", "centred": "centre"}
"""Of a stage of the preparation, the step that gives it, where that has another name."""
SOURCES = {"test": "A test digit", "draw": "Draw one", "upload": "Upload a picture", "camera": "Take a photograph"}
WHITE = 255  # the paper of the page's own canvas
REPLACING = 30  # s, from taking a picture away to the one in its place having come
ENLARGED = 8
"""How many times larger a test digit is made before it is prepared for a network of another size."""

SETTINGS: tuple[Setting, ...] = (
    choice("source", "draw", list(SOURCES), "input"),
    number("digit", 0, 0, 10**6, "number of the test digit", whole=True),
    text("skip", ""),
)


@dataclass(frozen=True, eq=False)
class Refused:
    """A picture that cannot be read: its pixels, (H, W) or (H, W, 3) bytes, and what it is called."""

    pixels: NDArray[np.uint8]
    name: str


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
    raw : ndarray
        What it was before it was made ready for a network: the bytes of a picture; of a test digit, its numbers as they
        stand in the set, shape (1, 1, H, W).
    skip : tuple of str
        The steps of the preparation that were left out.
    refused : Refused, optional
        The picture in whose place this one stands, since nothing can be read in it.
    paper : int or None
        The grey level of what was drawn on, where that is known.
    """

    title: str
    x: NDArray[np.float32]
    stages: dict[str, NDArray[Any]]
    notes: tuple[str, ...]
    label: int | None
    key: tuple[Any, ...]
    raw: NDArray[Any]
    skip: tuple[str, ...] = ()
    refused: Refused | None = None
    paper: int | None = None


def skipped(values: dict[str, Any]) -> tuple[str, ...]:
    """Return the stages that are switched off; unknown names are left out."""
    return tuple(name for name in values["skip"].split() if name in STAGES)


def put_right(state: PageState) -> list[str]:
    """Take out of the settings what no preparation knows; return a sentence about it."""
    unknown = [name for name in state["skip"].split() if name not in STAGES]
    if not unknown:
        return []
    state.settle(skip=" ".join(skipped(state.values())))
    return [f"The preparation has no step “{unknown[0][:40]}”: it has {', '.join(STAGES)}."]


def given(state: PageState, chosen: Chosen, drawing: Any, complaints: list[str]) -> Given:
    """Return what the network is to read; a test digit stands in where there is nothing yet, or nothing to read."""
    source = state["source"]
    image, name, failed = None, "your drawing", ""
    if source == "draw":
        image = drawing
    elif source in ("upload", "camera"):
        failed = _receive(source)
        kept = recall(f"inspect.{source}")
        called = "" if kept is None else "your photograph" if source == "camera" else f"“{kept[0]}”"
        name, image = called, None if kept is None else kept[1]
    if failed:
        complaints.append(f"{failed} You still see {name}." if name else failed)
    stand_in = test_digit(chosen, state["digit"])
    if image is None:
        return stand_in
    try:
        paper = WHITE if source == "draw" else None
        return prepared(image, chosen, skipped(state.values()), name[0].upper() + name[1:], paper)
    except UnreadableError as error:
        if not failed:  # one thing at a time: the newest
            begun = name[0].upper() + name[1:]
            complaints.append(f"{begun}: {error} {stand_in.title} is read instead.")
        return replace(stand_in, refused=Refused(image, name))


def prepared(
    image: NDArray[np.uint8],
    chosen: Chosen,
    skip: tuple[str, ...],
    title: str,
    paper: int | None,
    slot: str = "inspect.prepared",
) -> Given:
    """Return a picture made ready as the network's training set was. UnreadableError if it shows nothing."""
    digest = hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()
    key = (title, digest, image.shape, chosen.like, skip, paper, chosen.network.input_shape)

    def make() -> Given:
        ready = prepare(image, like=chosen.like, skip=skip, paper=paper)
        x = fitted(ready.final, chosen.network.input_shape)
        return Given(title, x, dict(ready.stages), tuple(ready.notes), None, key, image, skip, paper=paper)

    made: Given = memo(slot, key, make)
    return made


def for_another(given: Given, other: Chosen) -> Given:
    """Return the same picture made ready for another network, from what it was before any preparation."""
    if given.raw.ndim != 4:
        return prepared(given.raw, other, given.skip, given.title, given.paper, "inspect.prepared.other")
    shape = other.network.input_shape
    key = (*given.key, other.like, shape)
    if given.raw.shape[1:] == shape:
        return replace(given, x=given.raw, key=key, notes=())

    def make() -> Given:
        try:
            # A test digit is known to be light on dark, and is ink down to its faintest pixel.
            ready = prepare(enlarged(given.raw[0, 0]), like=other.like, skip=("polarity",))
        except UnreadableError:
            return replace(given, x=fitted(given.raw, shape), key=key, notes=("It is empty.",))
        rows, columns = given.raw.shape[2:]
        said = (
            f"{rows} × {columns} pixels in its set: enlarged {ENLARGED} times, smoothly, then prepared as a drawing is."
        )
        return replace(given, x=fitted(ready.final, shape), key=key, notes=(said,))

    made: Given = memo("inspect.prepared.other", key, make)
    return made


def enlarged(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a digit of a set with smooth edges between its pixels, as a picture from which it can be prepared anew."""
    from PIL import Image

    levels = np.pad(np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8), 1)
    size = (levels.shape[1] * ENLARGED, levels.shape[0] * ENLARGED)
    return np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.BICUBIC))


def fitted(final: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return a prepared picture in the size and channels that a network of neither bundled set's size takes."""
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
        x,
    )


def _mixed(chosen: Chosen) -> NDArray[np.int64]:
    """Return the test pictures in an order in which the classes are mixed, always the same."""
    indices = split(chosen.dataset.labels).test
    order: NDArray[np.int64] = np.random.default_rng(7).permutation(indices)
    return order


def _receive(source: str) -> str:
    """Take a new file; return a sentence for as long as the one that is chosen could not be opened."""
    key = f"inspect.{source}.file"
    file = new_file(key)
    if file is not None:
        name, data = file
        try:
            remember(f"inspect.{source}", (name, decode(data)))
            remember(f"{key}.failed", "")
        except ImageError as error:
            remember(f"{key}.failed", f"“{name}” could not be opened. {error}")
            _bring_back(source)
    elif widget(key) is None:
        remember(f"{key}.failed", "")
    return str(recall(f"{key}.failed") or "")


def _changed(source: str) -> None:
    """Forget a picture that the person took away; one that is only not drawn for a while has no callback, and stays."""
    touch()
    if widget(f"inspect.{source}.file") is None:
        remember(f"inspect.{source}.taken_away", (time.monotonic(), recall(f"inspect.{source}")))
        remember(f"inspect.{source}", None)
        remember(f"inspect.{source}.file.last", None)


def _bring_back(source: str) -> None:
    """Show the picture again in whose place a broken one came: the browser takes one away to put another there."""
    when, picture = recall(f"inspect.{source}.taken_away") or (-REPLACING, None)
    if recall(f"inspect.{source}") is None and time.monotonic() - when < REPLACING:
        remember(f"inspect.{source}", picture)


def controls(state: PageState, given: Given) -> None:
    """Draw the controls that choose the input and its preparation."""
    st.selectbox("Input", list(SOURCES), format_func=SOURCES.__getitem__, key=state.key("source"))
    source = state["source"]
    if source == "upload":
        st.file_uploader(
            "A digit, dark on light or light on dark",
            type=["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"],
            key="inspect.upload.file",
            on_change=_changed,
            args=(source,),
        )
    elif source == "camera":
        # Not as small as it is shown in the sidebar: a digit far away is a small part of it.
        st.camera_input("Your camera", resolution="480p", key="inspect.camera.file", on_change=_changed, args=(source,))
    if source in ("upload", "camera"):
        st.caption(literal(_in_use(source, given)))
    if source == "test":
        st.number_input("Which test digit", 0, 10**6, key=state.key("digit"))
    else:
        _skip_controls(state)


def _in_use(source: str, given: Given) -> str:
    kept = recall(f"inspect.{source}")
    if kept is None:
        return f"Until then {given.title.lower()} is read."
    if given.refused is not None:
        return f"In use: {given.title.lower()}, since nothing can be read in {given.refused.name}."
    return f"In use: {'your photograph' if source == 'camera' else kept[0][:60]}"


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
        format_func=STEPS.__getitem__,
        key=key,
        on_change=changed,
        wrap=True,
        help="Switch a step off to see how the answer breaks: the network learned from pictures that went through all.",
    )
