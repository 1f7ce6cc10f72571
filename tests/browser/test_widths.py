"""Nothing is cut off sideways, and no complaint moves the stage: every page, on a telephone, a tablet and a laptop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.moves import at_rest, go

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
WIDTHS = (390, 768, 1280)

VIEWS = {
    "": [""],
    "Convolution": ["", "?kernel=gabor&colour=rgb", "?stride=99"],
    "Stride": [
        "?tab=Receptive+field&stack=c3x1p1-2x0s2x1d2x3+p2+c3p100",
        "?tab=Paddings+side+by+side&input=digit&rows=16&columns=16&padding=full&kernel_rows=7&dilation=4",
        "?rows=16&columns=16&stride=1&kernel_rows=7&kernel_columns=7&padding=full&dilation=4",
        "?operation=transposed&rows=16&columns=16&stride=5&kernel_rows=7&kernel_columns=7&dilation=4",
    ],
    "Pooling": [
        "?tab=On+a+feature+map&picture=digit-3",
        "?tab=Shift&shift_on=grid&input=digit&rows=16&columns=16",
        "?tab=Gradient&kind=cross_average&rows=16&columns=16",
        "?tab=Names+and+claims&kind=global_max",
    ],
    "Channels": [
        "?side=16",
        "?tab=A+bank+of+filters&maps=512&bank_size=7",
        "?tab=What+it+costs&filters=4096&channels=4096",
        "?tab=On+your+picture",
    ],
    "Text": ["", "?by=characters&letters=abcdefghijklmnop&kind=random&width=5", "?tab=Formula"],
    "Conventions": ["", "?rows=16&columns=16&padding=full&kernel_rows=7", "?what=average&tab=Border+names"],
    "Train": ["", "?tab=weight", "?tab=save"],
    "Inspect": ["", "?tab=why", "?tab=likes", "?tab=whatif", "?tab=compare"],
}

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

# If there is a complaint: whether it stands between the page links and the stage, and the stage is where it would be
# without it; on a telephone, where it moves the stage, whether the title can be read.
OUT_OF_PLACE = """
() => {
  const find = (name) => document.querySelector(name), box = (name) => find(name).getBoundingClientRect();
  const stage = '.stMain [data-testid^="stBidi"]', said = find('.st-key-complaints');
  if (!said) return [];
  const alert = box('.st-key-complaints [role="alert"]'), top = box(stage).top, found = [];
  const links = box('[class*="st-key-pages-"]').bottom;
  if (alert.top < links || alert.bottom > top) found.push(`${alert.top} to ${alert.bottom}`);
  if (innerWidth <= 640) return alert.top < box('h1').bottom ? [`over the title: ${alert.top}`] : found;
  said.parentElement.style.display = 'none';
  if (Math.abs(box(stage).top - top) > 0.5) found.push(`the stage: ${top} instead of ${box(stage).top}`);
  said.parentElement.style.display = '';
  return found;
}
"""


@pytest.mark.parametrize("path", VIEWS)
def test_nothing_is_cut_off_sideways(serve: Callable[[Path], str], open_page: Callable[..., Any], path: str) -> None:
    address = f"{serve(ROOT / 'app.py')}/{path}"
    page = open_page(address + VIEWS[path][0])
    for query in VIEWS[path]:
        if query != VIEWS[path][0]:
            go(page, address + query)
        page.get_by_role("heading", level=1).wait_for(timeout=60_000)
        page.locator('.stMain [data-testid^="stBidi"]').first.wait_for(state="attached", timeout=60_000)
        at_rest(page)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            for _ in range(100):  # components follow a change of width a little later, on a busy machine much later
                page.wait_for_timeout(200)
                if not (out := page.evaluate(STICKS_OUT)):
                    break
            assert out == [], (path, query, width)
            assert page.evaluate(OUT_OF_PLACE) == [], (path, query, width)
        if query.startswith("?stride=99"):
            assert page.locator(".st-key-complaints [role=alert]").is_visible()
