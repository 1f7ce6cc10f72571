"""How late a picture is on the screen after a control changes, beside an empty Streamlit app and the plain way.

Run ``python benchmarks/screen.py``. Three apps are served in turn and driven in headless Chromium:

- an empty app: the same number input, and one line of text that shows its value;
- CNN Lab's Convolution page;
- the plain way: the same number input, ``scipy.ndimage.convolve`` and ``st.image``.

The time runs from the key press in the number input to the frame after the new picture (or text) is in the document.
What is printed are medians and their ratios, measured in one run, the apps taking turns.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium_path  # noqa: E402
from tests.browser.server import running  # noqa: E402

EMPTY = """
import streamlit as st
n = st.number_input("Dilation", 1, 16)
st.text(f"value {n}")
"""

PLAIN = """
import io
import numpy as np, streamlit as st
from PIL import Image
from scipy import ndimage
file = st.file_uploader("A picture file, up to 20 MB")
n = st.number_input("Dilation", 1, 16)
if file is not None:
    image = np.asarray(Image.open(io.BytesIO(file.getvalue())).convert("RGB")).astype(np.float32)
    gray = image @ np.array([0.2989, 0.5870, 0.1140], np.float32)
    result = ndimage.convolve(gray, np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)) * n
    st.image(np.clip(result, 0, 255).astype(np.uint8))
"""

# Times one press of ArrowUp: until `read()` gives another answer than before, and one frame on.
TIMER = """
async ([probe]) => {
  const read = {
    text: () => document.querySelector('[data-testid="stText"]').textContent,
    image: () => {
      const img = document.querySelector('[data-testid="stImage"] img');
      return img && img.complete ? img.src : null;
    },
    viewer: () => [...document.querySelectorAll('*')]
      .map((node) => node.shadowRoot?.querySelector('.caption')?.textContent)
      .find((text) => text?.startsWith('Output')),
  }[probe];
  const before = read();
  return await new Promise((resolve) => {
    let start = null;
    document.addEventListener('keydown', () => { start = performance.now(); }, {once: true, capture: true});
    window.labReady = true;
    const poll = () => {
      const now = read();
      if (start !== null && now && now !== before) requestAnimationFrame(() => resolve(performance.now() - start));
      else requestAnimationFrame(poll);
    };
    poll();
  });
}
"""


def photograph(rows: int, columns: int) -> bytes:
    """A JPEG with the statistics of a photograph: noise whose spectrum falls with the frequency."""
    rng = np.random.default_rng(0)
    small = [rng.normal(size=(max(rows >> k, 2), max(columns >> k, 2))).astype(np.float32) for k in range(1, 9)]
    total = np.zeros((rows, columns), np.float32)
    for k, part in enumerate(small):
        total += 2.0**k * np.asarray(Image.fromarray(part).resize((columns, rows), Image.Resampling.BICUBIC))
    total = (total - total.min()) / (total.max() - total.min()) * 255
    buffer = io.BytesIO()
    Image.fromarray(total.astype(np.uint8)).convert("RGB").save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def press(page: Any, probe: str, key: str) -> float:
    field = page.get_by_label("Dilation", exact=True)
    field.focus()
    page.evaluate("window.labReady = false")
    task = page.evaluate_handle(f"([p]) => {{ window.labTask = ({TIMER})([p]); }}", [probe])
    task.dispose()
    page.wait_for_function("window.labReady === true")
    page.keyboard.press(key)
    milliseconds = page.evaluate("window.labTask")
    page.wait_for_timeout(250)
    return float(milliseconds)


def upload(page: Any, data: bytes) -> None:
    page.locator('input[type="file"]').set_input_files(
        {"name": "photograph.jpg", "mimeType": "image/jpeg", "buffer": data}
    )


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        scripts = {"empty": EMPTY, "plain": PLAIN}
        for name, source in scripts.items():
            (Path(folder) / f"{name}.py").write_text(source)
        browser = driver.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        log = Path(folder)
        with (
            running(log / "empty.py", log / "empty.log") as empty,
            running(log / "plain.py", log / "plain.log") as plain,
            running(ROOT / "app.py", log / "lab.log") as lab,
        ):
            for title, rows, columns in (("1 megapixel", 866, 1155), ("12 megapixels", 3000, 4000)):
                data = photograph(rows, columns)
                pages = {}
                for name, address in (
                    ("empty", empty),
                    ("plain", plain),
                    ("lab", f"{lab}/Convolution?picture=upload&size=original"),
                ):
                    page = browser.new_page(viewport={"width": 1280, "height": 900})
                    page.goto(address)
                    pages[name] = page
                upload(pages["plain"], data)
                pages["plain"].wait_for_selector('[data-testid="stImage"] img', timeout=60_000)
                upload(pages["lab"], data)
                pages["lab"].get_by_text(f"Input · {rows:,} × {columns:,}").wait_for(timeout=60_000)
                probes = {"empty": "text", "plain": "image", "lab": "viewer"}
                times: dict[str, list[float]] = {name: [] for name in pages}
                for turn in range(rounds + 3):
                    for name, page in pages.items():
                        page.bring_to_front()
                        taken = press(page, probes[name], "ArrowUp" if turn % 2 == 0 else "ArrowDown")
                        if turn >= 3:
                            times[name].append(taken)
                middle = {name: statistics.median(values) for name, values in times.items()}
                print(
                    f"{title}: empty app {middle['empty']:.0f} ms, plain way {middle['plain']:.0f} ms, "
                    f"CNN Lab {middle['lab']:.0f} ms: {middle['lab'] / middle['empty']:.2f} x the empty app, "
                    f"{middle['plain'] / middle['lab']:.1f} x sooner than the plain way",
                    flush=True,
                )
                for page in pages.values():
                    page.close()
        browser.close()


if __name__ == "__main__":
    main()
