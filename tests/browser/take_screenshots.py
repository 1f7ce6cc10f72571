"""Take the README's pictures from the running app: ``python tests/browser/take_screenshots.py [folder]``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium_path  # noqa: E402
from tests.browser.server import running  # noqa: E402

SHOTS = {
    "home": ("", 1280, 800, "light"),
    "convolution": ("Convolution?row=205&column=312", 1280, 800, "light"),
    "convolution-dark": ("Convolution?kernel=sobel_magnitude", 1280, 800, "dark"),
    "conventions": ("Conventions", 1280, 800, "light"),
    "train": ("Train", 1280, 800, "light"),
    "inspect": ("Inspect?source=test&digit=3&path=relu1.4.12.14", 1280, 800, "light"),
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as logs,
        running(ROOT / "app.py", Path(logs) / "app.log") as address,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        for name, (path, width, height, scheme) in SHOTS.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(f"{address}/{path}")
            page.locator(".lab").first.wait_for()
            page.wait_for_timeout(2500)
            if name == "train":
                page.get_by_role("button", name="Train", exact=True).click()
                page.wait_for_timeout(9000)
            page.screenshot(path=folder / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "assets" / "screenshots")
