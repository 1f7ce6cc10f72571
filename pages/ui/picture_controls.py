"""The picture that a person works on: a sample, an upload, a photograph; the same on every page."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.images import ImageError, decode, resize, to_gray
from cnncore.samples import SAMPLES, load_sample
from pages.ui.state import PageState, Setting, choice, memo, recall, remember, touch
from pages.ui.uploads import new_file
from pages.ui.words import literal

DEFAULT = "china"
OWN = {"upload": "Upload a picture", "camera": "Take a photograph"}
SIZES = ("64", "128", "256", "512", "640", "1024", "2048", "original")
FORMATS = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"]

SETTINGS: tuple[Setting, ...] = (
    choice("picture", DEFAULT, [*OWN, *SAMPLES], "picture", shared=True),
    choice("size", "640", SIZES, "working size", shared=True),
)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture at working size.

    `digest` names the bytes it came from and the size, so that results can be remembered by it.
    """

    source: str
    title: str
    digest: str
    rgb: NDArray[np.uint8]

    @property
    def travels(self) -> bool:
        """Whether a link can bring it along."""
        return self.source not in OWN

    def array(self, mode: str) -> NDArray[np.float32]:
        """Return it as float32 in 0..255: (H, W) for ``"gray"``, else (H, W, 3)."""
        if mode == "gray":
            return _kept("picture.gray", self.digest, lambda: to_gray(self.rgb))
        return _kept("picture.colour", self.digest, lambda: self.rgb.astype(np.float32))


def _kept(name: str, digest: str, make: Any) -> NDArray[np.float32]:
    result: NDArray[np.float32] = memo(name, digest, make)
    return result


def chosen_picture(state: PageState, complaints: list[str]) -> Picture:
    """Return the picture that the settings name; say in `complaints` what came and could not be read."""
    source = state["picture"]
    if source in OWN:
        _receive(source, complaints)
    return _picture(source, state["size"])


def _receive(source: str, complaints: list[str]) -> None:
    """Keep what came from the uploader or the camera, if it is a picture."""
    file = new_file(source)
    if file is None:
        return
    name, data = file
    try:
        decode(data)
    except ImageError as error:
        complaints.append(f"“{name}” could not be opened. {error}")
    else:
        remember(source, (name, hashlib.sha256(data).hexdigest(), data))


def picture_controls(state: PageState) -> None:
    """Draw the picture's controls."""
    titles = {**{key: sample.title for key, sample in SAMPLES.items()}, **OWN}
    st.selectbox("Picture", list(titles), format_func=titles.__getitem__, key=state.key("picture"))
    source = state["picture"]
    if source == "upload":
        st.file_uploader("A picture file, up to 20 MB", type=FORMATS, key="upload", on_change=touch)
    elif source == "camera":
        st.camera_input("Your camera", key="camera", on_change=touch)
    if source in OWN:
        kept = recall(source)
        st.caption("Until then you see a sample." if kept is None else f"In use: {literal(kept[0][:60])}")
    st.selectbox(
        "Working size",
        SIZES,
        format_func=lambda size: "Original" if size == "original" else f"{size} pixels",
        key=state.key("size"),
        help="The picture's longest side. Larger pictures are reduced to it; smaller ones stay as they are.",
    )


def _picture(source: str, size: str) -> Picture:
    own = recall(source) if source in OWN else None
    if own is None:
        source = DEFAULT if source in OWN else source
        title, digest = SAMPLES[source].title, source
    else:
        title, digest = own[0], own[1]

    def load() -> NDArray[np.uint8]:
        rgb = decode(own[2]) if own is not None else load_sample(source)
        return rgb if size == "original" else resize(rgb, int(size))

    digest = f"{digest} {size}"
    return Picture(source, title, digest, memo("picture.rgb", digest, load))
