"""Metadata and names in HDF5 files, where more can be said than in JSON or in a row."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from bad_bodies import body, nested, refused
from hdf5_recipes import photometry
from hdf5_recipes import write_as_clients_do as write
from uploading import fields, upload


def image(metadata: Any) -> str:
    return base64.b64encode(write(photometry(7), metadata)).decode()


@pytest.mark.parametrize(
    ("altdata", "expected"),
    [
        ({"a": float("nan")}, {"a": None}),
        ({"a": [float("inf")]}, {"a": [None]}),
        ({1: 2, None: 3, 1.5: 4}, {"1": 2, "None": 3, "1.5": 4}),
        ({"a": (1, 2)}, {"a": [1, 2]}),
        ({"a": b"\xff"}, {"a": "b'\\xff'"}),
        ({"a": {7}}, {"a": "{7}"}),
        ({"a": 10**30}, {"a": str(10**30)}),
        (nested(20), nested(20)),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_json_has_no_word_for_is_told_as_text(altdata, expected, server):
    series_id = upload(server, image({"altdata": altdata}))
    assert server.get(f"/{series_id}?dataFormat=none").json()["data"]["altdata"] == expected


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"altdata": {"a": "\ud800"}}, "lone surrogates"),
        ({"altdata": {"\ud800": 1}}, "lone surrogates"),
        ({"\ud800": 1}, "lone surrogates"),
        ({"altdata": {"a": "\0"}}, "Illegal characters"),
        ({"altdata": {1: "a", "1": "b"}}, "the same as texts"),
        ({"altdata": nested(40)}, "nested more than 32 deep"),
        ({1: 2}, "Unknown keys in metadata: ['1']"),
        ({"ra": 10**400}, "Could not cast ra"),
        ({"ra": float("nan")}, "The following keys are missing: ['ra']"),
        ({"ra": True}, "Could not cast ra"),
        ({"instrument_id": 10**30}, "Could not cast instrument_id"),
        ({"series_name": b"a/b"}, "Illegal characters"),
        ({"series_obj_id": 10**4000}, "The file system cannot hold a file of this name"),
        ({"channel": "x" * 60_000}, "The file system cannot hold a file of this name"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_metadata_that_no_row_can_hold(metadata, said, server):
    given = fields(server, **dict.fromkeys(metadata.keys() & fields(server).keys(), ...))
    refused(server.post(json={"data": image(metadata), **given}), said)


@pytest.mark.parametrize("names", [("1", 1), ("a\0b", "c")], ids=["the same as texts", "NUL"])
def test_names_of_columns_that_no_row_can_hold(names, server):
    frame = photometry(5)
    for name in names:
        frame[name] = 1.0
    text = base64.b64encode(write(frame, {})).decode()
    refused(server.post(data=body(server, text)), "column")
