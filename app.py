"""The home page: what CNN Lab is, the article's worked example, and the way to the pages."""

import streamlit as st

from pages.ui.explorer import explorer, worked_example
from pages.ui.navigation import frame

frame(
    "app.py",
    "See how a convolutional network works",
    "Slide a small grid of weights over a picture; take every number apart into the pixels and weights it came from.",
    controls=False,
)
example, pages = st.columns([7, 4], gap="large")
with example:
    explorer(worked_example(), key="home-example")
with pages, st.container(gap="small", key="home-pages"):
    st.markdown("### What you can do")
    st.page_link("pages/1_Convolution.py", label="Convolution", icon=":material/arrow_forward:")
    st.caption(
        "Filter your own picture with a ready kernel or one you make. Pick any pixel of the result to see its patch, "
        "the products and the sum. Set stride, padding, border and bias, and take the code with you."
    )
    st.markdown("### The article behind it")
    st.caption(
        "The example is from “How do Convolutional Neural Networks work?” by ashwins-code (DEV Community): its first "
        "patch, its filter and its first output, 3.3. The other 27 pixels are ours. The filter is laid on as it is, "
        "as CNNs do: strictly speaking, that is cross-correlation."
    )
    st.markdown("### What makes it trustworthy")
    st.caption(
        "Every number on the screen comes from one tested core, held against SciPy, OpenCV, ONNX's reference cases and "
        "PyTorch. Nothing leaves this server: no account, no tracking, no network."
    )
