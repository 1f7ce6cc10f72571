"""The Inspect page in a real browser: its controls keep what was chosen, whatever is looked at meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
    for name, there in (("What if", "Change the picture"), ("Compare", "Beside it")):
        tabs.get_by_role("radio", name=name).click()
        page.get_by_text(there).first.wait_for(timeout=PATIENCE)
        page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=PATIENCE)
    tabs.get_by_role("radio", name="Why").click()
    expect(window).to_have_value("3", timeout=PATIENCE)
    window.fill("5")
    window.press("Enter")
    page.wait_for_url(lambda url: "window=5" in url and "target=8" in url, timeout=PATIENCE)
