"""Bodies that are not what they should be: each gets a sentence, none does harm."""

from __future__ import annotations

import base64
import gzip

import pytest
from bad_bodies import body, nested, refused
from hdf5_recipes import photometry
from hdf5_recipes import write_as_clients_do as write
from uploading import columns, upload

JSON = {"Content-Type": "application/json"}


# Text that is no JSON, or not the one that is wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "The body is empty"),
        (b" ", "not valid JSON"),
        (b"\0", "not valid JSON"),
        (b"null", "must be a JSON object, not null"),
        (b"[]", "must be a JSON object, not a list"),
        (b'"a"', "must be a JSON object, not a string"),
        (b"1", "must be a JSON object, not a number"),
        (b'{"ra": 1', "not valid JSON"),
        (b"{} {}", "not valid JSON"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ('{"ra": 1}'.encode("utf-16"), "The body is UTF-16"),
        (b'{"channel": "\xe9"}', "not valid UTF-8"),
        (gzip.compress(b"{}", mtime=0), "The body is compressed"),
        (b"\x89HDF\r\n\x1a\n", "send it as the part `data` of a form"),
        (b"[" * 100_000, "depth limit"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "nested more than 32 deep"),
        (b'{"data": {"mjd": [NaN]}}', "JSON has no NaN or Infinity"),
        (b'{"data": {"mjd": [-Infinity]}}', "JSON has no NaN or Infinity"),
        (b'{"ra": 1e400}', "infinity"),
        (b'{"ra": 1%s}' % (b"0" * 400), "infinity"),
        (b'{"series_obj_id": 36893488147419103232}', "36893488147419103232 is too large"),
        (b'{"data": {"mjd": [1, -9223372036854775809]}}', "-9223372036854775809 is too large"),
        (b'{"ra": 1, "ra": 2}', "names a key twice"),
        (b'{"data": {"mjd": [1], "\\u006djd": [2]}}', "names a key twice"),
        (b'{"altdata": [{"x": 1, "x": 1}]}', "names a key twice"),
        (b'{"channel": "\\ud800"}', "surrogate"),
        (b'{"\\udc00": 1}', "surrogate"),
        (b'{"altdata": [' + b"[]," * 70_000 + b"[]]}", "65,536 lists and objects"),
        (b'{"altdata": {"a": "' + b"x" * 2_000_000 + b'"}}', "1,048,576 is the most"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_json_object_is_refused(text, said, server):
    refused(server.post(data=text, headers=JSON), said)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Content-Encoding": "gzip"}, "Content-Encoding gzip"),
        ({"Content-Encoding": "br"}, "Content-Encoding br"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, "not valid multipart/form-data"),
        ({"Content-Type": "multipart/form-data"}, "names no boundary"),
    ],
)
def test_good_json_under_a_false_flag_is_refused(headers, said, server):
    refused(server.post(data=body(server), headers=JSON | headers), said)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/mixed", "x"])
def test_a_form_under_a_false_flag_is_refused(kind, server):
    text = b'--x\r\nContent-Disposition: form-data; name="data"\r\n\r\nabc\r\n--x--\r\n'
    refused(server.post(data=text, headers={"Content-Type": kind}), "The body is not JSON.")


# Fields

HUGE = [10**18, 2**31, 2**63, 2**64 - 1, -1, 0]


@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize("name", ["instrument_id", "followup_request_id", "assignment_id"])
def test_ids_that_no_row_has(name, number, server):
    refused(server.post(data=body(server, **{name: number})), f"Invalid {name}: {number}")


@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize("name", ["group_ids", "stream_ids"])
def test_ids_in_lists_that_no_row_has(name, number, server):
    refused(server.post(data=body(server, **{name: [number]})), str(number))


@pytest.mark.parametrize("name", ["group_ids", "stream_ids"])
def test_more_ids_than_there_can_be(name, server):
    answer = server.post(data=body(server, **{name: list(range(1, 100_000))}))
    refused(answer, "99,999 IDs are too many; 5,000 is the most")


@pytest.mark.parametrize("number", [*range(1, 5), "x"])
def test_many_wrong_things_are_not_all_told(number, server):
    unknown = {f"{number}{i}": 1 for i in range(50_000)}
    answer = server.post(data=body(server, **unknown))
    refused(answer, "Unknown keys in metadata", "and 49,980 more")
    assert len(answer.content) < 10_000


TEXTS = [
    *("obj_id", "series_name", "series_obj_id", "channel", "origin", "filter"),
    "time_stamp_alignment",
]


@pytest.mark.parametrize("name", TEXTS)
def test_nul_in_text(name, server):
    refused(server.post(data=body(server, **{name: "a\0b"})), "Illegal characters")


@pytest.mark.parametrize("altdata", [{"a": "\0"}, {"\0": 1}, {"a": [{"b": "\0"}]}])
def test_nul_in_altdata(altdata, server):
    refused(server.post(data=body(server, altdata=altdata)), "Illegal characters")


@pytest.mark.parametrize("name", TEXTS)
def test_long_text(name, server):
    refused(server.post(data=body(server, **{name: "x" * 500_000})))


@pytest.mark.parametrize(
    ("altdata", "said"),
    [
        ({"a": "x" * 70_000}, "HDF5 has room for 65,000"),
        ({"a": "\u20ac" * 30_000}, "HDF5 has room for 65,000"),
        ({str(i): i for i in range(20_000)}, "HDF5 has room for 65,000"),
        (nested(32), "nested more than 32 deep"),
        ([1], "Could not cast altdata"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_altdata_that_has_no_room(altdata, said, server):
    refused(server.post(data=body(server, altdata=altdata)), said)


@pytest.mark.parametrize(
    "altdata",
    [nested(30), {"": ""}, {"a": 2**64 - 1, "b": -(2**63), "c": 1e308, "d": 5e-324}],
    ids=["deep", "empty", "extreme"],
)
def test_odd_altdata_comes_back(altdata, server):
    series_id = upload(server, altdata=altdata)
    assert server.get(f"/{series_id}?dataFormat=none").json()["data"]["altdata"] == altdata


# Data

WIDE = {f"c{number}": ["x" * 60_000] for number in range(300)}
TOO_MANY = {f"c{number}": [1.0] for number in range(2049)}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"mjd": [1, 2], "flux": [1]}, "Columns differ in length"),
        ({"mjd": [1], "flux": [1], "x": [[1]]}, "'x' holds lists"),
        ({"mjd": [1], "flux": [1], "x": [{}]}, "'x' holds objects"),
        ({"mjd": [1], "flux": [1], "x": {"a": 1}}, "'x' holds objects"),
        ({"mjd": [1, 2], "flux": [1, True]}, "'flux' holds numbers and true or false"),
        ({"mjd": [1, 2], "flux": [1, "2"]}, "'flux' holds numbers and text"),
        ({"mjd": [1, 2], "flux": [True, False]}, '"flux" must hold numbers'),
        ({"mjd": [1, 2], "flux": [1, 2], "x": [2**63, -1]}, "need more than 64 bits"),
        ({"mjd": [1], "flux": [1], "a\0b": [1]}, "'a\\x00b' holds NUL"),
        ({"mjd": [1], "flux": [1], "x": ["a\0b"]}, "text with NUL"),
        ({"mjd": [1], "flux": [1], "x": ["x" * 65_537]}, "'x' holds a text of 65,537 bytes"),
        ({"mjd": [1], "flux": [1], **WIDE}, "A row takes 18,000,024 bytes"),
        ({"mjd": [None], "flux": [None]}, '"mjd" must hold at least one finite time'),
        ({"mjd": [1], "flux": [1], "x" * 70_000: [1]}, "HDF5 has room for 65,000"),
        ({"mjd": [1], "flux": [1], **TOO_MANY}, "2,051 columns; limits.columns allows 2,048"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_bad_columns_are_refused(data, said, server):
    refused(server.post(data=body(server, data)), said)


ODD = ["", " ", "index", "values_block_0", "a/b", "a.b", "..", "\n", "µ", "漢", "\u202e", "x" * 999]


@pytest.mark.parametrize(
    "more",
    [
        *({name: [1.0, 2.0, 3.0, 4.0, 5.0]} for name in ODD),
        {"x": [2**63, 1.5, 3, 4, 5]},
        {"x": [2**64 - 1, 0, 1, 2, 3]},
        {"x": [1e308, -1e308, 5e-324, -0.0, 0.0]},
        {"x": ["x" * 65_536, "", "😀", "\ue000", None]},
        {f"t{i}": ["x" * 60_000, "", "", "", ""] for i in range(200)},
        {f"c{i}": [i] * 5 for i in range(2000)},
    ],
    ids=lambda value: repr(value)[:40],
)
def test_odd_columns_come_back(more, server):
    series_id = upload(server, columns() | more)
    assert server.get(f"/{series_id}").json()["data"]["data"] == columns() | more


@pytest.mark.parametrize(
    "name", ["mjd", "flux", "fluxerr", "ra", "exp_time", "filter", "limiting_mag"]
)
@pytest.mark.parametrize("value", [1e308, -1e308, 5e-324, 2**64 - 1])
def test_extreme_values_give_figures_or_a_reason(name, value, server):
    data = columns() | {name: [value, 1.0, 2.0, 3.0, value]}
    assert server.post(data=body(server, data)).status_code in (200, 400)


# Base64

IMAGE = base64.b64encode(write(photometry(7), {})).decode()


@pytest.mark.parametrize(
    "text",
    [
        *("", "A", "!!!!", "====", "iUhERg0K", "iUhERg0KGgo", "-_-_", "éééé"),
        IMAGE[:76] + "\n" + IMAGE[76:],
        " " + IMAGE,
        IMAGE[:400] + "!" + IMAGE[401:],
        IMAGE.replace("/", "_"),
        IMAGE[:-1],
        IMAGE + "=",
        f"b'{IMAGE}'",
        f"data:application/x-hdf5;base64,{IMAGE}",
    ],
    ids=lambda text: repr(text)[:24],
)
def test_base64_with_rubbish_is_refused(text, server):
    refused(server.post(data=body(server, text)), "Could not load DataFrame from HDF5 file. ")
