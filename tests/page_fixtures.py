"""A browser for the tests of the page: Chromium where the machine has one, otherwise a skip.

Every tab must end without an error on its console, and so without a violation of the page's
Content-Security-Policy. An answer of 400 and more alone does not count: it may be what is tested.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from browser import MANY, PERIOD, SMALL, SignIn, expect, id_of, wait_for_list
from playwright.sync_api import sync_playwright
from server import Server

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
MARKUP = '<img src="x" onerror="document.title=1">'


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A running Chromium. Of the module, because Playwright's event loop must not outlive it."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    with sync_playwright() as playwright:
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


@pytest.fixture(scope="module")
def sky(server: Server) -> Server:
    """A server with many short series, one long one, and one that was not always detected."""
    for number in range(SMALL):
        mag = 15.0 + 0.2 * number
        mjd = [59000.0 + number, 59000.5 + number, 59001.0 + number]
        columns = {"mjd": mjd, "mag": [mag, mag + 0.01, mag - 0.01], "magerr": [0.02] * 3}
        _send(server, f"night_{number:02d}", columns, obj_id=f"star{1 + number % 2}")
    mjd = np.linspace(59000, 59100, MANY)
    flux = 500 + 100 * np.sin(2 * np.pi * mjd / PERIOD)
    long = {"mjd": mjd.tolist(), "flux": flux.tolist(), "fluxerr": [5.0] * MANY}
    _send(server, "long", long, obj_id="star3", altdata={"note": MARKUP})
    faint = {"mjd": [59000, 59001, 59002, 59003], "flux": [5, -2, 90, 80], "fluxerr": [10.0] * 4}
    _send(server, "faint", faint, obj_id="star4", filter="ztfg")
    return server


def _send(server: Server, name: str, columns: dict[str, Any], **fields: Any) -> int:
    usual = {
        "series_name": name,
        "series_obj_id": "1",
        "instrument_id": server.instrument_id,
        "filter": "ztfr",
        "ra": 10.0,
        "dec": 5.0,
        "exp_time": 30.0,
    }
    answer = server.post(json=usual | fields | {"data": columns})
    assert answer.ok, answer.text
    return int(answer.json()["data"]["id"])


@pytest.fixture
def sign_in(sky: Server) -> SignIn:
    """`sign_in(tab, hash)` opens the page at a link and signs in."""

    def run(tab: Any, link: str = "") -> Any:
        tab.goto(f"{sky.url}/{link}")
        tab.fill("#token", sky.token)
        tab.press("#token", "Enter")
        tab.wait_for_selector("body.signed-in")
        return tab

    return run


@pytest.fixture
def desk(tab: Any, sign_in: SignIn) -> Any:
    """A wide tab that shows the list."""
    sign_in(tab)
    wait_for_list(tab)
    return tab


@pytest.fixture
def long(tab: Any, sign_in: SignIn, sky: Server) -> Any:
    """A wide tab that shows the light curve of the long series."""
    sign_in(tab, f"#series={id_of(sky, 'long')}")
    expect(tab.locator("#plot-status")).to_have_text(
        "4,000 of 20,000 points shown; zoom in for more"
    )
    return tab
