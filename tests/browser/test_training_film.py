"""The film of training in a real browser: it plays without flicker, goes back in time, fits a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
APP = Path(__file__).with_name("training_app.py")

ALL = "film => [...film.getRootNode().querySelectorAll('*')]"
INK = "canvas => canvas.toDataURL()"  # what is painted


@pytest.fixture
def show(serve: Callable[[Path], str], open_page: Callable[..., Any]) -> Callable[..., Any]:
    """A function that opens one case of the small app and waits until it is drawn."""

    def start(query: str, **options: Any) -> Any:
        page = open_page(f"{serve(APP)}/?{query}", **options)
        page.locator(".film[data-drawn]").wait_for(timeout=60_000)
        return page

    return start


def drawn(page: Any) -> int:
    return int(page.locator(".film").get_attribute("data-drawn"))


def wait_drawn(page: Any, more: int) -> None:
    """Wait until `more` messages have been drawn."""
    wanted = drawn(page) + more
    page.wait_for_function(
        "([film, wanted]) => Number(film.dataset.drawn) >= wanted",
        arg=[page.locator(".film").element_handle(), wanted],
        timeout=60_000,
    )


def log(page: Any, text: str) -> None:
    """Wait until the app says that the last it received is `text`, a pattern."""
    page.get_by_test_id("stText").filter(has_text=re.compile(rf"(log|\|) {text};")).wait_for(timeout=30_000)


def sent(page: Any) -> int:
    return int(page.get_by_test_id("stText").inner_text().rsplit("sent ", 1)[1])


def focused(page: Any) -> str:
    found = page.evaluate("""() => {
      let at = document.activeElement;
      while (at && at.shadowRoot) at = at.shadowRoot.activeElement;
      return at && (at.getAttribute('aria-label') || at.textContent);
    }""")
    return str(found)


def test_it_plays_without_replacing_anything_and_sends_no_script_again(show: Callable[..., Any]) -> None:
    page = show("pace=4&step=60&beside=1")
    film = page.locator(".film")
    sizes: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sizes.append(len(frame))))
    page.reload()
    page.locator(".film[data-drawn]").wait_for(timeout=60_000)
    wait_drawn(page, 4)
    first_look = film.evaluate(f"film => {{ for (const node of ({ALL})(film)) node.known = true; }}")
    assert first_look is None
    before = {name: page.locator(f"{name} canvas").first.evaluate(INK) for name in (".planes", ".plot", ".timeline")}
    height = film.bounding_box()["height"]
    step = page.locator(".state").inner_text()
    sizes.clear()
    wait_drawn(page, 8)
    fresh = film.evaluate(f"film => ({ALL})(film).filter(node => !node.known).map(node => node.outerHTML)")
    assert fresh == []  # the same elements, written and painted anew: nothing can flicker
    assert film.bounding_box()["height"] == height
    assert page.locator(".state").inner_text() != step
    after = {name: page.locator(f"{name} canvas").first.evaluate(INK) for name in before}
    assert all(before[name] != after[name] for name in before)
    large = [size for size in sizes if size > 5_000]
    assert len(large) >= 6
    assert max(large) < 45_000  # the film's script alone is larger
    assert sent(page) == 0


def test_the_track_goes_back_in_time_by_pointer_and_keys_while_training_goes_on(show: Callable[..., Any]) -> None:
    page = show("step=250&pace=8")
    track, live = page.locator(".timeline"), page.get_by_role("button", name="Live")
    assert track.get_attribute("role") == "slider"
    assert track.get_attribute("aria-valuetext").startswith("Live, step ")
    assert live.get_attribute("aria-pressed") == "true"
    assert page.get_by_role("button", name="Continue from here").count() == 0  # not there for anyone yet
    matrix, accuracy = page.locator(".confusion .note"), page.locator(".confusion .note").inner_text()
    box = track.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 11)
    page.mouse.down()
    for share in (0.55, 0.5, 0.4, 0.3, 0.2, 0.12, 0.1):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + 11)
    assert not track.get_attribute("aria-valuetext").startswith("Live")  # at once, before any answer
    page.mouse.up()
    page.wait_for_function(
        "([node, old]) => node.textContent !== old", arg=[matrix.element_handle(), accuracy], timeout=30_000
    )
    log(page, r"seek \d+")
    found = re.fullmatch(r"step (\d+) of 408, epoch 0\.\d", track.get_attribute("aria-valuetext"))
    assert found is not None
    step = int(found[1])
    log(page, f"seek {step}")
    assert sent(page) < 8  # fewer than there were moves: one at a time is on its way
    assert page.locator(".state").inner_text() == f"Looking back · epoch {step / 34:.1f} of 12 · step {step} of 408"
    rate = page.locator(".rate").inner_text()
    page.wait_for_function(
        "([node, old]) => node.textContent !== old", arg=[page.locator(".rate").element_handle(), rate], timeout=30_000
    )
    assert page.locator(".rate").inner_text().startswith("training at epoch")
    track.focus()
    page.keyboard.press("ArrowRight")
    log(page, rf"seek (?!{step};)\d+")
    page.keyboard.press("Home")
    log(page, "seek 0")
    page.locator(".network .told", has_text="changed by 0 on average").wait_for()
    legend = page.locator(".chart.accuracy .note")
    assert legend.inner_text().split() == ["epoch", "0.00", "train", "–", "validation", "–"]  # nothing was known then
    page.keyboard.press("PageUp")
    log(page, "seek 10")
    assert re.search(r"epoch 0\.29\s+train .*\s+validation [\d.]+\s%\s\(epoch 0\.24\)", legend.inner_text())
    page.get_by_role("button", name="Continue from here").click()
    log(page, "continue")
    page.wait_for_function("node => node.getAttribute('aria-pressed') === 'true'", arg=live.element_handle())
    page.locator(".chart.loss .plot").click(position={"x": 60, "y": 60})  # a curve is a way back, too
    log(page, r"seek \d+")
    track.focus()
    page.keyboard.press("End")
    log(page, "seek None")
    for name, said in (("Pause", "pause"), ("+1 batch", "batch"), ("+1 epoch", "epoch"), ("Start again", "restart")):
        page.get_by_role("button", name=name).click()
        log(page, said)
    page.get_by_label("Pace").select_option("full")
    log(page, "pace")


def test_cells_open_to_their_digits_and_every_view_can_be_chosen(show: Callable[..., Any]) -> None:
    page = show("still=1&step=200")
    cell = page.get_by_role("gridcell", name=re.compile("^1 read as 1: "))
    count = int(cell.inner_text())
    cell.click()
    log(page, r"open \(1, 1, 0\)")
    heading = page.locator(".confusion h4")
    page.locator(".confusion h4", has_text=f"1, read rightly · {count}").wait_for()
    page.get_by_role("button", name="Next page").click()
    log(page, r"open \(1, 1, 1\)")
    page.locator(".confusion .stepper", has_text=f"2 of {-(-count // 12)}").wait_for()
    digits = page.get_by_label("Digits of the open cell")
    digits.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert re.match(
        r"\d+(st|nd|rd|th) of validation: a 1 read as 1, [\d.]+", page.locator(".confusion .told").inner_text()
    )
    page.get_by_role("button", name="Close the cell").click()
    log(page, "open None")
    page.locator(".confusion h4", has_text=re.compile(r"Worst of \d+ mistakes")).wait_for()
    assert focused(page) == f"1 read as 1: {count}"
    page.keyboard.press("ArrowRight")
    assert re.fullmatch(r"\d+ of 36 digits “1” (is|are) read as 2", page.locator(".confusion .told").inner_text())
    page.keyboard.press("Enter")
    log(page, r"open \(1, 2, 0\)")
    page.locator(".confusion h4", has_text="1 read as 2 · ").wait_for()
    page.keyboard.press("Escape")
    page.locator(".mistake").first.wait_for()
    page.locator(".mistake").first.click()
    page.wait_for_function("node => / read as /.test(node.textContent)", arg=heading.element_handle())

    page.get_by_role("tab", name="Every class").click()
    page.locator(".per-class tbody td").nth(29).wait_for()
    support = page.locator(".per-class tbody tr").nth(2).locator("td").all_inner_texts()
    assert sum(map(int, support)) == 359
    page.get_by_role("tab", name="All filters of a layer").click()
    page.get_by_label("Layer whose filters are shown").select_option("conv2")
    page.locator(".whole .told", has_text="Conv 3 × 3 · 32").wait_for()
    whole = page.locator(".whole .sheet")
    whole.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.locator(".stepper", has_text="filter 3 of 32").wait_for()
    planes = page.locator(".network .planes").first
    planes.focus()
    page.keyboard.press("End")
    assert page.locator(".network .told").first.inner_text().startswith("Plane 16 of 16 · weights −")
    page.get_by_label("Layer whose maps are shown").select_option("pool2")
    page.locator(".network .told", has_text="32 maps of 2 × 2").wait_for()
    page.get_by_role("button", name="Next digit").click()
    page.locator(".network .told", has_text="the 2nd of 359").wait_for()
    page.get_by_role("tab", name="Weights and gradients").focus()
    page.keyboard.press("ArrowLeft")
    log(page, r"look \['tab'\]")
    before = sent(page)

    plot = page.locator(".chart.loss .plot")
    plot.hover(position={"x": 150, "y": 50})
    read = page.locator(".chart .note").all_inner_texts()
    assert [re.match(r"epoch \d\.\d\d", text.strip()) is not None for text in read] == [True, True]
    plot.focus()
    page.keyboard.press("End")
    newest = plot.get_attribute("aria-valuetext")
    assert re.match(r"epoch 5\.88, train 0\.\d+, validation [01]\.\d+", newest), newest
    page.get_by_role("button", name="Log scale").click()
    page.get_by_role("button", name="From 90").click()
    assert page.get_by_role("button", name="Log scale").get_attribute("aria-pressed") == "true"
    assert sent(page) == before  # reading sends nothing


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_it_fits_is_touched_and_can_be_read(show: Callable[..., Any], scheme: str) -> None:
    page = show(
        f"still=1&step=150&stopped={1 if scheme == 'dark' else ''}",
        viewport={"width": 390, "height": 844},
        has_touch=True,
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    film = page.locator(".film")
    assert film.evaluate("node => node.scrollWidth <= node.clientWidth")
    box = page.locator(".timeline").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.3, box["y"] + 12)
    log(page, r"seek \d+")
    assert page.locator(".handle").evaluate("node => node.className") == "handle past"
    if scheme == "dark":
        page.get_by_role("button", name="Live").tap()
        page.locator(".state", has_text="the loss is not a finite number").wait_for()
        assert page.get_by_role("button", name="Train", exact=True).is_disabled()
    small = film.evaluate("""film => [...film.querySelectorAll('*')].filter(node => node.offsetParent
      && [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())
      && parseFloat(getComputedStyle(node).fontSize) < 11).map(node => node.outerHTML)""")
    assert small == []
    wide = page.locator(".film .card").evaluate_all(
        "cards => cards.filter(card => card.scrollWidth > card.clientWidth + 1).map(card => card.className)"
    )
    assert wide == []


def test_large_and_tiny_networks_are_drawn(show: Callable[..., Any]) -> None:
    for query, filters in (
        ("case=tiny&still=1&step=20", "4 filters of 1 by 1"),
        ("case=eight&still=1", "8 filters of 3 by 3"),
    ):
        page = show(query)
        assert (
            page.get_by_label(f"{filters}, now and at the start")
            .locator("canvas")
            .evaluate("canvas => canvas.width > 100")
        )
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
