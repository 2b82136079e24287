"""GET scan: every series once, whatever it is sorted by, whatever happens meanwhile."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from rows import make_series
from server import Server
from sqlalchemy import delete, select

from skyportal_series.models import PhotometricSeries, User
from skyportal_series.schemas.answer import COLUMNS, KEYS, OBJECTS

NAN, INF = float("nan"), float("inf")
SORTABLE = [name for name in COLUMNS if name not in OBJECTS]


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    """The token of a user with 17 series, among which ties, nulls and NaN are common."""
    made = server.make_token("scanner")
    with server.database() as session:
        user = session.scalars(select(User).where(User.username == "scanner")).one()
        for number in range(17):
            make_series(
                session,
                user,
                obj_id=f"star{number % 3 + 1}",
                series_name="n/ä" if number % 2 else "n\\b",
                is_detected=number % 2 == 0,
                num_exp=number % 4,
                filter=("ztfr", "2massj", "tess")[number % 3],
                time_stamp_alignment=("start", "middle", "end")[number % 3],
                mean_mag=(None, 0.1 + 0.2, NAN, 17.0, None)[number % 5],
                limiting_mag=(NAN, INF, -INF, 20.1)[number % 4],
                ra_unc=None,
                ra=None if number % 6 == 0 else number / 7,
            )
    return made


def page(server: Server, token: str, **query: Any) -> tuple[list[int], str | None]:
    answer = server.get("/scan", token=token, params=query)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert set(data) == {"series", "next"}
    return [series["id"] for series in data["series"]], data["next"]


def scanned(server: Server, token: str, **query: Any) -> list[int]:
    """The ids on all pages; no page but the last may have room left."""
    ids, cursor = page(server, token, **query)
    while cursor is not None:
        assert len(ids) % query["numPerPage"] == 0
        found, cursor = page(server, token, **query, after=cursor)
        assert found
        ids += found
    return ids


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("column", SORTABLE)
def test_scan_is_the_list(server: Server, token: str, column: str, order: str) -> None:
    sorting = {"sortBy": column, "sortOrder": order}
    whole = server.get("", token=token, params=sorting).json()["data"]["series"]
    assert scanned(server, token, numPerPage=6, **sorting) == [row["id"] for row in whole]


@pytest.mark.parametrize("size", [1, 16, 17, 18, 500])
def test_pages_of_any_size(server: Server, token: str, size: int) -> None:
    assert len(set(scanned(server, token, numPerPage=size))) == 17


def test_filters_are_those_of_the_list(server: Server, token: str) -> None:
    query = {"filter": "ztfr", "objectID": "star1", "midTimeAfter": "2015"}
    whole = server.get("", token=token, params=query).json()["data"]["series"]
    assert scanned(server, token, numPerPage=2, **query) == [row["id"] for row in whole]
    assert len(whole) == 6


def test_series_have_the_keys_of_the_list(server: Server, token: str) -> None:
    answer = server.get("/scan", token=token, params={"dataFormat": "none", "numPerPage": 1})
    (series,) = answer.json()["data"]["series"]
    assert set(series) == set(KEYS)
    assert series["data"] is None


def test_nothing_is_one_empty_page(server: Server) -> None:
    assert page(server, server.make_token("newcomer")) == ([], None)


def test_what_others_do_meanwhile_moves_no_page(server: Server) -> None:
    token = server.make_token("busy")
    with server.database() as session:
        user = session.scalars(select(User).where(User.username == "busy")).one()
        before = [make_series(session, user, obj_id=f"star{n}").id for n in (2, 3, 4)]
    first, cursor = page(server, token, numPerPage=1)
    with server.database() as session:
        user = session.scalars(select(User).where(User.username == "busy")).one()
        make_series(session, user, obj_id="star1")  # sorts before what was seen
        session.execute(delete(PhotometricSeries).where(PhotometricSeries.id == before[0]))
    second, cursor = page(server, token, numPerPage=1, after=cursor)
    third, cursor = page(server, token, numPerPage=1, after=cursor)
    assert ([*first, *second, *third], cursor) == (before, None)


def cursor_of(*content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


GOOD = ["obj_id", "asc", "star2", 1]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "****",
        "\0",
        "é",
        "A" * 5000,
        cursor_of(*GOOD)[:-3],
        cursor_of(),
        cursor_of(1, 2, 3),
        cursor_of("obj_id", "desc", "star2", 1),
        cursor_of("mjd_first", "asc", 1.0, 1),
        cursor_of("obj_id", "asc", 5, 1),
        cursor_of("obj_id", "asc", "a\0b", 1),
        cursor_of("obj_id", "asc", "star2", 0),
        cursor_of("obj_id", "asc", "star2", 2**31),
        cursor_of("obj_id", "asc", "star2", True),
        cursor_of("obj_id", "asc", "star2", "1"),
        cursor_of({"a": 1}),
        base64.urlsafe_b64encode(b'{"a":1,"b":2,"c":3,"d":4}').decode(),
        base64.urlsafe_b64encode(b"7").decode(),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_bad_cursor_is_refused(server: Server, token: str, cursor: str) -> None:
    answer = server.get("/scan", token=token, params={"after": cursor})
    assert answer.status_code == 400
    assert list(answer.json()["data"]["errors"]) == ["after"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("created_at", "yesterday"),
        ("created_at", "2020-01-01T00:00:00+02:00"),
        ("created_at", 5),
        ("mean_mag", "17"),
        ("mean_mag", True),
        ("num_exp", 2**40),
        ("num_exp", 1.5),
        ("is_detected", 1),
        ("filter", ["ztfr"]),
        ("time_stamp_alignment", {}),
        ("time_stamp_alignment", "begin"),
    ],
)
def test_cursor_of_another_type_is_refused(
    server: Server, token: str, column: str, value: Any
) -> None:
    query = {"sortBy": column, "after": cursor_of(column, "asc", value, 1)}
    assert server.get("/scan", token=token, params=query).status_code == 400


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("pageNumber", "1"),
        ("dataFormat", "json"),
        ("sortBy", "medians"),
        ("sortBy", "altdata"),
        ("numPerPage", "501"),
        ("afterwards", "x"),
    ],
)
def test_what_a_scan_does_not_take(server: Server, token: str, argument: str, value: str) -> None:
    answer = server.get("/scan", token=token, params={argument: value})
    assert answer.status_code == 400
    assert list(answer.json()["data"]["errors"]) == [argument]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_only_get(server: Server, token: str, method: str) -> None:
    answer = server.request(method, "/api/photometric_series/scan")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
