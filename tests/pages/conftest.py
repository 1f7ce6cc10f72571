"""Pages run without a browser, by Streamlit's own test harness, opened cold by their own URL."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import navigation
from pages.ui.state import Setting

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def one_look_for_components() -> Iterator[None]:
    """Let Streamlit look through the installed packages once: each run of its harness does, for half of its time."""
    try:
        from streamlit.components.v2 import manifest_scanner
    except ImportError:  # another version of Streamlit: then it is only slower
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests)
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def nothing_to_wait_for() -> Iterator[None]:
    """There is no browser that has to draw an answer before the rest is sent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(navigation, "PAUSE", 0.0)
        yield


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """A function that opens a page of the app by its script and the parameters in its URL."""

    def start(script: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
        if script != "app.py":
            app.switch_page(str(ROOT / script))
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return start


def accepted(settings: Iterable[Setting], text: str) -> list[str]:
    """The settings that take `text` from the URL.

    The others refuse it with a ValueError and keep their default: the page is the same for each of them, and one page
    that is given `text` for all stands for all.
    """

    def takes(setting: Setting) -> bool:
        try:
            setting.check(text)
        except ValueError:
            return False
        return True

    return [setting.name for setting in settings if takes(setting)]


def component_data(app: AppTest) -> list[dict[str, Any]]:
    """What the components of our own on the page were given, in the order of the script; bytes left out."""
    found = []
    for element in app.get("bidi_component"):
        proto = element.proto
        which = proto.WhichOneof("data")
        if which == "json":
            found.append(json.loads(proto.json))
        elif which == "bytes":
            size = int.from_bytes(proto.bytes[:4], "little")
            found.append(json.loads(proto.bytes[4 : 4 + size]))
    return found


def sentences(app: AppTest) -> str:
    """The error sentences on the page."""
    assert not app.exception, app.exception
    return " ".join(error.value for error in app.error)
