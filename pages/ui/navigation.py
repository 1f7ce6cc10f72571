"""The frame of every page: its tab title, the row of page links, the heading and the one sentence under it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import streamlit as st

from pages.ui.runner import keep_alive
from pages.ui.state import PageState, addresses, enter, give_way
from pages.ui.words import literal

ASSETS = Path(__file__).parents[2] / "assets"
PAGES = {
    "app.py": "CNN Lab",
    "pages/1_Convolution.py": "Convolution",
    "pages/2_Stride.py": "Stride",
    "pages/3_Pooling.py": "Pooling",
    "pages/4_Channels.py": "Channels",
    "pages/5_Text.py": "Text",
    "pages/6_Conventions.py": "Conventions",
    "pages/7_Train.py": "Train",
    "pages/8_Inspect.py": "Inspect",
}


def dress() -> None:
    """Send the look of all pages. A page does so before all else, or for a moment the browser draws it undressed."""
    st.html(_look())


@cache
def _look() -> str:
    """Read once: a thread that opens a file lets go of the interpreter, and what it sent so far would leave alone."""
    return f"<style>{(ASSETS / 'app.css').read_text(encoding='utf-8')}</style>"


def frame(script: str, heading: str, caption: str, *, controls: bool = True) -> None:
    """Draw what stands at the top of the page made by `script`, one of `PAGES`."""
    enter(script)
    keep_alive()
    label = PAGES[script]
    st.set_page_config(
        page_title=label if script == "app.py" else f"{label} · CNN Lab",
        page_icon=str(ASSETS / "favicon.png"),
        layout="wide",
        initial_sidebar_state="auto" if controls else "collapsed",
    )
    with st.container(horizontal=True, gap="medium", key=f"pages-{list(PAGES).index(script)}"):
        known = addresses()
        for path, name in PAGES.items():
            st.page_link(path, label=name, query_params=known.get(path))
    with st.container(gap="small", key="heading"):
        st.title(heading, anchor=False)
        st.caption(caption)


PAUSE = 0.135  # s
SLICE = 0.015  # s


def let_go() -> None:
    """Wait until the browser has drawn what was sent: the answer, on which the eye rests, before all that follows.

    It draws the whole page for whatever arrived. What came before it has drawn would be drawn along with the answer,
    which came half as late again then. Who waits lets go of the interpreter, and a newer run need not wait for it.
    """
    for _ in range(round(PAUSE / SLICE)):
        time.sleep(SLICE)
        give_way()


def show_complaints(complaints: list[str]) -> None:
    """Say above the stage what could not be used: the first of it in full.

    It stands below the heading and grows upwards, over the heading's sentence, so that the stage stays where it is.
    """
    sentences = list(dict.fromkeys(complaints))
    if len(sentences) > 2:
        rest = f"{len(sentences) - 1} other settings could not be used either, and stay as they were."
        sentences = [sentences[0], rest]
    if sentences:
        with st.container(key="complaints"):
            st.error(literal(" ".join(sentences)))


@contextmanager
def folded(label: str, state: PageState) -> Iterator[bool]:
    """Draw a fold for what is rarely needed; say whether it is open. What is in a closed one need not be drawn."""
    fold = st.expander(label, key=f"{state.page}.{label}", on_change="rerun")
    with fold:
        yield bool(fold.open)
