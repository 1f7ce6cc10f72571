"""Nothing is cut off: every page, in its widest views, on a telephone, a tablet and a laptop.

On the laptop the whole equation of small grids and its written sum also stand in the window, without scrolling.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
WINDOWS = ((390, 844), (768, 844), (1280, 800))
EQUATIONS = ("Stride", "Pooling", "Channels", "Text")

# Each page is opened once; the views after the first are reached as by Back and Forward.
VIEWS = {
    "": [""],
    "Convolution": ["", "?kernel=gabor&colour=rgb", "?stride=99"],
    "Stride": [
        "",
        "?tab=Receptive+field",
        "?tab=Receptive+field&stack=c3x1p1-2x0s2x1d2x3+p2+c3p100",
        "?tab=Paddings+side+by+side&input=digit&rows=16&columns=16&padding=full&kernel_rows=7&dilation=4",
        "?operation=transposed&stride=5&rows=8&columns=8&output_padding=9",
        "?rows=16&columns=16&stride=1",
        "?rows=16&columns=16&stride=1&kernel_rows=7&kernel_columns=7",
        "?rows=16&columns=16&stride=1&kernel_rows=7&kernel_columns=7&padding=full&dilation=4",
        "?operation=transposed&rows=16&columns=16&stride=5&kernel_rows=7&kernel_columns=7&dilation=4",
    ],
    "Pooling": [
        "?tab=On+a+feature+map&picture=digit-3",
        "?tab=Shift&shift_on=grid&input=digit&rows=16&columns=16",
        "?tab=Gradient&kind=cross_average&rows=16&columns=16",
        "?tab=Names+and+claims&kind=global_max",
        "?tab=Names+and+claims&kind=global_average&rows=16&columns=16",
    ],
    "Channels": [
        "",
        "?side=16",
        "?side=16&operation=depthwise",
        "?tab=A+bank+of+filters&maps=512&bank_size=7",
        "?tab=What+it+costs&filters=4096&channels=4096",
        "?tab=On+your+picture",
    ],
    "Text": ["", "?by=characters&letters=abcdefghijklmnop&kind=random&width=5", "?tab=Formula"],
    "Conventions": ["", "?rows=16&columns=16&padding=full&kernel_rows=7", "?what=average&tab=Border+names"],
    "Train": ["", "?tab=weight", "?tab=save"],
    "Inspect": ["", "?tab=why", "?tab=likes", "?tab=whatif", "?tab=compare"],
}

# Goes to other parameters of the same page, and waits for the run of the script that this brings.
TRAVEL = """
(query) => new Promise((done, fail) => {
  const app = document.querySelector('[data-testid="stApp"]'), state = 'data-test-script-state';
  const watcher = new MutationObserver((changes) => {
    const ran = changes.some((change) => change.oldValue !== 'notRunning') || app.getAttribute(state) !== 'notRunning';
    if (ran && app.getAttribute(state) === 'notRunning') {
      watcher.disconnect();
      done();
    }
  });
  watcher.observe(app, { attributeFilter: [state], attributeOldValue: true });
  setTimeout(() => fail(new Error(`no run for ${query}`)), 60000);
  history.pushState(null, '', location.pathname + query);
  dispatchEvent(new PopStateEvent('popstate'));
})
"""

# What sticks out of the page, or can be scrolled sideways in it as a whole; and of what must be seen whole, each part.
STICKS_OUT = """
() => {
  const found = [];
  const root = document.documentElement, main = document.querySelector('[data-testid="stMain"]');
  if (root.scrollWidth > innerWidth) found.push(`the page: ${root.scrollWidth}`);
  if (main.scrollWidth > main.clientWidth) found.push(`its main part: ${main.scrollWidth}`);
  const whole = '.stack .layer, .stack .box, .sheet .stage, .gallery .heatgrid, .gallery .refusal, .gallery p, .call';
  const shadows = [...document.querySelectorAll('*')].filter((node) => node.shadowRoot).map((node) => node.shadowRoot);
  for (const part of shadows.flatMap((shadow) => [...shadow.querySelectorAll(whole)])) {
    const edge = part.getBoundingClientRect();
    if (edge.left < 0 || edge.right > innerWidth) found.push(`${part.className}: ${edge.left} to ${edge.right}`);
  }
  return found;
}
"""


# Where the page's first equation and its written sum end.
ENDS = """
() => {
  const shadows = [...document.querySelectorAll('*')].filter((node) => node.shadowRoot).map((node) => node.shadowRoot);
  const explorer = shadows.map((shadow) => shadow.querySelector('.explorer')).find(Boolean);
  return ['.equation', '.readout'].map((part) => explorer.querySelector(part).getBoundingClientRect().bottom);
}
"""


def settled(page: Any, script: str, good: Callable[[Any], bool]) -> Any:
    """What `script` returns, once it is good: components follow a change of width a little later."""
    for _ in range(20):
        page.wait_for_timeout(200)
        if good(found := page.evaluate(script)):
            break
    return found


@pytest.mark.parametrize("path", VIEWS)
def test_nothing_is_cut_off(serve: Callable[[Path], str], open_page: Callable[..., Any], path: str) -> None:
    first, *others = VIEWS[path]
    page = open_page(f"{serve(ROOT / 'app.py')}/{path}{first}")
    page.locator(".lab, .explorer, .player, .film, .network").first.wait_for(timeout=60_000)
    app = page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')
    for query in (None, *others):
        if query is not None:
            page.evaluate(TRAVEL, query)
        app.wait_for(timeout=60_000)
        for width, height in WINDOWS:
            page.set_viewport_size({"width": width, "height": height})
            assert settled(page, STICKS_OUT, lambda out: not out) == [], (path, query, width)
        if path in EQUATIONS:
            ends = settled(page, ENDS, lambda found: max(found) <= 800)
            assert max(ends) <= 800, (path, query, ends)
