"""The running app and a real browser, for tests that see what a person sees."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.moves import as_new, go
from tests.browser.server import Shared

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REQUIRED = os.environ.get("CNN_LAB_REQUIRE_BROWSER") == "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Once more, if time ran out: a busy machine lets a browser wait. The summary counts it, for it may be a race."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=["TimeoutError"]))


def chromium_path() -> str | None:
    """The system's Chromium or Chrome, or None. The one that cannot open a window at all needs the least work."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """A function that serves a script once for the whole test run and gives its address."""
    folder = tmp_path_factory.getbasetemp()
    parallel = "PYTEST_XDIST_WORKER" in os.environ  # then it is one of several, side by side
    servers = Shared(folder.parent if parallel else folder)
    yield servers.address
    servers.leave()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    """Playwright, and the certainty that there is a Chromium for it."""
    if chromium_path() is None:
        if REQUIRED:
            pytest.fail("Chromium is required here (CNN_LAB_REQUIRE_BROWSER=1), and none is installed")
        pytest.skip("no Chromium on this machine: the browser tests need one")
    driver = pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser tests")
    with driver.sync_playwright() as running_driver:
        yield running_driver


@pytest.fixture(scope="session")
def context_for(playwright: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """A function that gives the browser context with these options, always the same one.

    Each is a browser with a profile of its own: what its pages have loaded once, such as Streamlit's scripts, the next
    ones find there, already compiled.
    """
    known: dict[str, Any] = {}

    def find(**options: Any) -> Any:
        name = repr(sorted(options.items()))
        if name not in known:
            profile = tmp_path_factory.mktemp("profile")
            known[name] = playwright.chromium.launch_persistent_context(
                profile, executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS, **options
            )
        return known[name]

    yield find
    for context in known.values():
        context.close()


MEDIA = ("color_scheme", "reduced_motion", "forced_colors")


@pytest.fixture
def pages(context_for: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """A function that gives an empty page, and fails the test if the console of one complained."""
    made: list[Any] = []
    complaints: list[str] = []

    def listen(message: Any) -> None:
        # On a deep link Streamlit itself first asks for its health below the page's own path, and is answered 404.
        if message.type in ("error", "warning") and "/_stcore/" not in (message.location or {}).get("url", ""):
            complaints.append(message.text)

    def start(known: Any = None, **options: Any) -> Any:
        viewport = options.pop("viewport", {"width": 1280, "height": 800})
        media = {name: options.pop(name) for name in MEDIA if name in options}
        if options.get("is_mobile"):
            options["viewport"] = viewport  # of a telephone, it belongs to the device
        page = known or context_for(**options).new_page()
        made.append(page)
        page.set_viewport_size(viewport)
        # Most tests need no motion, and drawing it takes a quarter of the processor's time.
        page.emulate_media(**{"reduced_motion": "reduce", **media})
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield start
    for page in made:
        page.remove_listener("console", listen)
    assert complaints == []


@pytest.fixture
def open_page(pages: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """A function that opens an address in a page of its own."""
    opened: list[Any] = []

    def start(address: str, **options: Any) -> Any:
        page = pages(**options)
        opened.append(page)
        page.goto(address)
        return page

    yield start
    for page in opened:
        page.close()


@pytest.fixture(scope="module")
def parked() -> Iterator[dict[str, Any]]:
    """The pages that the tests of a module have left open, by their address and their kind."""
    pages: dict[str, Any] = {}
    yield pages
    for page in pages.values():
        page.close()


@pytest.fixture
def revisit(
    pages: Callable[..., Any], open_page: Callable[..., Any], parked: dict[str, Any], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Any]]:
    """A function that opens an address in the page that the last test of the module left, if it was there.

    Loading is most of what a short test costs. Everything that an address can say is as in a new page; what else a
    session keeps, such as uploads, is not: tests of that open a page of their own.
    """
    busy: dict[str, Any] = {}
    again = getattr(request.node, "execution_count", 1) > 1  # its page may have been left in the middle of something

    def start(address: str, **options: Any) -> Any:
        path = address.split("?")[0]
        name = f"{path} {sorted(options.items())}"
        if again or name in busy:
            return open_page(address, **options)
        left = parked.pop(name, None)
        busy[name] = page = pages(left, **options)
        if left is None or page.url.split("?")[0] != path:
            page.goto(address)
        else:
            as_new(page)
            go(page, address)
        return page

    yield start
    parked.update(busy)
