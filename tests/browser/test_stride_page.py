"""The Stride page in a real browser: sums, pins and fields by mouse, keyboard and touch, held against the core."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnncore import ops
from cnncore.receptive_field import LayerField, fields, middle_units, pixels_seen
from cnncore.stack_text import parse_stack
from pages.ui import stride_controls
from pages.ui.grid_controls import small_grid, small_kernel
from pages.ui.words import number as say
from tests.browser.moves import saved

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
Open = Callable[..., Any]
VALUES = {setting.name: setting.default for setting in stride_controls.SETTINGS}
IMAGE, KERNEL = small_grid(VALUES), small_kernel(VALUES)


@pytest.fixture
def address(serve: Callable[[Path], str]) -> str:
    return f"{serve(ROOT / 'app.py')}/Stride"


def ready(page: Any) -> Any:
    page.locator(".explorer .output .cell").first.wait_for(timeout=30_000)
    return page


def cell(page: Any, grid: str, row: int, column: int) -> Any:
    return page.locator(f".sheet.{grid} .row").nth(row).locator(".cell").nth(column)


def readout(page: Any) -> str:
    lines = page.locator(".readout .lines:not(.sizer) .line:not([hidden])").all_inner_texts()
    return " ".join(" ".join(lines).split())


def outputs(**how: Any) -> np.ndarray:
    return np.asarray(ops.conv2d(IMAGE[None, None], KERNEL[None, None], **how)[0, 0])


def pinned(page: Any) -> list[tuple[int, int]]:
    """Where the pinned cells of the output are."""
    rows = page.locator(".sheet.output .row").all()
    return [
        (r, c)
        for r, row in enumerate(rows)
        for c, each in enumerate(row.locator(".cell").all())
        if "pinned" in each.get_attribute("class").split()
    ]


# The equation ---------------------------------------------------------------------------------------------------------


def test_hovering_writes_the_sum_that_the_core_gives(revisit: Open, address: str) -> None:
    page = ready(revisit(address))
    expected = outputs(stride=2, padding="same")
    padded = np.pad(IMAGE, ((0, 1), (0, 1)))
    for (r, c), value in np.ndenumerate(expected):
        cell(page, "output", r, c).hover()
        text = readout(page)
        assert text.endswith(f"= {say(value)}")
        terms = re.findall(r"(−?\d+) × (−?\d+)", text)
        numbers = [[float(part.replace("−", "-")) for part in term] for term in terms]
        patch = padded[2 * r : 2 * r + 3, 2 * c : 2 * c + 3]
        assert numbers == [list(pair) for pair in zip(patch.ravel(), KERNEL.ravel(), strict=True)]


def test_what_the_stride_leaves_over_is_marked_and_named(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?padding=valid"))
    assert page.locator(".sheet.input .cell.dropped").count() == 11
    assert page.locator(".sheet.input .cell.cut-top").count() == 5
    assert page.locator(".sheet.input .cell.cut-left").count() == 5
    assert "left over by the stride: dropped, never read" in page.locator(".key").inner_text()
    cell(page, "input", 5, 0).hover()
    assert "left over by the stride" in readout(page)
    page = ready(revisit(f"{address}?padding=valid&kernel_rows=1&kernel_columns=1&rows=5&columns=5"))
    assert page.locator(".sheet.input .cell.dropped").count() == 0  # between the windows is not left over
    assert page.locator(".sheet.input .cell.unread").count() == 16


def test_a_click_pins_and_the_pin_survives_a_reload(revisit: Open, address: str) -> None:
    page = ready(revisit(address))
    cell(page, "output", 2, 1).click()
    page.wait_for_url(re.compile(r"pin=2\.1"))
    page.reload()
    ready(page)
    assert pinned(page) == [(2, 1)]
    assert readout(page).endswith(f"= {say(outputs(stride=2, padding='same')[2, 1])}")
    cell(page, "output", 2, 1).click()  # again: the pin is taken away
    page.wait_for_function("() => !location.search.includes('pin')")


def test_the_keyboard_pins_too(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?stride=1&padding=full"))
    cell(page, "output", 0, 0).focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(re.compile(r"pin=1\.2"))
    expected = outputs(padding="full")[1, 2]
    assert page.locator(".explorer [role=status]").inner_text().endswith(f"= {say(expected)}")
    page.reload()
    ready(page)
    assert pinned(page) == [(1, 2)]


def test_a_tap_pins_on_a_phone(revisit: Open, address: str) -> None:
    page = ready(revisit(address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True))
    cell(page, "output", 1, 1).tap()
    page.wait_for_url(re.compile(r"pin=1\.1"))
    assert readout(page).endswith(f"= {say(outputs(stride=2, padding='same')[1, 1])}")
    page.reload()
    ready(page)
    assert pinned(page) == [(1, 1)]


def test_a_number_typed_into_the_input_makes_it_one_s_own(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?pin=0.0"))
    cell(page, "input", 0, 0).dblclick()
    page.get_by_label("New number").fill("−2.5")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("input=own"))
    mine = IMAGE.copy()
    mine[0, 0] = -2.5
    expected = float(ops.conv2d(mine[None, None], KERNEL[None, None], stride=2, padding="same")[0, 0, 0, 0])
    page.locator(".sheet.input .cell", has_text="−2.5").wait_for()
    page.wait_for_timeout(2000)
    assert cell(page, "input", 0, 0).inner_text() == "−2.5"  # it stays
    cell(page, "output", 0, 0).hover()
    assert readout(page).endswith(f"= {say(expected, 6)}")
    page.reload()
    ready(page)
    assert readout(page).endswith(f"= {say(expected, 6)}")
    cell(page, "kernel", 1, 1).focus()
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("window=own"))
    page.locator(".sheet.kernel .cell", has_text="4").wait_for()
    cell(page, "output", 0, 0).hover()
    assert readout(page).endswith(f"= {say(expected + 4 * mine[1, 1], 6)}")


def test_the_guide_s_figure_is_an_example(revisit: Open, address: str) -> None:
    page = ready(revisit(address))
    page.get_by_role("combobox", name="Example").click()
    page.get_by_role("option", name="The guide's strided figure").click()
    page.wait_for_url(re.compile("numbers="))
    page.locator(".sheet.output .row").nth(2).locator(".cell", has_text="10").wait_for()
    assert page.locator(".sheet.output .cell").all_inner_texts() == ["1", "5", "6", "7", "8", "3", "3", "10", "4"]


def test_a_bad_setting_says_so_and_the_view_stays(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?padding=valid"))
    page.get_by_label("Dilation", exact=True).fill("4")
    page.keyboard.press("Enter")
    page.get_by_text("The window spans 9 rows (3 taps at dilation 4), but the input has only 6").wait_for()
    assert page.locator(".sheet.output .cell").count() == 4


def test_the_sliding_window_can_be_taken_along(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?padding=valid&tab=Save+and+share"))
    found = {}
    for kind in ("PNG", "GIF"):
        file = saved(page, page.get_by_role("button", name=re.compile(rf"\({kind}\)")))
        found[kind] = Image.open(io.BytesIO(file.read_bytes()))
    assert (found["PNG"].format, found["GIF"].format) == ("PNG", "GIF")
    assert found["PNG"].width > 300
    assert found["GIF"].n_frames == 4  # one for each place of the window
    numbers = np.load(saved(page, page.get_by_role("button", name=re.compile("numbers"))), allow_pickle=False)
    np.testing.assert_array_equal(numbers[0], outputs(stride=2))
    link = page.locator("code", has_text="/Stride?").first.inner_text()
    again = ready(revisit(link))
    assert again.locator(".sheet.output .cell").count() == 4


# On the picture -------------------------------------------------------------------------------------------------------


def test_a_click_in_the_output_picture_marks_its_window(revisit: Open, address: str) -> None:
    page = ready(revisit(f"{address}?picture=digit-3&stride=3&padding=valid"))
    box = page.get_by_label(re.compile("^Output, 9 by 9"))
    size = box.bounding_box()
    side = size["height"] / 9
    left = size["width"] / 2 - 4.5 * side
    box.click(position={"x": left + 6.5 * side, "y": 2.5 * side})
    page.wait_for_url(re.compile("row=2&column=6"))
    page.get_by_label(re.compile("^Input, 28 by 28")).focus()
    for key in ("Home", "Enter"):  # the pixel nearest to whose window's middle is taken
        page.keyboard.press(key)
    page.wait_for_url(re.compile("column=0"))


# The receptive field of a stack ---------------------------------------------------------------------------------------

STACK = "c3d2p1 p2s2p0-1 c3p1"


def told(page: Any, layer: int, stack: str, unit: tuple[int, int], shape: tuple[int, int]) -> None:
    """Hold what is said of a layer against the core."""
    layers = parse_stack(stack)
    found = fields(shape, layers)
    at = middle_units(shape, layers, *unit)[layer]
    text = page.locator(".stack .sentence").inner_text()
    assert text.startswith(f"Layer {layer + 1}, unit row {at[0]}, column {at[1]}. "), text
    assert_field(text, found[layer], at, shape, layers[: layer + 1])


def assert_field(
    text: str, each: LayerField, at: tuple[int, int], shape: tuple[int, int], layers: tuple[Any, ...]
) -> None:
    field = each.field(*at)
    rows, columns = pixels_seen(shape, layers, *at)
    seen = int(rows.sum()) * int(columns.sum())
    size = field.shape[0] * field.shape[1]
    assert f"Its field: rows {say(field.top)} to {say(field.bottom)}, columns {say(field.left)} to" in text
    assert f"({field.shape[0]} × {field.shape[1]} = {say(size)} pixels)" in text
    if seen == size:
        assert text.endswith("It sees them all.")
    elif seen == 0:
        assert text.endswith("this unit sees nothing.")
    else:
        assert f"It sees {say(seen)} of them" in text
    inside = field.clipped(shape)
    if inside is not None and inside != field:
        assert f"In the picture: rows {inside.top} to {inside.bottom}" in text
    if inside is not None and seen:
        assert ("the others fall into gaps" in text) == (seen < inside.shape[0] * inside.shape[1])


def test_the_field_of_every_unit_is_the_core_s(revisit: Open, address: str) -> None:
    query = f"picture=digit-3&tab=Receptive+field&stack={STACK.replace(' ', '+')}"
    page = revisit(f"{address}?{query}&unit_row=0&unit_column=0")
    box = page.get_by_label(re.compile("choose a unit of the last layer"))
    box.wait_for(timeout=30_000)
    last = fields((28, 28), parse_stack(STACK))[-1].shape
    told(page, 2, STACK, (0, 0), (28, 28))
    box.focus()
    for step in range(1, last[0]):
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        told(page, 2, STACK, (step, step), (28, 28))
    for layer in (0, 1):
        page.locator(".stack .layer").nth(layer).hover()
        told(page, layer, STACK, (last[0] - 1, last[1] - 1), (28, 28))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"unit_row={last[0] - 1}&unit_column={last[1] - 1}"))
    page.reload()
    box.wait_for()
    told(page, 2, STACK, (last[0] - 1, last[1] - 1), (28, 28))


def test_pointing_and_tapping_choose_the_unit_there(revisit: Open, address: str) -> None:
    stack = "c4s4"  # seven by seven fields, side by side
    for options in ({}, {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}):
        page = revisit(f"{address}?picture=digit-3&tab=Receptive+field&stack={stack}", **options)
        box = page.get_by_label(re.compile("choose a unit of the last layer"))
        box.wait_for(timeout=30_000)
        box.scroll_into_view_if_needed()
        size = box.bounding_box()
        side = min(size["width"], size["height"]) / 7
        left, top = (size["width"] - 7 * side) / 2, (size["height"] - 7 * side) / 2
        place = {"x": left + 5.5 * side, "y": top + 1.5 * side}
        if options:
            box.tap(position=place)
        else:
            box.hover(position=place)
            told(page, 0, stack, (1, 5), (28, 28))
            box.click(position=place)
        page.wait_for_url(re.compile("unit_row=1&unit_column=5"))
        told(page, 0, stack, (1, 5), (28, 28))


def test_layers_are_changed_moved_added_and_removed_in_the_table(revisit: Open, address: str) -> None:
    page = revisit(f"{address}?picture=digit-3&tab=Receptive+field&stack=c5+p2s2+c3")
    page.locator(".stack .layer").nth(2).wait_for(timeout=30_000)

    def becomes(stack: str) -> None:
        written = stack.replace(" ", r"\+")
        page.wait_for_url(re.compile(rf"stack={written}(&|$)"))
        expected = fields((28, 28), parse_stack(stack))
        page.wait_for_function(
            """([count, size]) => [...document.querySelectorAll('*')].some((host) => {
                const rows = host.shadowRoot?.querySelectorAll('.stack .layer');
                return rows?.length === count && rows[count - 1].querySelector('.told.field').textContent === size;
            })""",
            arg=[len(expected), say(expected[-1].size[0])],
        )
        sizes = page.locator(".stack .told.output").all_inner_texts()
        assert sizes == [f"{each.shape[0]} × {each.shape[1]}" for each in expected]
        starts = page.locator(".stack .told.start").all_inner_texts()
        assert starts == [say(each.start[0]) for each in expected]

    page.get_by_label("Window of layer 1").fill("3")
    page.keyboard.press("Enter")
    becomes("c3 p2s2 c3")
    page.get_by_label("Window of layer 3").fill("4")
    page.keyboard.press("Tab")
    page.keyboard.type("2")  # while the first change is on its way
    becomes("c3 p2s2 c4")
    assert page.get_by_label("Stride of layer 3").input_value() == "2"
    page.keyboard.press("Enter")
    becomes("c3 p2s2 c4s2")
    page.get_by_role("textbox", name="As text").fill("c3 p2s2 c3")
    page.keyboard.press("Enter")
    becomes("c3 p2s2 c3")
    page.get_by_label("Padding of layer 3").press("ArrowUp")
    becomes("c3 p2s2 c3p1")
    page.get_by_role("button", name="Move up layer 3").click()
    becomes("c3 c3p1 p2s2")
    page.get_by_label("Kind of layer 2").select_option("pool")
    becomes("c3 p3s1p1 p2s2")
    page.get_by_role("button", name="Add a convolution").click()
    becomes("c3 p3s1p1 p2s2 c3")
    page.get_by_role("button", name="Remove layer 2").click()
    becomes("c3 p2s2 c3")
    page.get_by_label("Stride of layer 2").fill("0")
    page.keyboard.press("Enter")
    page.get_by_text("has a window, stride or dilation of 0").wait_for()
    page.wait_for_function(
        """() => [...document.querySelectorAll('*')].some((host) =>
            host.shadowRoot?.querySelector('.stack [aria-label="Stride of layer 2"]')?.value === '2')"""
    )
    becomes("c3 p2s2 c3")
