"""The page: how it is served, and how it fits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import requests
from browser import SignIn, id_of
from server import Server

pytest_plugins = ["page_fixtures"]


@pytest.mark.parametrize(("view", "shown"), [("list", "#list-body tr"), ("series", "#plot canvas")])
def test_phone_needs_no_sideways_scrolling(
    phone: Any, sign_in: SignIn, sky: Server, view: str, shown: str
) -> None:
    sign_in(phone, f"#series={id_of(sky, 'long')}" if view == "series" else "")
    phone.wait_for_selector(shown)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_upload_fits_a_phone(phone: Any, sign_in: SignIn) -> None:
    sign_in(phone)
    phone.click("#upload-open")
    file = {"name": "a.csv", "mimeType": "", "buffer": b"mjd,mag\n1,2\n"}
    phone.set_input_files("#upload-file", file)
    phone.wait_for_selector("#upload-send")
    assert phone.evaluate("document.querySelector('#upload').scrollWidth") <= 390


def test_chosen_theme_is_kept(desk: Any) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = desk.evaluate(ground)
    desk.click("#theme")
    desk.reload()
    assert desk.evaluate("document.documentElement.dataset.theme") == "dark"
    assert desk.evaluate(ground) != light


def test_policy_allows_this_origin_alone(sky: Server) -> None:
    headers = requests.get(sky.url, timeout=10).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/page/js/main.js"])
def test_unchanged_files_are_not_sent_again(sky: Server, path: str) -> None:
    first = requests.get(sky.url + path, timeout=10)
    again = requests.get(
        sky.url + path, headers={"If-None-Match": first.headers["ETag"]}, timeout=10
    )
    assert (first.status_code, again.status_code) == (200, 304)


@pytest.mark.parametrize(
    "path", ["/page/../config.py", "/page/%2e%2e/config.py", "/page//etc/passwd"]
)
def test_nothing_but_the_page_is_served(sky: Server, path: str) -> None:
    request = requests.Request("GET", sky.url).prepare()
    request.url = sky.url + path
    answer = sky.session.send(request, timeout=10)
    assert answer.status_code in (403, 404)


def test_all_scripts_load_at_once_and_are_small(sky: Server) -> None:
    text = requests.get(sky.url, timeout=10).text
    paths = set(re.findall(r'(?:href|src)="(page/\S+\.js)"', text))
    folder = Path(__file__).parent.parent / "skyportal_series" / "page"
    assert {path.name for path in (folder / "js").glob("*.js")} <= {Path(p).name for p in paths}
    sizes = [len(requests.get(f"{sky.url}/{path}", timeout=10).content) for path in paths]
    assert sum(sizes) < 200_000
