"""HTTP by hand: what no proper client would send."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from urllib.parse import urlsplit

from server import Server

PATH = "/api/photometric_series"


@contextmanager
def connected(server: Server, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    """A connection to the server, perhaps one that takes only so many bytes ahead."""
    address = urlsplit(server.url)
    with socket.socket() as connection:
        connection.settimeout(30)
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.connect((address.hostname, address.port))
        yield connection


def head(server: Server, *lines: str, method: str = "POST", path: str = PATH) -> bytes:
    """The head of a request, with a token."""
    first = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: token {server.token}"]
    return "\r\n".join([*first, *lines, "", ""]).encode("latin-1")


def exchange(server: Server, request: bytes) -> HTTPResponse | None:
    """The answer, or None where the connection is closed without one."""
    with connected(server) as connection:
        connection.sendall(request)
        return answer_on(connection)


def answer_on(connection: socket.socket) -> HTTPResponse | None:
    """The answer on a connection, with its content already read into `content`."""
    answer = HTTPResponse(connection)
    try:
        answer.begin()
        answer.content = answer.read()
    except (ConnectionError, OSError) as error:
        if isinstance(error, TimeoutError):
            raise
        return None
    return answer


def chunked(body: bytes) -> bytes:
    """A body in one chunk."""
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
