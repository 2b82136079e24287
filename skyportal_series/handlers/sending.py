"""Sending answers that are too large to hold: piece by piece, as fast as the client reads."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import orjson
from tornado.iostream import StreamClosedError

from .. import __version__
from ..catalog import StoredFile
from .base import BaseHandler

#: A multiple of 3, so that the pieces' base64 joins without padding.
PIECE = 3 * (1 << 18)


async def send(handler: BaseHandler, pieces: Iterable[bytes], length: int) -> None:
    """Send `pieces`, `length` bytes in all, reading each in a thread when the last is gone.

    To HEAD the headers alone.
    """
    handler.set_header("Content-Length", str(length))
    if handler.request.method == "HEAD":
        handler.finish()
        return
    iterator = iter(pieces)
    try:
        while piece := await handler.services.sql.thread(next, iterator, b""):
            handler.write(piece)
            await handler.flush()
    except StreamClosedError:  # the client went away
        return
    handler.finish()


def raw(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    """Bytes `start` to `stop` of `file`."""
    file.seek(start)
    while start < stop and (piece := file.read(min(PIECE, stop - start))):
        start += len(piece)
        yield piece


def base64_size(size: int) -> int:
    """How long `size` bytes are in base64, between quotes."""
    return 2 + 4 * ((size + 2) // 3)


def in_base64(stored: StoredFile) -> Iterator[bytes]:
    """The file as a JSON string of base64."""
    yield b'"'
    while piece := stored.file.read(PIECE):
        yield base64.b64encode(piece)
    yield b'"'


def around(answers: Sequence[dict[str, Any]], page: dict[str, Any] | None) -> list[bytes]:
    """The JSON of an answer, cut open where the data of each series belongs.

    `page` is what else a page of a list holds; None for a single series.
    """
    if page is None:
        before, after = b'{"status":"success","data":', b""
    else:
        before, after = b'{"status":"success","data":{"series":[', b"]," + orjson.dumps(page)[1:]
    end = after + b',"version":' + orjson.dumps(__version__) + b"}"
    cuts = [before]
    for place, answer in enumerate(answers):
        text = orjson.dumps(answer | {"data": None}).removesuffix(b"null}")
        cuts[-1] += (b"," if place else b"") + text
        cuts.append(b"}")
    cuts[-1] += end
    return cuts
