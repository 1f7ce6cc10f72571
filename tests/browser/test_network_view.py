"""A whole network on the screen, and any of its numbers taken apart, by mouse, keyboard and finger."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.network_app import digit, network_of

expect = pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser tests").expect

pytestmark = pytest.mark.browser
APP = Path(__file__).with_name("network_app.py")


@pytest.fixture
def visit(serve: Callable[[Path], str], open_page: Callable[..., Any]) -> Callable[..., Any]:
    def visit(case: str = "small", **options: Any) -> Any:
        page = open_page(f"{serve(APP)}/?case={case}", **{"color_scheme": "light", **options})
        page.locator(".network .layer").first.wait_for(timeout=30_000)
        page.get_by_text("picked").wait_for()
        return page

    return visit


def layer(page: Any, name: str) -> Any:
    return page.locator(f".network .layer[data-layer={name}] .box")


def readout(page: Any) -> Any:
    return page.locator(".network .readout")


def picked(page: Any, *stops: tuple[str, list[int]]) -> None:
    expect(page.get_by_text(f"picked {list(stops)}", exact=True)).to_be_visible()


def number(text: str) -> float:
    found = re.findall(r"[−\d][\d.,]*(?:e−?\d+)?", text.rsplit(":", 1)[-1])
    return float(found[0].replace("−", "-").replace(",", ""))


def values(case: str) -> dict[str, Any]:
    network = network_of(case)
    x = digit(network.input_shape)
    return {"input": x, **network.activations(x)}


READ = """canvas => {
    const [width, height] = [Math.min(canvas.width, 160), Math.min(canvas.height, 160)];
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    const sum = data.reduce((sum, level, i) => (sum * 31 + level * (i % 7)) % 1000003, 7);
    return [sum, data.some((level, i) => i % 4 === 3 && level > 0)];
}"""


def fingerprint(page: Any, name: str) -> int:
    """A number that changes with the colours of a layer's maps."""
    return int(layer(page, name).locator("canvas").first.evaluate(READ)[0])


def outlined(page: Any, name: str) -> bool:
    """Whether anything is drawn above the first maps of a layer."""
    return bool(layer(page, name).locator("canvas").last.evaluate(READ)[1])


RING = """canvas => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    const rows = [];
    for (let i = 0; i < data.length; i += 4) {
        if (data[i] === 11 && data[i + 1] === 110 && data[i + 2] === 138) rows.push(Math.floor(i / 4 / canvas.width));
    }
    const { top, height } = canvas.getBoundingClientRect();
    return [rows[0], rows.at(-1)].map((row) => top + (row * height) / canvas.height);
}"""


def in_view(page: Any, name: str) -> None:
    """The ring round the traced cell comes to stand below the bar and above the dock."""
    least = page.locator(".network .top").bounding_box()
    for _ in range(50):
        page.wait_for_timeout(100)
        dock, (top, bottom) = docked(page), layer(page, name).locator("canvas").last.evaluate(RING)
        if least["y"] + least["height"] <= top and bottom <= dock["top"]:
            return
    raise AssertionError(f"the cell of {name} is at {top} to {bottom}, the dock at {dock['top']}")


def docked(page: Any) -> Any:
    """Where the dock stands, and how many pixels of it are to be scrolled for."""
    return page.locator(".st-key-trace-dock").evaluate(
        "d => ({ top: d.getBoundingClientRect().top, hidden: d.scrollHeight - d.clientHeight })"
    )


def test_pointing_reads_the_cores_numbers_and_sends_nothing(visit: Callable[..., Any]) -> None:
    page = visit()
    known = values("small")
    box = layer(page, "conv1")
    width = box.bounding_box()["width"]
    pitch = (width + 4) / 8
    cell = (pitch - 4) / 8
    for plane, row, column in ((0, 0, 0), (3, 4, 7), (7, 7, 7)):
        box.hover(position={"x": plane * pitch + (column + 0.5) * cell, "y": (row + 0.5) * cell})
        expect(readout(page)).to_contain_text(f"conv1, map {plane}, row {row}, column {column}: ")
        assert number(readout(page).inner_text()) == pytest.approx(known["conv1"][0, plane, row, column], rel=1e-3)
    assert outlined(page, "input")  # what it came from, also while pointing
    layer(page, "logits").hover(position={"x": 20, "y": 30})
    expect(readout(page)).to_contain_text("logits, class “0”")
    assert number(readout(page).inner_text()) == pytest.approx(known["logits"][0, 0], rel=1e-3)
    page.mouse.move(5, 5)
    expect(readout(page)).to_contain_text("Point at a cell")
    assert not outlined(page, "input")
    page.wait_for_timeout(300)
    expect(page.get_by_text("runs 1", exact=True)).to_be_visible()


def test_a_click_traces_and_the_number_leads_down_to_a_pixel_and_back(visit: Callable[..., Any]) -> None:
    page = visit()
    known = values("small")
    before = layer(page, "pool2").bounding_box()
    layer(page, "logits").click(position={"x": 20, "y": 30})
    picked(page, ("logits", [0]))
    cell = page.locator(".cellview")
    expect(cell.get_by_role("heading", level=3)).to_have_text("logits, class “0”")
    after = layer(page, "pool2").bounding_box()
    assert (after["x"], after["width"], after["height"]) == (before["x"], before["width"], before["height"])
    # the first row is the largest contribution: go on to it
    products = known["dense1_relu"][0] * network_of("small").parameters()["logits.weight"][0]
    best = int(abs(products).argmax())
    first = cell.get_by_role("option").first
    expect(first).to_contain_text(f"unit {best}")
    first.click()
    picked(page, ("logits", [0]), ("dense1_relu", [best]))
    # a ReLU's number is followed to the dense layer that made it, and from there into the maps
    expect(cell.locator(".steps")).to_contain_text("max(0,")
    cell.get_by_role("option").first.click()
    expect(cell.get_by_role("heading", level=3)).to_contain_text("flatten, unit")
    window = cell.get_by_role("grid").first
    expect(cell.locator(".steps")).to_contain_text("largest of 4 numbers")
    window.get_by_role("gridcell").first.click()
    expect(cell.get_by_role("heading", level=3)).to_contain_text("relu2, map")
    grids = cell.get_by_role("grid")
    expect(grids).to_have_count(3)
    assert cell.get_by_role("option").count() == 8
    cell.get_by_role("option").nth(2).click()  # another map's window
    centre = grids.first.get_by_role("row").nth(1).get_by_role("gridcell").nth(1)
    weight = grids.nth(1).get_by_role("row").nth(1).get_by_role("gridcell").nth(1)
    product = grids.nth(2).get_by_role("row").nth(1).get_by_role("gridcell").nth(1)
    a, b, c = (number(one.get_attribute("aria-label")) for one in (centre, weight, product))
    assert a * b == pytest.approx(c, rel=1e-5, abs=1e-9)
    for grid in (grids.nth(1), grids.nth(2)):  # all the numbers of a grid have two or three decimals alike
        texts = [text for text in grid.get_by_role("gridcell").all_inner_texts() if text != "0"]
        assert len({len(text.partition(".")[2]) for text in texts}) == 1
        assert min(len(text.partition(".")[2]) for text in texts) >= 2
    centre.hover()
    expect(cell.locator(".readout")).to_contain_text("×")
    centre.click()
    expect(cell.get_by_role("heading", level=3)).to_contain_text("pool1, map")
    cell.get_by_role("grid").first.get_by_role("gridcell").first.click()
    expect(cell.get_by_role("heading", level=3)).to_contain_text("relu1, map")
    cell.get_by_role("grid").first.get_by_role("gridcell").nth(4).click()
    expect(page.get_by_role("navigation", name="Way of the trace").get_by_role("button").last).to_contain_text("input,")
    assert outlined(page, "input")
    assert outlined(page, "conv1")  # who reads the pixel
    trail = page.get_by_role("navigation", name="Way of the trace").get_by_role("button")
    assert trail.count() == 7
    # a pixel, where the way ends, is taken apart, too: what it adds to each cell that reads it
    expect(cell.get_by_role("heading", level=3)).to_contain_text("input, channel 0")
    expect(cell.locator(".steps")).to_contain_text("of each map read this pixel")
    added = cell.get_by_role("grid").nth(2).get_by_role("gridcell").first
    place = re.search(r"row (\d+), column (\d+): ", added.get_attribute("aria-label"))
    added.click()
    expect(cell.get_by_role("heading", level=3)).to_contain_text(f", row {place[1]}, column {place[2]}")
    expect(trail.last).to_contain_text("conv1, map")
    trail.nth(1).click()
    picked(page, ("logits", [0]), ("dense1_relu", [best]))
    expect(trail).to_have_count(2)


def test_what_is_traced_stays_in_view_and_its_sum_is_whole(visit: Callable[..., Any]) -> None:
    page = visit("mnist", viewport={"width": 980, "height": 800}, reduced_motion="reduce")  # wide as beside a sidebar
    cell = page.locator(".cellview")
    trail = page.get_by_role("navigation", name="Way of the trace")

    def go_on(grid: int, place: int, to: str) -> None:
        cell.get_by_role("grid").nth(grid).get_by_role("gridcell").nth(place).click()
        expect(cell.get_by_role("heading", level=3)).to_contain_text(f"{to},")
        in_view(page, to)
        assert docked(page)["hidden"] <= 0
        last, whole = trail.get_by_role("button").last.bounding_box(), trail.bounding_box()
        assert last["x"] >= whole["x"]
        assert last["x"] + last["width"] <= whole["x"] + whole["width"] + 1

    box = layer(page, "relu2")
    box.scroll_into_view_if_needed()
    box.click(position={"x": 30, "y": box.bounding_box()["height"] - 20})
    in_view(page, "relu2")  # not under the dock that has come up
    go_on(0, 4, "pool1")
    go_on(0, 3, "relu1")
    expect(trail).to_contain_text(re.compile(r"relu2 · \d+ · \d+,\d+.*pool1 · \d+ · \d+,\d+.*relu1, map \d+, row"))
    expect(cell.locator(".steps li").last).to_be_in_viewport(ratio=1)  # bias and ReLU of a 5 x 5 window
    go_on(0, 12, "input")
    page.set_viewport_size({"width": 390, "height": 844})
    trail.get_by_role("button").nth(2).click()
    expect(cell.get_by_role("heading", level=3)).to_contain_text("relu1, map")
    in_view(page, "relu1")
    assert docked(page)["hidden"] <= 0


def test_the_keyboard_does_everything(visit: Callable[..., Any]) -> None:
    page = visit()
    known = values("small")
    box = layer(page, "relu1")
    layer(page, "conv1").focus()
    page.keyboard.press("Tab")
    expect(box).to_be_focused()
    for key in ("PageDown", "ArrowDown", "ArrowLeft"):  # from map 1's first column into map 0's last
        page.keyboard.press(key)
    expect(readout(page)).to_contain_text("relu1, map 0, row 1, column 7: ")
    status = page.locator(".network [role=status]")
    expect(status).to_contain_text("relu1, map 0, row 1, column 7: ")
    page.keyboard.press("ArrowRight")
    assert number(readout(page).inner_text()) == pytest.approx(known["relu1"][0, 1, 1, 0], rel=1e-3)
    page.keyboard.press("Enter")
    picked(page, ("relu1", [1, 1, 0]))
    expect(box).to_be_focused()
    expect(page.locator(".cellview")).to_be_visible()
    assert outlined(page, "conv1")
    page.keyboard.press("Escape")
    picked(page)
    expect(page.locator(".cellview")).to_have_count(0)
    expect(box).to_be_focused()
    page.keyboard.press("r")  # would make Streamlit run again
    expect(readout(page)).to_contain_text("relu1, map 1, row 1, column 0")
    # in the number taken apart: arrows choose a map, Enter goes on
    page.keyboard.press("Tab")
    page.keyboard.press("PageDown")
    page.keyboard.press("Enter")
    picked(page, ("pool1", [1, 0, 0]))
    corner = page.locator(".cellview").get_by_role("grid").first.get_by_role("gridcell").first
    corner.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    picked(page, ("pool1", [1, 0, 0]), ("relu1", [1, 1, 0]))
    # from a class down through the dense layers into the maps, by Enter alone
    layer(page, "logits").click(position={"x": 20, "y": 30})
    cell = page.locator(".cellview")
    expect(cell.get_by_role("heading", level=3)).to_have_text("logits, class “0”")
    cell.get_by_role("option").first.focus()
    for title in ("dense1_relu, unit", "flatten, unit", "relu2, map", "pool1, map"):
        page.keyboard.press("Enter")
        expect(cell.get_by_role("heading", level=3)).to_contain_text(title)
        expect(cell.locator(":focus")).to_have_count(1)
        if title == "relu2, map":
            cell.get_by_role("grid").first.get_by_role("gridcell").nth(4).focus()
    page.keyboard.press("Escape")
    picked(page)
    expect(cell).to_have_count(0)
    expect(layer(page, "pool1")).to_be_focused()


def test_a_finger_a_dark_theme_and_what_is_switched_off(visit: Callable[..., Any]) -> None:
    page = visit("large", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    expect(readout(page)).to_have_text("Tap a cell to trace it.")
    box = layer(page, "relu1")
    maps = box.bounding_box()
    assert maps["width"] <= 390
    assert page.evaluate(
        "document.querySelector('.stMain').scrollWidth <= document.querySelector('.stMain').clientWidth"
    )
    box.tap(position={"x": 70, "y": 100})
    expect(page.get_by_text(re.compile(r"picked \[\('relu1', \[\d+, \d+, \d+\]\)\]"))).to_be_visible()
    expect(page.locator(".cellview .readout")).to_contain_text("Tap ")
    place = page.get_by_text(re.compile("^picked")).inner_text()
    page.get_by_role("group", name="Move the traced cell").get_by_role("button", name="Down").tap()
    expect(page.get_by_text(place, exact=True)).to_have_count(0)
    page.get_by_role("button", name="Clear the trace").tap()
    picked(page)
    # a theme switch draws again, and moves nothing
    light, size = fingerprint(page, "conv1"), layer(page, "conv1").bounding_box()
    drawn = page.locator(".network").get_attribute("data-drawn")
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".network")).not_to_have_attribute("data-drawn", drawn)
    assert fingerprint(page, "conv1") != light
    assert layer(page, "conv1").bounding_box()["height"] == size["height"]
    assert not outlined(page, "relu1")
    page.get_by_text("Switch two filters off").tap()
    expect(page.locator(".network")).to_be_visible()
    box.tap(position={"x": 80, "y": 30})  # the second map
    expect(readout(page)).to_contain_text("switched off")
    assert outlined(page, "relu1")


def test_layers_can_be_left_out_and_any_architecture_is_shown(visit: Callable[..., Any]) -> None:
    page = visit("odd")
    names = page.locator(".network .layer h3").all_inner_texts()
    plan = [each.name for each in network_of("odd").plan if each.kind != "dropout"]
    assert names == ["Your picture", *plan, "probabilities"]
    layer(page, "global_average").click(position={"x": 10, "y": 10})
    picked(page, ("global_average", [0]))
    expect(page.locator(".cellview .steps")).to_contain_text("mean of 35 numbers")
    layer(page, "tanh1").click(position={"x": 10, "y": 10})
    expect(page.locator(".cellview .steps li")).to_have_count(4)  # sum, bias, normalisation, activation
    expect(page.locator(".cellview .steps")).to_contain_text("tanh(")
    page.get_by_text("Fewer layers").click()
    expect(page.locator(".network .layer")).to_have_count(len(plan) + 2 - 2)
    layer(page, "conv2").click(position={"x": 10, "y": 10})
    expect(page.locator(".cellview")).to_contain_text("conv2, map 0")
    assert outlined(page, "norm1")  # outlined through the layer that is left out
