"""The Convolution page in a real browser: what a person does, and what they see."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnncore.filtering import filter2d
from cnncore.images import to_gray
from cnncore.kernels import PRESETS
from cnncore.samples import load_sample
from pages.ui.words import number as say
from tests.browser.moves import saved

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
SOBEL = PRESETS["sobel_x"].weights()
Open = Callable[..., Any]
QUIET = "tab=Formula"  # without the histogram: its library is the largest part of what a page loads


@pytest.fixture
def address(serve: Callable[[Path], str]) -> str:
    return serve(ROOT / "app.py")


def ready(page: Any) -> Any:
    page.get_by_role("group", name="one output number taken apart").wait_for()
    page.get_by_text("Output ·").or_(page.get_by_text("Output, ")).first.wait_for()
    return page


def taken_apart(page: Any) -> tuple[int, int]:
    label = page.locator("div.trace").get_attribute("aria-label")
    row, column = re.findall(r"\d+", label)
    return int(row), int(column)


def expect_result(page: Any, row: int, column: int, value: float) -> None:
    page.wait_for_function(
        """([row, column, text]) => [...document.querySelectorAll('*')].some((host) => {
            const trace = host.shadowRoot?.querySelector('.trace');
            return trace && trace.getAttribute('aria-label').endsWith(`row ${row}, column ${column}`)
              && trace.querySelector('.value').textContent.replace(/^= /, '') === text;
        })""",
        arg=[row, column, say(value)],
    )


def test_a_click_in_the_picture_takes_that_very_pixel_apart(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}/Convolution?{QUIET}&picture=digit-3"))
    box = page.get_by_label(re.compile("^Output, 28"))
    size = box.bounding_box()
    side = min(size["width"], size["height"])
    left = size["width"] / 2 - side / 2
    expected = filter2d(to_gray(load_sample("digit-3")), SOBEL)
    for row, column in ((0, 0), (13, 9), (27, 27)):
        box.click(position={"x": left + (column + 0.5) * side / 28, "y": (row + 0.5) * size["height"] / 28})
        expect_result(page, row, column, float(expected[row, column]))
    page.wait_for_url(re.compile("row=27&column=27"))


def test_the_keyboard_picks_a_pixel_too(open_page: Open, address: str) -> None:
    page = ready(open_page(f"{address}/Convolution?{QUIET}&picture=digit-3&row=10&column=10"))
    box = page.get_by_label(re.compile("^Output, 28"))
    box.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expected = filter2d(to_gray(load_sample("digit-3")), SOBEL)
    expect_result(page, 11, 12, float(expected[11, 12]))


def test_typing_row_and_column_works(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}/Convolution?{QUIET}&picture=digit-3"))
    expected = filter2d(to_gray(load_sample("digit-3")), SOBEL)
    page.get_by_label("Row", exact=True).fill("5")
    page.keyboard.press("Enter")
    expect_result(page, 5, 14, float(expected[5, 14]))


def test_a_weight_typed_into_the_grid_makes_the_kernel_one_s_own(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}/Convolution?{QUIET}&picture=digit-3&row=10&column=12"))
    cell = page.locator(".kernel .cell").nth(4)
    cell.click()
    page.keyboard.press("Control+A")
    page.keyboard.type("2.5")
    page.keyboard.press("Enter")
    own = SOBEL.copy()
    own[1, 1] = 2.5
    expected = filter2d(to_gray(load_sample("digit-3")), own)
    expect_result(page, 10, 12, float(expected[10, 12]))
    page.wait_for_url(re.compile("kernel=own"))
    # Back undoes it, forward does it again.
    page.go_back()
    expect_result(page, 10, 12, float(filter2d(to_gray(load_sample("digit-3")), SOBEL)[10, 12]))
    page.go_forward()
    expect_result(page, 10, 12, float(expected[10, 12]))


def test_a_copied_link_reopens_precisely_this_view(revisit: Open, address: str) -> None:
    query = "picture=flower&size=128&kernel=own&own=1+0;0+-1&stride=2&padding=valid&flip=1&bias=3&row=7&column=9"
    page = ready(revisit(f"{address}/Convolution?{query}&tab=Save+and+share"))
    link = page.locator("code", has_text="/Convolution?").first.inner_text()
    shown = page.locator("div.trace .exact, div.trace .value").all_inner_texts()
    again = ready(revisit(link))
    assert again.locator("div.trace .exact, div.trace .value").all_inner_texts() == shown
    assert taken_apart(again) == (7, 9)


def test_downloads_hold_the_core_s_numbers(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}/Convolution?picture=digit-3&tab=Save+and+share"))
    file = saved(page, page.get_by_role("button", name="Download the numbers"))
    expected = filter2d(to_gray(load_sample("digit-3")), SOBEL)
    numbers = np.load(io.BytesIO(file.read_bytes()), allow_pickle=False)
    np.testing.assert_array_equal(numbers, expected)
    file = saved(page, page.get_by_role("button", name="Download the picture"))
    assert Image.open(io.BytesIO(file.read_bytes())).size == (28, 28)


def test_zooming_in_prints_the_numbers_and_out_again_fits(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}/Convolution?{QUIET}"))
    nearer = page.get_by_role("group", name="Zoom of Output").get_by_role("button", name="Zoom in")
    for _ in range(12):  # as quick as one likes: presses add up, and beyond the nearest view they do nothing
        nearer.dispatch_event("click")
    page.get_by_role("button", name="Zoom in", disabled=True).first.wait_for()
    page.get_by_text("fit").first.wait_for(state="detached")
    page.get_by_role("group", name="Zoom of Output").get_by_role("button", name="Whole picture").click()
    page.get_by_text("fit").first.wait_for()


def test_an_upload_shows_and_a_broken_one_says_so(open_page: Open, address: str, tmp_path: Path) -> None:
    page = ready(open_page(f"{address}/Convolution?{QUIET}&picture=upload"))
    mine = np.random.default_rng(3).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(mine).save(buffer, "PNG")
    files = page.locator('input[type="file"]')
    files.set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": buffer.getvalue()})
    page.get_by_text("Input · 40 × 60").wait_for()
    files.set_input_files({"name": "broken.png", "mimeType": "image/png", "buffer": buffer.getvalue()[:500]})
    page.get_by_text("“broken.png” could not be opened").wait_for()
    page.get_by_text("Input · 40 × 60").wait_for()
    page.get_by_role("link", name="CNN Lab").click()
    page.get_by_text("What you can do").wait_for()
    page.get_by_role("link", name="Convolution").first.click()
    page.get_by_text("Input · 40 × 60").wait_for()


def test_an_upload_over_the_limit_is_refused_in_a_sentence(open_page: Open, address: str, tmp_path: Path) -> None:
    page = ready(open_page(f"{address}/Convolution?{QUIET}&picture=upload"))
    large = tmp_path / "large.png"
    large.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(21 * 1024 * 1024))
    page.locator('input[type="file"]').set_input_files(large)
    page.get_by_text(re.compile("20.0 ?MB or smaller")).wait_for()


def test_fast_changes_end_at_the_last_one(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}/Convolution?{QUIET}&size=original&kernel=box&box_size=15"))
    field = page.get_by_label("Dilation", exact=True)
    field.focus()
    for _ in range(9):
        page.keyboard.press("ArrowUp")
    page.wait_for_url(re.compile("dilation=10"))
    expected = filter2d(to_gray(load_sample("china")), PRESETS["box"].weights(size=15), dilation=10)
    row, column = taken_apart(page)
    expect_result(page, row, column, float(expected[row, column]))


def test_two_tabs_do_not_disturb_each_other(open_page: Open, address: str) -> None:
    first = ready(open_page(f"{address}/Convolution?{QUIET}&picture=digit-3&row=10&column=12"))
    second = ready(open_page(f"{address}/Convolution?{QUIET}&picture=digit-3&row=4&column=5&kernel=box"))
    second.get_by_label("Stride", exact=True).fill("2")
    second.keyboard.press("Enter")
    second.wait_for_url(re.compile("stride=2"))
    first.reload()
    ready(first)
    assert taken_apart(first) == (10, 12)
    expect_result(first, 10, 12, float(filter2d(to_gray(load_sample("digit-3")), SOBEL)[10, 12]))


def test_coming_back_from_another_page_finds_the_view_and_its_controls(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}/Convolution?{QUIET}&row=100&column=90&kernel=box"))
    page.get_by_text("RGB filter").click()
    page.wait_for_url(re.compile("colour=rgb"))
    page.get_by_role("link", name="Stride", exact=True).click()
    page.get_by_role("heading", name="Stride and padding").wait_for()
    page.get_by_role("link", name="Convolution", exact=True).click()
    ready(page)
    assert taken_apart(page) == (100, 90)
    page.wait_for_function(
        """() => [...document.querySelectorAll('[data-testid="stSidebar"] [data-testid="stSelectbox"] input')]
          .slice(0, 2).map((field) => field.value).join() === 'Summer palace,640 pixels'"""
    )
    page.wait_for_url(re.compile("/Convolution.*row=100"))
    page.go_back()
    page.get_by_role("heading", name="Stride and padding").wait_for()
