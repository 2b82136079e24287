"""The page: signing in, and the list. In a browser, on a real server."""

from __future__ import annotations

from typing import Any

import pytest
from browser import SMALL, SignIn, column, expect, id_of, range_of, wait_for_list
from server import Server

pytest_plugins = ["page_fixtures"]


def test_signing_in_shows_the_list(desk: Any) -> None:
    expect(desk.locator("#list-count")).to_have_text(f"{SMALL + 2} series")


def test_a_wrong_token_is_explained(tab: Any, sky: Server) -> None:
    tab.goto(sky.url)
    tab.fill("#token", "wrong")
    tab.press("#token", "Enter")
    expect(tab.locator("#sign-in-error")).to_contain_text("This token is not accepted.")


@pytest.mark.parametrize(("remember", "kept_in"), [(False, "session"), (True, "local")])
def test_token_is_kept_where_asked(tab: Any, sky: Server, remember: bool, kept_in: str) -> None:
    tab.goto(sky.url)
    tab.fill("#token", sky.token)
    tab.set_checked("[name=remember]", remember)
    tab.click("[name=submit]")
    wait_for_list(tab)
    kept = tab.evaluate("({session: {...sessionStorage}, local: {...localStorage}})")
    assert [name for name, store in kept.items() if sky.token in store.values()] == [kept_in]


def test_signing_out_forgets_the_token(desk: Any, sky: Server) -> None:
    desk.click("#sign-out")
    desk.reload()
    expect(desk.locator("#sign-in")).to_be_visible()
    assert sky.token not in desk.evaluate(
        "JSON.stringify([{...sessionStorage}, {...localStorage}])"
    )


def test_token_is_in_no_address(tab: Any, sign_in: SignIn, sky: Server) -> None:
    addresses: list[str] = []
    tab.on("request", lambda request: addresses.append(request.url))
    sign_in(tab, f"#series={id_of(sky, 'faint')}")
    tab.wait_for_selector("#plot canvas")
    assert not [address for address in [*addresses, tab.url] if sky.token in address]


# The list


def test_filter_keeps_what_matches(desk: Any) -> None:
    desk.fill("#filter-objectID", "star3")
    desk.press("#filter-objectID", "Enter")
    expect(desk.locator("#list-count")).to_have_text("1 series")
    assert column(desk, 1) == ["star3"]


@pytest.mark.parametrize(
    ("field", "typed", "found"),
    [
        ("magBrighterThan", "16.1", 6),  # 15.0, 15.2 … 16.0
        ("minNumExposures", "4", 2),
        ("filter", "ztfg", 1),
        ("startAfter", "59020.5", 9),
        ("seriesName", "night_07", 1),
    ],
)
def test_each_kind_of_filter(desk: Any, field: str, typed: str, found: int) -> None:
    if desk.locator(f"#filters-more #filter-{field}").count():
        desk.click("#filters-toggle")
    desk.fill(f"#filter-{field}", typed)
    desk.press(f"#filter-{field}", "Enter")
    expect(desk.locator("#list-body tr")).to_have_count(found)


def test_cone_search_takes_arcseconds(desk: Any) -> None:
    desk.click("#filters-toggle")
    for name, text in (("ra", "00:40:00"), ("dec", "5 00 00"), ("radius", '5"')):
        desk.fill(f"#filter-{name}", text)
    desk.press("#filter-radius", "Enter")
    expect(desk.locator("#list-count")).to_have_text(f"{SMALL + 2} series")


def test_filter_is_taken_off_by_its_button(desk: Any) -> None:
    desk.fill("#filter-objectID", "nobody")
    desk.press("#filter-objectID", "Enter")
    expect(desk.locator("#list-empty")).to_have_text("No series match these filters.")
    desk.click("#filters-on button")
    expect(desk.locator("#list-count")).to_have_text(f"{SMALL + 2} series")


def test_wrong_filter_is_marked(desk: Any) -> None:
    desk.fill("#filter-instrumentID", "Camera")
    desk.press("#filter-instrumentID", "Enter")
    expect(desk.locator("#filter-instrumentID-problem")).to_contain_text("Camera")
    expect(desk.locator("#list-error")).to_be_visible()


@pytest.mark.parametrize(("clicks", "order"), [(1, "ascending"), (2, "descending")])
def test_headers_sort(desk: Any, clicks: int, order: str) -> None:
    header = desk.locator("#list-head [data-key=mean_mag]")
    for _ in range(clicks):
        header.locator("button").click()
        wait_for_list(desk)
    expect(header).to_have_attribute("aria-sort", order)
    mags = [float(text) for text in column(desk, 8)]
    assert mags == sorted(mags, reverse=order == "descending")


def test_pages(desk: Any) -> None:
    desk.select_option("#per-page", "25")
    expect(desk.locator("#list-count")).to_have_text(f"1–25 of {SMALL + 2} series")
    desk.click("#page-after")
    expect(desk.locator("#list-count")).to_have_text(f"26–{SMALL + 2} of {SMALL + 2} series")
    expect(desk.locator("#page-number")).to_have_text("Page 2 of 2")
    expect(desk.locator("#page-after")).to_be_disabled()


def test_back_button_leads_back_to_the_list(desk: Any) -> None:
    desk.fill("#filter-objectID", "star4")
    desk.press("#filter-objectID", "Enter")
    expect(desk.locator("#list-count")).to_have_text("1 series")
    desk.click("#list-body tr")
    expect(desk.locator("#series-title")).to_have_text("star4")
    desk.go_back()
    expect(desk.locator("#list-count")).to_have_text("1 series")


def test_keyboard_alone_is_enough(desk: Any) -> None:
    desk.reload()
    wait_for_list(desk)
    desk.keyboard.press("Tab")
    expect(desk.locator("#skip")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator("#main-content")).to_be_focused()
    desk.focus("#list-head button >> nth=-1")
    desk.keyboard.press("Tab")
    desk.keyboard.press("ArrowDown")
    second = desk.locator("#list-body tr").nth(1)
    expect(second).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator("#plot-status")).to_have_text("3 points")
    expect(desk.locator("#plot")).to_be_focused()
    desk.keyboard.press("ArrowUp")
    range_of(desk)
    desk.keyboard.press("Escape")
    expect(second).to_be_focused()
