"""Random damage to good requests: the server refuses or takes it, and is as well as before.

Here for some seconds; `make fuzz` goes on for minutes (FUZZ_SECONDS, FUZZ_SEED).
"""

from __future__ import annotations

import base64
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from databases import create_database, drop_database
from fuzz_hdf5 import mutated
from hdf5_recipes import photometry
from hdf5_recipes import write_as_clients_do as write
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from processes import workers_of
from server import Server, furnish, running
from test_discretion import TELLTALES
from uploading import columns, fields, upload

from skyportal_series.utils.hdf5_files import dump_dataframe_to_bytestream

SECONDS = float(os.environ.get("FUZZ_SECONDS", "150"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
BATCH = 100
#: Longer than any of these small bodies should take.
HANGS = 15.0

FRAME = photometry(60).assign(band=["sdssr", "µ", None] * 20, flag=range(60))
METADATA = {"channel": "a", "altdata": {"a": [1, 2.5, None], "b": {"c": "µ"}}, "limiting_mag": 20.5}
SEEDS = [
    write(FRAME, METADATA),
    write(FRAME, METADATA, index=True),
    write(FRAME, METADATA, complevel=5, complib="zlib", fletcher32=True),
    write(FRAME.set_index("band"), {}),
    dump_dataframe_to_bytestream(FRAME, METADATA, encode=False),
]
#: What has surprised readers of JSON before.
TOKENS = [
    *(b"NaN", b"-0", b"1e999", b"9" * 40, b"[[", b"{}", b"null", b'"', b"\\ud800", b"\\u0000"),
    *(b"true", b'"mjd":', b"\0", b"\xff", b"\xed\xa0\x80", b"-" * 9, b"[" * 40, b",", b"}", b"\\"),
]


@dataclass
class Request:
    """A request that is not quite right."""

    method: str
    path: str
    content_type: str
    body: bytes


class Fuzzer:
    """Spoils good requests, all by one seed."""

    def __init__(self, server: Server, seed: int) -> None:
        self.server = server
        self.rng = random.Random(seed)
        self.series_id = upload(server)

    def request(self) -> Request:
        method = self.rng.choice(("POST", "POST", "PATCH"))
        path = "/api/photometric_series" + (f"/{self.series_id}" if method == "PATCH" else "")
        spoil = self.rng.choice((self.image_in_json, self.image_in_form, self.json, self.form))
        return Request(method, path, *spoil())

    def image(self) -> bytes:
        return mutated(self.rng.choice(SEEDS), self.rng)

    def image_in_json(self) -> tuple[str, bytes]:
        text = base64.b64encode(self.image()).decode()
        return "application/json", json.dumps({"data": text, **fields(self.server)}).encode()

    def image_in_form(self) -> tuple[str, bytes]:
        return "multipart/form-data; boundary=B", self._form(self.image())

    def form(self) -> tuple[str, bytes]:
        return "multipart/form-data; boundary=B", self._spliced(self._form(SEEDS[-1]))

    def json(self) -> tuple[str, bytes]:
        body = {"data": columns(), **fields(self.server, **METADATA)}
        return "application/json", self._spliced(json.dumps(body).encode())

    def _form(self, image: bytes) -> bytes:
        metadata = json.dumps(fields(self.server)).encode()
        parts = (("metadata", metadata), ("data", image))
        head = '--B\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'
        written = (head.format(name).encode() + text + b"\r\n" for name, text in parts)
        return b"".join(written) + b"--B--\r\n"

    def _spliced(self, body: bytes) -> bytes:
        if self.rng.random() < 0.3:
            return mutated(body, self.rng)
        for _ in range(self.rng.choice((1, 1, 2, 5))):
            at, size = self.rng.randrange(len(body)), self.rng.choice((0, 0, 1, 5, 30))
            body = body[:at] + self.rng.choice(TOKENS) + body[at + size :]
        return body


@pytest.fixture(scope="module")
def fuzzed(postgres, tmp_path_factory) -> Iterator[Server]:
    url = create_database(postgres, template="migrated")
    with running(url, tmp_path_factory.mktemp("fuzzed")) as started:
        furnish(started)
        yield started
    drop_database(postgres, url)


def send(server: Server, request: Request) -> requests.Response:
    headers = {"Authorization": f"token {server.token}", "Content-Type": request.content_type}
    url = server.url + request.path
    return requests.request(request.method, url, data=request.body, headers=headers, timeout=HANGS)


def check(server: Server, request: Request) -> int:
    """Send it. What is wrong with the answer fails, with the request beside it."""
    try:
        answer = send(server, request)
        assert answer.status_code in (200, 400), answer.text
        assert answer.json()["status"] in ("success", "error")
        assert (
            TELLTALES.search(answer.json().get("message", "").replace(str(server.folder), ""))
            is None
        )
        if answer.status_code == 200:  # then it can be had again
            for form in ("json", "hdf5"):
                back = server.get(f"/{answer.json()['data']['id']}?dataFormat={form}")
                assert back.status_code == 200, back.text
    except BaseException as error:
        error.add_note(repr(request)[:20_000])
        raise
    return answer.status_code


def fuzz(server: Server, seconds: float, seed: int) -> Counter[int]:
    """Batches of bad requests, four at a time; after each a good one, which must be taken."""
    fuzzer, codes, workers = Fuzzer(server, seed), Counter[int](), set(workers_of(server))
    end = time.monotonic() + seconds
    with ThreadPoolExecutor(4) as pool:
        while time.monotonic() < end:
            batch = [fuzzer.request() for _ in range(BATCH)]
            codes.update(pool.map(lambda request: check(server, request), batch))
            upload(server)
            assert set(workers_of(server)) == workers, "a worker died"
    return codes


def test_random_damage_does_no_harm(fuzzed):
    codes = fuzz(fuzzed, seconds=8, seed=1)
    assert codes[400] > 50
    assert codes[200] > 5


@pytest.mark.fuzz
def test_random_damage_does_no_harm_for_long(fuzzed):
    codes = fuzz(fuzzed, SECONDS, SEED)
    print(f"seed {SEED}: {dict(codes)}")
    assert codes.total() > SECONDS


# JSON that is right as JSON

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["all", "ztfr", "star1", "start", "\0", "../x", "1", "-1", "nan", "inf"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)
some_columns = st.dictionaries(
    st.sampled_from(["mjd", "flux", "fluxerr", "mag", "ra", "filter", "exp_time", "x", "\0"]),
    st.lists(scalars, min_size=3, max_size=3) | values,
    max_size=5,
)
FIELDS = [
    *("obj_id", "instrument_id", "series_name", "series_obj_id", "ra", "dec", "exp_time", "filter"),
    *("group_ids", "stream_ids", "channel", "origin", "magref", "e_magref", "ref_flux", "altdata"),
    *("limiting_mag", "time_stamp_alignment", "assignment_id", "followup_request_id", "owner_id"),
]
some_fields = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), values, max_size=3)


def try_json(server: Server, data: Any, given_fields: dict[str, Any], patch: bool) -> None:
    body = json.dumps(fields(server) | {"data": data} | given_fields).encode()
    path = "/api/photometric_series"
    if patch:
        body, path = (
            json.dumps({"data": data} | given_fields).encode(),
            f"{path}/{SERIES[server.url]}",
        )
    check(server, Request("PATCH" if patch else "POST", path, "application/json", body))


SERIES: dict[str, int] = {}
quick = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@pytest.fixture(scope="module")
def patched(fuzzed) -> Server:
    SERIES[fuzzed.url] = upload(fuzzed)
    return fuzzed


@quick
@given(data=some_columns | values, given_fields=some_fields, patch=st.booleans())
def test_any_json_does_no_harm(patched, data, given_fields, patch):
    try_json(patched, data, given_fields, patch)


@pytest.mark.fuzz
@settings(quick, max_examples=int(20 * SECONDS))
@given(data=some_columns | values, given_fields=some_fields, patch=st.booleans())
def test_any_json_does_no_harm_for_long(patched, data, given_fields, patch):
    try_json(patched, data, given_fields, patch)
