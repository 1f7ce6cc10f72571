"""The Pooling page in a real browser: maxima and means by mouse, pins that survive, nothing cut off on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnncore import ops
from pages.ui import pooling_controls
from pages.ui.grid_controls import small_grid
from pages.ui.words import number as say

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
Open = Callable[..., Any]
IMAGE = small_grid({setting.name: setting.default for setting in pooling_controls.SETTINGS})


@pytest.fixture
def address(serve: Callable[[Path], str]) -> str:
    return f"{serve(ROOT / 'app.py')}/Pooling"


def ready(page: Any) -> Any:
    page.locator(".explorer .output .cell").first.wait_for(timeout=30_000)
    return page


def cell(page: Any, grid: str, row: int, column: int) -> Any:
    return page.locator(f".sheet.{grid} .row").nth(row).locator(".cell").nth(column)


def readout(page: Any) -> str:
    lines = page.locator(".readout .lines:not(.sizer) .line:not([hidden])").all_inner_texts()
    return " ".join(" ".join(lines).split())


def test_hovering_shows_the_core_s_maximum_and_its_winner(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?tab=Names+and+claims"))
    for (r, c), value in np.ndenumerate(ops.max_pool2d(IMAGE[None, None], 2)[0, 0]):
        cell(page, "output", r, c).hover()
        text = readout(page)
        assert text.endswith(f"= {say(value)}")
        window = IMAGE[2 * r : 2 * r + 2, 2 * c : 2 * c + 2]
        assert [
            float(part) for part in re.findall(r"\d+", text.split("max(")[1].split(")")[0])
        ] == window.ravel().tolist()
        first = np.argwhere(window == value)[0]
        won = page.locator(".sheet.input .cell.best")
        assert won.count() == 1
        here = cell(page, "input", 2 * r + int(first[0]), 2 * c + int(first[1]))
        assert "best" in here.get_attribute("class").split()


def test_hovering_a_mean_at_the_edge_divides_by_what_counts(revisit: Open, address: str) -> None:
    query = "kind=average&window=3&padding=pixels&tab=Names+and+claims"
    for counted, divisor in ((0, 4), (1, 9)):
        page = ready(revisit(f"{address}?{query}&count_include_pad={counted}"))
        how = {"stride": 2, "padding": 1, "count_include_pad": bool(counted)}
        value = float(ops.avg_pool2d(IMAGE[None, None], 3, **how)[0, 0, 0, 0])
        cell(page, "output", 0, 0).hover()
        assert re.search(rf"÷ {divisor} [=≈] {re.escape(say(value, 6))}", readout(page))


def test_the_pin_survives_a_reload_and_chooses_whose_gradient_is_shown(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?tab=Gradient"))
    cell(page, "output", 2, 1).click()
    page.wait_for_url(re.compile(r"pin=2\.1"))
    page.get_by_text("Output row 2, column 1 is").wait_for()
    page.reload()
    ready(page)
    assert "pinned" in cell(page, "output", 2, 1).get_attribute("class").split()
    page.get_by_text("Output row 2, column 1 is").wait_for()
    window = IMAGE[4:6, 2:4]
    r, c = (int(at) for at in np.argwhere(window == window.max())[0])
    table = page.get_by_role("table", name="Gradient at the input")
    numbers = [[float(text) for text in row.locator("td").all_inner_texts()] for row in table.locator("tr").all()]
    expected = np.zeros_like(IMAGE)
    expected[4 + r, 2 + c] = 1
    assert numbers == expected.tolist()


def test_moving_the_slider_moves_the_numbers(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?tab=Shift&shift_on=grid"))
    page.get_by_role("slider", name="Pixels to the right").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("shift=2"))
    table = page.get_by_role("table", name=re.compile("^Max ·"))
    expected = ops.max_pool2d(np.roll(IMAGE, 2, axis=1)[None, None], 2)[0, 0]
    page.get_by_text("Max · rest 0 %").wait_for()
    numbers = [[float(text) for text in row.locator("td").all_inner_texts()] for row in table.locator("tr").all()]
    assert numbers == expected.tolist()


def test_a_bad_setting_says_so_and_the_view_stays(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?padding=pixels&tab=Names+and+claims"))
    page.get_by_label("Cells on each side").fill("3")
    page.keyboard.press("Enter")
    page.get_by_text("The padding of 3 rows is not smaller than the window, which spans 2").wait_for()
    assert page.locator(".sheet.output .cell").count() == 16
