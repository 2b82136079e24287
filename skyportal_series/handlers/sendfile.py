"""The system's own way from a file to a connection, past this process' memory: sendfile(2)."""

from __future__ import annotations

import os
from typing import BinaryIO

from tornado.http1connection import HTTP1Connection
from tornado.iostream import IOStream, SSLIOStream
from tornado.web import RequestHandler


def send_from_file(handler: RequestHandler, file: BinaryIO, offset: int, size: int) -> int:
    """Put bytes of `file` on the handler's connection, after all that has been flushed.

    Returns how many have gone, at once, without waiting for client or disk. What has not, for
    whatever reason, is to be written in the usual way, which also finds out if the client left.
    """
    connection = handler.request.connection
    if not isinstance(connection, HTTP1Connection) or not _is_plain(handler, connection.stream):
        return 0
    if not (is_in_memory(file, offset) and is_in_memory(file, offset + size - 1)):
        return 0
    try:
        sent = os.sendfile(connection.stream.socket.fileno(), file.fileno(), offset, size)
    except OSError:
        return 0
    # Tornado counts what it has written, and closes the connection where it is not all.
    remaining = connection._expected_content_remaining or 0  # noqa: SLF001
    connection._expected_content_remaining = remaining - sent  # noqa: SLF001
    return sent


def is_in_memory(file: BinaryIO, offset: int) -> bool:
    """Whether the system has this byte of a file, so that to read about there is not to wait."""
    if not hasattr(os, "RWF_NOWAIT"):
        return False
    try:
        return os.preadv(file.fileno(), [bytearray(1)], offset, os.RWF_NOWAIT) == 1
    except OSError:  # it has not, or it is a file system that cannot tell
        return False


def _is_plain(handler: RequestHandler, stream: IOStream) -> bool:
    """Whether the answer's bytes go out as they are, and all earlier ones have."""
    return (
        isinstance(stream, IOStream)
        and not isinstance(stream, SSLIOStream)
        and not stream.closed()
        and not stream.writing()
        and "Content-Length" in handler._headers  # noqa: SLF001
        and "Content-Encoding" not in handler._headers  # noqa: SLF001
    )
