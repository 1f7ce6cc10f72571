"""Going about in a page of the app that is loaded already: a tenth of the work of loading it anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

GO = """
async (address) => {
  const app = document.querySelector('[data-testid="stApp"]'), state = () => app.dataset.testScriptState;
  const through = new Promise((resolve) => {
    let began = false;
    setTimeout(() => began || resolve(false), 5_000);
    new MutationObserver((_, observer) => {
      began ||= state() !== 'notRunning';
      if (began && state() === 'notRunning') { observer.disconnect(); resolve(true); }
    }).observe(app, { attributes: true, attributeFilter: ['data-test-script-state'] });
  });
  history.pushState({}, '', address);
  dispatchEvent(new PopStateEvent('popstate'));
  const came = await through;
  for (let frame = 0; came && frame < 2; frame++) await new Promise(requestAnimationFrame);
  return came;
}
"""
AS_NEW = """
() => {
  for (let at = document.activeElement; at; at = at.shadowRoot?.activeElement) at.blur?.();
  document.querySelector('[data-testid="stMain"]').scrollTop = 0;
}
"""


def go(page: Any, address: str) -> None:
    """Go to another address of the app as the browser's Back and Forward do, and wait until its script is through.

    Where the page does not answer, everything is loaded.
    """
    page.bring_to_front()  # another's frames are not drawn
    at_rest(page)
    if not page.evaluate(GO, address):
        page.goto(address)


def at_rest(page: Any) -> None:
    """Wait until no script runs for the page."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=60_000)


def saved(page: Any, button: Any) -> Path:
    """Press a button that saves a file, and give the file. Now and then a busy browser cancels it: then once more."""
    failed = "canceled"
    for _ in range(2):
        if failed == "canceled":
            with page.expect_download(timeout=60_000) as download:
                button.click()
            failed = download.value.failure()
    assert failed is None
    return Path(download.value.path())


def as_new(page: Any) -> None:
    """Leave nothing hovered, focused or scrolled."""
    page.mouse.move(0, 0)
    page.evaluate(AS_NEW)
