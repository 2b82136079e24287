"""The exact shape of every answer: strict clients refuse a key more or less."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from server import ADMIN, Server, add_group, add_stream

BASE = "/api/photometric_series"
SERIES = {
    *("id", "created_at", "modified", "obj_id", "series_name", "series_obj_id", "filter"),
    *("channel", "origin", "filename", "ra", "dec", "ra_unc", "dec_unc", "mjd_first", "mjd_mid"),
    *("mjd_last", "mjd_last_detected", "mag_first", "mag_last", "mag_last_detected"),
    *("is_detected", "exp_time", "frame_rate", "num_exp", "time_stamp_alignment"),
    *("limiting_mag", "ref_flux", "ref_fluxerr", "mean_mag", "rms_mag", "robust_mag"),
    *("robust_rms", "median_snr", "best_snr", "worst_snr", "medians", "maxima", "minima", "stds"),
    *("altdata", "hash", "autodelete", "instrument_id", "followup_request_id", "assignment_id"),
    *("owner_id", "group_ids", "stream_ids", "groups", "streams", "data"),
}
DATA = {"mjd": [60000.0, 60000.0], "flux": [-1.0, None], "note": ["a", "b"], "good": [True, False]}


@pytest.fixture(scope="module")
def number(server: Server) -> int:
    """A series of which little is known, shared with a group and a stream."""
    body = {
        "obj_id": "star1",
        "instrument_id": server.instrument_id,
        "series_name": "shapes",
        "series_obj_id": 5,
        "ra": 1,
        "dec": 2,
        "exp_time": 3,
        "filter": "ztfr",
        "group_ids": [add_group(server, "a group", "alice")],
        "stream_ids": [add_stream(server, "a stream", "alice")],
        "data": DATA,
    }
    made: int = server.post(json=body).json()["data"]["id"]
    return made


def success(answer: Any) -> Any:
    """The data of an answer that has the envelope of success."""
    content = answer.json()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert set(content) == {"status", "data", "version"}
    assert (content["status"], type(content["version"])) == ("success", str)
    return content["data"]


@pytest.mark.parametrize("data_format", [None, "json", "hdf5", "none"])
def test_one(server: Server, number: int, data_format: str | None) -> None:
    series = success(server.get(f"/{number}", params={"dataFormat": data_format}))
    assert set(series) == SERIES
    if data_format == "none":
        assert series["data"] is None
    elif data_format == "hdf5":
        assert base64.b64decode(series["data"], validate=True).startswith(b"\x89HDF\r\n\x1a\n")
    else:
        assert series["data"] == DATA


@pytest.mark.parametrize("data_format", [None, "json", "hdf5", "none"])
def test_many(server: Server, number: int, data_format: str | None) -> None:
    page = success(server.get("", params={"dataFormat": data_format, "seriesName": "shapes"}))
    assert set(page) == {"series", "totalMatches", "pageNumber", "numPerPage"}
    (series,) = page["series"]
    alone = success(server.get(f"/{number}", params={"dataFormat": data_format or "none"}))
    assert series == alone


@pytest.mark.parametrize("data_format", ["json", "hdf5", "none"])
def test_none_of_many(server: Server, data_format: str) -> None:
    page = success(server.get("", params={"dataFormat": data_format, "objectID": "nowhere"}))
    assert page == {"series": [], "totalMatches": 0, "pageNumber": 1, "numPerPage": 100}


def test_sharing(server: Server, number: int) -> None:
    series = success(server.get(f"/{number}"))
    assert [set(group) for group in series["groups"]] == [
        {"id", "name", "nickname", "single_user_group"}
    ] * 2
    assert [group["single_user_group"] for group in series["groups"]] == [True, False]
    assert [stream | {"id": 0} for stream in series["streams"]] == [{"id": 0, "name": "a stream"}]
    for kind in ("group", "stream"):
        assert series[f"{kind}_ids"] == [shared["id"] for shared in series[f"{kind}s"]]


def test_no_value_is_null(server: Server, number: int) -> None:
    answer = server.get(f"/{number}")
    series = success(answer)
    absent = ("mag_first", "mag_last", "mean_mag", "robust_mag", "limiting_mag", "frame_rate")
    assert [series[name] for name in absent] == [None] * len(absent)
    json.loads(answer.text, parse_constant=pytest.fail)  # NaN and Infinity are no JSON


def test_times_are_utc_without_a_zone(server: Server, number: int) -> None:
    series = success(server.get(f"/{number}"))
    for name in ("created_at", "modified"):
        day, time = series[name].split("T")
        assert (len(day), time.strip("0123456789:.")) == (10, "")


def test_changes(server: Server) -> None:
    body = {
        "obj_id": "star1",
        "instrument_id": server.instrument_id,
        "series_name": "shapes/2",
        "series_obj_id": "a",
        "ra": 1,
        "dec": 2,
        "exp_time": 3,
        "filter": "ztfr",
        "data": DATA,
    }
    made = success(server.post(json=body))
    assert set(made) == {"id"}
    assert success(server.patch(made["id"], json={"origin": "x"})) == made
    assert success(server.delete(made["id"])) == {}


ERRORS: list[tuple[str, str, dict[str, Any], int, set[str]]] = [
    ("GET", "/999999", {}, 400, set()),
    ("GET", "/1?dataFormat=foobar", {}, 400, {"errors"}),
    ("GET", "?numPerPage=abc", {}, 400, {"errors"}),
    ("GET", "/scan?after=x", {}, 400, {"errors"}),
    ("POST", "", {"data": b"{"}, 400, set()),
    ("POST", "", {"json": {}}, 400, {"errors"}),
    ("PATCH", "/999999", {"json": {}}, 400, set()),
    ("DELETE", "/999999", {}, 400, set()),
    ("PUT", "/1", {}, 405, set()),
    ("PATCH", "", {"json": {}}, 405, set()),
    ("GET", "", {"token": "unknown"}, 401, set()),
    ("GET", "/1/nothing", {}, 404, set()),
]


@pytest.mark.parametrize(("method", "path", "options", "code", "keys"), ERRORS)
def test_errors(
    server: Server, method: str, path: str, options: dict[str, Any], code: int, keys: set[str]
) -> None:
    answer = server.request(method, BASE + path, **options)
    content = answer.json()
    assert answer.status_code == code
    assert set(content) == {"status", "message", "data", "version"}
    assert (content["status"], set(content["data"])) == ("error", keys)
    assert content["message"]


def test_method_that_is_not_there_names_those_that_are(server: Server) -> None:
    assert server.request("PUT", BASE).headers["Allow"] == "GET, POST"
    assert server.request("PUT", f"{BASE}/1").headers["Allow"] == "GET, DELETE, PATCH"


def test_errors_tell_nothing_of_the_server(server: Server) -> None:
    """Neither tracebacks nor SQL nor paths, whatever is wrong."""
    token = server.make_token("root", ADMIN)
    answers = [
        server.request(method, BASE + path, **options) for method, path, options, *_ in ERRORS
    ]
    answers.append(server.post(json={"data": "aGVsbG8=", "series_name": "x\0"}, token=token))
    for answer in answers:
        for word in ("Traceback", "File ", "SELECT", "psycopg", "sqlalchemy", str(server.folder)):
            assert word not in answer.text
