"""What goes out with an error: never how the server is made, nor what belongs to others."""

from __future__ import annotations

import base64
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import requests
from hdf5_recipes import photometry
from hdf5_recipes import write_as_clients_do as write
from server import UPLOAD, Server
from uploading import columns, fields, upload

BASE = "/api/photometric_series"
SECRET = "secret_of_bob"

#: What tells how the server is made. `filename` is the one path that is anybody's business.
TELLTALES = re.compile(
    r"Traceback|File \"|\.py\b|line \d+, in|psycopg|sqlalchemy|SELECT |INSERT |UPDATE |DETAIL:|"
    r"postgres|relation|site-packages|/tmp/|/home/|/root|/usr/|/proc/|h5py|errno|0x[0-9a-f]{8}",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def hidden(server: Server) -> int:
    """A series of Bob's that Alice may not see."""
    bob = server.make_token("bob", UPLOAD)
    body = {"data": columns(), **fields(server, series_name=SECRET, channel=SECRET)}
    return server.post(json=body, token=bob).json()["data"]["id"]


def hidden_fields(server: Server) -> dict[str, Any]:
    bob = server.make_token("bob", UPLOAD)
    rows = server.get("?numPerPage=100", token=bob).json()["data"]["series"]
    row = next(row for row in rows if row["series_name"] == SECRET)
    return {name: row[name] for name in fields(server)} | {"channel": SECRET}


GETS = [
    *("/0", "/x", "/999999", "/99999999999999999999", "/%00", "/%ff", "/..%2f..%2fetc%2fpasswd"),
    "/" + "0" * 19 + "1" + "9" * 15,
    "/" + "0" * 19 + "1" + "0" * 5000,
    *("?objectID=%00", "?sortBy=1;DROP TABLE users", "?numPerPage=-1", "?raMax=1e999", "?x=%ff"),
    *("?filename=/etc/passwd", "?filename=../../x", "?seriesName='%22", "?minMeanMag=NaN", "?'=1"),
    *("/1/data?format=exe", "/1/data?columns=%00", "/1/plot?format=x", "/scan?after=AAAA"),
    *("/1/data?format=../../x", "/1/x", "?pageNumber=99999999999999999999"),
]


@pytest.mark.parametrize("path", GETS, ids=lambda path: path[:40])
def test_bad_questions(path, server):
    upload(server)
    answer = server.get(path)
    assert 400 <= answer.status_code < 500 or answer.json()["data"]["series"] == []
    check(answer)


BODIES = {
    "rubbish": b"\xff\x00",
    "a list": b"[]",
    "no HDF5": json.dumps({"data": "aGVsbG8="}).encode(),
    "half an HDF5 file": json.dumps(
        {"data": base64.b64encode(write(photometry(5), {})[:3000]).decode()}
    ).encode(),
    "NUL": b'{"data": {"mjd": [1], "flux": [1]}, "obj_id": "\\u0000"}',
    "SQL": b'{"data": {"mjd": [1], "flux": [1]}, "obj_id": "\'; DROP TABLE objs; --"}',
    "a huge number": b'{"ra": 1%s}' % (b"0" * 400),
}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("name", BODIES)
def test_bad_bodies(name, method, server):
    path = BASE + (f"/{upload(server)}" if method == "PATCH" else "")
    answer = server.request(method, path, data=BODIES[name])
    assert answer.status_code == 400
    check(answer)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
@pytest.mark.parametrize("path", [BASE, f"{BASE}/1/data", "/api/nothing", "/healthz", "/metrics"])
def test_odd_methods(method, path, server):
    answer = server.request(method, path)
    assert answer.status_code in (401, 404, 405)
    check(answer)


@pytest.mark.parametrize("header", ["x", "token", "token x", "Basic eDp5", "token %00", "token '"])
def test_bad_credentials(header, server):
    answer = requests.get(server.url + BASE, headers={"Authorization": header}, timeout=30)
    assert answer.status_code == 401
    check(answer)


def check(answer: requests.Response) -> None:
    """An envelope, an id for the operators, and nothing that is not the client's business."""
    found = answer.json()
    if found["status"] == "error":
        assert set(found) == {"status", "message", "data", "version"}
        assert found["message"]
    assert TELLTALES.search(answer.text) is None
    assert TELLTALES.search(str(answer.headers)) is None


@pytest.mark.parametrize("way", ["GET", "GET data", "PATCH", "DELETE", "plot"])
def test_what_is_not_ones_own_looks_as_if_it_were_not(way, server, hidden):
    verb, _, rest = way.partition(" ")
    suffix = {"plot": "/plot"}.get(verb, f"/{rest}" if rest else "")
    method = {"plot": "GET"}.get(verb, verb)
    options = {"json": {"ra": 1.0}} if method == "PATCH" else {}
    there = server.request(method, f"{BASE}/{hidden}{suffix}", **options)
    absent = server.request(method, f"{BASE}/{hidden + 10_000}{suffix}", **options)
    assert there.status_code == absent.status_code
    assert there.text.replace(str(hidden), "ID") == absent.text.replace(str(hidden + 10_000), "ID")


def test_a_duplicate_of_what_one_may_not_see_tells_nothing_of_it(server, hidden):
    answer = server.post(json={"data": columns(), **hidden_fields(server)})
    assert answer.status_code == 400
    assert "already exists" in answer.json()["message"]
    name = server.get(f"/{hidden}", token=server.make_token("bob")).json()["data"]["filename"]
    assert name not in answer.text
    assert answer.json()["data"] == {}


def test_a_damaged_file_is_told_without_its_place(server):
    series_id = upload(server)
    path = Path(server.get(f"/{series_id}").json()["data"]["filename"])
    path.write_bytes(b"rubbish")
    for suffix in ("", "?dataFormat=hdf5", "/data?format=csv", "/plot"):
        answer = server.get(f"/{series_id}{suffix}")
        assert (answer.status_code, "damaged" in answer.json()["message"]) == (500, True)
        check(answer)
    server.delete(series_id)


def test_an_internal_error_is_told_as_its_number_alone(server):
    series_id = upload(server)
    with server.database() as session:
        from sqlalchemy import text

        session.execute(text("ALTER TABLE instruments RENAME TO elsewhere"))
    try:
        answer = server.get(f"/{series_id}/plot")
    finally:
        with server.database() as session:
            session.execute(text("ALTER TABLE elsewhere RENAME TO instruments"))
    assert answer.status_code == 500
    number = answer.headers["X-Request-Id"]
    assert answer.json()["message"] == f"Internal error; the operators find it as {number}."
    log = server.config.with_name("server.log").read_text()
    assert f"request {number}\nTraceback" in log


def test_a_folder_that_is_gone_is_told_without_its_place(server):
    body = {"data": columns(), **fields(server)}
    spool, away = server.folder / ".spool", server.folder.with_name("away")
    shutil.move(spool, away)
    try:
        answer = server.post(json=body)
    finally:
        shutil.move(away, spool)
    assert answer.status_code >= 500
    check(answer)
