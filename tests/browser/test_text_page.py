"""The Text page in a real browser: what a person does, and what they see."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnncore.text import one_hot, pattern_filter, responses, tokenise, vocabulary
from pages.ui.words import number as say
from tests.browser.moves import saved
from tests.browser.test_explorer import worth

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
Open = Callable[..., Any]


@pytest.fixture
def show(serve: Callable[[Path], str], revisit: Open) -> Open:
    """A function that opens the page and waits for both of its explorers."""

    def start(query: str = "", **options: Any) -> Any:
        page = revisit(f"{serve(ROOT / 'app.py')}/Text{query}", **options)
        page.locator(".explorer").nth(1).locator(".output .cell").first.wait_for(timeout=30_000)
        return page

    return start


def cell(page: Any, explorer: int, grid: str, row: int, column: int) -> Any:
    rows = page.locator(".explorer").nth(explorer).locator(f".sheet.{grid} .row")
    return rows.nth(row).locator(".cell").nth(column)


def readout(page: Any, explorer: int = 0) -> str:
    lines = page.locator(".explorer").nth(explorer).locator(".readout .lines:not(.sizer) .line:not([hidden])")
    return " ".join(lines.all_inner_texts()[0].split())


def expected(sentence: str, pattern: str, entries: list[str]) -> np.ndarray:
    return responses(one_hot(tokenise(sentence), entries), pattern_filter(tokenise(pattern), entries))


def test_pointing_at_a_response_shows_the_sum_that_the_core_gives(show: Open) -> None:
    page = show()
    sentence = "It was not bad, it was good"
    values = expected(sentence, "was not bad", vocabulary(tokenise(sentence)))
    for column, value in enumerate(values):
        cell(page, 0, "output", 0, column).hover()
        written = readout(page)
        assert written.endswith(f"= {say(value)}")
        assert worth(written) == value
        assert page.locator(".explorer").first.locator(".sheet.input .cell.in").count() == 18


def test_a_pinned_place_travels_in_the_link(show: Open) -> None:
    page = show()
    cell(page, 0, "output", 0, 4).click()
    page.wait_for_url(re.compile("place=4"))
    page.reload()
    page.get_by_text("column 4 (,) · pinned").wait_for()
    cell(page, 0, "output", 0, 4).click()  # and away again
    page.wait_for_url(re.compile("place=none"))
    page.reload()
    page.locator(".explorer").nth(1).locator(".output .cell").first.wait_for()
    assert page.locator(".explorer .cell.pinned").count() == 0
    cell(page, 1, "output", 2, 0).click()  # a maximum: its window is pinned where it was found
    page.get_by_text("column 5 (it) · the largest").wait_for()
    page.wait_for_url(lambda url: "place" not in url)


def test_a_filter_s_maximum_brings_that_filter_into_the_equation(show: Open) -> None:
    page = show()
    cell(page, 1, "output", 2, 0).click()
    page.wait_for_url(re.compile("filter=2"))
    page.get_by_text("Filter “it was good”").wait_for()
    page.get_by_text("column 5 (it) · the largest").wait_for()
    page.get_by_role("radio", name="was not good").click()
    page.wait_for_url(re.compile("filter=1"))
    page.get_by_text("Filter “was not good”").wait_for()
    assert readout(page, 1).startswith("max(0, 0,")


def test_typing_a_sentence_changes_the_grid_and_is_shown_as_text(show: Open) -> None:
    page = show()
    field = page.get_by_label("Sentence", exact=True)
    field.fill("<b>not</b> bad & *good*")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile("sentence="))
    heads = page.locator(".explorer").first.locator(".sheet.input .head")
    heads.get_by_text("&", exact=True).wait_for()
    assert heads.all_inner_texts() == tokenise("<b>not</b> bad & *good*")[:16]
    field.fill("")
    page.keyboard.press("Control+Enter")
    page.get_by_text("There is no word in the sentence: type at least one.").wait_for()
    assert heads.all_inner_texts() == tokenise("<b>not</b> bad & *good*")[:16]


def test_back_and_forward_undo_and_redo(show: Open) -> None:
    page = show()
    page.get_by_role("radio", name="Characters").click()
    page.get_by_text("one-hot characters").wait_for()
    page.wait_for_url(re.compile("by=characters"))  # the address follows what it stands for
    page.go_back()
    page.get_by_text("one-hot words").wait_for()
    page.go_forward()
    page.get_by_text("one-hot characters").wait_for()


def test_the_film_and_the_picture_are_saved_in_the_colours_of_the_theme(show: Open) -> None:
    for scheme, background in (("light", (251, 250, 247)), ("dark", (17, 22, 25))):
        page = show("?tab=Save+and+share", color_scheme=scheme)
        found = {}
        for kind in ("film (GIF)", "picture (PNG)", "numbers (.npy)"):
            found[kind] = saved(page, page.get_by_role("button", name=f"Download the {kind}")).read_bytes()
        film = Image.open(io.BytesIO(found["film (GIF)"]))
        assert film.n_frames == 6
        assert film.convert("RGB").getpixel((1, 1)) == background
        still = Image.open(io.BytesIO(found["picture (PNG)"]))
        assert still.convert("RGB").getpixel((1, 1)) == background
        numbers = np.load(io.BytesIO(found["numbers (.npy)"]), allow_pickle=False)
        sentence = "It was not bad, it was good"
        values = expected(sentence, "was not bad", vocabulary(tokenise(sentence)))
        np.testing.assert_array_equal(numbers, [[values]])


def test_the_equation_and_its_sum_are_seen_without_scrolling(show: Open) -> None:
    page = show(viewport={"width": 1280, "height": 800})
    explorer = page.locator(".explorer").first
    page.wait_for_timeout(1000)
    bottom = explorer.locator(".readout").evaluate("(node) => node.getBoundingClientRect().bottom")
    assert bottom <= 800
    grids = explorer.locator(".equation").evaluate("(node) => node.getBoundingClientRect().bottom")
    assert grids <= explorer.locator(".readout").evaluate("(node) => node.getBoundingClientRect().top")
