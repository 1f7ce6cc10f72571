"""The home page: the article's example with the core's numbers, and a way to every page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from cnncore.ops import conv2d
from pages.ui.explorer import WORKED_INPUT, WORKED_KERNEL
from tests.pages.conftest import component_data, sentences

ROOT = Path(__file__).parents[2]


def test_the_worked_example_is_the_article_s(open_page: Callable[..., AppTest]) -> None:
    app = open_page("app.py")
    assert sentences(app) == ""
    (example,) = component_data(app)
    assert np.array(example["input"]["planes"][0])[:3, :3].tolist() == [
        [0.4, 0.2, 1.0],
        [0.7, 0.1, 0.2],
        [0.7, 0.3, 1.0],
    ]
    assert example["kernel"]["planes"] == [[[1.0, 0.0, 1.0], [0.0, 2.0, 0.0], [1.0, 0.0, 1.0]]]
    shown = np.array(example["output"]["planes"][0])
    np.testing.assert_array_equal(shown, conv2d(WORKED_INPUT[None, None], WORKED_KERNEL[None, None])[0, 0])
    assert shown.shape == (4, 4)
    assert round(shown[0, 0], 12) == 3.3


def test_it_names_the_article_and_leads_to_every_page(open_page: Callable[..., AppTest]) -> None:
    app = open_page("app.py")
    words = " ".join(caption.value for caption in app.caption)
    assert "How do Convolutional Neural Networks work?" in words
    assert "ashwins-code" in words
    linked = {element.proto.page for element in app.get("page_link")}
    pages = {path.stem.split("_", 1)[1] for path in (ROOT / "pages").glob("[0-9]_*.py")}
    assert pages <= linked


def test_garbage_in_its_address_is_ignored(open_page: Callable[..., AppTest]) -> None:
    assert sentences(open_page("app.py", stride="99", x="<b>")) == ""
