"""The picture whose pixels can be picked, and the before-and-after picture, driven as a person would."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.browser
APP = Path(__file__).with_name("viewer_app.py")
COMPONENTS = Path(__file__).parents[2] / "assets" / "components"
INPUT, OUTPUT = 0, 1
THIN = 16  # CSS pixels: so wide a strip is drawn at least

# The bytes of a canvas, read from a copy: reading the canvas itself would slow it down, and Chromium would say so.
BYTES = """
  const { width, height } = canvas, copy = Object.assign(document.createElement('canvas'), { width, height });
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const bytes = context.getImageData(0, 0, width, height).data;
"""
# The bounding box of what is painted on a transparent canvas, in CSS pixels from the box's corner.
PAINTED = f"""canvas => {{
  {BYTES}
  let box = null;
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if (bytes[4 * (y * width + x) + 3] > 127) {{
    box ??= [x, y, x + 1, y + 1];
    box = [Math.min(box[0], x), box[1], Math.max(box[2], x + 1), y + 1];
  }}
  return box && box.map(at => at / devicePixelRatio - 8);
}}"""
COLOUR = f"""([canvas, [x, y]]) => {{
  {BYTES}
  const at = 4 * (Math.round(y * devicePixelRatio) * width + Math.round(x * devicePixelRatio));
  return [...bytes.slice(at, at + 3)];
}}"""


@pytest.fixture
def show(serve: Callable[[Path], str], open_page: Callable[..., Any]) -> Callable[..., Any]:
    """A function that opens one case of the small app and waits for its picture."""

    def start(case: str, **options: Any) -> Any:
        page = open_page(f"{serve(APP)}/?case={case}", **options)
        page.locator(".viewer .box, .wipe .box").first.wait_for(timeout=30_000)
        page.get_by_test_id("stText").wait_for()
        return page

    return start


def expects(page: Any, text: str) -> None:
    """Wait until the app says `text` about what it was told."""
    page.get_by_test_id("stText").filter(has_text=re.compile(re.escape(text))).wait_for(timeout=10_000)


def place(page: Any, pane: int, row: float, col: float, seen: tuple[int, int], corner: tuple[int, int] = (0, 0)) -> Any:
    """Where a picture pixel stands on the page when `seen` rows and columns from `corner` on are visible."""
    edge = page.locator(".viewer .box").nth(pane).bounding_box()
    scale = min(edge["width"] / seen[1], edge["height"] / seen[0])
    wide, high = max(seen[1] * scale, THIN), max(seen[0] * scale, THIN)
    x = edge["x"] + (edge["width"] - wide) / 2 + (col - corner[1] + 0.5) * wide / seen[1]
    return x, edge["y"] + (edge["height"] - high) / 2 + (row - corner[0] + 0.5) * high / seen[0]


def zoom(page: Any, pane: int, levels: int, name: str = "Zoom in") -> None:
    for _ in range(levels):
        page.locator(".viewer").nth(pane).get_by_role("button", name=name).click()


def inside(page: Any, pane: int, name: str) -> Any:
    return page.locator(".viewer").nth(pane).locator(name)


def view(page: Any, pane: int) -> tuple[int, int]:
    """The pixel in the middle of what the app was asked to show."""
    text = page.get_by_test_id("stText").inner_text().split("views")[1]
    row, col = re.findall(r"\(\d+, (\d+), (\d+)\)|None", text)[pane]
    return int(row), int(col)


def count_messages(page: Any) -> list[Any]:
    """A list that grows with every message the page sends to the server from its next loading on."""
    sent: list[Any] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.reload()
    page.locator(".viewer .box").first.wait_for()
    page.get_by_test_id("stText").wait_for()
    return sent


def test_a_click_picks_the_pixel_under_it(show: Callable[..., Any]) -> None:
    page = show("linked")
    for row, col in [(0, 0), (0, 71), (47, 0), (47, 71), (20, 33), (21, 33)]:
        page.mouse.click(*place(page, OUTPUT, row, col, (48, 72)))
        expects(page, f"'output': [{row}, {col}]")
    page.mouse.click(*place(page, OUTPUT, 21, 33, (48, 72)))  # the same again says nothing
    page.mouse.click(*place(page, INPUT, 95, 143, (96, 144)))
    expects(page, "messages 7; picks {'input': [95, 143], 'output': [21, 33]}")
    # A drag over the whole picture moves the crosshair and picks where it ends.
    page.mouse.move(*place(page, OUTPUT, 5, 5, (48, 72)))
    page.mouse.down()
    page.mouse.move(*place(page, OUTPUT, 30, 50, (48, 72)), steps=4)
    inside(page, OUTPUT, ".reading").get_by_text("row 30, column 50", exact=True).wait_for()
    page.mouse.up()
    expects(page, "messages 8; picks {'input': [95, 143], 'output': [30, 50]}")


def test_zoomed_in_pixels_are_read_picked_and_dragged(show: Callable[..., Any]) -> None:
    page = show("linked")
    page.mouse.click(*place(page, OUTPUT, 20, 33, (48, 72)))
    expects(page, "'output': [20, 33]")
    zoom(page, OUTPUT, 3)  # faster than the answers come: the levels add up
    expects(page, "'output': (3,")
    page.locator(".viewer").nth(OUTPUT).get_by_text("8×", exact=True).wait_for()
    row, col = view(page, OUTPUT)
    top, left = row - 3, col - 4  # of the 6 x 9 pixels in view, the asked one is in the middle
    assert top <= 20 < top + 6
    assert left <= 33 < left + 9
    for at in [(top, left), (top + 5, left + 8), (top + 2, left + 7)]:
        page.mouse.move(*place(page, OUTPUT, *at, (6, 9), (top, left)))
        exact = (1 if (at[0] // 8 + at[1] // 8) % 2 else -1) * sum(at) / 2 + 0.25
        sign = "−" if exact < 0 else ""
        reading = f"Output · row {at[0]}, column {at[1]} · {sign}{abs(exact):g}"
        inside(page, OUTPUT, ".caption").get_by_text(reading, exact=True).wait_for()
        page.mouse.click(*place(page, OUTPUT, *at, (6, 9), (top, left)))
        expects(page, f"'output': [{at[0]}, {at[1]}]")
    # A drag moves what is seen, one pixel up and two to the left, and picks nothing.
    page.mouse.move(*place(page, OUTPUT, top + 3, left + 5, (6, 9), (top, left)))
    page.mouse.down()
    page.mouse.move(*place(page, OUTPUT, top + 2, left + 3, (6, 9), (top, left)), steps=5)
    page.mouse.up()
    expects(page, f"'output': [{top + 2}, {left + 7}]}}; views {{'input': None, 'output': (3, {row + 1}, {col + 2})}}")
    page.mouse.click(*place(page, OUTPUT, top + 6, left + 10, (6, 9), (top + 1, left + 2)))
    expects(page, f"'output': [{top + 6}, {left + 10}]")
    zoom(page, OUTPUT, 1, "Whole picture")
    expects(page, "'output': (0,")


def test_a_reduced_picture_is_picked_in_full_resolution(show: Callable[..., Any]) -> None:
    page = show("large")  # three pixels to a sample, and six or seven to a pixel of the screen
    edge = page.locator(".viewer .box").bounding_box()
    wide, high = edge["height"] * 2100 / 1500, edge["height"]
    left = edge["x"] + (edge["width"] - wide) / 2
    for dx, dy in [(1.5, 1.5), (100.5, 57.5), (200.5, 228.5)]:
        page.mouse.click(left + dx, edge["y"] + dy)
        low = [int((dy - 0.8) / high * 1500), int((dx - 0.8) / wide * 2100)]
        most = [int((dy + 0.8) / high * 1500), int((dx + 0.8) / wide * 2100)]
        page.wait_for_function(
            """([low, most]) => {
              const text = document.querySelector('[data-testid=stText]').innerText;
              const said = text.match(/'input': \\[(\\d+), (\\d+)\\]/);
              return said && [0, 1].every(i => low[i] <= +said[i + 1] && +said[i + 1] <= most[i]);
            }""",
            arg=[low, most],
        )
    text = page.get_by_test_id("stText").inner_text()
    row, col = (int(part) for part in re.findall(r"'input': \[(\d+), (\d+)\]", text)[0])
    page.keyboard.press("ArrowDown")  # from there, single pixels by keyboard
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expects(page, f"'input': [{row + 1}, {col - 1}]")


def test_a_strip_and_a_single_pixel_can_be_picked(show: Callable[..., Any]) -> None:
    page = show("strip")
    x, _ = place(page, INPUT, 0, 0, (20_000, 1))
    edge = page.locator(".viewer .box").bounding_box()
    page.mouse.click(edge["x"] + 20, edge["y"] + 100)  # beside the picture: nothing
    page.mouse.click(x + 6, edge["y"] + edge["height"] - 0.5)
    page.wait_for_function(
        "/'input': \\[199\\d\\d, 0\\]/.test(document.querySelector('[data-testid=stText]').innerText)"
    )
    expects(page, "messages 1;")
    page = show("dot")
    page.mouse.click(*place(page, INPUT, 0, 0, (1, 1)))
    expects(page, "'input': [0, 0]")


def test_the_keyboard_walks_reads_picks_and_zooms(show: Callable[..., Any]) -> None:
    page = show("linked")
    box = page.get_by_role("application", name="Output, 48 by 72 pixels")
    said = page.locator(".viewer").nth(OUTPUT).get_by_role("status")
    for _ in range(12):
        page.keyboard.press("Tab")
        if box.evaluate("node => node.getRootNode().activeElement === node"):
            break
    keys = ["ArrowUp", "ArrowRight", "Shift+ArrowDown", "Shift+ArrowLeft", "Enter"]
    for key in keys:  # from the middle, (24, 36)
        page.keyboard.press(key)
    expects(page, "'output': [33, 27]")
    said.get_by_text("row 33, column 27, picked", exact=True).wait_for(state="attached")
    for key, place_said in {
        "Home": "row 33, column 0",
        "Control+End": "row 47, column 71",
        "PageUp": "row 23, column 71",
        "Control+Home": "row 0, column 0",
        "ArrowLeft": "row 0, column 0",
    }.items():
        page.keyboard.press(key)
        said.get_by_text(place_said, exact=True).wait_for(state="attached")
    runs = page.get_by_test_id("stText").inner_text().rsplit(" ", 1)[1]
    page.keyboard.type("r")  # would run the script once more, if Streamlit saw it
    page.keyboard.press("Enter")
    expects(page, "messages 2; picks {'input': None, 'output': [0, 0]}")
    assert page.get_by_test_id("stText").inner_text().endswith(f"runs {int(runs) + 1}")
    for _ in range(3):
        page.keyboard.press("+")
    expects(page, "'output': (3, 3, 4)")
    inside(page, OUTPUT, ".level").get_by_text("8×").wait_for()
    page.keyboard.press("End")  # out of sight: the view follows
    expects(page, "'output': (3, 3, 67)")
    said.get_by_text("row 0, column 71, value −35.25", exact=True).wait_for(state="attached")
    page.keyboard.press("-")
    expects(page, "'output': (2,")
    page.keyboard.press("0")
    expects(page, "'output': (0,")
    page.keyboard.press("Escape")
    assert not box.evaluate("node => node.getRootNode().activeElement === node")


def test_panes_of_a_group_outline_each_others_windows(show: Callable[..., Any]) -> None:
    page = show("linked")
    sent = count_messages(page)
    before = len(sent)
    canvas = [inside(page, pane, ".over").element_handle() for pane in (INPUT, OUTPUT)]

    def outlined(pane: int, rows: tuple[int, int], cols: tuple[int, int], seen: tuple[int, int]) -> None:
        """Wait until the pane's marks enclose these pixels, give or take their line."""
        edge = page.locator(".viewer .box").nth(pane).bounding_box()
        ends = [place(page, pane, rows[i] - 0.5, cols[i] - 0.5, seen) for i in (0, 1)]
        wanted = [end[i] - edge["xy"[i]] for end in ends for i in (0, 1)]
        page.wait_for_function(
            f"""([canvas, wanted]) => {{
              const box = ({PAINTED})(canvas);
              return box && wanted.every((at, i) => Math.abs(box[i] - at) < 5);
            }}""",
            arg=[canvas[pane], wanted],
            timeout=10_000,
        )

    # Output (r, c) sees the input's rows 2r - 1 ... 2r + 1.
    page.mouse.move(*place(page, OUTPUT, 30, 40, (48, 72)))
    outlined(INPUT, (59, 62), (79, 82), (96, 144))
    page.mouse.move(*place(page, OUTPUT, 0, 0, (48, 72)))  # over the border: to row -1
    outlined(INPUT, (-1, 2), (-1, 2), (96, 144))
    # An odd input row is used by two outputs, an even one by one.
    page.mouse.move(*place(page, INPUT, 31, 50, (96, 144)))
    outlined(OUTPUT, (15, 17), (25, 26), (48, 72))
    page.mouse.move(5, 5)
    page.wait_for_function(f"canvas => ({PAINTED})(canvas) === null", arg=canvas[OUTPUT])
    assert len(sent) == before  # hovering sent nothing
    page.mouse.click(*place(page, OUTPUT, 10, 10, (48, 72)))
    page.mouse.move(5, 5)
    outlined(INPUT, (19, 22), (19, 22), (96, 144))  # the window of the picked pixel stays
    outlined(OUTPUT, (10, 11), (10, 11), (48, 72))


def test_a_live_theme_switch_recolours_without_the_server(show: Callable[..., Any]) -> None:
    page = show("linked")
    sent = count_messages(page)
    picture = inside(page, OUTPUT, ".picture")
    edge = page.locator(".viewer .box").nth(OUTPUT).bounding_box()
    x, y = place(page, OUTPUT, 2, 1, (48, 72))  # 0.25 - 1.5: nearly zero, so nearly the background
    at = [x - edge["x"], y - edge["y"]]
    there = [picture.element_handle(), at]
    assert min(page.evaluate(COLOUR, there)) > 200
    before = len(sent)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"there => Math.max(...({COLOUR})(there)) < 90", arg=there)
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"there => Math.min(...({COLOUR})(there)) > 200", arg=there)
    assert len(sent) == before


def test_touch_picks_scrolls_pinches_and_pans(show: Callable[..., Any]) -> None:
    page = show("linked", viewport={"width": 390, "height": 560}, has_touch=True, is_mobile=True, device_scale_factor=2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        spots = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": spots})

    def middle(pane: int) -> tuple[float, float]:
        return place(page, pane, 47.5, 71.5, (96, 144))

    page.touchscreen.tap(*place(page, INPUT, 60, 100, (96, 144)))
    expects(page, "messages 1; picks {'input': [60, 100], 'output': None}")
    # One finger up the whole picture scrolls the page, and picks nothing.
    x, y = middle(INPUT)
    fingers("Start", (x, y + 60))
    for step in range(1, 12):
        fingers("Move", (x, y + 60 - 10 * step))
    fingers("End")
    page.wait_for_function("[...document.querySelectorAll('*')].some(node => node.scrollTop > 40)")
    page.locator(".viewer .box").first.tap(trial=True)  # waits until it stands still
    # Two fingers zoom to four times the size about the middle.
    x, y = middle(INPUT)
    fingers("Start", (x - 30, y), (x + 30, y))
    for spread in (50, 80, 110, 120):
        fingers("Move", (x - spread, y), (x + spread, y))
    fingers("End")
    expects(page, "messages 2; picks {'input': [60, 100], 'output': None}; views {'input': (2, ")
    inside(page, INPUT, ".level").get_by_text("4×").wait_for()
    row, col = view(page, INPUT)
    assert abs(row - 48) <= 1
    assert abs(col - 72) <= 1
    # One finger then pans, by 3 rows and 6 columns.
    start = place(page, INPUT, row, col, (24, 36), (row - 12, col - 18))
    end = place(page, INPUT, row + 3, col + 6, (24, 36), (row - 12, col - 18))
    fingers("Start", start)
    for part in (0.3, 0.6, 1):
        fingers("Move", tuple(a + part * (b - a) for a, b in zip(start, end, strict=True)))
    fingers("End")
    expects(page, f"views {{'input': (2, {row - 3}, {col - 6})")
    page.touchscreen.tap(*place(page, INPUT, row - 8, col + 5, (24, 36), (row - 15, col - 24)))
    expects(page, f"messages 4; picks {{'input': [{row - 8}, {col + 5}]")


def test_the_wheel_zooms_about_the_pointer_with_control_only(show: Callable[..., Any]) -> None:
    page = show("linked")
    page.mouse.move(*place(page, OUTPUT, 12, 18, (48, 72)))
    page.mouse.wheel(0, -100)  # without Control the page scrolls
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    expects(page, "messages 1; picks {'input': None, 'output': None}; views {'input': None, 'output': (1, 18, 27)}")
    inside(page, OUTPUT, ".level").get_by_text("2×").wait_for()
    # The pixel under the pointer is still the same one.
    inside(page, OUTPUT, ".reading").get_by_text("row 12, column 18", exact=True).wait_for()


def test_a_zoom_that_was_not_heard_is_asked_for_again(show: Callable[..., Any]) -> None:
    page = show("deaf")
    page.get_by_role("group", name="Zoom of Input").get_by_role("button", name="Zoom in").click()
    expects(page, "messages 2; picks {'input': None, 'output': None}; views {'input': (1, 48, 72), 'output': None}")
    inside(page, INPUT, ".level").get_by_text("2×").wait_for()


def test_a_pixel_and_its_users_agree_with_a_padded_array(context_for: Callable[..., Any]) -> None:
    script = (COMPONENTS / "reach.js").read_text("utf-8")
    rng = np.random.default_rng(5)
    cases, wanted = [], []
    for _ in range(150):
        border: Any = str(rng.choice(["constant", "reflect", "symmetric", "edge", "wrap"]))
        size, taps, stride, dilation = (int(rng.integers(1, most)) for most in (10, 5, 4, 4))
        extent = dilation * (taps - 1) + 1
        begin, end = (int(rng.integers(0, extent + 1)) for _ in range(2))
        outputs = (size + begin + end - extent) // stride + 1
        if outputs < 1:
            continue
        index = np.arange(size)
        extra: Any = {"constant_values": -1} if border == "constant" else {}
        padded = np.pad(index, (begin, end), mode=border, **extra)  # which input pixel stands where
        windows = [padded[out * stride : out * stride + extent : dilation] for out in range(outputs)]
        axis = {"stride": stride, "begin": begin, "extent": extent, "dilation": dilation, "taps": taps}
        cases.append([{**{name: [value, 0] for name, value in axis.items()}, "border": border}, size, outputs])
        wanted.append([[out for out, window in enumerate(windows) if at in window] for at in range(size)])
    assert len(cases) > 100
    page = context_for().new_page()
    users = page.evaluate(
        f"""cases => {{ {script}
          return cases.map(([link, size, outputs]) =>
            Array.from({{ length: size }}, (_, at) => usersOf(link, 0, at, size, outputs)));
        }}""",
        cases,
    )
    page.close()
    assert users == wanted


def test_wipe_by_mouse_and_keyboard(show: Callable[..., Any]) -> None:
    page = show("wipe")
    divider = page.get_by_role("slider", name="Divider between Input and Output")
    assert divider.get_attribute("aria-valuetext") == "50 % input, 50 % output"
    edge = page.locator(".wipe .box").bounding_box()
    middle = edge["y"] + edge["height"] / 2
    page.mouse.move(edge["x"] + edge["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(edge["x"] + edge["width"] / 4, middle, steps=4)
    page.mouse.up()
    assert divider.get_attribute("aria-valuenow") == "25"
    shown = page.locator(".wipe .before").first.evaluate("node => getComputedStyle(node).clipPath")
    assert "75%" in shown
    line = divider.bounding_box()
    assert abs(line["x"] + line["width"] / 2 - edge["x"] - edge["width"] / 4) < 1.5
    divider.focus()
    for key, value in {
        "ArrowRight": "26",
        "Shift+ArrowRight": "36",
        "PageDown": "26",
        "End": "100",
        "Home": "0",
    }.items():
        page.keyboard.press(key)
        assert divider.get_attribute("aria-valuenow") == value
    page.keyboard.press("ArrowLeft")
    assert divider.get_attribute("aria-valuetext") == "0 % input, 100 % output"
