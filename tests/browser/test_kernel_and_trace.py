"""The kernel (edited in place) and the trace (one number taken apart), driven in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.rings import ringed

expect = pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser tests").expect

pytestmark = pytest.mark.browser
APP = Path(__file__).with_name("trace_app.py")
MINUS = "\u2212"


@pytest.fixture(scope="module")
def address(serve: Callable[[Path], str]) -> str:
    return serve(APP)


@pytest.fixture
def visit(address: str, context_for: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Open a case at a width; at the end the console must have stayed clean."""
    pages, complaints = [], []

    def visit(case: str = "sobel", width: int = 1280, sent: list[Any] | None = None) -> Any:
        page = context_for().new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.set_default_timeout(15_000)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if sent is not None:
            page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
        page.goto(f"{address}/?case={case}")
        page.locator(".trace .cell").first.wait_for(timeout=30_000)
        page.locator(".kernel .cell").first.wait_for()
        page.get_by_text("edits 0").wait_for()
        return page

    yield visit
    for page in pages:
        page.close()
    assert complaints == []


def grid(page: Any, name: str, part: str = "trace") -> Any:
    return page.locator(f".{part}").get_by_role("grid", name=name, exact=True)


def cell(page: Any, name: str, row: int, column: int, part: str = "trace") -> Any:
    """A cell by its row and column, counted from 1 as on the screen."""
    return grid(page, name, part).get_by_role("row").nth(row - 1).get_by_role("gridcell").nth(column - 1)


def numbers(page: Any, name: str, part: str = "trace") -> list[list[str]]:
    lines = grid(page, name, part).get_by_role("row").all()
    return [line.get_by_role("gridcell").all_inner_texts() for line in lines]


def weight(page: Any, row: int, column: int) -> Any:
    return cell(page, "kernel", row, column, part="kernel")


def focused_name(page: Any) -> str:
    """The accessible name of what has the focus, inside the shadow roots too."""
    return page.evaluate("""() => {
        let node = document.activeElement;
        while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
        return node.getAttribute("aria-label") ?? node.innerText;
    }""")


def test_the_trace_shows_every_number_and_the_result(visit: Callable[..., Any]) -> None:
    page = visit()
    assert numbers(page, "patch") == [["220", "214", "216"], ["215", "208", "209"], ["212", "208", "207"]]
    assert numbers(page, "kernel") == [[f"{MINUS}1", "0", "1"], [f"{MINUS}2", "0", "2"], [f"{MINUS}1", "0", "1"]]
    assert numbers(page, "products")[1] == [f"{MINUS}430", "0", "418"]
    result = page.locator(".trace .result")
    assert result.locator(".value").inner_text() == f"{MINUS}21"
    assert result.locator(".steps").inner_text() == f"sum {MINUS}21 + bias 0"
    assert result.locator(".exact").inner_text() == ""


def test_pointing_links_the_three_grids_and_sends_nothing(visit: Callable[..., Any]) -> None:
    sent: list[Any] = []
    page = visit("border", sent=sent)
    readout = page.locator(".trace .readout")
    expect(readout).to_contain_text("Hatched cells lie outside the picture")
    assert sent  # the first run was asked for
    sent.clear()
    cell(page, "kernel", 2, 3).hover()
    expect(readout).to_have_text("Row 1, column 2 of the window: 228 × 2 = 456")
    for name in ("patch", "kernel", "products"):
        assert ringed(grid(page, name)) == [[1, 2]]
    cell(page, "products", 1, 1).hover()
    expect(readout).to_have_text(
        f"Row 0, column 0 of the window: 23 × {MINUS}1 = {MINUS}23 (23 comes from the border rule)"
    )
    assert ringed(grid(page, "patch")) == [[0, 0]]
    assert cell(page, "patch", 1, 1).get_attribute("aria-label") == "row 0, column 0: 23, from the border rule"
    weight(page, 1, 1).hover()
    page.get_by_text("runs 1", exact=True).hover()
    expect(readout).to_contain_text("Hatched cells")
    expect(page.get_by_text("runs 1", exact=True)).to_be_visible()
    assert sent == []


def test_the_trace_is_walked_with_the_keyboard(visit: Callable[..., Any]) -> None:
    page = visit()
    readout = page.locator(".trace .readout")
    cell(page, "patch", 1, 1).focus()
    for key, place in [
        ("ArrowRight", "Row 0, column 1"),
        ("ArrowDown", "Row 1, column 1"),
        ("End", "Row 1, column 2"),
        ("ArrowRight", "Row 1, column 2"),
        ("Control+End", "Row 2, column 2"),
        ("Home", "Row 2, column 0"),
        ("ArrowUp", "Row 1, column 0"),
    ]:
        page.keyboard.press(key)
        expect(readout).to_contain_text(f"{place} of the window")
    assert grid(page, "patch").locator("[tabindex='0']").count() == 1
    page.keyboard.press("Tab")  # one stop a grid
    assert focused_name(page) == f"row 0, column 0: {MINUS}1"
    page.keyboard.press("r")  # Streamlit's own key for a rerun
    page.keyboard.press("c")
    page.keyboard.press("ArrowRight")
    expect(readout).to_have_text("Row 0, column 1 of the window: 214 × 0 = 0")
    expect(page.get_by_text("runs 1", exact=True)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_edit_is_sent_and_focus_stays(visit: Callable[..., Any]) -> None:
    page = visit()
    weight(page, 2, 1).click()
    editor = page.get_by_role("textbox", name="Row 1, column 0, new weight")
    expect(editor).to_have_value("-2")
    editor.fill("0.123456789")
    editor.press("Enter")
    expect(page.get_by_text("edits 1", exact=True)).to_be_visible()
    expect(weight(page, 2, 1)).to_have_text("0.123")
    expect(page.locator(".kernel .pending")).to_have_count(0)
    expect(cell(page, "kernel", 2, 1)).to_have_text("0.123")  # the trace follows
    expect(page.locator(".kernel .readout")).to_have_text("Row 1, column 0: 0.1234568")
    assert focused_name(page) == "row 1, column 0: 0.1234568"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("7")  # a figure starts editing
    expect(page.get_by_role("textbox", name="Row 1, column 1, new weight")).to_have_value("7")
    page.keyboard.press("Tab")  # commits, and goes on to the next weight
    expect(weight(page, 2, 2)).to_have_text("7")
    expect(weight(page, 2, 3)).to_be_focused()
    page.keyboard.press("Tab")  # leaves the kernel
    expect(page.locator(".kernel :focus")).to_have_count(0)
    expect(cell(page, "kernel", 2, 2)).to_have_text("7")
    result = page.locator(".trace .result")
    exact = 220 * -1 + 216 + 215 * 0.123456789 + 208 * 7 + 209 * 2 - 212 + 207
    assert float(result.locator(".exact").inner_text().removeprefix("exactly ")) == pytest.approx(exact, rel=1e-12)


def test_escape_and_no_change_send_nothing_and_garbage_gives_the_number_back(visit: Callable[..., Any]) -> None:
    page = visit()
    weight(page, 1, 3).focus()
    page.keyboard.press("F2")
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    expect(weight(page, 1, 3)).to_have_text("1")
    expect(weight(page, 1, 3)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # unchanged
    page.keyboard.press("Enter")
    page.keyboard.type("abc")
    page.keyboard.press("Enter")
    readout = page.locator(".kernel .readout")
    expect(readout).to_have_text('"abc" is not a number.')
    expect(page.get_by_text("edits 1", exact=True)).to_be_visible()
    expect(weight(page, 1, 3)).to_have_text("1")
    page.keyboard.press("ArrowLeft")
    expect(readout).to_have_text("Row 0, column 1: 0")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.type("abc")  # the same answer again
    page.get_by_role("button", name="after").focus()  # leaving commits
    expect(page.get_by_text("edits 2", exact=True)).to_be_visible()
    expect(weight(page, 1, 3)).to_have_text("1")
    expect(readout).to_have_text('"abc" is not a number.')


def test_an_edit_without_an_answer_gives_the_number_back(visit: Callable[..., Any]) -> None:
    page = visit("unanswered")
    weight(page, 1, 1).click()
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(page.get_by_text("edits 1", exact=True)).to_be_visible()
    expect(page.locator(".kernel .pending")).to_have_count(0)
    weight(page, 1, 1).click()
    page.keyboard.type("5.0")  # the same number: the data stay the same
    page.keyboard.press("Enter")
    expect(page.get_by_text("edits 2", exact=True)).to_be_visible()
    expect(weight(page, 1, 1)).to_have_text("5", timeout=8_000)


def test_quick_edits_on_a_slow_server_all_arrive(visit: Callable[..., Any]) -> None:
    page = visit("slow")
    weight(page, 1, 1).focus()
    for text in ("11", "12", "13", "14"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    expect(page.locator(".kernel .pending")).to_have_count(0)
    assert numbers(page, "kernel", "kernel")[:2] == [["11", "12", "13"], ["14", "0", "2"]]


def test_a_large_kernel_says_its_numbers_below(visit: Callable[..., Any]) -> None:
    page = visit("log15")
    assert weight(page, 8, 8).inner_text() == ""
    assert page.locator(".trace .value").inner_text() == f"{MINUS}3.31"
    assert page.locator(".trace .exact").inner_text().startswith(f"exactly {MINUS}3.307")
    weight(page, 8, 8).hover()
    expect(page.locator(".kernel .readout")).to_have_text(re.compile(rf"^Row 7, column 7: {MINUS}0\.\d{{7}}$"))
    height = page.locator(".trace").bounding_box()["height"]
    cell(page, "patch", 1, 2).focus()
    expect(page.locator(".trace .readout")).to_contain_text("Row 0, column 1 of the window: ")
    expect(page.locator(".trace .readout")).to_contain_text("comes from the border rule")
    assert page.locator(".trace").bounding_box()["height"] == height  # nothing jumps
    weight(page, 1, 1).click()
    editor = page.get_by_role("textbox", name="Row 0, column 0, new weight")
    assert editor.bounding_box()["width"] >= 60
    page.keyboard.type("-9")
    page.keyboard.press("Enter")
    expect(page.locator(".kernel .readout")).to_have_text(f"Row 0, column 0: {MINUS}9")


@pytest.mark.parametrize(
    ("case", "steps", "result"),
    [
        ("relu", ["sum \u2212883 + bias \u22123.5", "max(0, \u2212886.5)"], "= 0"),
        ("rgb", ["sum of the channels + bias", "883 \u2212 10 \u2212 286.333 + 0"], "= 587"),
        ("magnitude", ["√(gx² + gy²)", "√(883² + (\u221210)²)"], "= 883"),
    ],
)
def test_the_steps_to_the_result(visit: Callable[..., Any], case: str, steps: list[str], result: str) -> None:
    page = visit(case)
    lines = page.locator(".trace .steps > div")
    assert ["".join(text.split("\n")) for text in lines.all_inner_texts()] == steps
    assert page.locator(".trace .result .value").inner_text() == result


def test_cells_are_readable_and_follow_a_theme_switch(visit: Callable[..., Any]) -> None:
    page = visit("border")
    colours = """cells => cells.map(cell => {
        const style = getComputedStyle(cell);
        return [style.backgroundColor, style.color];
    })"""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    seen = []
    for scheme, zero in [("light", "rgb(251, 250, 247)"), ("dark", "rgb(17, 22, 25)")]:
        page.emulate_media(color_scheme=scheme)
        expect(weight(page, 1, 2)).to_have_css("background-color", zero)
        expect(cell(page, "kernel", 1, 2)).to_have_css("background-color", zero)
        pairs = page.locator(".heatgrid .cell").evaluate_all(colours)
        for pair in pairs:
            dark, light = sorted(luminance(colour) for colour in pair)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, pair
        seen.append(pairs[0])
    assert seen[0] != seen[1]
    expect(page.get_by_text("runs 1", exact=True)).to_be_visible()


@pytest.mark.parametrize("case", ["sobel", "gauss5", "wide", "rgb", "nan"])
def test_a_phone_shows_it_without_sideways_scrolling(visit: Callable[..., Any], case: str) -> None:
    page = visit(case, width=390)
    for part in (".kernel", ".trace"):
        for box in page.locator(f"{part} .heatgrid, {part} .result, {part} .readout, {part} .sign").all():
            place = box.bounding_box()
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= 390
    overflow = page.locator(".heatgrid .cell").evaluate_all(
        "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent)"
    )
    assert overflow == []
