"""A real browser without a window, and what tests ask of it."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

NEEDED = ("chromium", "chromedriver")
_SWITCHES = (
    "--headless=new",
    "--no-sandbox",  # its sandbox refuses to run as root, as in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
WIDE, NARROW = (1280, 900), (360, 740)


def missing() -> str:
    """Return which program is missing; empty where all are there."""
    return ", ".join(name for name in NEEDED if shutil.which(name) is None)


@contextmanager
def started() -> Iterator[webdriver.Chrome]:
    """Yield a browser that reaches loopback alone."""
    options = Options()
    options.binary_location = shutil.which(NEEDED[0]) or ""
    for switch in _SWITCHES:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, Service(shutil.which(NEEDED[1])))
    try:
        yield browser
    finally:
        browser.quit()


def resize(browser: webdriver.Chrome, size: tuple[int, int]) -> None:
    """Make the page's view so many pixels wide and high."""
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def emulate(browser: webdriver.Chrome, *, scheme: str = "light", media: str = "screen") -> None:
    """Show pages in this colour scheme and for this medium."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def printed(browser: webdriver.Chrome) -> bytes:
    """Return the page as PDF."""
    answer: dict[str, Any] = browser.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27})
    return base64.b64decode(answer["data"])


def complaints(browser: webdriver.Chrome) -> list[str]:
    """Return what the console has shown since it was last asked: errors, refused requests."""
    return [entry["message"] for entry in browser.get_log("browser")]
