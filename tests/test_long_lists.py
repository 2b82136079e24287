"""Columns that are too long to be read as one document: they become arrays piece by piece."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from uploading import fields

from skyportal_series.utils import long_data
from skyportal_series.utils.bodies import read_body
from skyportal_series.utils.long_data import LONG_LIST, PIECE

ROWS = 20_000
NOISE = np.random.default_rng(1)
FLOATS = NOISE.normal(60000, 1, ROWS).tolist()
WHOLE = list(range(-5, ROWS - 5))
#: A column is read in more than one piece.
assert len(json.dumps(FLOATS)) > PIECE + 10_000 > LONG_LIST


def mixed(number, value):
    """FLOATS with another value in one place."""
    return [*FLOATS[:number], value, *FLOATS[number + 1 :]]


COLUMNS = {
    "floats": (FLOATS, "f"),
    "whole numbers": ([10 * n for n in WHOLE], "i"),
    "whole numbers past 63 bits": ([2**63 + n for n in range(ROWS)], "u"),
    "one of them past 63 bits": ([*range(ROWS - 1), 2**64 - 1], "u"),
    "one null": (mixed(15_000, None), "f"),
    "nulls alone": ([None] * ROWS, "f"),
    "one whole number": (mixed(3, 60000), "f"),
    "whole numbers, then floats": ([*WHOLE[:10_000], *FLOATS[10_000:]], "f"),
    "whole numbers with null": ([*WHOLE[1:], None], "f"),
    "extremes": ([1e308, -5e-324, -0.0, 2**53 + 1, 1.5] * (ROWS // 5), "f"),
    "booleans": ([True, False] * (ROWS // 2), "b"),
    "texts": (["a]b", "[1,2"] * (ROWS // 2), "O"),
}


@pytest.fixture(params=["simdjson", "orjson alone"])
def parser(request, monkeypatch):
    """With the fast parser, and where there is none."""
    if request.param == "orjson alone":
        monkeypatch.setattr(long_data, "simdjson", None)


def frame(tmp_path, text):
    """What the worker makes of a body."""
    from skyportal_series.utils.frames import frame_from_columns
    from skyportal_series.utils.hdf5_files import ReadLimits

    body = tmp_path / "body"
    body.write_text(text)
    read = read_body(body, "application/json", tmp_path / "file")
    return SimpleNamespace(
        fields=read.fields, columns=frame_from_columns(read.data, ReadLimits()).columns
    )


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\n", "\t:")], ids=repr)
@pytest.mark.parametrize(("values", "kind"), COLUMNS.values(), ids=COLUMNS)
def test_columns_are_what_they_say(parser, values, kind, separators, tmp_path):
    body = {"ra": 1, "data": {"mjd": FLOATS, "x": values, "one": 7}, "dec": 2}
    found = frame(tmp_path, json.dumps(body, separators=separators))
    assert found.fields == {"ra": 1, "dec": 2}
    assert found.columns["mjd"].tolist() == FLOATS
    assert found.columns["x"].dtype.kind == kind
    back = [None if v is None or v != v else v for v in found.columns["x"].tolist()]
    assert list(map(repr, back)) == [repr(v) for v in as_column(values, kind)]


def as_column(values, kind):
    """What Python makes of them, one by one."""
    return [float(v) if kind == "f" and v is not None else v for v in values]


def test_it_is_stored(server):
    data = {"mjd": FLOATS, "flux": mixed(5, None), "n": WHOLE}
    answer = server.post(json={"data": data, **fields(server)})
    back = server.get(f"/{answer.json()['data']['id']}").json()["data"]["data"]
    assert back == data


def test_each_long_column_is_taken_out(parser, tmp_path):
    body = tmp_path / "body"
    body.write_text(json.dumps({"data": {"mjd": FLOATS, "n": WHOLE, "few": [1, 2], "t": "ab"}}))
    data = read_body(body, "application/json", tmp_path / "file").data
    kinds = {name: type(values).__name__ for name, values in data.items()}
    assert kinds == {"mjd": "ndarray", "n": "ndarray", "few": "list", "t": "str"}


TEXT = json.dumps(FLOATS)
MANY = 4 * FLOATS
#: In the second piece: up to a number, and from after it.
LATER = TEXT.index(",", PIECE + 1000)
BEFORE, AFTER = TEXT[: LATER + 1], TEXT[TEXT.index(",", LATER + 1) :]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BEFORE + AFTER, "not valid JSON"),
        (TEXT[:-1] + ",]", "not valid JSON"),
        (TEXT[:-1] + "}", "not valid JSON"),
        (TEXT[:-1], "not valid JSON"),
        ("[," + TEXT[1:], "not valid JSON"),
        ("[" + " " * 2 * PIECE, "not valid JSON"),
        (BEFORE + "01" + AFTER, "not valid JSON"),
        (BEFORE + "1 2" + AFTER, "not valid JSON"),
        (BEFORE + "nul" + AFTER, "not valid JSON"),
        (BEFORE + "NaN" + AFTER, "JSON has no NaN or Infinity"),
        (BEFORE + "1e400" + AFTER, "infinity"),
        (BEFORE + "36893488147419103232" + AFTER, "36893488147419103232 is too"),
        (BEFORE + "9" * 30 + AFTER, "is too large: 64 bits is the most"),
        (BEFORE + "[5]" + AFTER, "holds lists and numbers"),
        (BEFORE + "[]" + AFTER, "holds lists and numbers"),
        ("[" + TEXT + "]", "Columns differ in length: 'mjd' has 1 rows"),
        (BEFORE + '"5"' + AFTER, "holds numbers and text"),
        (BEFORE + '{"a":5}' + AFTER, "holds numbers and objects"),
        (BEFORE + "true" + AFTER, "holds numbers and true or false"),
        (BEFORE + "5,6" + AFTER, "Columns differ in length"),
        (TEXT + ',"mjd":[1]', "names a key twice"),
        (TEXT + ',"mjd":' + TEXT, "names a key twice"),
    ],
    ids=lambda value: value if len(value) < 100 else f"…{value[PIECE + 1000 :][:60]}",
)
def test_json_stays_strict_in_it(text, message, server):
    rest = json.dumps(fields(server))[1:]
    body = f'{{"data":{{"flux":{TEXT},"mjd":{text}}},{rest}'
    answer = server.post(data=body.encode(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert message in answer.text


@pytest.mark.parametrize(
    "altdata", [MANY, {"a": MANY}, {"a": json.dumps(MANY)}], ids=["list", "in", "text"]
)
def test_long_lists_elsewhere_are_no_columns(altdata, server):
    answer = server.post(
        json={"data": {"mjd": FLOATS, "flux": FLOATS}, **fields(server), "altdata": altdata}
    )
    assert answer.status_code == 400
    assert "The fields beside `data` take" in answer.json()["message"]
