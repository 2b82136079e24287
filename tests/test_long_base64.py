"""Base64 that is too long to be read as JSON: found in the body, and decoded piece by piece."""

from __future__ import annotations

import base64
import json

import numpy as np
import pandas as pd
import pytest
from uploading import columns, fields

from skyportal_series.utils.hdf5_files import dump_dataframe_to_bytestream
from skyportal_series.utils.long_data import LONG

NOISE = np.random.default_rng(1)
FRAME = pd.DataFrame(NOISE.normal(60000, 1, (400_000, 2)), columns=["mjd", "flux"])
TEXT = dump_dataframe_to_bytestream(FRAME)
#: The text is decoded in pieces of four megabytes.
assert len(TEXT) > 5 * 2**20 > LONG


def post(server, *pairs):
    """Upload a body whose data is written by hand; all else comes after it."""
    rest = json.dumps(fields(server))[1:]
    return server.post(data=b"{" + b"".join(pairs) + rest.encode())


def named(name, text):
    return b'"%s": "%s", ' % (name.encode(), text.encode())


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("/", r"\/")], ids=["plain", "escaped"])
def test_it_is_taken(server, text):
    answer = post(server, named("data", text))
    back = server.get(f"/{answer.json()['data']['id']}").json()["data"]["data"]
    assert back["flux"] == FRAME["flux"].to_list()


def test_it_may_come_last(server):
    answer = server.post(data=json.dumps(fields(server) | {"data": TEXT}))
    assert answer.status_code == 200


def test_what_only_looks_like_it_is_left_where_it_is(server):
    altdata = {"data": TEXT[: LONG + 1000]}
    body = {"altdata": altdata, "data": columns(), **fields(server)}
    answer = server.post(data=json.dumps(body))
    assert answer.status_code == 400
    assert "The fields beside `data` take" in answer.json()["message"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT[: 2**22] + "!" + TEXT[2**22 + 1 :], "neither an HDF5 image nor base64 text"),
        (TEXT[: 2**22 - 4] + "QQ==" + TEXT[2**22 :], "padded before its end"),
        (base64.b64encode(bytes(LONG)).decode(), "It is not HDF5"),
        (TEXT[: 2**22], "Could not load DataFrame from HDF5 file"),
        (TEXT[:-1], "neither an HDF5 image nor base64 text"),
    ],
    ids=["rubbish", "padding", "zeros", "cut short", "no padding"],
)
def test_what_is_no_file_is_refused(server, text, message):
    answer = post(server, named("data", text))
    assert answer.status_code == 400
    assert message in answer.json()["data"]["errors"]["data"][0]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([named("data", TEXT), named("data", TEXT)], "names a key twice"),
        ([named("data", TEXT)[:-3]], "The body is not JSON"),
        ([named("data", TEXT), b","], "The body is not JSON"),
    ],
    ids=["twice", "open", "comma"],
)
def test_json_stays_strict_around_it(server, pairs, message):
    answer = post(server, *pairs)
    assert answer.status_code == 400
    assert message in answer.json()["message"]


def test_what_is_wrong_elsewhere_is_told_as_well(server):
    answer = server.post(data=json.dumps({"data": TEXT[:LONG], **fields(server, ra="x")}))
    assert set(answer.json()["data"]["errors"]) == {"data", "ra"}
