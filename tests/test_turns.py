"""Uploads leave a processor to readers; but none of them waits for another that hangs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from in_process import served
from server import UPLOAD
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from tornado.web import Application

import skyportal_series
from skyportal_series import turns
from skyportal_series.accounts import create_token
from skyportal_series.turns import Sending, Turns

ROUTE = "/api/photometric_series"
LONG = 3600.0


def with_one(work: Callable[[Turns], Awaitable[None]]) -> None:
    """`work` where there is one turn, and must be one again after it."""

    async def run() -> None:
        one = Turns(processors=2)
        async with asyncio.timeout(30):
            await work(one)
            assert await one.take()

    asyncio.run(run())


async def waiting(task: asyncio.Task[None]) -> bool:
    """Whether `task` still waits once everything else that could go on has."""
    for _ in range(10):
        await asyncio.sleep(0)
    return not task.done()


@contextmanager
def halfway(url: str, token: str) -> Iterator[None]:
    """A client that has sent a part of its body, as fast as it could, and sends no more."""
    head = (
        f"POST {ROUTE} HTTP/1.1\r\nHost: x\r\nAuthorization: token {token}\r\n"
        "Content-Length: 50000000\r\nContent-Type: application/json\r\n\r\n"
    )
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=60) as client:
        client.sendall(head.encode() + b" " * 20_000_000)
        yield


@pytest.fixture(autouse=True)
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing ends by itself, but where a test says so."""
    monkeypatch.setattr(turns, "PATIENCE", LONG)
    monkeypatch.setattr(turns, "PAUSE", LONG)
    monkeypatch.setattr(turns, "SHARE", LONG)


def test_a_body_that_comes_fast_waits_for_a_worker() -> None:
    async def work(one: Turns) -> None:
        body = Sending(one)
        async with one.one():
            more = asyncio.create_task(body.more())
            assert await waiting(more)
        await more
        body.end()

    with_one(work)


def test_a_worker_waits_for_a_body_that_comes_fast() -> None:
    async def work(one: Turns) -> None:
        body = Sending(one)
        await body.more()

        async def job() -> None:
            async with one.one():
                pass

        started = asyncio.create_task(job())
        assert await waiting(started)
        body.end()
        await started

    with_one(work)


def test_a_body_keeps_its_turn_from_piece_to_piece() -> None:
    async def work(one: Turns) -> None:
        first, second = Sending(one), Sending(one)
        await first.more()
        more = asyncio.create_task(second.more())
        await first.more()
        assert await waiting(more)
        first.end()
        await more
        second.end()

    with_one(work)


def test_a_long_body_lets_others_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(one: Turns) -> None:
        long, waiter = Sending(one), Sending(one)
        await long.more()
        other = asyncio.create_task(waiter.more())
        assert await waiting(other)
        monkeypatch.setattr(turns, "SHARE", -1.0)
        again = asyncio.create_task(long.more())
        await other
        assert await waiting(again)
        waiter.end()
        await again
        long.end()

    with_one(work)


def test_a_body_that_comes_slowly_needs_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(one: Turns) -> None:
        async with one.one():
            monkeypatch.setattr(turns, "PAUSE", -1.0)
            await Sending(one).more()

    with_one(work)


def test_a_body_waits_in_vain_but_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(one: Turns) -> None:
        body = Sending(one)
        async with one.one():
            monkeypatch.setattr(turns, "PATIENCE", 0.01)
            await body.more()
            monkeypatch.setattr(turns, "PATIENCE", LONG)
            await body.more()

    with_one(work)


def test_a_worker_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(one: Turns) -> None:
        async with one.one():
            monkeypatch.setattr(turns, "PATIENCE", 0.01)
            async with one.one():
                pass

    with_one(work)


def test_a_pause_ends_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(one: Turns) -> None:
        monkeypatch.setattr(turns, "PAUSE", 0.01)
        await Sending(one).more()

    with_one(work)


def test_a_turn_ends_once() -> None:
    async def work(one: Turns) -> None:
        body = Sending(one)
        await body.more()
        body.end()
        body.end()
        async with one.one():
            assert await waiting(asyncio.create_task(body.more()))

    asyncio.run(work(Turns(processors=2)))


def test_an_upload_that_stops_halfway_holds_nobody_up(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_processors", lambda: 2)
    monkeypatch.setattr(turns, "PAUSE", 0.5)
    with Session(engine) as session, session.begin():
        token = create_token(session, "vera", [UPLOAD])
    config = {"photometric_series_folder": str(tmp_path), "limits.worker_processes": 1}

    def make() -> Application:
        app = Application([])
        skyportal_series.mount(app, engine=engine, config=config)
        return app

    with served(make) as url, halfway(url, token):
        answer = requests.post(
            url + ROUTE, b"no JSON", headers={"Authorization": f"token {token}"}, timeout=60
        )
    assert answer.status_code == 400
