"""What can be asked of `/data`: parts, ranges, versions, formats; and what is refused."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from raw_http import PATH, answer_on, connected, head
from uploading import fields, upload

from skyportal_series import formats
from skyportal_series.errors import NotAcceptable
from skyportal_series.formats import registry
from skyportal_series.utils.hdf5_files import dump_dataframe_to_bytestream

ROWS = 20_000


def memory_peak(process_id: int) -> int:
    """The most memory that a process has had, in bytes."""
    status = Path(f"/proc/{process_id}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


@pytest.fixture(scope="module")
def columns() -> dict[str, np.ndarray]:
    noise = np.random.default_rng(5)
    order = noise.permutation(ROWS)  # the rows of a series need not be in time
    flux = noise.normal(100, 1, ROWS)
    flux[order == 7777] = 500.0
    flux[order == 12345] = -400.0
    return {"mjd": 60000 + order / 1440, "flux": flux, "row": np.arange(ROWS)}


@pytest.fixture(scope="module")
def series_id(server, columns) -> int:
    return upload(server, {name: values.tolist() for name, values in columns.items()})


@pytest.fixture(scope="module")
def digest(server, series_id) -> str:
    return server.get(f"/{series_id}?dataFormat=none").json()["data"]["hash"]


@pytest.fixture
def get(server, series_id):
    def ask(query: str = "", method: str = "GET", **headers: str):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/api/photometric_series/{series_id}/data{query}"
        return server.request(method, path, headers=names)

    return ask


@pytest.fixture(scope="module")
def stored(server, series_id) -> bytes:
    return server.get(f"/{series_id}/data").content


# Parts


def test_columns_come_in_the_order_asked_for(get):
    assert list(get("?format=json&columns=row,mjd").json()) == ["row", "mjd"]


def test_columns_may_be_given_one_by_one(get):
    assert list(get("?format=json&columns=row&columns=mjd").json()) == ["row", "mjd"]


def test_a_column_with_a_comma_is_quoted(server):
    data = {"mjd": [1.0], "flux": [2.0], "a, b": [3.0]}
    number = upload(server, data)
    answer = server.get(f"/{number}/data", params={"format": "json", "columns": 'mjd,"a, b"'})
    assert answer.json() == {"mjd": [1.0], "a, b": [3.0]}


def test_bounds_are_included_and_keep_the_order_of_the_rows(get, columns):
    low, high = 60001.0, 60003.5
    answer = get(f"?format=json&mjdMin={low}&mjdMax={high}")
    inside = (columns["mjd"] >= low) & (columns["mjd"] <= high)
    assert answer.json()["row"] == columns["row"][inside].tolist()
    assert answer.headers["X-Total-Rows"] == str(ROWS)
    assert answer.headers["X-Returned-Rows"] == str(inside.sum())


def test_thinned_rows_are_whole_and_in_time(get, columns):
    found = get("?format=json&maxPoints=300").json()
    rows = np.array(found["row"])
    assert len(rows) <= 300
    assert np.all(np.diff(found["mjd"]) > 0)
    np.testing.assert_array_equal(columns["mjd"][rows], found["mjd"])
    np.testing.assert_array_equal(columns["flux"][rows], found["flux"])


def test_thinning_keeps_the_extremes(get):
    flux = get("?format=json&maxPoints=50").json()["flux"]
    assert (max(flux), min(flux)) == (500.0, -400.0)


def test_thinning_looks_at_the_times_asked_for_alone(get):
    found = get("?format=json&maxPoints=100&mjdMin=60002&mjdMax=60003").json()
    assert 60002 <= min(found["mjd"]) < 60002.1
    assert 60002.9 < max(found["mjd"]) <= 60003


def test_thinning_needs_no_column_to_be_sent(get):
    assert list(get("?format=json&maxPoints=100&columns=row").json()) == ["row"]


def test_more_points_than_there_are_is_all_of_them(get):
    answer = get(f"?format=json&maxPoints={ROWS + 1}")
    assert sorted(answer.json()["row"]) == list(range(ROWS))


@pytest.mark.parametrize("name", ["json", "csv", "arrow", "votable"])
def test_no_rows_are_an_answer(get, name):
    answer = get(f"?format={name}&mjdMin=70000")
    assert (answer.status_code, answer.headers["X-Returned-Rows"]) == (200, "0")


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("?colums=mjd", "colums", "Did you mean columns?"),
        ("?columns=mjd,flx", "columns", "no column 'flx'; did you mean 'flux'?"),
        ("?mjdMin=5&mjdMax=4", "mjdMin", "mjdMin (5) is after mjdMax (4)"),
        ("?mjdMin=yesterday", "mjdMin", 'Invalid mjdMin: "yesterday"'),
        ("?maxPoints=0", "maxPoints", 'Invalid maxPoints: "0"'),
        ("?maxPoints=1.5", "maxPoints", "a whole number"),
        ("?format=json&format=csv", "format", "more than once"),
    ],
)
def test_what_is_wrong_is_named(get, query, field, message):
    answer = get(query)
    assert answer.status_code == 400
    assert message in answer.json()["data"]["errors"][field][0]


@pytest.mark.parametrize(
    ("query", "message"),
    [("mjdMin=70000", "No row is left"), ("columns=,", "No column is left")],
)
def test_hdf5_cannot_hold_nothing(get, query, message):
    answer = get(f"?format=hdf5&{query}")
    assert answer.status_code == 400
    assert message in answer.json()["message"]


# Which format


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/x-hdf5"),
        ("", "application/x-hdf5"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/csv;q=0.3, application/json;q=0.8", "application/json"),
        ("application/fits, */*;q=0.1", "application/fits"),
        ("application/*", "application/x-hdf5"),
    ],
)
def test_accept_chooses(get, accept, media_type):
    answer = get(Accept=accept)
    assert answer.headers["Content-Type"] == media_type
    assert "Accept" in answer.headers["Vary"]


def test_format_wins_over_accept(get):
    assert get("?format=json", Accept="text/csv").headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("query", "headers"), [("", {"Accept": "text/html"}), ("?format=excel", {})]
)
def test_what_is_not_made_is_406_and_says_what_is(get, query, headers):
    answer = get(query, **headers)
    assert answer.status_code == 406
    assert all(name in answer.json()["message"] for name in formats.FORMATS)


def test_accept_that_is_none_is_refused(get):
    answer = get(Accept="nonsense")
    assert answer.status_code == 400
    assert "'nonsense'" in answer.json()["message"]


def test_a_format_without_its_package_says_how_to_get_it(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        registry, "find_spec", lambda name: None if name == "pyarrow" else real(name)
    )
    with pytest.raises(NotAcceptable, match=r"pip install 'skyportal_series\[formats\]'"):
        formats.known("parquet")
    assert "parquet" not in formats.available()


# Versions and names


def test_the_tag_of_the_stored_file_is_its_hash(get, digest):
    assert get().headers["ETag"] == f'"{digest}"'


def test_tags_differ_by_what_was_made(get):
    queries = ("", "?format=json", "?format=csv", "?maxPoints=10", "?maxPoints=11", "?columns=mjd")
    assert len({get(query).headers["ETag"] for query in queries}) == len(queries)


@pytest.mark.parametrize("query", ["", "?format=csv&maxPoints=7"])
def test_what_the_client_has_is_not_sent_again(get, query):
    tag = get(query).headers["ETag"]
    answer = get(query, If_None_Match=f'"other", W/{tag}')
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == tag


def test_another_version_is_sent(get):
    assert get(If_None_Match='"0123"').status_code == 200


def test_a_change_changes_all_tags(server):
    number = upload(server)
    before = server.get(f"/{number}/data?format=csv").headers["ETag"]
    server.patch(number, json={"exp_time": 31})
    assert server.get(f"/{number}/data?format=csv").headers["ETag"] != before


@pytest.mark.parametrize("query", ["", "?format=json&maxPoints=10"])
def test_head_has_the_headers_of_get(get, query):
    answer, head = get(query), get(query, method="HEAD")
    own = {"Date", "X-Request-Id"}
    told = [{k: v for k, v in a.headers.items() if k not in own} for a in (answer, head)]
    assert told[0] == told[1]
    assert (head.status_code, head.content) == (200, b"")


def test_file_names_are_plain(server):
    number = upload(server, series_name="a/b+c", obj_id="star2")
    disposition = server.get(f"/{number}/data?format=fits").headers["Content-Disposition"]
    assert disposition == f'attachment; filename="star2_a_b+c_ztfr_{number}.fits"'


# Ranges


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=10-99", slice(10, 100)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-64", slice(-64, None)),
        ("bytes=-999999999", slice(None)),
        ("bytes=5-999999999", slice(5, None)),
        ("BYTES = 1 - 2", slice(1, 3)),
    ],
)
def test_ranges_are_sent(get, stored, header, part):
    answer = get(Range=header)
    expected = stored[part]
    assert (answer.status_code, answer.content) == (206, expected)
    start = stored.index(expected) if part.start not in (0, None) else 0
    end = start + len(expected) - 1
    assert answer.headers["Content-Range"] == f"bytes {start}-{end}/{len(stored)}"


@pytest.mark.parametrize("header", ["bytes=9999999-", "bytes=-0"])
def test_ranges_outside_are_416(get, stored, header):
    answer = get(Range=header)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(stored)}"


@pytest.mark.parametrize(
    "header", ["bytes=0-1,5-6", "bytes=9-5", "rows=0-5", "bytes=-", "bytes=a-b"]
)
def test_ranges_that_are_not_understood_get_all(get, stored, header):
    answer = get(Range=header)
    assert (answer.status_code, answer.content) == (200, stored)


def test_if_range_of_this_version_gets_the_range(get, digest):
    assert get(Range="bytes=0-9", If_Range=f'"{digest}"').status_code == 206


@pytest.mark.parametrize("condition", ['"other"', "Sun, 22 Nov 2026 14:11:47 GMT", "W/"])
def test_if_range_of_another_version_gets_all(get, digest, condition):
    condition += f'"{digest}"' if condition == "W/" else ""
    assert get(Range="bytes=0-9", If_Range=condition).status_code == 200


def test_ranges_are_of_the_stored_file_alone(get):
    answer = get("?format=csv", Range="bytes=0-9")
    assert answer.status_code == 200
    assert "Accept-Ranges" not in answer.headers


def test_head_of_a_range_has_its_length(get):
    answer = get(method="HEAD", Range="bytes=0-9")
    assert (answer.status_code, answer.headers["Content-Length"]) == (206, "10")


# Errors with HTTP's own codes


@pytest.mark.parametrize("number", ["999999", "0", "abc", str(2**40)])
def test_what_is_not_there_is_404(server, number):
    answer = server.get(f"/{number}/data")
    assert answer.status_code == 404
    assert answer.json()["message"] == "Invalid photometric series ID."


def test_what_is_not_ones_own_is_404(server, series_id):
    stranger = server.make_token("stranger")
    answer = server.get(f"/{series_id}/data", token=stranger)
    assert answer.status_code == 404


def test_nobody_is_401(server, series_id):
    assert server.get(f"/{series_id}/data", token="x").status_code == 401


@pytest.mark.parametrize("query", ["", "?format=csv"])
def test_a_damaged_file_is_not_handed_out(server, query):
    number = upload(server)
    row = server.get(f"/{number}?dataFormat=none").json()["data"]
    Path(row["filename"]).write_bytes(b"not what it was")
    answer = server.get(f"/{number}/data{query}")
    assert answer.status_code == 500
    assert "missing or damaged" in answer.json()["message"]


# Large files


@pytest.fixture(scope="module")
def large(server) -> tuple[int, str]:
    """A series of noise, which does not compress: its id, and its hash."""
    noise = np.random.default_rng(1)
    frame = pd.DataFrame(noise.normal(60000, 1, (2_500_000, 3)), columns=["mjd", "flux", "other"])
    image = dump_dataframe_to_bytestream(frame, encode=False)
    form = {"data": image, "metadata": json.dumps(fields(server))}
    number = server.post(files=form).json()["data"]["id"]
    return number, server.get(f"/{number}?dataFormat=none").json()["data"]["hash"]


def test_a_large_file_passes_through_in_pieces(server, large):
    """More is sent than the server ever holds of it."""
    before = memory_peak(server.process.pid)
    size = len(server.get(f"/{large[0]}/data").content)
    assert memory_peak(server.process.pid) - before < 16 * 2**20 < 32 * 2**20 < size


def test_a_slow_client_gets_every_byte(server, large):
    number, digest = large
    request = head(server, "Connection: close", method="GET", path=f"{PATH}/{number}/data")
    with connected(server, receive_buffer=4096) as connection:
        connection.sendall(request)
        answer = answer_on(connection)
    assert hashlib.md5(answer.content).hexdigest() == digest


def test_one_connection_serves_one_file_after_the_other(server, large):
    number, digest = large
    found = [server.get(f"/{number}/data").content for _ in range(3)]
    assert {hashlib.md5(content).hexdigest() for content in found} == {digest}
