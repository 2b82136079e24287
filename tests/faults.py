"""What tests of faults share: waiting for other processes, and uploads that have begun."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPConnection

from server import Server


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def begin_upload(server: Server, start: bytes, length: int = 100_000) -> HTTPConnection:
    """A connection on which an upload has begun."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = HTTPConnection(host, int(port), timeout=60)
    connection.putrequest("POST", "/api/photometric_series")
    connection.putheader("Authorization", f"token {server.token}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(length))
    connection.endheaders(start)
    return connection


def spooled(server: Server) -> bool:
    """Whether an upload is under way."""
    return any(".spool" in str(path) for path in server.files())
