"""Requests that are cut off, slow, too large, or no HTTP: the server goes on, and cleans up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http.client import HTTPResponse

import pytest
import requests
from databases import create_database, drop_database
from processes import peak_megabytes, workers_of
from raw_http import answer_on, chunked, connected, exchange, head
from server import Server, furnish, running
from uploading import columns, fields

LIMIT = 4_000_000
SECONDS = 2.0
PLACES = 2


@pytest.fixture(scope="module")
def tight(postgres, tmp_path_factory) -> Iterator[Server]:
    """A server that takes two uploads at a time, of four megabytes, in two seconds each."""
    url = create_database(postgres, template="migrated")
    limits = {
        "limits.upload_bytes": LIMIT,
        "limits.upload_seconds": SECONDS,
        "limits.concurrent_uploads": PLACES,
        "limits.worker_memory_bytes": 2**29,
    }
    with running(url, tmp_path_factory.mktemp("tight"), **limits) as started:
        furnish(started)
        yield started
    drop_database(postgres, url)


def good(server: Server) -> bytes:
    return json.dumps({"data": columns(), **fields(server)}).encode()


def message(answer: HTTPResponse | None) -> str:
    assert answer is not None, "no answer"
    return json.loads(answer.content)["message"]


def spool(server: Server) -> list[str]:
    return [path.name for path in server.files() if ".spool" in path.parts]


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until it holds; ten seconds are for ever."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def works(server: Server) -> bool:
    """Whether every place for uploads is free."""
    with ThreadPoolExecutor(PLACES) as pool:
        posted = pool.map(
            lambda _: exchange(
                server, head(server, f"Content-Length: {len(text := good(server))}") + text
            ),
            range(PLACES),
        )
        return [answer.status for answer in posted] == [200] * PLACES


# The length of the body


def test_a_length_in_chunks(tight):
    request = head(tight, "Transfer-Encoding: chunked") + chunked(good(tight))
    assert exchange(tight, request).status == 200


@pytest.mark.parametrize("length", [LIMIT + 1, 10**20, "9" * 5000])
def test_more_than_the_limit_is_refused(length, tight):
    body = b"x" * (LIMIT + 1 if length == LIMIT + 1 else 10)
    answer = exchange(tight, head(tight, f"Content-Length: {length}") + body)
    assert answer.status == 413
    assert "limits.upload_bytes allows 4,000,000 bytes" in message(answer)


def test_more_than_the_limit_in_chunks_is_refused(tight):
    chunk = b"100000\r\n" + b"x" * 2**20 + b"\r\n"
    answer = exchange(tight, head(tight, "Transfer-Encoding: chunked") + chunk * 5 + b"0\r\n\r\n")
    assert answer.status == 413
    assert "limits.upload_bytes allows 4,000,000 bytes" in message(answer)


def test_who_asks_first_need_not_send_it(tight):
    request = head(tight, f"Content-Length: {LIMIT + 1}", "Expect: 100-continue")
    assert exchange(tight, request).status == 413


def test_no_length_is_no_body(tight):
    assert "The body is empty" in message(exchange(tight, head(tight) + good(tight)))


def test_a_length_that_is_too_short_leaves_no_json(tight):
    text = good(tight)
    answer = exchange(tight, head(tight, f"Content-Length: {len(text) - 10}") + text)
    assert "not valid JSON" in message(answer) or "not JSON" in message(answer)


def test_a_length_that_is_too_long_is_waited_for_and_then_refused(tight):
    text = good(tight)
    answer = exchange(tight, head(tight, f"Content-Length: {len(text) + 10}") + text)
    assert answer.status == 400
    assert f"within limits.upload_seconds (2 s): {len(text)} bytes have" in message(answer)


NO_HTTP = {
    "a negative length": ("Content-Length: -1",),
    "a signed length": ("Content-Length: +5",),
    "a length in words": ("Content-Length: five",),
    "two lengths": ("Content-Length: 5", "Content-Length: 6"),
    "length and chunks": ("Content-Length: 5", "Transfer-Encoding: chunked"),
    "chunks within gzip": ("Transfer-Encoding: gzip, chunked",),
    "an unknown encoding": ("Transfer-Encoding: x",),
}


@pytest.mark.parametrize("name", NO_HTTP)
def test_what_is_no_http_is_refused(name, tight):
    # By Tornado itself, whose answer has no content.
    assert exchange(tight, head(tight, *NO_HTTP[name]) + b"5\r\nhello\r\n0\r\n\r\n").status == 400


@pytest.mark.parametrize(
    "body", [b"zz\r\nabc\r\n", b"-5\r\nabc", b"3\r\nabcdef", b"f" * 16 + b"\r\n"]
)
def test_chunks_that_are_none_are_refused(body, tight):
    answer = exchange(tight, head(tight, "Transfer-Encoding: chunked") + body + b"\r\n0\r\n\r\n")
    assert answer.status == 400


@pytest.mark.parametrize(
    "request_text",
    [
        b"rubbish\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["rubbish", "TLS", "long head", "NUL"],
)
def test_other_protocols_are_turned_away(request_text, tight):
    answer = exchange(tight, request_text)
    assert answer is None or answer.status == 400


# What is left behind


@pytest.mark.parametrize("sent", [0, 1, 100, 50_000])
@pytest.mark.parametrize("how", ["Content-Length: 1000000", "Transfer-Encoding: chunked"])
def test_a_client_that_goes_away_leaves_nothing(how, sent, tight):
    start = b"fffff\r\n" if "chunked" in how else b""
    for _ in range(PLACES + 1):
        with connected(tight) as connection:
            connection.sendall(head(tight, how) + start + b"x" * sent)
    eventually(lambda: spool(tight) == [])
    assert works(tight)


def test_clients_that_go_away_while_they_wait_leave_nothing(tight):
    with ExitStack() as stack:
        for _ in range(PLACES + 10):
            connection = stack.enter_context(connected(tight))
            connection.sendall(head(tight, "Content-Length: 1000") + b"x")
        eventually(lambda: len(spool(tight)) == PLACES)
    eventually(lambda: spool(tight) == [])
    assert works(tight)


def test_who_sends_too_slowly_loses_the_place(tight):
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(tight)) for _ in range(PLACES)]
        for connection in slow:
            connection.sendall(head(tight, "Content-Length: 1000") + b"x")
        eventually(lambda: len(spool(tight)) == PLACES)
        assert works(tight)  # once they are done with
        assert ["limits.upload_seconds" in message(answer_on(c)) for c in slow] == [True] * PLACES
    assert spool(tight) == []


def test_slow_strangers_lose_the_connection(tight):
    with connected(tight) as connection:
        request = head(tight, "Content-Length: 1000").replace(tight.token.encode(), b"nobody")
        connection.sendall(request + b"x")
        assert answer_on(connection).status == 401


def test_strangers_take_neither_disk_nor_a_place(tight):
    with ExitStack() as stack:
        for _ in range(10):
            connection = stack.enter_context(connected(tight))
            request = head(tight, "Content-Length: 1000000").replace(tight.token.encode(), b"x")
            connection.sendall(request + b"x" * 500_000)
        assert spool(tight) == []
        assert works(tight)


# How much there is of it


@pytest.mark.parametrize("path", ["", "/1/data", "/scan", "/openapi.json"])
def test_bodies_where_none_belong_are_not_held(path, tight):
    before = peak_megabytes(tight.process.pid)
    url = f"{tight.url}/api/photometric_series{path}"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: _ask_with_body(url), range(8)))
    assert peak_megabytes(tight.process.pid) - before < 16


def _ask_with_body(url: str) -> None:
    with suppress(requests.ConnectionError):  # turned away in the midst of it
        requests.get(url, data=b"x" * 20_000_000, timeout=30)


def test_many_uploads_at_once_take_no_more_than_a_few(tight):
    rows = 60_000
    data = {"mjd": [60000.123456 + n for n in range(rows)], "flux": [n / 7 for n in range(rows)]}
    text = json.dumps({"data": data, **fields(tight, series_obj_id="NUMBER")})
    server, workers = tight.process.pid, workers_of(tight)
    before = peak_megabytes(server)

    def post(number: int) -> int:
        body = text.replace("NUMBER", f"many_{number}").encode()
        return tight.post(data=body, headers={"Connection": "close"}).status_code

    with ThreadPoolExecutor(40) as pool:
        codes = set(pool.map(post, range(40)))
    assert codes == {200}
    assert peak_megabytes(server) - before < 32
    assert max(map(peak_megabytes, workers)) < 400
    assert set(workers_of(tight)) == set(workers)


def test_the_fields_of_a_body_are_bounded(tight):
    # They go to the server itself, unlike the data.
    before = peak_megabytes(tight.process.pid)
    text = json.dumps({"data": columns(), **fields(tight, altdata={"x": "y" * 3_900_000})})
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: tight.post(data=text), range(8)))
    assert {answer.status_code for answer in answers} == {400}
    assert peak_megabytes(tight.process.pid) - before < 16
