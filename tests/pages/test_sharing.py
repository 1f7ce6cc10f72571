"""The tab "Save and share": the link, and files that hold what the page shows."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.ui import film, sharing
from pages.ui.explorer import annotate, convolution, worked_example

Files = dict[str, tuple[Callable[[], bytes], str, str]]


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    """The download buttons that were drawn: label -> what makes the file, its name, its type."""
    found: Files = {}

    def button(label: str, make: Any, name: str, kind: str, **more: Any) -> None:
        assert more == {"on_click": "ignore"}  # saving a file must not rerun the page
        found[label] = (make, name, kind)

    monkeypatch.setattr(st, "download_button", button)
    return found


def share(**how: Any) -> AppTest:
    """A page that has nothing but the tab's contents."""

    def page(how: dict) -> None:  # type: ignore[type-arg]
        from pages.ui.sharing import save_and_share
        from pages.ui.state import PageState, enter, number

        enter("pages/test.py")
        state = PageState("test", (number("stride", 1, 1, 5, "stride", whole=True),))
        state.begin()
        save_and_share(state, **how)
        state.finish()

    app = AppTest.from_function(page, kwargs={"how": how})
    app.query_params["stride"] = "3"
    app.run()
    assert not app.exception
    return app


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_an_explorer_is_saved_as_picture_film_and_numbers(files: Files) -> None:
    data = worked_example()
    app = share(name="stride", film=data)
    assert {label: (name, kind) for label, (_, name, kind) in files.items()} == {
        "Download the picture (PNG)": ("stride.png", "image/png"),
        "Download the film (GIF)": ("stride.gif", "image/gif"),
        "Download the numbers (.npy)": ("stride.npy", "application/octet-stream"),
    }
    assert files["Download the picture (PNG)"][0]() == film.png(data, dark=False)
    assert Image.open(io.BytesIO(files["Download the film (GIF)"][0]())).n_frames == 16
    numbers = np.load(io.BytesIO(files["Download the numbers (.npy)"][0]()), allow_pickle=False)
    np.testing.assert_array_equal(numbers, np.array(data["output"]["planes"]))
    assert "each of its 16 places" in captions(app)
    assert "The numbers are exact: 1 × 4 × 4, float64" in captions(app)
    assert app.code[0].value.endswith("?stride=3")
    assert "cannot travel" not in captions(app)


def test_numbers_that_are_not_finite_are_saved_as_they_are() -> None:
    values = [[np.nan, 1.0, -np.inf], [np.inf, 2.0, 3.0]]
    numbers = sharing.output_numbers(convolution(values, [[1.0]]))
    np.testing.assert_array_equal(numbers, [values])
    again = np.load(io.BytesIO(sharing.as_npy(numbers)), allow_pickle=False)
    np.testing.assert_array_equal(again, numbers)


def test_a_page_s_own_picture_and_numbers_take_precedence(files: Files) -> None:
    asked: list[bool] = []

    def own(dark: bool) -> bytes:
        asked.append(dark)
        return b"own"

    numbers = np.arange(6, dtype=np.float32).reshape(2, 3)
    app = share(name="map", film=worked_example(), picture=own, numbers=numbers, own_picture=True, settings="filter")
    assert list(files) == ["Download the picture (PNG)", "Download the film (GIF)", "Download the numbers (.npy)"]
    assert files["Download the picture (PNG)"][0]() == b"own"
    assert asked == [False]
    np.testing.assert_array_equal(np.load(io.BytesIO(files["Download the numbers (.npy)"][0]())), numbers)
    assert "The numbers are exact: 2 × 3, float32, before any choice of how to show them." in captions(app)
    assert "Whoever opens the link sees the same filter on a sample." in captions(app)


def test_only_a_link_where_there_is_nothing_else(files: Files) -> None:
    app = share(name="nothing")
    assert files == {}
    assert app.code[0].value.endswith("?stride=3")


def test_grids_that_are_too_large_to_be_drawn_are_saved_as_numbers(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film, "MOST_PIXELS", 1000)
    app = share(name="large", film=worked_example())
    assert list(files) == ["Download the numbers (.npy)"]
    assert "There is neither picture nor film: the grids are too large to be drawn" in captions(app)


@pytest.mark.parametrize("dark", [False, True])
def test_files_have_the_colours_of_the_theme_at_the_time(
    files: Files, monkeypatch: pytest.MonkeyPatch, dark: bool
) -> None:
    """A file is made outside the script, where the theme is not known: it must have been asked for before."""
    from streamlit.runtime.context import ContextProxy, StreamlitTheme

    theme = StreamlitTheme({"type": "dark" if dark else "light"})
    monkeypatch.setattr(ContextProxy, "theme", property(lambda self: theme))
    data = annotate(worked_example(), pinned=(0, 1, 1))
    share(name="x", film=data)
    monkeypatch.undo()
    assert files["Download the picture (PNG)"][0]() == film.png(data, dark=dark)
    assert films_background(files["Download the film (GIF)"][0]()) == ((17, 22, 25) if dark else (251, 250, 247))


def films_background(data: bytes) -> tuple[int, int, int]:
    return Image.open(io.BytesIO(data)).convert("RGB").getpixel((1, 1))
