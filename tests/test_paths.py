"""Whatever the fields hold, a series' file lies in the series folder, under a name of its own."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uploading import columns, fields

from skyportal_series.catalog.naming import MAX_KEY, MAX_STEP, file_key
from skyportal_series.errors import InvalidInput
from skyportal_series.store import SPOOL, LocalStore

DIGEST = "0123456789abcdef" * 2
LOOK_ALIKES = "․․⁄‥∕／．．＼﹨⧵．\u2215\u2024\uff0f"
ODD = [
    *("/etc/passwd", "../../etc/passwd", "..", ".", "a/../../b", "~", "~root", "$HOME", "-rf"),
    *("..\\..\\windows", "C:\\x", "\\\\host\\share", "con", "a:b", "a*?<>|", "%2e%2e%2f", "`id`"),
    *("a\nb", "a\rb", "a\tb", "a\0b", " a ", "a.", ".hidden", SPOOL, f"{SPOOL}/x", "a//b", "a/"),
    *(LOOK_ALIKES, "\u202egnp.exe", "\ufeff", "\u200b", "é", "e\u0301", "ﬁ", "İ", "ß", "😀"),
    "x" * 10_000,
    "é" * 10_000,
    "a/" * 5_000 + "a",
]


def upload(server, **changes):
    return server.post(json={"data": columns(), **fields(server, **changes)})


def stored(server) -> set[Path]:
    return {path for path in server.files() if SPOOL not in path.parts}


@pytest.fixture(scope="module")
def everything(server) -> set[Path]:
    """All that is beside the series folder before anything is uploaded."""
    return set(server.folder.parent.rglob("*"))


@pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text)[:24])
@pytest.mark.parametrize("name", ["series_name", "series_obj_id", "channel", "origin"])
def test_nothing_leads_outside(name, text, server, everything):
    before = stored(server)
    answer = upload(server, **{name: text})
    outside = set(server.folder.parent.rglob("*")) - everything
    assert [path for path in outside if not path.is_relative_to(server.folder)] == []
    if answer.status_code == 200:
        row = server.get(f"/{answer.json()['data']['id']}?dataFormat=none").json()["data"]
        assert stored(server) - before == {Path(row["filename"])}
        assert row[name] == text
    else:
        assert answer.status_code == 400
        assert stored(server) == before


@pytest.mark.parametrize("text", ["x" * 10_000, "é" * 10_000], ids=["ASCII", "Unicode"])
@pytest.mark.parametrize("name", ["channel", "origin"])
def test_what_a_file_system_cannot_hold_is_said(name, text, server):
    answer = upload(server, **{name: text})
    assert answer.status_code == 400
    assert "The file system cannot hold a file of this name" in answer.json()["message"]


@pytest.mark.parametrize("name", ["series_name", "series_obj_id"])
def test_a_name_that_is_too_long_is_said(name, server):
    message = upload(server, **{name: "x" * 10_000}).json()["message"]
    assert "The file system cannot hold a file of this name" in message


PAIRS = [
    ("Night", "night"),
    ("é", unicodedata.normalize("NFD", "é")),
    ("a b", "a_b"),
    ("K", "\u212a"),
]


@pytest.mark.parametrize("pair", PAIRS, ids=ascii)
def test_names_that_a_file_system_may_take_for_one_are_two(pair, server):
    object_id = fields(server)["series_obj_id"]
    rows = []
    for number, channel in enumerate(pair):
        body = {"data": columns(5 + number), **fields(server, channel=channel)}
        answer = server.post(json=body | {"series_obj_id": object_id})
        assert answer.status_code == 200, answer.text
        rows.append(server.get(f"/{answer.json()['data']['id']}").json()["data"])
    folded = {unicodedata.normalize("NFKC", row["filename"]).casefold() for row in rows}
    assert len(folded) == 2
    assert [len(row["data"]["mjd"]) for row in rows] == [5, 6]


texts = st.text(max_size=300)
# As the schema lets them through: letters, digits, and - + _ / \ in a relative path.
names = st.from_regex(r"[A-Za-z0-9_+\\-]{1,80}(/[A-Za-z0-9_+\\-]{1,80}){0,9}", fullmatch=True)
numbers = st.from_regex(r"[A-Za-z0-9_+-]{1,300}", fullmatch=True)


@given(
    name=names, number=numbers, channel=texts, origin=texts, instrument=st.integers(1, 2**31 - 1)
)
@settings(max_examples=300, deadline=None)
def test_every_key_lies_in_the_folder(name, number, channel, origin, instrument):
    given_fields = {
        "series_name": name,
        "series_obj_id": number,
        "channel": channel,
        "origin": origin,
        "instrument_id": instrument,
    }
    try:
        key = file_key(given_fields, DIGEST)
    except InvalidInput:
        return
    root = Path("/series")
    path = LocalStore(root).path(key)
    assert Path(os.path.normpath(path)) == path
    assert path.is_relative_to(root)
    assert key.isascii()
    assert len(key) <= MAX_KEY
    assert max(map(len, key.split("/"))) <= MAX_STEP


@given(key=st.text(alphabet="./\\a\0~ ", max_size=12))
@settings(max_examples=500, deadline=None)
def test_a_key_that_would_lead_outside_is_none(key):
    root = Path("/series")
    try:
        path = LocalStore(root).path(key)
    except ValueError:
        return
    assert Path(os.path.normpath(path)).is_relative_to(root)
    assert Path(os.path.normpath(path)) != root
