"""The Channels page in a real browser: sums over channels, edits, the gallery, the picture, held against the core."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnncore import ops
from pages.ui import channels_controls
from pages.ui.words import number as say
from tests.browser.moves import go

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
Open = Callable[..., Any]
# The largest equations, each beside the open sidebar.
LARGE = (
    "Channels",
    "Channels?side=16",
    "Channels?side=16&operation=depthwise",
    "Pooling?kind=cross_max&rows=16&columns=16",
    "Pooling?kind=global_average&rows=16&columns=16",
    "Stride?rows=16&columns=16&stride=1",
    "Stride?rows=16&columns=16&stride=1&kernel_rows=7&kernel_columns=7",
    "Stride?rows=16&columns=16&stride=1&kernel_rows=7&kernel_columns=7&padding=full&dilation=4",
    "Text?sentence=a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p",
)
VALUES = {**{setting.name: setting.default for setting in channels_controls.SETTINGS}, "input": "random"}
IMAGE, WEIGHTS = channels_controls.typed_input(VALUES), channels_controls.the_filter(VALUES)
BANK, PICTURE = "tab=A+bank+of+filters", "tab=On+your+picture"


@pytest.fixture
def address(serve: Callable[[Path], str]) -> str:
    return f"{serve(ROOT / 'app.py')}/Channels"


def ready(page: Any) -> Any:
    page.locator(".explorer .output .cell").first.wait_for(timeout=30_000)
    return page


def cell(page: Any, grid: str, plane: int, row: int, column: int) -> Any:
    return page.locator(f".sheet.{grid}").nth(plane).locator(".row").nth(row).locator(".cell").nth(column)


def lines(page: Any) -> list[str]:
    texts = page.locator(".readout .lines:not(.sizer) .line:not([hidden])").all_inner_texts()
    return [" ".join(text.split()) for text in texts]


def test_hovering_writes_each_channel_s_sum_and_the_bias(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?input=random&bias=1.5"))
    apart = ops.conv2d(IMAGE[None], WEIGHTS[:, None], groups=3)[0]
    whole = ops.conv2d(IMAGE[None], WEIGHTS[None], np.array([1.5]))[0, 0]
    for r, c in ((0, 0), (1, 3), (3, 2)):
        cell(page, "output", 0, r, c).hover()
        *channels, total = lines(page)
        for text, name, partial in zip(channels, ("Red", "Green", "Blue"), apart[:, r, c], strict=True):
            assert text.startswith(name)
            assert text.endswith(f"= {say(partial, 6)}")
        assert "1.5 (bias)" in total
        assert total.endswith(f"= {say(whole[r, c], 6)}")
    for large in LARGE:  # all of it, and the sum, stand in the window without scrolling
        go(page, address.replace("Channels", large))
        ready(page)
        page.wait_for_timeout(300)  # the grids follow the width that the sidebar leaves
        equation, readout = page.locator(".equation, .readout").evaluate_all(
            "parts => parts.slice(0, 2).map((part) => part.getBoundingClientRect().bottom)"
        )
        assert max(equation, readout) <= 800, large
        if "padding=full" not in large:  # 64 x 64 cells with the padding
            assert "" not in page.locator(".sheet.input .cell").all_inner_texts(), large


def test_a_weight_typed_in_place_makes_the_filter_one_s_own(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?input=random&pin=0.2.1"))
    cell(page, "kernel", 1, 1, 1).dblclick()
    page.get_by_label("New number").fill("7")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("filter=own"))
    mine = WEIGHTS.copy()
    mine[1, 1, 1] = 7
    expected = ops.conv2d(IMAGE[None], mine[None])[0, 0, 2, 1]
    page.reload()
    ready(page)
    assert lines(page)[-1].endswith(f"= {say(expected, 6)}")


def test_a_map_is_enlarged_by_mouse_keyboard_and_number(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?{BANK}&maps=16"))
    box = page.get_by_label("16 maps")
    box.wait_for(timeout=30_000)
    box.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(re.compile("map=2"))
    page.get_by_label(re.compile(r"^Map 2, 427 by 640")).wait_for()
    box.click(position={"x": 5, "y": 5})
    page.get_by_label(re.compile(r"^Map 0, 427 by 640")).wait_for()
    page.get_by_label("Map", exact=True).fill("15")
    page.keyboard.press("Enter")
    page.get_by_label(re.compile(r"^Map 15, 427 by 640")).wait_for()
    page.wait_for_url(re.compile("map=15"))


def test_a_map_is_enlarged_by_touch(revisit: Open, address: str) -> None:
    size = {"width": 390, "height": 844}
    page = ready(revisit(f"{address}?{BANK}&maps=8", viewport=size, has_touch=True, is_mobile=True))
    box = page.get_by_label("8 maps")
    box.wait_for(timeout=30_000)
    box.scroll_into_view_if_needed()
    edge = box.bounding_box()
    box.tap(position={"x": edge["width"] - 5, "y": 5})
    page.wait_for_url(re.compile("map="))


def test_a_click_in_the_picture_moves_the_patch(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?{PICTURE}&picture=digit-3"))
    box = page.get_by_label(re.compile("^Input, 28 by 28"))
    box.wait_for(timeout=30_000)
    box.focus()
    for key in ("Home", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(re.compile("column=1"))
    page.get_by_text("columns 0 to 5").wait_for()
