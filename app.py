"""The home page: what CNN Lab is, the article's worked example, and the way to the pages."""

import streamlit as st

from pages.ui.explorer import explorer, worked_example
from pages.ui.navigation import PAGES, dress, frame

TEACHES = {
    "pages/1_Convolution.py": "Filter your own picture, and take any pixel of the result apart.",
    "pages/2_Stride.py": "Where windows land, what padding adds, how far a stack of layers sees.",
    "pages/3_Pooling.py": "Max and average, what they keep, and what a shift does to them.",
    "pages/4_Channels.py": "One filter sums over all channels; a bank of filters makes many maps.",
    "pages/5_Text.py": "The same idea in one dimension, over the words of a sentence.",
    "pages/6_Conventions.py": "Why PyTorch, Keras, SciPy and OpenCV disagree, rule by rule.",
    "pages/7_Train.py": "A small network learns digits while its filters form; drag time back.",
    "pages/8_Inspect.py": "Draw a digit and follow it through the network, down to any number.",
}

dress()
frame(
    "app.py",
    "See how a convolutional network works",
    "Slide a small grid of weights over a picture; take every number apart into the pixels and weights it came from.",
    controls=False,
)
example, pages = st.columns([7, 4], gap="large")
with example:
    explorer(worked_example(), key="home-example")
with pages:
    st.markdown("### What you can do")
    with st.container(gap="small", key="home-pages"):
        for script, words in TEACHES.items():
            st.page_link(script, label=f"**{PAGES[script]}**: {words}")
    st.caption(
        "The example is from “How do Convolutional Neural Networks work?” by ashwins-code (DEV Community): its first "
        "patch, its filter and its first output, 3.3. The other 27 pixels are ours. The filter is laid on as it is, "
        "as CNNs do: strictly speaking, that is cross-correlation."
    )
    st.caption(
        "Every number on the screen comes from one core, tested against SciPy, OpenCV, ONNX's reference cases and "
        "PyTorch. No account, no tracking, no network."
    )
