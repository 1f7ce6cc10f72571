"""Our own components: their JavaScript and CSS lie in assets/components/ and are registered once, here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.packing import pack

__all__ = ["bare_canvas", "gallery", "kernel", "mosaic", "pack", "register", "trace", "viewer", "wipe"]

FOLDER = Path(__file__).parents[2] / "assets" / "components"


def register(name: str, *parts: str) -> Any:
    """Register a component whose files are `parts`, put one after another behind the common ones."""
    names = ("common", *parts)
    script = "\n".join((FOLDER / f"{part}.js").read_text("utf-8") for part in names)
    styles = (FOLDER / f"{part}.css" for part in names)
    style = "\n".join(path.read_text("utf-8") for path in styles if path.exists())
    return st.components.v2.component(f"cnn_lab_{name}", js=script, css=style)


viewer = register("viewer", "pixels", "reach", "overlay", "pane", "gestures", "viewer")
wipe = register("wipe", "pixels", "wipe")
kernel = register("kernel", "heatgrid", "kernel")
trace = register("trace", "heatgrid", "trace")
gallery = register("gallery", "heatgrid", "gallery_plan", "gallery_edit", "gallery_values", "gallery")
mosaic = register("mosaic", "pixels", "mosaic")
bare_canvas = register("bare_canvas", "bare_canvas")
