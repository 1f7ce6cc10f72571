"""The running app and a real browser, for tests that see what a person sees."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REQUIRED = os.environ.get("CNN_LAB_REQUIRE_BROWSER") == "1"


def chromium_path() -> str | None:
    """The system's Chromium or Chrome, or None. The one that cannot open a window at all needs the least work."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(script: Path, log: Path, *, extra_path: str = "") -> Iterator[str]:
    """Serve `script` from the repository's root, so that its configuration is used; give its address.

    Modules in `extra_path` can be imported, too.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true"]
    command += [f"--server.port={port}", "--server.address=127.0.0.1"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), extra_path)))}
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the app did not start:\n{log.read_text()}") from None
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """A function that serves a script once for the whole session and gives its address."""
    from contextlib import ExitStack

    addresses: dict[Path, str] = {}
    folder = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:

        def start(script: Path) -> str:
            if script not in addresses:
                addresses[script] = stack.enter_context(running(script, folder / f"{script.stem}.log"))
            return addresses[script]

        yield start


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
def open_page(context_for: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """A function that opens an address in a page of its own, and fails the test if the console complained."""
    pages = []
    complaints: list[str] = []

    def listen(message: Any) -> None:
        # On a deep link Streamlit itself first asks for its health below the page's own path, and is answered 404.
        if message.type in ("error", "warning") and "/_stcore/" not in (message.location or {}).get("url", ""):
            complaints.append(message.text)

    def start(address: str, **options: Any) -> Any:
        viewport = options.pop("viewport", {"width": 1280, "height": 800})
        media = {name: options.pop(name) for name in MEDIA if name in options}
        if options.get("is_mobile"):
            options["viewport"] = viewport  # of a telephone, it belongs to the device
        page = context_for(**options).new_page()
        pages.append(page)
        page.set_viewport_size(viewport)
        page.emulate_media(**media)
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield start
    for page in pages:
        page.close()
    assert complaints == []
