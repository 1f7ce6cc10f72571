"""The explorer, driven in a real browser by mouse, keyboard and touch; its numbers are held against its data."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.browser import explorer_app

pytestmark = pytest.mark.browser
APP = Path(__file__).with_name("explorer_app.py")

# For each output cell of one explorer: its name, and what is said while it has the focus.
READ_ALL = """explorer => [...explorer.querySelectorAll('.sheet.output .cell')].map(cell => {
  cell.focus();
  const lines = explorer.querySelectorAll('.lines:not(.sizer) .line:not([hidden])');
  return [cell.getAttribute('aria-label'), explorer.querySelector('[role=status]').textContent, lines.length];
})"""
FILL = "cell => getComputedStyle(cell).backgroundColor"


@pytest.fixture
def show(serve: Callable[[Path], str], open_page: Callable[..., Any]) -> Callable[..., Any]:
    """A function that opens one case of the small app and waits for its grids."""

    def start(case: str, **options: Any) -> Any:
        page = open_page(f"{serve(APP)}/?case={case}", **options)
        page.locator(".explorer .output .cell").first.wait_for(timeout=30_000)
        return page

    return start


def cell(page: Any, grid: str, row: int, column: int, plane: int = 0) -> Any:
    return page.locator(f".sheet.{grid}").nth(plane).locator(".row").nth(row).locator(".cell").nth(column)


def readout(page: Any) -> str:
    """What is written under the equation, its lines apart."""
    lines = page.locator(".readout .lines:not(.sizer) .line:not([hidden])").all_inner_texts()
    return "\n".join(" ".join(line.split()) for line in lines)


def says(page: Any, text: str) -> None:
    """Wait until the app says `text` about its runs and its pin."""
    page.get_by_test_id("stText").filter(has_text=re.compile(re.escape(text))).wait_for(timeout=10_000)


def focused(page: Any) -> str:
    found = page.evaluate("""() => {
      let at = document.activeElement;
      while (at && at.shadowRoot) at = at.shadowRoot.activeElement;
      return at && (at.getAttribute('aria-label') || at.textContent);
    }""")
    return str(found)


def worth(text: str) -> float:
    """Calculate what is written before the equals sign."""
    sum_text = re.sub(r" \((bias|and \d+ with weight 0)\)", "", text.split(" = ")[0])
    sum_text = sum_text.replace("−", "-").replace("×", "*").replace("÷", "/")
    assert re.fullmatch(r"(max)?[-0-9.e+*/(), ]+", sum_text), sum_text
    return float(eval(sum_text, {"__builtins__": {}, "max": lambda *numbers: max(numbers)}))


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


# Hovering ------------------------------------------------------------------------------------------------------------


def test_the_worked_example_answers_the_pointer(show: Callable[..., Any]) -> None:
    page = show("home")
    first = "0.4 × 1 + 0.2 × 0 + 1.0 × 1 + 0.7 × 0 + 0.1 × 2 + 0.2 × 0 + 0.7 × 1 + 0.3 × 0 + 1.0 × 1 = 3.3"
    assert readout(page) == first  # an example stands there at once
    height = page.locator(".readout").bounding_box()["height"]
    cell(page, "output", 1, 2).hover()
    assert (
        readout(page) == "0.2 × 1 + 0.8 × 0 + 0.2 × 1 + 1.0 × 0 + 0.9 × 2 + 0.4 × 0 + 0.9 × 1 + 1.0 × 0 + 0.7 × 1 = 3.8"
    )
    notes = page.locator(".sheet.input .cell[data-note]")
    assert [note.get_attribute("data-note") for note in notes.all()] == [f"×{w}" for w in (1, 0, 1, 0, 2, 0, 1, 0, 1)]
    assert " ".join(notes.all_inner_texts()) == "0.2 0.8 0.2 1.0 0.9 0.4 0.9 1.0 0.7"
    cell(page, "input", 0, 0).hover()
    assert readout(page).startswith("0.4 feeds 1 of the 16 outputs")
    cell(page, "input", 2, 2).hover()
    assert readout(page).startswith("1.0 feeds 9 of the 16 outputs")
    assert page.locator(".sheet.output .cell[data-note]").count() == 9
    assert cell(page, "output", 1, 1).get_attribute("data-note") == "×2"
    cell(page, "kernel", 1, 1).hover()
    assert readout(page) == "Weight 2 multiplies each of 16 input cells once."
    assert page.locator(".sheet.input .cell.tap").count() == 16
    page.mouse.move(600, 700)
    assert readout(page) == first
    assert page.locator(".readout").bounding_box()["height"] == height
    says(page, "runs 1, pin None")  # nothing of this went to the server


def test_every_written_sum_is_right_and_gives_the_cores_number(show: Callable[..., Any]) -> None:
    page = show("gallery")
    page.locator(".explorer").nth(len(explorer_app.GALLERY) - 1).wait_for()
    for place_on_page, case in enumerate(explorer_app.GALLERY):
        if case in ("bigout", "global"):  # 1,600 outputs; a sum too long to be written out
            continue
        told = page.locator(".explorer").nth(place_on_page).evaluate(READ_ALL)
        outputs = np.array(explorer_app.CASES[case]()["output"]["planes"])
        assert len(told) == outputs.size, case
        for (label, status, lines), expected in zip(told, outputs.ravel(), strict=True):
            place, _, shown = label.rpartition(": ")
            assert number(shown) == pytest.approx(expected, rel=1e-5, abs=1e-6), case
            where, _, sums = status.partition(": ")
            assert where == place
            written = sums.split("; ")
            assert len(written) == lines
            for text in written:
                assert worth(text) == pytest.approx(number(text.rpartition("= ")[2]), rel=1e-4, abs=2e-5), case
            assert number(written[-1].rpartition("= ")[2]) == number(shown)


def test_padding_dropped_cells_winners_and_what_does_not_count_are_told_apart(show: Callable[..., Any]) -> None:
    page = show("stride")  # 8 rows, stride 3: the last two rows are left over; one column of padding on the left
    assert page.locator(".sheet.input .cell.pad").count() == 8
    assert page.locator(".sheet.input .cell.unread").count() == 18
    assert page.locator(".key").inner_text().split("\n")[0].startswith("padding")
    assert "never read" in page.locator(".key").inner_text()
    cell(page, "input", 7, 3).hover()
    assert readout(page).endswith("is never read: no window reaches it.")
    assert cell(page, "input", 0, 0).get_attribute("aria-label") == "padding, row 0, column −1: 0"

    page = show("max")
    cell(page, "output", 0, 0).hover()
    assert readout(page) == "max(0, 1, 7, 8) = 8"
    assert page.locator(".sheet.input .cell.best").inner_text() == "8"
    assert cell(page, "input", 0, 0).inner_text() == "−∞"
    page = show("average")
    cell(page, "output", 2, 2).hover()
    assert readout(page) == "(48) ÷ 1 = 48"
    assert page.locator(".sheet.input .cell.out").count() == 3


def test_channels_show_their_partial_sums_and_the_bias(show: Callable[..., Any]) -> None:
    page = show("rgb")
    data = explorer_app.CASES["rgb"]()
    cell(page, "output", 2, 3).hover()
    partials = [plane[2][3] for plane in data["output"]["partials"][0]]
    shown = [number(text.removeprefix("= ")) for text in page.locator(".partial").all_inner_texts()]
    assert shown == pytest.approx(partials, rel=1e-5)
    lines = readout(page).split("\n")
    assert [line.split()[0] for line in lines] == ["Red", "Green", "Blue", "Sum"]
    assert "0.5 (bias)" in lines[3]
    assert number(lines[3].rpartition("= ")[2]) == pytest.approx(sum(partials) + 0.5, rel=1e-5)


# Keys, touch, pins ---------------------------------------------------------------------------------------------------


def test_the_keyboard_alone_is_enough(show: Callable[..., Any]) -> None:
    page = show("home")
    output = page.get_by_role("grid", name="Feature map, 4 by 4")
    assert output.get_by_role("gridcell").count() == 16
    page.get_by_role("grid", name="Input, 6 by 6").get_by_role("gridcell", name="row 0, column 0: 0.4").focus()
    page.keyboard.press("Tab")  # one stop for each grid
    assert focused(page) == "row 0, column 0: 1"
    page.keyboard.press("Tab")
    assert focused(page) == "row 0, column 0: 3.3"
    status = page.get_by_role("status").filter(has_text="row 0, column 0: 0.4 × 1 + 0.2 × 0")
    assert status.inner_text().endswith("+ 1.0 × 1 = 3.3")
    for key, place in [
        ("ArrowRight", "row 0, column 1: 2.1"),
        ("ArrowDown", "row 1, column 1: 4.5"),
        ("End", "row 1, column 3: 3.0"),
        ("ArrowRight", "row 1, column 3: 3.0"),
        ("Control+End", "row 3, column 3: 3.4"),
        ("Home", "row 3, column 0: 1.7"),
        ("ArrowUp", "row 2, column 0: 3.4"),
    ]:
        page.keyboard.press(key)
        assert focused(page) == place
    assert readout(page).endswith("= 3.4")
    for letter in "rck":  # Streamlit's shortcuts
        page.keyboard.press(letter)
    page.keyboard.press("Enter")
    says(page, "runs 2, pin (0, 2, 0)")
    assert cell(page, "output", 2, 0).get_attribute("aria-selected") == "true"
    assert page.get_by_role("dialog").count() == 0
    page.keyboard.press("Control+Home")
    page.keyboard.press("Shift+Tab")
    assert readout(page).startswith("Weight 1")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    says(page, "runs 3, pin None")
    assert page.locator(".cell[aria-selected=true]").count() == 0


def test_a_click_pins_and_a_pin_from_the_page_is_shown(show: Callable[..., Any]) -> None:
    page = show("own")
    cell(page, "output", 3, 1).click()
    says(page, "pin (0, 3, 1)")
    page.mouse.move(600, 700)
    page.get_by_role("button", name="Play").focus()
    assert "Output row 3, column 1 · pinned" in page.locator(".readout").inner_text()
    cell(page, "output", 3, 1).click()
    says(page, "pin None")
    page = show("sixteen")  # pinned by the page
    assert "Output row 4, column 5 · pinned" in page.locator(".readout").inner_text()
    assert cell(page, "output", 4, 5).get_attribute("aria-selected") == "true"


def test_a_finger_on_a_narrow_screen(show: Callable[..., Any]) -> None:
    page = show("home", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    cell(page, "output", 1, 1).tap()
    says(page, "pin (0, 1, 1)")
    assert readout(page).endswith("= 4.5")
    cell(page, "input", 5, 5).tap()
    assert readout(page).startswith("0.5 feeds 1 of the 16 outputs")
    cell(page, "input", 3, 3).tap()
    assert page.locator(".sheet.output .cell[data-note]").count() == 9


def test_nothing_is_cut_off_at_390_pixels(show: Callable[..., Any]) -> None:
    page = show("gallery", viewport={"width": 390, "height": 844})
    page.locator(".explorer").nth(len(explorer_app.GALLERY) - 1).wait_for()
    assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    boxes = [sheet.bounding_box() for sheet in page.locator(".sheet .stage").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    for explorer, case in zip(page.locator(".explorer").all(), explorer_app.GALLERY, strict=True):
        cells = explorer.locator(".sheet.input").first.locator(".row").first.locator(".cell")
        assert cells.first.bounding_box()["width"] >= 24 or cells.count() > 14, case


def test_a_detector_of_letters_writes_only_the_weights_it_has(show: Callable[..., Any]) -> None:
    page = show("text")
    cell(page, "output", 0, 4).hover()
    assert readout(page) == "1 × 1 + 1 × 1 + 1 × 1 (and 33 with weight 0) = 3"
    assert page.locator(".sheet.input .head").nth(4).inner_text() == "c"
    assert cell(page, "input", 2, 4).get_attribute("aria-label") == "row 2 (c), column 4 (c): 1"


def test_sixteen_by_sixteen_shows_every_number(show: Callable[..., Any]) -> None:
    page = show("sixteen")
    texts = page.locator(".sheet.input .cell:not(.pad)").all_inner_texts()
    shown = explorer_app.CASES["sixteen"]()["input"]["planes"][0]
    assert [float(text) for text in texts] == [value for row in shown[1:-1] for value in row[1:-1]]
    overflow = page.locator(".sheet .cell").evaluate_all(
        "cells => cells.filter(c => c.scrollWidth > c.clientWidth).length"
    )
    assert overflow == 0


# The player ----------------------------------------------------------------------------------------------------------


def test_the_window_slides_by_itself_and_fills_the_map(show: Callable[..., Any]) -> None:
    page = show("autoplay", reduced_motion="no-preference")
    slider = page.get_by_role("slider")
    page.get_by_role("slider", name="Step 2 of 16").wait_for()
    page.get_by_role("button", name="Pause").click()
    step = int(slider.input_value())
    assert page.locator(".sheet.output .cell.pending").count() == 16 - step
    page.get_by_role("button", name="One step forward").click()
    assert page.locator(".sheet.output .cell.pending").count() == 16 - step - 1
    page.get_by_role("button", name="One step back").click()
    page.get_by_role("slider", name=f"Step {step} of 16").wait_for()
    slider.fill("7")
    assert readout(page).endswith("= 3.8")
    assert page.locator(".sheet.output .cell.pending").count() == 9
    slider.fill("15")
    page.get_by_label("Speed", exact=True).select_option("Fastest")
    page.get_by_role("button", name="Play").click()
    page.get_by_role("slider", name="Step 16 of 16").wait_for()
    page.get_by_role("button", name="Play").wait_for()  # it stopped by itself
    assert page.locator(".sheet.output .cell.pending").count() == 0
    assert readout(page).endswith("= 3.4")
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    assert page.locator(".sheet.output .cell.pending").count() > 0  # from the start again
    cell(page, "output", 0, 0).click()  # a pin ends it
    assert page.locator(".sheet.output .cell.pending").count() == 0


def test_less_motion_means_no_autoplay(show: Callable[..., Any]) -> None:
    page = show("autoplay", reduced_motion="reduce")
    page.wait_for_timeout(1500)
    assert page.get_by_role("button", name="Play").is_visible()
    assert page.locator(".sheet.output .cell.pending").count() == 0
    page.get_by_role("button", name="One step forward").click()
    assert page.locator(".frame.on").evaluate("frame => getComputedStyle(frame).transitionDuration") == "0s"


# Editing -------------------------------------------------------------------------------------------------------------


def test_numbers_are_changed_in_place(show: Callable[..., Any]) -> None:
    page = show("own")
    cell(page, "input", 1, 1).dblclick()
    field = page.get_by_label("New number for row 0, column 0: 0.64")
    field.fill("−2.5")
    field.press("Enter")
    page.get_by_role("gridcell", name="row 0, column 0: −2.5").first.wait_for()
    assert focused(page) == "row 0, column 0: −2.5"
    cell(page, "output", 0, 0).hover()
    assert readout(page) == "0 × 1 + 0 × 0 + 0 × 0 + −2.5 × 1 = −2.5"
    cell(page, "kernel", 0, 1).focus()
    page.keyboard.type("1/4")
    page.keyboard.press("Enter")
    page.get_by_role("gridcell", name="row 0, column 1: 0.25").wait_for()
    cell(page, "kernel", 0, 1).press("F2")
    page.keyboard.type("9")
    page.keyboard.press("Escape")
    assert cell(page, "kernel", 0, 1).inner_text() == "0.25"
    cell(page, "input", 0, 0).dblclick()  # padding is the border rule's
    assert page.get_by_label("New number").count() == 0


def test_what_is_no_number_is_refused(show: Callable[..., Any]) -> None:
    page = show("own")
    cell(page, "kernel", 0, 0).press("F2")
    page.keyboard.type("rc x")
    page.keyboard.press("Enter")
    page.get_by_text("“rc x” is no number").wait_for()
    cell(page, "kernel", 0, 0).filter(has_text=re.compile("^1$")).wait_for()
    cell(page, "output", 0, 0).hover()
    assert readout(page).endswith("= 0.64")


# The surroundings ----------------------------------------------------------------------------------------------------


def test_a_change_of_theme_recolours(show: Callable[..., Any]) -> None:
    page = show("home", color_scheme="light")
    zero = cell(page, "kernel", 0, 1)
    assert zero.evaluate(FILL) == "rgb(251, 250, 247)"
    assert cell(page, "kernel", 1, 1).evaluate(FILL) == "rgb(178, 24, 43)"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(n => n.shadowRoot"
        " && getComputedStyle(n.shadowRoot.querySelectorAll('.kernel .cell')[1]).backgroundColor === 'rgb(17, 22, 25)')"
    )
    assert cell(page, "kernel", 1, 1).evaluate(FILL) == "rgb(240, 120, 90)"
    assert cell(page, "input", 0, 2).evaluate(FILL) == "rgb(255, 255, 255)"  # pixels stay what they are


def test_what_the_page_changes_is_shown(show: Callable[..., Any]) -> None:
    page = show("changing")
    assert page.locator(".sheet.input .row").count() == 7
    assert "1 (bias)" in readout(page)
    page.get_by_text("One row more, another bias").click()
    page.locator(".sheet.input .row").nth(7).wait_for()
    assert "2 (bias)" in readout(page)
    assert page.locator(".sign.bias").inner_text().startswith("+ 2")
    assert page.locator(".explorer").count() == 1


def test_in_a_tab_that_was_hidden(serve: Callable[[Path], str], open_page: Callable[..., Any]) -> None:
    page = open_page(f"{serve(APP)}/?case=tabs")
    page.get_by_role("tab", name="Second").click(timeout=30_000)
    cell(page, "output", 0, 0).hover()
    assert readout(page).endswith("= 3.3")
    assert cell(page, "input", 0, 0).bounding_box()["width"] == 44


def test_what_is_not_finite_is_named(show: Callable[..., Any]) -> None:
    page = show("strange")
    cell(page, "output", 0, 0).hover()
    assert readout(page) == "NaN × 1 + 1 × −0.5 = NaN"
    assert cell(page, "input", 1, 0).inner_text() == "∞"
    assert cell(page, "input", 1, 2).inner_text() == "−12k"
    assert cell(page, "input", 1, 2).get_attribute("aria-label") == "row 1, column 2: −12,345.7"
    page = show("nan_weight")
    assert readout(page) == "0.64 × NaN + 0.27 × 1 + ∞ (bias) = NaN"
    assert page.locator(".sheet.kernel figcaption").inner_text().replace("\u00a0", " ") == "Kernel · 1 × 2"
