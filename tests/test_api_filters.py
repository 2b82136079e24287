"""GET many: every argument against a plain-Python model of it, on rows made for telling apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rows import make_group, make_instrument, make_series, make_stream
from server import Server
from sqlalchemy import select

from skyportal_series.models import PhotometricSeries, User
from skyportal_series.schemas.answer import COLUMNS
from skyportal_series.schemas.filters import ARGUMENTS, BY_SPELLING

NAN = float("nan")
Row = dict[str, Any]

#: What tells series apart, column by column; each row takes the value at its place, in turn.
VARIED: dict[str, list[Any]] = {
    "obj_id": ["star1", "star2", "star3", "star4"],
    "series_name": ["night/1", "night/2", "sector"],
    "series_obj_id": ["7", "8", "9", "10", "11"],
    "filter": ["ztfr", "ztfg", "tess", "2massj"],
    "channel": ["", "ccd1", "ccd2"],
    "origin": ["", "pipeline"],
    "mjd_first": [59000.0, 59001.5, 59010.25],
    "mjd_mid": [59000.5, 59001.75, 59020.0],
    "mjd_last": [59001.0, 59002.0, 59030.0, 59030.5],
    "is_detected": [True, False, False],
    "exp_time": [10.0, 30.0, 30.5],
    "frame_rate": [0.1, 2.0, NAN],
    "num_exp": [5, 50, 500, 50],
    "mean_mag": [15.0, 17.5, None, 19.0],
    "robust_mag": [15.5, 17.0, 18.0, None],
    "rms_mag": [0.01, 0.2, None],
    "robust_rms": [0.3, 0.02, None, 0.1],
    "limiting_mag": [20.0, NAN, 21.5],
    "ref_flux": [None, 100.0, 10.0, -1.0, 0.0],
    "median_snr": [3.0, 10.0, None],
    "best_snr": [30.0, 10.0, None],
    "worst_snr": [-1.0, 2.0, None],
    "time_stamp_alignment": ["middle", "end", "start"],
}


@pytest.fixture(scope="module")
def rows(server: Server) -> list[Row]:
    """Series of alice, as dicts of columns; and some of others that she may not see."""
    with server.database() as session:
        alice = session.scalars(select(User).where(User.username == "alice")).one()
        hidden = User(username="hidden")
        session.add(hidden)
        session.flush()
        other = make_instrument(session).id
        made = []
        for number in range(24):
            fields = {name: values[number % len(values)] for name, values in VARIED.items()}
            fields["filename"] = str(server.folder / f"night/{number}.h5")
            fields["instrument_id"] = server.instrument_id
            made.append(make_series(session, alice, **fields))
            make_series(
                session,
                hidden,
                **fields | {"filename": f"/hidden/{number}", "instrument_id": other},
            )
        session.flush()
        names = [column.name for column in PhotometricSeries.__table__.columns]
        return [{name: getattr(series, name) for name in names} for series in made]


def mjd(year: int, month: int, day: int, hours: float = 0) -> float:
    moment = datetime(year, month, day, tzinfo=UTC) + timedelta(hours=hours)
    return (moment - datetime(1858, 11, 17, tzinfo=UTC)).total_seconds() / 86400


def greater(value: float | None, bound: float) -> bool:
    """>= as PostgreSQL compares: NaN is the greatest number, and null is never compared."""
    return value is not None and (math.isnan(value) or value >= bound)


def less(value: float | None, bound: float) -> bool:
    return value is not None and value <= bound


def magref(row: Row) -> float | None:
    flux = row["ref_flux"]
    return 23.9 - 2.5 * math.log10(flux) if flux is not None and flux > 0 else None


#: A query and which rows it keeps: every argument at least once.
FILTERS: list[tuple[dict[str, Any], Callable[[Row], bool]]] = [
    ({"objectID": "tar2"}, lambda row: row["obj_id"] == "star2"),
    ({"objectID": "STAR"}, lambda row: False),
    ({"objectID": "st%r"}, lambda row: False),
    ({"rejectedObjectID": "star1, star3"}, lambda row: row["obj_id"] in ("star2", "star4")),
    ({"rejectedObjectIDs": "star1"}, lambda row: row["obj_id"] != "star1"),
    ({"rejectedObjectID": "star"}, lambda row: True),
    ({"seriesName": "night/1"}, lambda row: row["series_name"] == "night/1"),
    ({"seriesName": "night"}, lambda row: False),
    ({"seriesObjID": "10"}, lambda row: row["series_obj_id"] == "10"),
    ({"filter": "ztfr"}, lambda row: row["filter"] == "ztfr"),
    ({"channel": " ccd1 "}, lambda row: row["channel"] == "ccd1"),
    ({"channel": ""}, lambda row: True),
    ({"origin": "pipeline"}, lambda row: row["origin"] == "pipeline"),
    ({"startBefore": "2020-06-01"}, lambda row: row["mjd_first"] < mjd(2020, 6, 1)),
    ({"startAfter": "2020-06-01"}, lambda row: row["mjd_first"] > mjd(2020, 6, 1)),
    ({"midBefore": "2020-06-01"}, lambda row: row["mjd_mid"] < mjd(2020, 6, 1)),
    ({"midTimeBefore": "2020-06-01"}, lambda row: row["mjd_mid"] < mjd(2020, 6, 1)),
    ({"midAfter": "2020-06-02"}, lambda row: row["mjd_mid"] > mjd(2020, 6, 2)),
    ({"midTimeAfter": "2020-06-02"}, lambda row: row["mjd_mid"] > mjd(2020, 6, 2)),
    ({"endBefore": "2020-06-30"}, lambda row: row["mjd_last"] < mjd(2020, 6, 30)),
    ({"endAfter": "2020-06-30"}, lambda row: row["mjd_last"] > mjd(2020, 6, 30)),
    ({"detected": "true"}, lambda row: row["is_detected"]),
    ({"detected": "False"}, lambda row: not row["is_detected"]),
    ({"expTime": "30"}, lambda row: row["exp_time"] == 30),
    ({"minExpTime": "30"}, lambda row: row["exp_time"] >= 30),
    ({"maxExpTime": "30"}, lambda row: row["exp_time"] <= 30),
    ({"minFrameRate": "1"}, lambda row: greater(row["frame_rate"], 1)),
    ({"maxFrameRate": "1"}, lambda row: less(row["frame_rate"], 1)),
    ({"minNumExposures": "50"}, lambda row: row["num_exp"] >= 50),
    ({"maxNumExposures": "50"}, lambda row: row["num_exp"] <= 50),
    ({"magBrighterThan": "17.5"}, lambda row: less(row["mean_mag"], 17.5)),
    ({"magFainterThan": "17.5"}, lambda row: greater(row["mean_mag"], 17.5)),
    (
        {"magBrighterThan": "17.25", "useRobustMagAndRMS": "true"},
        lambda row: less(row["robust_mag"], 17.25),
    ),
    (
        {"magFainterThan": "17.25", "useRobustMagAndRMS": "1"},
        lambda row: greater(row["robust_mag"], 17.25),
    ),
    (
        {"magFainterThan": "17.25", "useRobustMagAndRMS": "false"},
        lambda row: greater(row["mean_mag"], 17.25),
    ),
    ({"limitingMagBrighterThan": "20.5"}, lambda row: less(row["limiting_mag"], 20.5)),
    ({"limitingMagFainterThan": "20.5"}, lambda row: greater(row["limiting_mag"], 20.5)),
    ({"limitingMagIsNaN": "true"}, lambda row: math.isnan(row["limiting_mag"])),
    ({"limitingMagIsNone": "true"}, lambda row: math.isnan(row["limiting_mag"])),
    ({"limitingMagIsNaN": "false"}, lambda row: not math.isnan(row["limiting_mag"])),
    ({"magrefBrighterThan": "20"}, lambda row: less(magref(row), 20)),
    ({"magrefFainterThan": "20"}, lambda row: greater(magref(row), 20)),
    ({"minRMS": "0.1"}, lambda row: greater(row["rms_mag"], 0.1)),
    ({"maxRMS": "0.1"}, lambda row: less(row["rms_mag"], 0.1)),
    ({"minRMS": "0.1", "useRobustMagAndRMS": "t"}, lambda row: greater(row["robust_rms"], 0.1)),
    ({"maxRMS": "0.1", "useRobustMagAndRMS": "yes"}, lambda row: less(row["robust_rms"], 0.1)),
    ({"minMedianSNR": "10"}, lambda row: greater(row["median_snr"], 10)),
    ({"maxMedianSNR": "3"}, lambda row: less(row["median_snr"], 3)),
    ({"minBestSNR": "11"}, lambda row: greater(row["best_snr"], 11)),
    ({"maxBestSNR": "11"}, lambda row: less(row["best_snr"], 11)),
    ({"minWorstSNR": "0"}, lambda row: greater(row["worst_snr"], 0)),
    ({"maxWorstSNR": "0"}, lambda row: less(row["worst_snr"], 0)),
    ({"followupRequestID": "1"}, lambda row: False),
    ({"assignmentID": "1"}, lambda row: False),
    ({"ownerID": "2147483647"}, lambda row: False),
    (
        {"filter": "ztfg", "detected": "false", "minNumExposures": "6", "origin": "pipeline"},
        lambda row: row["filter"] == "ztfg" and not row["is_detected"] and row["num_exp"] > 5,
    ),
]


def listed(server: Server, token: str | None = None, **query: Any) -> list[int]:
    """Ids of all that the query finds."""
    answer = server.get("", token=token, params={"numPerPage": 500, **query})
    assert answer.status_code == 200, answer.text
    page = answer.json()["data"]
    ids = [series["id"] for series in page["series"]]
    assert page["totalMatches"] == len(ids)
    return ids


@pytest.mark.parametrize(("query", "keeps"), FILTERS, ids=[str(query) for query, _ in FILTERS])
def test_filter(
    server: Server, rows: list[Row], query: dict[str, str], keeps: Callable[[Row], bool]
) -> None:
    assert sorted(listed(server, **query)) == [row["id"] for row in rows if keeps(row)]


def test_filters_above_are_complete() -> None:
    elsewhere = {"ra", "dec", "radius", "hash", "filename", "instrumentID"}
    elsewhere |= {"dataFormat", "sortBy", "sortOrder", "pageNumber", "numPerPage"}
    assert {name for query, _ in FILTERS for name in query} == set(BY_SPELLING) - elsewhere


def test_ids_of_what_there_is(server: Server, rows: list[Row]) -> None:
    everything = [row["id"] for row in rows]
    assert sorted(listed(server, instrumentID=server.instrument_id)) == everything
    assert sorted(listed(server, ownerID=rows[0]["owner_id"])) == everything
    assert listed(server, hash=rows[3]["hash"]) == [rows[3]["id"]]


@pytest.mark.parametrize("name", ["night/4.h5", "./night/../night/4.h5", "{folder}/night/4.h5"])
def test_relative_filename_is_below_the_series_folder(
    server: Server, rows: list[Row], name: str
) -> None:
    assert listed(server, filename=name.format(folder=server.folder)) == [rows[4]["id"]]


@pytest.mark.parametrize(
    "date",
    [
        "2020-06-05T12:00:00",
        "2020-06-05T12:00:00Z",
        "2020-06-05t12:00z",
        "2020-06-05 12:00:00",
        "2020-06-05 12:00:00.000000",
        "2020-06-05T12:00:00,000",
        "2020-06-05T12",
        "20200605T120000",
        "20200605T1200Z",
        "2020-06-05T14:00:00+02:00",
        "2020-06-05T14:00:00+0200",
        "2020-06-05T14:00+02",
        "2020-06-05 14:00:00 +02:00",
        "2020-06-05T14:00:00 02:00",
        "2020-06-05 14:00:00 02:00",
        "2020-06-05T04:30:00-07:30",
        "2020-06-05T12:00:00 UTC",
        "2020-W23-5T12:00",
        "2020-157T12:00",
    ],
)
def test_dates_as_people_write_them(server: Server, at_noon: str, date: str) -> None:
    # One series begins at just this moment: neither before it nor after it.
    found = [listed(server, at_noon, **{name: date}) for name in ("startBefore", "startAfter")]
    assert found == [[], []]


@pytest.fixture(scope="module")
def at_noon(server: Server) -> str:
    """The token of a user with one series, which begins at noon on 5 June 2020."""
    token = server.make_token("noon")
    with server.database() as session:
        owner = session.scalars(select(User).where(User.username == "noon")).one()
        make_series(session, owner, obj_id="star5", mjd_first=mjd(2020, 6, 5, 12))
    return token


@pytest.mark.parametrize(
    ("date", "kept"),
    [
        ("2020-06-05T11:59:59.999", True),
        ("2020-06", True),
        ("2020", True),
        ("2020-06-05", True),
        ("2020-06-05T12:00:00.001", False),
        ("2021", False),
    ],
)
def test_dates_of_less_precision_are_their_beginning(
    server: Server, at_noon: str, date: str, kept: bool
) -> None:
    assert len(listed(server, at_noon, startAfter=date)) == kept


# Order and pages


def as_sorted(rows: list[Row], column: str, order: str) -> list[int]:
    """Ids as PostgreSQL sorts them: null above NaN, NaN above all numbers, equal ones by id."""

    def key(row: Row) -> tuple[Any, ...]:
        value = row[column]
        if column == "time_stamp_alignment":
            value = ["start", "middle", "end"].index(value)
        if value is None or isinstance(value, dict):
            return (2, 0, row["id"])
        if isinstance(value, float) and math.isnan(value):
            return (1, 0, row["id"])
        return (0, value, row["id"])

    return [row["id"] for row in sorted(rows, key=key, reverse=order == "desc")]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("column", COLUMNS)
def test_sorting(server: Server, rows: list[Row], column: str, order: str) -> None:
    found = listed(server, sortBy=column, sortOrder=order)
    if column not in ("series_name", "filename", "medians", "altdata"):  # by the collation
        assert found == as_sorted(rows, column, order)
    assert sorted(found) == [row["id"] for row in rows]


def test_by_object_then_id_unless_asked(server: Server, rows: list[Row]) -> None:
    assert listed(server) == as_sorted(rows, "obj_id", "asc")


@pytest.mark.parametrize("column", ["obj_id", "is_detected", "mean_mag", "limiting_mag"])
def test_pages_hold_every_series_once(server: Server, rows: list[Row], column: str) -> None:
    seen = []
    for number in range(1, 7):
        answer = server.get("", params={"pageNumber": number, "numPerPage": 5, "sortBy": column})
        page = answer.json()["data"]
        seen += [series["id"] for series in page["series"]]
        assert (page["totalMatches"], page["pageNumber"], page["numPerPage"]) == (24, number, 5)
    assert seen == as_sorted(rows, column, "asc")


def test_a_series_visible_in_several_ways_counts_once(server: Server) -> None:
    token = server.make_token("well-connected")
    with server.database() as session:
        user = session.scalars(select(User).where(User.username == "well-connected")).one()
        groups, streams = (
            [make_group(session, [user]) for _ in range(3)],
            [make_stream(session, [user])],
        )
        numbers = [make_series(session, user, groups, streams, obj_id="star5").id for _ in range(7)]
    pages = [
        server.get("", token=token, params={"numPerPage": 5, "pageNumber": page}).json()["data"]
        for page in (1, 2)
    ]
    assert [series["id"] for page in pages for series in page["series"]] == numbers
    assert [page["totalMatches"] for page in pages] == [7, 7]


# What is refused

BAD: list[tuple[dict[str, Any], str, str]] = [
    # query, the argument that is named, what is said
    ({"startbefore": "2020"}, "startbefore", "Did you mean startBefore?"),
    ({"rejectedObjectsIDs": "x"}, "rejectedObjectsIDs", "Did you mean rejectedObjectIDs?"),
    ({"zzzzzz": "x"}, "zzzzzz", "Known: "),
    ({"objectid": ""}, "objectid", "Did you mean objectID?"),
    ({"é\u2028": "1"}, "é\u2028", "Unknown argument"),
    ({"detected": "banana"}, "detected", 'Invalid detected: "banana"; expected true or false'),
    ({"expTime": "1_0"}, "expTime", 'Invalid expTime: "1_0"; expected a number'),
    ({"expTime": "nan"}, "expTime", "expected a number"),
    ({"expTime": "-inf"}, "expTime", "expected a number"),
    ({"expTime": "1e999"}, "expTime", "expected a number"),
    ({"minNumExposures": "1.5"}, "minNumExposures", "expected a whole number"),
    ({"minNumExposures": "9" * 5000}, "minNumExposures", "expected a whole number"),
    ({"instrumentID": "2147483648"}, "instrumentID", "2147483647"),
    ({"instrumentID": "x"}, "instrumentID", 'Invalid instrumentID: "x"'),
    ({"objectID": "a\0b"}, "objectID", "text without NUL"),
    ({"rejectedObjectID": "a\0b"}, "rejectedObjectID", "text without NUL"),
    ({"filename": "a\0b"}, "filename", "text without NUL"),
    ({"startAfter": "yesterday"}, "startAfter", "ISO 8601"),
    ({"startAfter": "60000"}, "startAfter", "ISO 8601"),
    ({"startAfter": "2460000"}, "startAfter", "ISO 8601"),
    ({"startAfter": "2020-13-01"}, "startAfter", "ISO 8601"),
    ({"startAfter": "2020-02-30"}, "startAfter", "ISO 8601"),
    ({"startAfter": "2020-06-05+02:00"}, "startAfter", "ISO 8601"),
    ({"startAfter": "2020-06-05T12:00:00\0"}, "startAfter", "ISO 8601"),
    ({"startAfter": "٢٠٢٠-٠٦-٠٥"}, "startAfter", "ISO 8601"),
    ({"endBefore": "9999-12-31T24:00"}, "endBefore", "ISO 8601"),
    ({"filter": "ztfx"}, "filter", "Filter ztfx is not allowed. Allowed filters are: "),
    ({"filter": "sdsr"}, "filter", "Did you mean sdssr?"),
    ({"sortBy": "metadata"}, "sortBy", 'Invalid sortBy: "metadata"; expected one of id, '),
    ({"sortBy": "mjdfirst"}, "sortBy", 'Did you mean "mjd_first"?'),
    ({"sortBy": "groups"}, "sortBy", "expected one of"),
    ({"sortOrder": "up"}, "sortOrder", "expected one of asc, desc"),
    ({"dataFormat": "foobar"}, "dataFormat", 'Invalid dataFormat: "foobar"'),
    ({"pageNumber": "0"}, "pageNumber", "a whole number from 1"),
    ({"pageNumber": "-1"}, "pageNumber", "a whole number from 1"),
    ({"numPerPage": "abc"}, "numPerPage", 'Invalid numPerPage: "abc"'),
    ({"numPerPage": "-1"}, "numPerPage", "between 1 and 500"),
    ({"numPerPage": "501"}, "numPerPage", "between 1 and 500"),
    ({"ra": "10", "dec": "10"}, "radius", "missing: radius"),
    ({"radius": "1"}, "ra", "missing: ra, dec"),
    ({"ra": "-400", "dec": "0", "radius": "1"}, "ra", "between 0 and 360"),
    ({"ra": "1", "dec": "123.45", "radius": "1"}, "dec", "between -90 and 90"),
    ({"ra": "1", "dec": "1", "radius": "-1"}, "radius", "between 0 and 180"),
    ({"objectID": ["a", "b"]}, "objectID", "given more than once"),
    ({"midBefore": "2020", "midTimeBefore": "2021"}, "midTimeBefore", "more than once"),
]


@pytest.mark.parametrize(("query", "argument", "says"), BAD, ids=lambda value: ascii(value)[:40])
def test_refusal_names_the_argument(
    server: Server, query: dict[str, Any], argument: str, says: str
) -> None:
    answer = server.get("", params=query)
    content = answer.json()
    assert (answer.status_code, content["status"], list(content["data"])) == (
        400,
        "error",
        ["errors"],
    )
    assert list(content["data"]["errors"]) == [argument]
    assert says in content["message"]


def test_all_problems_are_told_together(server: Server) -> None:
    answer = server.get("", params={"detected": "x", "expTime": "y", "nonsense": "z", "ra": "1"})
    problems = answer.json()["data"]["errors"]
    assert set(problems) == {"detected", "expTime", "nonsense", "dec"}
    assert all(text in answer.json()["message"] for texts in problems.values() for text in texts)


def test_arguments_that_are_not_utf8(server: Server) -> None:
    answer = server.request("GET", "/api/photometric_series?objectID=%ff")
    assert answer.status_code == 400
    assert "not UTF-8" in answer.json()["message"]


@pytest.mark.parametrize("row", ARGUMENTS, ids=lambda row: row.name)
def test_empty_counts_as_absent(server: Server, rows: list[Row], row: Any) -> None:
    query = {spelling: ["", "  "] for spelling in row.spellings}
    answer = server.get("", params=query)
    assert answer.json()["data"]["totalMatches"] == len(rows)


@pytest.mark.parametrize("row", ARGUMENTS, ids=lambda row: row.name)
def test_examples_are_taken(server: Server, row: Any) -> None:
    cone = {"ra": "1", "dec": "1", "radius": "1"} if row.name in ("ra", "dec", "radius") else {}
    for spelling in row.spellings:
        assert server.get("", params={**cone, spelling: row.example}).status_code == 200


@pytest.mark.parametrize("value", ["1e308", "-1e308", "5e-324", "1e-400", "0.1", "-0"])
@pytest.mark.parametrize("name", ["expTime", "magrefBrighterThan", "minBestSNR"])
def test_any_finite_number_can_be_asked_for(server: Server, name: str, value: str) -> None:
    assert server.get("", params={name: value}).status_code == 200


# The cone

PLACES = [(0.0, 90.0), (200.0, -90.0), (359.9999, 10.0), (0.0001, 10.0), (180.0, 0.0), (0.0, 0.0)]
PLACES += [(181.0, 62.0)]
PLACES += [(120.0 + n * 1e-7, 45.0) for n in range(4)] + [(45.0 * n, 30.0) for n in range(8)]
CONES = [
    (0.0, 10.0, 0.001),
    (359.99995, 10.0, 0.0002),
    (360.0, 10.0, 0.00015),
    (77.0, 89.9999, 0.001),
    (300.0, -90.0, 0.0),
    (120.0, 45.0, 0.0),
    (120.0, 45.0, 1e-7),
    (120.0, 45.0, 90.0),
    (120.0, 45.0, 134.5),
    (0.0, 0.0, 179.9999),
    (0.0, 0.0, 180.0),
    (1.0, -62.0, 180.0),  # of whose antipode rounding makes a little more than 180 degrees
    (0.0, -60.0, 150.0001),
]


def separation(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Angle between two places in degrees, by Vincenty's formula: right at any distance."""
    (ra1, dec1), (ra2, dec2) = (tuple(map(math.radians, place)) for place in (one, other))
    sin1, cos1, sin2, cos2 = math.sin(dec1), math.cos(dec1), math.sin(dec2), math.cos(dec2)
    delta = ra2 - ra1
    across = math.hypot(cos2 * math.sin(delta), cos1 * sin2 - sin1 * cos2 * math.cos(delta))
    return math.degrees(math.atan2(across, sin1 * sin2 + cos1 * cos2 * math.cos(delta)))


@pytest.fixture(scope="module")
def places(server: Server) -> tuple[str, dict[int, tuple[float, float]]]:
    """The token of a user with series in these places, and one in none; the places by id."""
    token = server.make_token("stargazer")
    with server.database() as session:
        owner = session.scalars(select(User).where(User.username == "stargazer")).one()
        make_series(session, owner, obj_id="star5", ra=None, dec=None)
        made = {
            make_series(session, owner, obj_id="star5", ra=ra, dec=dec).id: (ra, dec)
            for ra, dec in PLACES
        }
    return token, made


@pytest.mark.parametrize(("ra", "dec", "radius"), CONES)
def test_cone(server: Server, places: Any, ra: float, dec: float, radius: float) -> None:
    token, made = places
    found = listed(server, token, ra=ra, dec=dec, radius=radius, sortBy="id")
    wanted = [n for n, place in made.items() if separation(place, (ra, dec)) <= radius + 1e-12]
    assert found == wanted
