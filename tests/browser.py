"""What the tests of the page share: ways to wait, to read, and to move the mouse."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from server import Server

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
expect.set_options(timeout=15_000)

SMALL = 30  # series of a few points each, of star1 and star2 in turn
MANY = 20_000  # points of the one long series, which is star3's
PERIOD = 2.5  # of star3, in days

#: Opens the page at a link in a tab, and signs in.
SignIn = Callable[..., Any]


def id_of(server: Server, name: str) -> int:
    found = server.get("", params={"seriesName": name}).json()["data"]["series"]
    return int(found[0]["id"])


def wait_for_list(tab: Any) -> None:
    expect(tab.locator("#list")).not_to_have_attribute("aria-busy", "true")
    expect(tab.locator("#list-count")).not_to_be_empty()


def column(tab: Any, number: int) -> list[str]:
    return [
        row.strip()
        for row in tab.locator(f"#list-body tr > :nth-child({number})").all_inner_texts()
    ]


def drag(tab: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag over the plot, from and to fractions of its width and height."""
    box = tab.locator("#plot .u-over").bounding_box()
    x, y = (lambda f: box["x"] + f * box["width"]), (lambda f: box["y"] + f * box["height"])
    tab.mouse.move(x(start[0]), y(start[1]))
    tab.mouse.down()
    tab.mouse.move(x(end[0]), y(end[1]), steps=4)
    tab.mouse.up()


def link_of(tab: Any, pattern: str) -> re.Match[str]:
    """Wait until the address matches `pattern`."""
    expect(tab).to_have_url(re.compile(pattern))
    return re.search(pattern, tab.url)  # type: ignore[return-value]


def range_of(tab: Any) -> tuple[float, float]:
    found = link_of(tab, r"[#&]x=([\d.]+),([\d.]+)")
    return float(found[1]), float(found[2])
