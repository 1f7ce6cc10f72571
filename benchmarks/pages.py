"""How soon the pages of small grids answer: a hover over the largest grid, and a control beside an empty Streamlit app.

Run ``python benchmarks/pages.py``, with ``--rounds N`` for more or fewer presses and hovers (25). The pages and the
empty app stand open in headless Chromium at once and take turns, so that what disturbs one disturbs all.

- Control: from the key press in a number input to the frame after the page's new numbers stand in the document, and to
  the frame after the run has ended (nothing in the document changes any more). The empty app has the same number input
  and one line of text that shows its value.
- Hover: from the pointer's event, as the browser stamped it, to the end of the frame that shows the answer. The grids
  are the largest that each page takes: 16 x 16 with 3 channels where it has channels.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium_path  # noqa: E402
from tests.browser.server import running  # noqa: E402

EMPTY = """
import streamlit as st
n = st.number_input("Seed", 0, 9999, 1)
st.text(f"value {n}")
"""


class Case(NamedTuple):
    """A page, which small change is made in which field, and the address of its largest grid."""

    address: str
    field: str
    large: str
    cells: str = ".sheet.output .cell"


CASES = {
    "empty app": Case("", "Seed", ""),
    "Stride": Case("Stride", "Seed", "Stride?rows=16&columns=16&stride=1"),
    "Pooling": Case("Pooling", "Seed", "Pooling?kind=cross_max&rows=16&columns=16"),
    "Channels": Case("Channels?input=random", "Seed", "Channels?input=random&side=16"),
    "Text": Case("Text?kind=random", "Seed", "Text?sentence=" + "+".join("abcdefghijklmnop")),
    "Conventions": Case("Conventions", "Seed", "Conventions?rows=16&columns=16", ".shelf .cell"),
}

# Gives the page a function that finds the cells of the outputs, and remembers where they are.
FIND = """
([selector]) => {
  let known = [];  // looking for them costs time that must not count
  window.labCells = () => {
    if (!known.length || !known[0].isConnected) {
      known = [...document.querySelectorAll('*')].filter((node) => node.shadowRoot)
        .flatMap((node) => [...node.shadowRoot.querySelectorAll(selector)]);
    }
    return known;
  };
}
"""

# Times one press of a key: until the numbers differ from those before and one frame on, and until all is still.
PRESS = """
() => {
  const text = document.querySelector('[data-testid="stText"]');
  const name = (cell) => cell.getAttribute('aria-label') ?? cell.textContent;
  const read = () => (text ? text.textContent : window.labCells().map(name).join());
  const before = read();
  let start = null, first = null, last = null;
  const watcher = new MutationObserver(() => { last = performance.now(); });
  watcher.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  document.addEventListener('keydown', () => { start = performance.now(); }, { once: true, capture: true });
  window.labPress = new Promise((resolve) => {
    const poll = () => {
      const now = performance.now();
      if (start !== null && first === null && read() !== before) {
        requestAnimationFrame(() => { first = performance.now(); });
      }
      if (first !== null && now - Math.max(first, last) > 400) {
        watcher.disconnect();
        resolve([first - start, Math.max(last, first) - start]);
      } else requestAnimationFrame(poll);
    };
    requestAnimationFrame(poll);
  });
}
"""

# Times hovers: from the time stamp of the pointer's event to the end of the frame that follows it.
HOVER = """
() => {
  window.labHovers = [];
  // Not pointerover: between two cells of one component it never leaves the component.
  document.addEventListener('pointermove', (event) => {
    const start = event.timeStamp;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.labHovers.push(performance.now() - start);
      channel.port2.postMessage(null);
    });
  }, { capture: true });
}
"""


def press(page: Any, case: Case, turn: int) -> tuple[float, float]:
    """Press an arrow key in the field; return milliseconds to the new numbers, and until nothing changes any more."""
    field = page.get_by_label(case.field, exact=True)
    field.focus()
    page.wait_for_timeout(150)
    page.evaluate(PRESS)
    page.keyboard.press("ArrowUp" if turn % 2 == 0 else "ArrowDown")
    shown, still = page.evaluate("window.labPress")
    return shown, still


def hover(page: Any, case: Case, turn: int) -> float:
    """Move from one cell to a far one; return milliseconds until the frame is done."""
    boxes = page.evaluate(
        """() => window.labCells().map((cell) => cell.getBoundingClientRect()).filter((box) => box.width)
            .filter((box) => box.top > 0 && box.bottom < innerHeight)
            .map((box) => [box.x + box.width / 2, box.y + box.height / 2])"""
    )
    x, y = boxes[(turn * 37) % len(boxes)]
    page.evaluate("window.labHovers = []")
    page.mouse.move(x, y)
    page.wait_for_function("window.labHovers.length > 0")
    page.wait_for_timeout(40)
    return float(page.evaluate("Math.max(...window.labHovers)"))


def opened(browser: Any, address: str, case: Case, *, height: int = 800) -> Any:
    """Open a page and wait for its numbers."""
    page = browser.new_page(viewport={"width": 1280, "height": height})
    page.goto(address)
    page.evaluate(FIND, [case.cells])
    if case.large:
        page.wait_for_function("window.labCells().length > 0", timeout=60_000)
    page.wait_for_timeout(2_500)
    return page


def controls(browser: Any, addresses: dict[str, str], rounds: int) -> None:
    """Print how late the numbers come after a control changed."""
    pages = {name: opened(browser, f"{addresses[name]}/{case.address}", case) for name, case in CASES.items()}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in CASES}
    for turn in range(rounds + 3):
        for name, case in CASES.items():
            pages[name].bring_to_front()
            taken = press(pages[name], case, turn)
            if turn >= 3:
                times[name].append(taken)
    middle = {name: [statistics.median(part) for part in zip(*taken, strict=True)] for name, taken in times.items()}
    shown, still = middle["empty app"]
    print("From the key press, medians:")
    for name, (first, last) in middle.items():
        print(
            f"  {name:12s} new numbers {first:4.0f} ms ({first / shown:.2f} x the empty app), "
            f"run over {last:4.0f} ms ({last / still:.2f} x)",
            flush=True,
        )
    for page in pages.values():
        page.close()


def hovers(browser: Any, addresses: dict[str, str], rounds: int) -> None:
    """Print how late the answer to a hover is on the screen."""
    cases = {name: case for name, case in CASES.items() if case.large}
    pages = {
        name: opened(browser, f"{addresses[name]}/{case.large}", case, height=2400) for name, case in cases.items()
    }
    for page in pages.values():
        page.evaluate(HOVER)
    times: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(4 * rounds + 3):
        name = list(cases)[turn % len(cases)]
        pages[name].bring_to_front()
        for step in range(6):
            taken = hover(pages[name], cases[name], 6 * turn + step)
            if step:
                times[name].append(taken)
    print("From the pointer's event to the end of the frame, the largest grids:")
    for name, taken in times.items():
        ordered = sorted(taken)
        print(
            f"  {name:12s} median {statistics.median(ordered):5.1f} ms, 95th percentile "
            f"{ordered[int(0.95 * len(ordered))]:5.1f} ms",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY)
        browser = driver.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        with (
            running(script, Path(folder) / "empty.log") as empty,
            running(ROOT / "app.py", Path(folder) / "lab.log") as lab,
        ):
            addresses = {name: empty if name == "empty app" else lab for name in CASES}
            controls(browser, addresses, rounds)
            hovers(browser, addresses, rounds)
        browser.close()


if __name__ == "__main__":
    main()
