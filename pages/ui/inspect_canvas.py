"""The canvas of the Inspect page: what is drawn on it stays while other pages and other inputs are looked at."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnncore.images import ImageError, decode
from pages.ui import components
from pages.ui.state import recall, remember, touch, widget

SIDE = 252  # CSS pixels, as in assets/app.css
HIDDEN = 28
"""CSS pixels at the upper edge that are cut off: there the canvas's own bar of tools would answer a finger without
being seen, until it is taken away. Our buttons below the canvas take its place."""
STROKE = 20
KEY = "inspect.canvas"
LARGEST_DRAWING = 4_000_000  # characters of a drawing that came from the browser


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is on the canvas: its strokes in the canvas's own words, and as grey levels (None while it is empty).

    `past` is the browser's word for a drawing that a button has changed since: it is on the screen for a moment more.
    """

    strokes: tuple[Any, ...] = ()
    image: NDArray[np.uint8] | None = None
    said: str | None = None
    past: str | None = None


def kept() -> Drawing:
    """Return what was last on the canvas in this session."""
    found: Drawing = recall(KEY) or Drawing()
    return found


def received() -> NDArray[np.uint8] | None:
    """Return what is drawn on the canvas, (H, W) dark on white, or None while it is empty. Draws nothing."""
    drawing: Any = getattr(widget(KEY), "drawing", None)
    try:
        said = drawing["data"] if drawing else None
        if said is None or len(said) > LARGEST_DRAWING or said in (kept().said, kept().past):
            return kept().image
        strokes = tuple((drawing["raw"] or {}).get("objects") or ())
        image = flattened(decode(base64.b64decode(said.partition(";base64,")[2]))[HIDDEN:]) if strokes else None
        remember(KEY, Drawing(strokes, image, said))
    except (ImageError, ValueError, AttributeError, KeyError, TypeError):  # the browser can send anything
        return None
    return image


def canvas() -> None:
    """Draw the canvas. What it says of a new stroke is there before: see `received`."""
    from streamlit_drawable_canvas import st_canvas

    with st.container(key="inspect-canvas"):
        st_canvas(
            stroke_width=STROKE,
            stroke_color="#1d2329",
            background_color="#ffffff",
            height=SIDE + HIDDEN,
            width=SIDE,
            initial_drawing=_begun(),
            return_image_data=True,
            key=KEY,
        )


def _begun() -> dict[str, Any]:
    """Return what the canvas begins with. While the browser has it, it must not change, or it would begin anew."""
    begun = _last_begun()
    drawn = getattr(widget(KEY), "drawing", None)
    if not drawn or not drawn.get("data"):  # nothing was drawn since the canvas came onto the screen
        begun = {**begun, "objects": list(kept().strokes)}
        remember(f"{KEY}.begun", begun)
    return begun


def _last_begun() -> dict[str, Any]:
    found: dict[str, Any] = recall(f"{KEY}.begun") or {"turn": 0}
    return found


def buttons() -> None:
    """Draw what takes the last stroke back, and what empties the canvas."""
    empty = not kept().strokes
    with st.container(horizontal=True, gap="small", key="inspect-canvas-buttons"):
        st.button("Undo", key=f"{KEY}.undo", on_click=_leave, args=(-1,), disabled=empty, icon=":material/undo:")
        st.button("Empty", key=f"{KEY}.empty", on_click=_leave, args=(0,), disabled=empty, icon=":material/delete:")
    components.bare_canvas(key="inspect-bare-canvas", data={})  # here, and not above: the answer to a stroke goes first


def _leave(count: int) -> None:
    """Leave the first strokes on the canvas: as many as `count` says in a slice."""
    received()  # a stroke may have come with the click
    before = kept()
    strokes = before.strokes[:count]
    past = before.said or before.past
    remember(KEY, replace(before, strokes=strokes, image=before.image if strokes else None, said=None, past=past))
    turn = _last_begun()["turn"] + 1  # a number that tells it from the last one like it
    remember(f"{KEY}.begun", {"turn": turn, "objects": list(strokes)})
    touch()


def flattened(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a drawing as grey levels: of each pixel the mean of its channels, rounded."""
    red, green, blue = (rgb[..., channel].astype(np.uint16) for channel in range(3))
    levels: NDArray[np.uint8] = ((red + green + blue + 1) // 3).astype(np.uint8)  # a third is never halfway
    return levels
