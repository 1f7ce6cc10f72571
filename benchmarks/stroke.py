"""How late the answer to a pen stroke is on the screen, beside an empty app with the same canvas.

Run ``python benchmarks/stroke.py``. Both apps are driven in headless Chromium, taking turns. The time runs from the
moment in which the pen is lifted to the frame after the new answer (or text) is in the document; medians of one run.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium_path  # noqa: E402
from tests.browser.server import running  # noqa: E402

ROUNDS = 20
EMPTY = """
import streamlit as st
from streamlit_drawable_canvas import st_canvas
result = st_canvas(stroke_width=20, stroke_color="#1d2329", background_color="#ffffff", height=252, width=252,
                   return_image_data=True, key="canvas")
st.text(f"strokes {len((result.json_data or {}).get('objects', []))}")
"""
READ = {
    "empty": "document.querySelector('[data-testid=\"stText\"]')?.textContent",
    "inspect": "document.querySelector('.bars')?.innerHTML",
}
WAIT = """
(read) => new Promise((done) => {
  const look = () => Function("return " + read)();
  const before = look(), began = performance.now();
  const step = () => {
    if (look() !== before && look()) requestAnimationFrame(() => done(performance.now() - began));
    else if (performance.now() - began > 8000) done(null);
    else requestAnimationFrame(step);
  };
  document.addEventListener("pointerup", () => step(), { once: true, capture: true });
  document.addEventListener("mouseup", () => step(), { once: true, capture: true });
})
"""


def stroke(page: Any, read: str, number: int) -> float | None:
    """Draw one stroke; return the milliseconds from lifting the pen to the frame that shows the answer."""
    box = page.locator("canvas.upper-canvas").first.bounding_box()
    x, y = box["x"] + 40 + 37 * (number % 5), box["y"] + 30 + 41 * (number % 4)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 25, y + 40, steps=4)
    page.evaluate(f"() => {{ window.__answer = ({WAIT})({read!r}); }}")  # no waiting here
    page.mouse.up()
    found: float | None = page.evaluate("window.__answer")
    page.wait_for_timeout(700)
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY)
        browser = driver.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        times: dict[str, list[float]] = {"empty": [], "inspect": []}
        with (
            running(script, Path(folder) / "empty.log") as empty,
            running(ROOT / "app.py", Path(folder) / "app.log") as app,
        ):
            pages = {}
            for name, address in (("empty", empty), ("inspect", f"{app}/Inspect")):
                pages[name] = browser.new_page(viewport={"width": 1280, "height": 800})
                pages[name].goto(address)
                pages[name].locator("canvas.upper-canvas").first.wait_for(timeout=60_000)
                pages[name].wait_for_timeout(5000)
            for number in range(ROUNDS):
                for name, page in pages.items():
                    page.bring_to_front()
                    if (found := stroke(page, READ[name], number)) is not None and number > 1:
                        times[name].append(found)
        browser.close()
    middle = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        print(f"{name:8} {middle[name]:6.0f} ms median of {len(values)} strokes")
    print(f"inspect / empty: {middle['inspect'] / middle['empty']:.2f}")


if __name__ == "__main__":
    main()
