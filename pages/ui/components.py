"""Our own components: their JavaScript and CSS lie in assets/components/ and are registered once, here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).parents[2] / "assets" / "components"


def register(name: str, *parts: str) -> Any:
    """Register a component whose files are `parts`, put one after another behind the common ones."""
    names = ("common", *parts)
    script = "\n".join((FOLDER / f"{part}.js").read_text("utf-8") for part in names)
    styles = (FOLDER / f"{part}.css" for part in names)
    style = "\n".join(path.read_text("utf-8") for path in styles if path.exists())
    return st.components.v2.component(f"cnn_lab_{name}", js=script, css=style)


def pack(data: Mapping[str, Any]) -> bytes:
    """Pack a picture's data for the viewer and the wipe: Streamlit carries bytes only as a component's whole data.

    The length of a JSON text (4 bytes, the lowest first), the text, then the bytes that it names under ``"bytes"``.
    """
    parts = {name: value for name, value in data.items() if isinstance(value, bytes)}
    plain = {name: value for name, value in data.items() if name not in parts}
    text = json.dumps({**plain, "bytes": {name: len(part) for name, part in parts.items()}}, allow_nan=False).encode()
    return b"".join([len(text).to_bytes(4, "little"), text, *parts.values()])


viewer = register("viewer", "pixels", "reach", "overlay", "pane", "gestures", "viewer")
wipe = register("wipe", "pixels", "wipe")
kernel = register("kernel", "heatgrid", "kernel")
trace = register("trace", "heatgrid", "trace")
gallery = register("gallery", "heatgrid", "gallery_edit", "gallery")
mosaic = register("mosaic", "pixels", "mosaic")
