"""The Inspect page in a real browser: its controls keep what was chosen, whatever is looked at meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.moves import at_rest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
expect = pytest.importorskip("playwright.sync_api").expect
PATIENCE = 30_000  # ms


def test_controls_come_back_as_they_were_left(serve: Callable[[Path], str], open_page: Callable[..., Any]) -> None:
    """Streamlit forgets what a widget holds once it is not drawn, for good after two other tabs."""
    page = open_page(f"{serve(ROOT / 'app.py')}/Inspect?source=test&tab=why&window=3&target=8")
    window = page.get_by_label("Occlusion window")
    expect(window).to_have_value("3", timeout=PATIENCE)
    tabs = page.get_by_role("radiogroup").filter(has_text="What if")
    for name, there in (("Layer by layer", "Nothing is traced yet"), ("Compare", "Beside it")):
        tabs.get_by_role("radio", name=name).click()
        page.get_by_text(there).first.wait_for(timeout=PATIENCE)
        at_rest(page)
    tabs.get_by_role("radio", name="Why").click()
    expect(window).to_have_value("3", timeout=PATIENCE)
    window.fill("5")
    window.press("Enter")
    page.wait_for_url(lambda url: "window=5" in url and "target=8" in url, timeout=PATIENCE)


def test_a_drawing_is_read_taken_back_and_kept(serve: Callable[[Path], str], open_page: Callable[..., Any]) -> None:
    page = open_page(f"{serve(ROOT / 'app.py')}/Inspect")
    paper = page.locator(".stVerticalBlock.st-key-inspect-canvas")
    page.locator("canvas.upper-canvas").wait_for(timeout=PATIENCE)
    buttons = page.locator(".st-key-inspect-canvas-buttons button")
    steps, taken_back = page.locator(".stVerticalBlock.st-key-inspect-stages"), buttons.filter(has_text="Undo")
    expect(steps).to_contain_text("What you draw is made ready", timeout=PATIENCE)
    expect(taken_back).to_be_disabled()
    expect(page.locator(".dc-toolbar")).to_be_hidden()  # its "Edit" would stop drawing without a sign
    place = steps.bounding_box()["y"]

    def stroke(*points: tuple[int, int]) -> None:
        box = paper.bounding_box()
        for at, (x, y) in enumerate(points):
            page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
            if at == 0:
                page.mouse.down()
        page.mouse.up()

    stroke((190, 8), (238, 8))  # where the canvas's own buttons would lie
    expect(page.locator(".reading")).to_contain_text("Your picture, made ready.", timeout=PATIENCE)
    crop = steps.locator("figcaption", has_text="Crop")
    expect(crop).to_have_text(re.compile(r"\d × \d"), timeout=PATIENCE)
    one = crop.inner_text()
    assert steps.bounding_box()["y"] == place  # nothing jumps
    stroke((60, 60), (60, 200))
    expect(crop).not_to_have_text(one, timeout=PATIENCE)
    taken_back.click()
    expect(crop).to_have_text(one, timeout=PATIENCE)
    page.get_by_role("link", name="Text", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Text", timeout=PATIENCE)
    page.get_by_role("link", name="Inspect", exact=True).click()
    expect(crop).to_have_text(one, timeout=PATIENCE)
    buttons.filter(has_text="Empty").click()
    expect(page.locator(".reading")).to_contain_text("Test digit 0.", timeout=PATIENCE)
