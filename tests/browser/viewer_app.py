"""Pictures whose every pixel is known, in the components that show pictures. `?case=` says which."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import streamlit as st

from pages.ui.components import pack, viewer, wipe

FRAME = 230
MOST_PRINTED = 14  # pixels of a side whose values still fit

st.set_page_config(layout="wide", initial_sidebar_state="collapsed")


@st.cache_data(max_entries=32)
def picture(case: str, role: str) -> np.ndarray:
    """Exact numbers of a picture, shape (rows, cols) or (rows, cols, 3)."""
    if case == "dot":
        return np.full((1, 1), 7.0)
    if case == "strip":
        return np.arange(20_000.0).reshape(-1, 1) % 256
    if case == "digit":
        return np.hypot(*np.ogrid[-14:14, -14:14]) * (1 if role == "input" else -1)
    if case == "large":
        down, right = np.ogrid[0:1500, 0:2100]
        return (down * 7 + right * 3) % 256.0
    if case == "colour":
        down, right = np.mgrid[0:60, 0:90]
        return np.stack([down * 4, right * 2, 255 - down * 2], axis=-1).astype(float)
    rows, cols = (96, 144) if role == "input" or case == "dilated" else (48, 72)
    y, x = np.mgrid[0:rows, 0:cols]
    if role == "input":
        return (y * 1.5 + x * 0.7) % 256.0
    return np.where((y // 8 + x // 8) % 2, 1.0, -1.0) * (y + x) / 2 + 0.25


def levels(exact: np.ndarray, scale: str) -> np.ndarray:
    bound = float(np.abs(exact).max()) or 1.0
    if scale == "signed":
        return np.rint(128 + 127 * exact / bound).astype(np.uint8)
    return np.rint(exact if scale == "grey" else 255 * exact / bound).clip(0, 255).astype(np.uint8)


def pane(case: str, role: str, link: dict[str, Any] | None) -> dict[str, Any]:
    """What the server sends for a picture at the zoom and pick that this session holds."""
    exact = picture(case, role)
    rows, cols = exact.shape[:2]
    level, row, col = st.session_state.get(f"view-{role}", (0, rows // 2, cols // 2))
    height, width = max(ceil(rows / 2**level), min(rows, 5)), max(ceil(cols / 2**level), min(cols, 5))
    top, left = min(max(row - height // 2, 0), rows - height), min(max(col - width // 2, 0), cols - width)
    seen = exact[top : top + height, left : left + width]
    step = max(ceil(max(height, width) / 700), 1)
    scale = "grey" if role == "input" or case == "colour" else st.query_params.get("scale", "signed")
    small = max(height, width) <= MOST_PRINTED
    bound = float(np.abs(exact).max())
    low, high = (0, 255) if scale == "grey" else (-bound if scale == "signed" else 0, bound)
    return {
        "group": case, "role": role, "label": role.title(), "rows": rows, "cols": cols,
        "top": top, "left": left, "height": height, "width": width, "step": step,
        "channels": 3 if exact.ndim == 3 else 1,
        "pixels": levels(exact, scale)[top : top + height : step, left : left + width : step].tobytes(),
        "scale": scale, "values": seen.tolist() if small else None,
        "legend": {"low": low, "high": high, "zero": scale == "signed"},
        "caption": f"{role.title()} · {rows:,} × {cols:,}", "zoom": {"level": level, "most": 0 if case == "dot" else 6},
        "picked": st.session_state.get(f"pick-{role}"), "link": link, "frame": FRAME, "token": f"{case}-{role}",
    }  # fmt: skip


def answer(role: str) -> None:
    """Keep what a person picked or wants to see; the next run sends it back."""
    said = st.session_state[f"viewer-{role}"]
    st.session_state["messages"] = st.session_state.get("messages", 0) + 1
    if said.get("pick"):
        st.session_state[f"pick-{role}"] = [said["pick"]["row"], said["pick"]["col"]]
    if case == "deaf" and st.session_state["messages"] == 1:
        return  # as if another message had overtaken it
    if said.get("view"):
        st.session_state[f"view-{role}"] = tuple(said["view"][name] for name in ("level", "row", "col"))


case = st.query_params.get("case", "linked")
LINKS = {
    "linked": {"stride": [2, 2], "begin": [1, 1], "extent": [3, 3], "dilation": [1, 1], "taps": [3, 3]},
    "dilated": {"stride": [1, 1], "begin": [4, 4], "extent": [9, 9], "dilation": [4, 4], "taps": [3, 3]},
    "digit": {"stride": [1, 1], "begin": [1, 1], "extent": [3, 3], "dilation": [1, 1], "taps": [3, 3]},
}

if case == "wipe":
    sides = {"before": picture("linked", "input"), "after": picture("linked", "output")}
    data: dict[str, Any] = {"labels": ["Input", "Output"], "at": 0.5, "rows": 96, "cols": 144}
    for side, exact in sides.items():
        scale = "grey" if side == "before" else "signed"
        data |= {f"{side}_rows": exact.shape[0], f"{side}_cols": exact.shape[1], f"{side}_channels": 1}
        data |= {f"{side}_scale": scale, f"{side}_pixels": levels(exact, scale).tobytes()}
    wipe(key="wipe", data=pack(data))
else:
    pair = case in LINKS
    for role, place in zip(["input", "output"], st.columns(2), strict=True):
        if role == "input" or pair:
            with place:
                viewer(
                    key=f"viewer-{role}",
                    data=pack(pane(case, role, LINKS.get(case))),
                    on_pick_change=lambda role=role: answer(role),
                    on_view_change=lambda role=role: answer(role),
                )
state = st.session_state
views = {role: state.get(f"view-{role}") for role in ("input", "output")}
picks = {role: state.get(f"pick-{role}") for role in ("input", "output")}
state["runs"] = state.get("runs", 0) + 1
st.text(f"messages {state.get('messages', 0)}; picks {picks}; views {views}; runs {state['runs']}")
