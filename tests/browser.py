"""A browser for the tests of the page: Chromium where the machine has one, otherwise a skip.

Every tab must end without an error on its console, and so without a violation of the page's
Content-Security-Policy. An answer of 400 and more alone does not count: it may be what is tested.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
WIDE = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A running Chromium. Of the module, because Playwright's event loop must not outlive it."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Any) -> Iterator[Any]:
    """An empty tab with a profile of its own, as wide as a desk."""
    yield from _tab(chromium, viewport=WIDE)


@pytest.fixture
def phone(chromium: Any) -> Iterator[Any]:
    """An empty tab of the size of a phone, with touch."""
    yield from _tab(chromium, viewport=PHONE, has_touch=True, is_mobile=True)


def _tab(browser: Any, **options: Any) -> Iterator[Any]:
    context = browser.new_context(accept_downloads=True, reduced_motion="reduce", **options)
    page = context.new_page()
    page.set_default_timeout(15_000)
    errors: list[str] = []
    page.on("console", lambda message: _note(errors, message))
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def _note(errors: list[str], message: Any) -> None:
    if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
        errors.append(message.text)
