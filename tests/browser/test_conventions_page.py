"""The Conventions page in a real browser: by mouse, keyboard and touch."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnncore.conventions import PROFILES, Settings, compute, make_plan, surroundings
from pages.ui.conventions_controls import SETTINGS
from pages.ui.conventions_view import shown_profiles
from pages.ui.grid_controls import small_grid, small_kernel
from pages.ui.words import number as say
from tests.browser.moves import saved
from tests.browser.rings import ringed

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
VALUES = {setting.name: setting.default for setting in SETTINGS}
IMAGE, SOBEL = small_grid(VALUES), small_kernel(VALUES)
NAMES = [profile.name for profile in shown_profiles("convolution", "same")]
OUTPUTS = {
    profile.name: compute(profile, IMAGE, SOBEL, Settings()) for profile in shown_profiles("convolution", "same")
}
Open = Callable[..., Any]


@pytest.fixture
def address(serve: Callable[[Path], str]) -> str:
    return f"{serve(ROOT / 'app.py')}/Conventions"


def ready(page: Any) -> Any:
    page.locator(".gallery .card").first.wait_for()
    page.locator(".gallery .where").wait_for()
    return page


def cell(page: Any, name: str, row: int, column: int, what: str = "output") -> Any:
    grid = page.get_by_role("grid", name=re.compile(f"^{re.escape(name)}, {what}"))
    return grid.locator(f'[data-row="{row}"][data-column="{column}"]')


def told(page: Any) -> dict[str, str]:
    """The values that the list names, by library."""
    entries = page.locator(".gallery .entry")
    return {
        entry.locator(".who").inner_text(): entry.locator(".value").inner_text()
        for entry in (entries.nth(at) for at in range(entries.count()))
    }


def core(row: int, column: int) -> dict[str, str]:
    return {name: say(float(values[row, column]), 4) for name, values in OUTPUTS.items()}


def under(page: Any) -> list[list[int]]:
    """The cells of the input that are outlined as a window, counted from the first real one."""
    grid = page.get_by_role("grid", name=re.compile("^input"))
    return [[row - 1, column - 1] for row, column in ringed(grid, "under")]


def test_hovering_a_cell_tells_every_library_s_value_and_outlines_it_everywhere(revisit: Open, address: str) -> None:
    page = ready(revisit(address))
    assert page.locator(".gallery .where").inner_text() == "Row 0, column 0"
    assert told(page) == core(0, 0)
    for name, row, column in (("PyTorch", 2, 3), ("ndimage.convolve", 5, 5), ("OpenCV", 0, 4)):
        cell(page, name, row, column).hover()
        page.locator(".gallery .where", has_text=f"Row {row}, column {column}").wait_for()
        assert told(page) == core(row, column)
        assert page.locator(".gallery .entry.active .who").inner_text() == name
        grids = page.locator(".gallery .main [role=grid]").all()
        assert len(grids) == 8 + 4
        assert all(ringed(grid, "linked") == [[row, column]] for grid in grids)
        window = [[row + down, column + right] for down in (-1, 0, 1) for right in (-1, 0, 1)]
        assert under(page) == window


def test_the_input_is_shown_with_what_the_library_puts_round_it(revisit: Open, address: str) -> None:
    page = ready(revisit(address))
    given = page.get_by_role("grid", name=re.compile("^input"))
    for name, key in (
        ("PyTorch", "torch.conv2d"),
        ("ndimage.correlate", "ndimage.correlate"),
        ("OpenCV", "cv2.filter2d"),
    ):
        cell(page, name, 1, 1).hover()
        page.get_by_text(f"input, as {name} sees it").wait_for()
        around = surroundings(make_plan(PROFILES[key], (6, 6), (3, 3), Settings()), IMAGE)
        shown = given.locator("[role=gridcell]").all_inner_texts()
        assert shown == [say(float(value)) for value in around.ravel()]
    assert page.get_by_text("kernel, turned").count() == 0
    cell(page, "ndimage.convolve", 1, 1).hover()
    page.get_by_text("kernel, turned").wait_for()
    style = "(node) => [getComputedStyle(node).backgroundImage.split('(')[0], getComputedStyle(node).backgroundColor]"
    hatched = ["repeating-linear-gradient", "rgb(251, 250, 247)"]  # on the page's own background
    assert given.locator(".cell.outside").first.evaluate(style) == hatched
    turned = page.get_by_role("grid", name="kernel, turned").locator("[role=gridcell]").all_inner_texts()
    assert turned == [say(float(value)) for value in SOBEL[::-1, ::-1].ravel()]


def test_hovering_the_input_outlines_the_outputs_that_read_it(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?kernel_rows=2&kernel_columns=2&window=ramp&border=constant"))
    given = page.get_by_role("grid", name=re.compile("^input"))
    given.locator('[data-row="3"][data-column="3"]').hover()  # row 2, column 2 of the input itself
    page.get_by_text("Input, row 2, column 2").wait_for()
    for name, first in (("PyTorch", 1), ("ndimage.correlate", 2), ("Keras", 1), ("signal.convolve2d", 2)):
        grid = page.get_by_role("grid", name=re.compile(f"^{re.escape(name)}, output"))
        assert ringed(grid, "fed") == [[first + down, first + right] for down in (0, 1) for right in (0, 1)], name


def test_differences_and_their_rules_stand_under_the_outputs(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?reference=keras.conv2d"))
    page.get_by_role("heading", name="Difference to Keras").wait_for()
    page.get_by_text("The same numbers: PyTorch, PyTorch by hand, signal.correlate2d.").wait_for()
    article = page.get_by_role("article", name="signal.convolve2d, difference")
    article.get_by_text("Turns the kernel by 180° first (true convolution); Keras lays it on as it is.").wait_for()
    shown = article.locator("[role=gridcell]").all_inner_texts()
    gap = OUTPUTS["signal.convolve2d"] - OUTPUTS["Keras"]
    assert shown == [say(float(value)) for value in gap.ravel()]


def test_keys_move_and_pin_and_the_pin_survives_a_reload(revisit: Open, address: str) -> None:
    page = ready(revisit(address))
    cell(page, "Keras", 0, 0).focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    page.locator(".gallery .where", has_text="Row 2, column 1").wait_for()
    said = page.locator(".gallery [aria-live]").inner_text()
    assert f"Keras {say(float(OUTPUTS['Keras'][2, 1]), 7)}" in said
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("pin=2.1"))
    page.reload()
    ready(page)
    page.locator(".gallery .where", has_text="Row 2, column 1 · pinned").wait_for()
    assert told(page) == core(2, 1)
    cell(page, "OpenCV", 2, 1).click()
    page.wait_for_url(lambda url: "pin" not in url)


def test_a_tap_pins_on_a_phone_and_the_values_stay_in_view(revisit: Open, address: str) -> None:
    page = ready(revisit(address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True))
    target = cell(page, "OpenCV", 3, 4)
    target.scroll_into_view_if_needed()
    target.tap()
    page.wait_for_url(re.compile("pin=3.4"))
    where = page.locator(".gallery .where", has_text="Row 3, column 4 · pinned")
    where.wait_for()
    assert told(page) == core(3, 4)
    box = page.locator(".gallery .values").bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 844
    table = page.locator("table.names")  # each line is a card of its own
    assert table.evaluate("(node) => node.getBoundingClientRect().right") <= 390
    head = table.locator("td").first.evaluate("(node) => getComputedStyle(node, '::before').content")
    assert head == '"Turns the kernel"'


def test_a_number_typed_into_the_input_or_the_turned_kernel_changes_it(revisit: Open, address: str) -> None:
    page = ready(revisit(address))
    given = page.get_by_role("grid", name=re.compile("^input"))
    given.locator('[data-row="1"][data-column="2"]').dblclick()  # row 0, column 1
    page.get_by_label("new number").fill("50")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("input=own"))
    image = IMAGE.copy()
    image[0, 1] = 50
    expected = compute(PROFILES["keras.conv2d"], image, SOBEL, Settings())
    cell(page, "Keras", 0, 0).get_by_text(say(float(expected[0, 0])), exact=True).wait_for()
    cell(page, "ndimage.convolve", 5, 0).hover()
    page.get_by_text("kernel, turned").wait_for()
    page.get_by_role("grid", name="kernel, turned").locator('[data-row="0"][data-column="0"]').focus()
    page.keyboard.press("F2")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("weights="))
    kernel = SOBEL.copy()
    kernel[2, 2] = 7  # the cell that the turned kernel has in its first corner
    expected = compute(PROFILES["signal.convolve2d"], image, kernel, Settings())
    cell(page, "signal.convolve2d", 2, 2).get_by_text(say(float(expected[2, 2])), exact=True).wait_for()


def test_what_is_no_number_is_refused_in_a_sentence(revisit: Open, address: str) -> None:
    page = ready(revisit(address))
    page.get_by_role("grid", name="kernel").locator("[role=gridcell]").first.dblclick()
    page.get_by_label("new number").fill("much")
    page.keyboard.press("Enter")
    page.get_by_text("“much” is no number").wait_for()
    page.mouse.move(5, 5)
    page.locator(".gallery .where", has_text="Row 0, column 0").wait_for()
    assert told(page) == core(0, 0)


def test_a_refusal_stands_in_the_place_of_a_grid(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?stride=2"))
    refused = page.get_by_role("article", name="PyTorch", exact=True)
    refused.get_by_text('Conv2d refuses padding="same" with a stride above 1: give pixels.').wait_for()
    assert refused.get_by_role("grid").count() == 0
    page.get_by_text("PyTorch refuses, so PyTorch by hand takes its place.").wait_for()
    values = told(page)
    assert values["PyTorch"] == "refuses"
    # OpenCV has no stride: what one gets from it is marked, and stands below its words.
    kept = compute(PROFILES["cv2.filter2d"], IMAGE, SOBEL, Settings())[::2, ::2]
    around = page.get_by_role("article", name="OpenCV", exact=True)
    assert around.locator("[role=gridcell]").all_inner_texts() == [say(float(value)) for value in kept.ravel()]
    around.get_by_text("† filter2D has no stride: computed at stride 1, then every 2nd kept.").wait_for()
    assert values["OpenCV†"] == say(float(kept[0, 0]), 4)


def test_examples_and_the_reference_are_one_choice_away(revisit: Open, address: str) -> None:
    page = ready(revisit(address))
    page.get_by_label("Example").first.click()
    page.get_by_role("option", name="The last mean: 48, not 12").click()
    page.locator(".gallery .where", has_text="Row 2, column 2 · pinned").wait_for()
    assert told(page) == {"PyTorch": "48", "Keras": "–", "SciPy ndimage": "refuses", "OpenCV": "refuses"}
    page.get_by_label("Compare with").first.click()
    page.get_by_role("option", name="Keras").click()
    page.get_by_role("heading", name="Difference to Keras").wait_for()
    page.get_by_text("ceil_mode keeps the last windows, which hang over the edge: 3 × 3 numbers, not 2 × 2").wait_for()
    missing = cell(page, "PyTorch", 2, 2, "difference")
    assert missing.inner_text() == "new"


def test_a_large_input_has_numbers_and_files(revisit: Open, address: str) -> None:
    sizes = {"rows": 16, "columns": 16, "kernel_rows": 7, "kernel_columns": 7}
    query = "&".join(f"{name}={value}" for name, value in sizes.items())
    page = ready(revisit(f"{address}?tab=Save+and+share&reference=cv2.filter2d&{query}"))
    image, kernel = small_grid({**VALUES, **sizes}), small_kernel({**VALUES, **sizes})
    around = surroundings(make_plan(PROFILES["cv2.filter2d"], (16, 16), (7, 7), Settings()), image)
    given = page.get_by_role("grid", name=re.compile("^input, as OpenCV")).locator("[role=gridcell]")
    assert given.all_inner_texts() == [say(float(value)) for value in around.ravel()]
    weights = page.get_by_role("grid", name="kernel").locator("[role=gridcell]")
    assert weights.all_inner_texts() == [say(float(value)) for value in kernel.ravel()]
    # Two outputs stand side by side, with their numbers, and what is said of a cell stays in view.
    shelf = page.get_by_role("group", name="outputs")
    first, second = (shelf.locator(".card").nth(at).bounding_box() for at in (0, 1))
    assert first["y"] == second["y"]
    output = compute(PROFILES["keras.conv2d"], image, kernel, Settings())
    assert cell(page, "Keras", 15, 15).inner_text() == say(float(output[15, 15]))
    cell(page, "Keras", 15, 15).hover()
    page.locator(".gallery .where", has_text="Row 15, column 15").wait_for()
    values = page.locator(".gallery .values").bounding_box()
    assert 0 <= values["y"] <= page.viewport_size["height"] - values["height"]
    file = saved(page, page.get_by_role("button", name="Download the numbers"))
    with np.load(file, allow_pickle=False) as filed:
        profiles = shown_profiles("convolution", "same")
        assert set(filed) == {"input", "kernel", *(profile.key for profile in profiles)}
        for profile in profiles:
            np.testing.assert_array_equal(filed[profile.key], compute(profile, image, kernel, Settings()))
    file = saved(page, page.get_by_role("button", name="Download the picture"))
    assert file.read_bytes().startswith(b"\x89PNG")
    page.set_viewport_size({"width": 390, "height": 844})  # no room for numbers: they are told
    page.get_by_role("grid", name="kernel").locator('[data-row="3"][data-column="6"]').hover()
    page.locator(".gallery .where", has_text=f"Kernel, row 3, column 6: {say(float(kernel[3, 6]))}").wait_for()
