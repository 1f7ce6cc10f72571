"""The frame of every page: its tab title, the row of page links, the heading and the one sentence under it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).parents[2] / "assets"
PAGES = {
    "app.py": "CNN Lab",
    "pages/1_Convolution.py": "Convolution",
}


def frame(script: str, heading: str, caption: str, *, controls: bool = True) -> None:
    """Draw what stands at the top of the page made by `script`, one of `PAGES`."""
    label = PAGES[script]
    st.set_page_config(
        page_title=label if script == "app.py" else f"{label} · CNN Lab",
        page_icon=str(ASSETS / "favicon.png"),
        layout="wide",
        initial_sidebar_state="auto" if controls else "collapsed",
    )
    st.html(ASSETS / "app.css")
    with st.container(horizontal=True, gap="medium", key=f"pages-{list(PAGES).index(script)}"):
        for path, name in PAGES.items():
            st.page_link(path, label=name)
    with st.container(gap="small", key="heading"):
        st.title(heading, anchor=False)
        st.caption(caption)
