"""A run and its page: other pages, a reload, a second tab, a link for others, a run that is no longer there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
expect = pytest.importorskip("playwright.sync_api").expect
PATIENCE = 60_000  # ms
TOKEN = re.compile(r"[?&]run=([\w-]{24})(&|$)")


def player(page: Any) -> Any:
    return page.locator("section.player")


def waits_for(page: Any, status: str) -> None:
    expect(player(page)).to_have_attribute("data-status", status, timeout=PATIENCE)


def step_now(page: Any) -> int | None:
    """The step that the player names at this moment; None while there is no player, or it names none yet."""
    found = re.search(r"step ([\d,]+) of", " ".join(player(page).all_inner_texts()))
    return int(found[1].replace(",", "")) if found else None


def step_of(page: Any) -> int:
    step = step_now(page)
    assert step is not None, player(page).all_inner_texts()
    return step


def later_than(page: Any, step: int) -> None:
    """Wait until the page shows a later step."""
    deadline = time.monotonic() + PATIENCE / 1000
    while (now := step_now(page)) is None or now <= step:
        assert time.monotonic() < deadline, player(page).all_inner_texts()
        page.wait_for_timeout(100)


def test_a_run_outlives_its_page_and_no_link_for_others_names_it(
    serve: Callable[[Path], str], open_page: Callable[..., Any]
) -> None:
    address = serve(ROOT / "app.py")
    page = open_page(f"{address}/Train?epochs=200&tab=save")
    waits_for(page, "ready")
    player(page).get_by_label("Pace").select_option("20")
    player(page).get_by_role("button", name="Train").click()
    waits_for(page, "training")
    expect(page).to_have_url(TOKEN, timeout=PATIENCE)
    later_than(page, 10)

    # A link for others holds the settings, but not the run; the page's own address does.
    link = page.locator("code", has_text="/Train?epochs=200")
    expect(link).to_be_visible(timeout=PATIENCE)
    assert "run=" not in link.inner_text()
    token = TOKEN.search(page.url)[1]  # type: ignore[index]
    assert token not in page.content()

    # Another page, and back: it has gone on.
    before = step_of(page)
    page.get_by_role("link", name="Stride", exact=True).click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Train", timeout=PATIENCE)
    expect(page).not_to_have_url(re.compile(token), timeout=PATIENCE)
    page.get_by_role("link", name="Train", exact=True).click()
    later_than(page, before)
    expect(page).to_have_url(re.compile(token), timeout=PATIENCE)  # written when the script ends

    # A reload, and a second tab with the same address: both see the same run, and either may command it.
    before = step_of(page)
    page.reload()
    later_than(page, before)
    waits_for(page, "training")
    second = open_page(page.url)
    later_than(second, before)
    player(second).get_by_role("button", name="Pause").click()
    waits_for(second, "paused")
    waits_for(page, "paused")
    halted = step_of(second)
    assert step_of(page) == halted
    player(second).get_by_role("button", name="+1 batch").click()
    later_than(second, halted)
    assert step_of(second) == halted + 1
    waits_for(second, "paused")
    # What stands below the film follows it back in time.
    player(second).get_by_role("slider", name="Moment of the run").press("Home")
    expect(second.get_by_text("You save Run 1 as it is at step 0.")).to_be_visible(timeout=PATIENCE)
    player(second).get_by_role("button", name="Live").click()
    expect(second.get_by_text(f"You save Run 1 as it is at step {halted + 1}.")).to_be_visible(timeout=PATIENCE)
    player(second).get_by_role("button", name="Start again").click()
    waits_for(second, "ready")

    # A run that nobody has: a sentence, and the address forgets it.
    stranger = open_page(f"{address}/Train?epochs=200&run={'x' * 24}")
    expect(stranger.get_by_role("alert")).to_contain_text("no longer there", timeout=PATIENCE)
    waits_for(stranger, "ready")
    expect(stranger).not_to_have_url(TOKEN, timeout=PATIENCE)
