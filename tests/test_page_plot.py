"""The page: the light curve, and its downloads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from browser import MANY, PERIOD, SignIn, drag, expect, id_of, link_of, range_of
from server import Server

pytest_plugins = ["page_fixtures"]


def test_opening_shows_all_points(desk: Any) -> None:
    desk.fill("#filter-objectID", "star4")
    desk.press("#filter-objectID", "Enter")
    expect(desk.locator("#list-count")).to_have_text("1 series")
    desk.click("#list-body tr")
    expect(desk.locator("#plot-status")).to_have_text("4 points")
    expect(desk.locator("#details")).to_contain_text("Median")


def test_neighbours_are_walked(desk: Any) -> None:
    desk.click("#list-body tr >> nth=0")
    expect(desk.locator("#series-before")).to_be_disabled()
    desk.click("#series-after")
    expect(desk.locator("#series-subtitle")).to_contain_text("night_02")


def test_missing_series_is_explained(tab: Any, sign_in: SignIn) -> None:
    sign_in(tab, "#series=999999")
    expect(tab.locator("#series-error")).to_contain_text("Invalid photometric series ID.")


def test_limits_are_marked_in_magnitudes_alone(tab: Any, sign_in: SignIn, sky: Server) -> None:
    sign_in(tab, f"#series={id_of(sky, 'faint')}")
    expect(tab.locator("#legend-limit")).to_be_visible()
    tab.click("#unit-flux")
    link_of(tab, "unit=flux")
    expect(tab.locator("#legend-limit")).to_be_hidden()
    expect(tab.locator("#legend-undetected")).to_be_visible()


def test_unit_chosen_while_points_are_on_their_way(tab: Any, sign_in: SignIn, sky: Server) -> None:
    held: list[Any] = []
    tab.route("**/data?*", lambda route: held.append(route))
    with tab.expect_request("**/data?*"):
        sign_in(tab, f"#series={id_of(sky, 'faint')}")
    expect(tab.locator("#legend-limit")).to_be_hidden()
    tab.click("#unit-flux")
    link_of(tab, "unit=flux")
    for route in held:
        route.continue_()
    expect(tab.locator("#plot-status")).to_have_text("4 points")
    expect(tab.locator("#legend-undetected")).to_be_visible()


def test_zooming_in_fetches_more_points(long: Any) -> None:
    with long.expect_request(re.compile("mjdMin=.*mjdMax=.*")) as request:
        drag(long, (0.4, 0.5), (0.45, 0.5))
    assert "maxPoints=4000" in request.value.url
    # a twentieth of 104 days at 200 points a day
    status = re.compile(r"^1,0[0-9]{2} of 20,000 points in view$")
    expect(long.locator("#plot-status")).to_have_text(status)


def test_box_zooms_both_axes(long: Any) -> None:
    drag(long, (0.4, 0.3), (0.6, 0.7))
    link_of(long, r"x=[\d.]+,[\d.]+&y=[\d.]+,[\d.]+")


def test_wheel_zooms_where_the_pointer_is(long: Any) -> None:
    box = long.locator("#plot .u-over").bounding_box()
    long.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 50)
    long.mouse.wheel(0, -300)
    start, end = range_of(long)
    held = 58998 + 0.25 * 104
    assert start + 0.25 * (end - start) == pytest.approx(held, abs=0.2)


def test_shift_drag_moves(long: Any) -> None:
    long.focus("#plot")
    long.keyboard.press("ArrowUp")
    (start, end), before = range_of(long), long.url
    long.keyboard.down("Shift")
    drag(long, (0.5, 0.5), (0.75, 0.5))
    long.keyboard.up("Shift")
    quarter = (end - start) / 4
    expect(long).not_to_have_url(before)
    assert range_of(long) == pytest.approx((start - quarter, end - quarter), abs=0.3)


def test_pinching_zooms_on_a_phone(phone: Any, sign_in: SignIn, sky: Server) -> None:
    sign_in(phone, f"#series={id_of(sky, 'long')}")
    phone.wait_for_selector("#plot canvas")
    box = phone.locator("#plot .u-over").bounding_box()
    middle, y = box["x"] + box["width"] / 2, box["y"] + 60
    hand = phone.context.new_cdp_session(phone)
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80)):
        fingers = [{"x": middle - apart, "y": y, "id": 0}, {"x": middle + apart, "y": y, "id": 1}]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    start, end = range_of(phone)
    assert end - start == pytest.approx(104 / 2, rel=0.05)
    assert (start + end) / 2 == pytest.approx(59050, abs=1)


@pytest.mark.parametrize("way", ["double-click", "0", "button"])
def test_reset_shows_all_again(long: Any, way: str) -> None:
    long.focus("#plot")
    long.keyboard.press("ArrowUp")
    range_of(long)
    if way == "double-click":
        long.dblclick("#plot .u-over")
    elif way == "button":
        long.click("#zoom-reset")
    else:
        long.keyboard.press("0")
    link_of(long, r"#series=\d+$")
    expect(long.locator("#plot-status")).to_contain_text("4,000 of 20,000 points")


def test_folding_shows_every_point_against_phase(long: Any) -> None:
    long.fill("#period", str(PERIOD))
    long.press("#period", "Enter")
    link_of(long, f"period={PERIOD}")
    expect(long.locator("#fold-on")).to_be_checked()
    expect(long.locator("#plot-status")).to_contain_text("20,000 points")
    expect(long.locator("#plot")).to_be_visible()


@pytest.mark.parametrize(
    ("button", "expected"),
    [("half", PERIOD / 2), ("double", PERIOD * 2), ("longer", 2.50125), ("shorter", 2.49875)],
)
def test_period_steps(long: Any, button: str, expected: float) -> None:
    long.fill("#period", str(PERIOD))
    long.press("#period", "Enter")
    long.click(f"#period-{button}")
    assert float(long.input_value("#period")) == pytest.approx(expected, rel=1e-4)


def test_slider_changes_the_period(long: Any) -> None:
    long.check("#fold-on")
    before = float(long.input_value("#period"))
    long.focus("#period-slider")
    long.keyboard.press("PageUp")
    assert float(long.input_value("#period")) > 1.5 * before


def test_pointing_at_a_point_tells_its_values(tab: Any, sign_in: SignIn, sky: Server) -> None:
    sign_in(tab, f"#series={id_of(sky, 'night_00')}&x=59000.4,59000.6&y=14,16")
    tab.wait_for_selector("#plot .u-over")
    box = tab.locator("#plot .u-over").bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.505 * box["height"])
    expect(tab.locator("#plot-point")).to_contain_text("15.010 ± 0.020 mag")
    expect(tab.locator("#plot-point")).to_contain_text("2020-05-31 12:00:00 UTC")


def test_a_link_gives_the_same_view(tab: Any, sign_in: SignIn, sky: Server) -> None:
    number = id_of(sky, "long")
    listed = "objectID=star3&sortBy=mean_mag&sortOrder=desc"
    link = f"#{listed}&series={number}&x=0.5,1.5&unit=flux&period=2.5"
    sign_in(tab, link)
    expect(tab.locator("#plot-status")).to_contain_text("points")
    expect(tab.locator("#unit-flux")).to_have_attribute("aria-pressed", "true")
    expect(tab.locator("#period")).to_have_value("2.5")
    tab.click("#series-close")
    expect(tab.locator("#list-count")).to_have_text("1 series")
    expect(tab.locator("#list-head [data-key=mean_mag]")).to_have_attribute(
        "aria-sort", "descending"
    )
    tab.go_back()
    assert tab.url.endswith(link)


def test_text_of_others_is_never_markup(long: Any) -> None:
    long.click("text=Further data")
    expect(long.locator("#details pre")).to_contain_text("onerror")
    assert long.locator("#details img").count() == 0


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("hdf5", b"\x89HDF"),
        ("csv", b"mjd,"),
        ("json", b"{"),
        ("png", b"\x89PNG"),
        ("fits", b"SIMPLE"),
    ],
)
def test_download(long: Any, tmp_path: Path, name: str, starts: bytes) -> None:
    with long.expect_download() as download:
        long.click(f"[data-format={name}]")
    download.value.save_as(tmp_path / "file")
    assert (tmp_path / "file").read_bytes().startswith(starts)


def test_picture_is_drawn_as_seen(long: Any) -> None:
    long.click("#unit-flux")
    long.fill("#period", str(PERIOD))
    long.press("#period", "Enter")
    link_of(long, f"unit=flux&period={PERIOD}")
    with long.expect_response(re.compile("/plot")) as answer:
        long.click("[data-format=svg]")
    assert answer.value.ok
    assert answer.value.url.endswith(f"format=svg&y=flux&fold={PERIOD}")


def test_download_of_what_is_in_view(long: Any, tmp_path: Path) -> None:
    long.focus("#plot")
    long.keyboard.press("ArrowUp")
    start, end = range_of(long)
    long.check("#download-view")
    with long.expect_download() as download:
        long.click("[data-format=csv]")
    download.value.save_as(tmp_path / "part.csv")
    mjd = pd.read_csv(tmp_path / "part.csv")["mjd"]
    assert len(mjd) == pytest.approx(MANY * (end - start) / 100, abs=2)
