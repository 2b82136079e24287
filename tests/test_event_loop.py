"""What may take the system a while is never done on the event loop, where all would wait for it."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from faults import until
from in_process import served
from server import UPLOAD
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from tornado.web import Application

import skyportal_series
from skyportal_series.accounts import create_token

ROUTE = "/api/photometric_series"
LARGE = 6 << 20

#: Who removed which large file: (name of the file, name of the thread).
Removed = list[tuple[str, str]]


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> Removed:
    seen: Removed = []
    unlink = os.unlink

    def watched(path: str, **options: int) -> None:
        found = os.stat(path, **options)  # noqa: PTH116 - it may be relative to a descriptor
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_size > 1 << 20:
            seen.append((Path(path).suffix, threading.current_thread().name))
        unlink(path, **options)

    monkeypatch.setattr(os, "unlink", watched)
    return seen


@pytest.fixture
def server(engine: Engine, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Its URL, and a token."""
    with Session(engine) as session, session.begin():
        token = create_token(session, "vera", [UPLOAD])
    config = {
        "photometric_series_folder": str(tmp_path),
        "limits.worker_processes": 1,
        "limits.upload_bytes": 2 * LARGE,
    }

    def make() -> Application:
        app = Application([])
        skyportal_series.mount(app, engine=engine, config=config)
        return app

    with served(make) as url:
        yield url, token


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.glob(".spool/*")]


@pytest.mark.parametrize(("pieces", "status"), [(1, 400), (3, 413)], ids=["refused", "too large"])
def test_a_large_body_is_removed_in_a_thread(server, removed, pieces, status, tmp_path):
    url, token = server
    body = iter([b" " * LARGE] * pieces)
    headers = {"Authorization": f"token {token}"}
    assert requests.post(url + ROUTE, body, headers=headers, timeout=60).status_code == status
    assert left(tmp_path) == []
    assert [(suffix, "files" in thread) for suffix, thread in removed] == [(".body", True)]


def test_so_is_that_of_a_client_that_went_away(server, removed, tmp_path):
    url, token = server
    head = f"POST {ROUTE} HTTP/1.1\r\nHost: x\r\nAuthorization: token {token}\r\n"
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=60) as client:
        client.sendall(f"{head}Content-Length: {2 * LARGE}\r\n\r\n".encode() + b" " * LARGE)
        until(lambda: left(tmp_path))
    until(lambda: removed)
    until(lambda: not left(tmp_path))
    assert [(suffix, "files" in thread) for suffix, thread in removed] == [(".body", True)]
