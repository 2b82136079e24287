"""Sending answers that are too large to hold: piece by piece, as fast as the client reads."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson
import pybase64
from tornado.iostream import StreamClosedError

from .. import __version__
from .base import BaseHandler
from .sendfile import send_from_file

#: A multiple of 3, so that the pieces' base64 joins without padding. What the event loop does
#: with one takes a fraction of a millisecond.
PIECE = 3 * (1 << 16)
#: As many go out, to a client that takes them at once, before others have their turn.
PIECES_AT_ONCE = 8


@dataclass(frozen=True)
class Span:
    """Bytes `start` to `stop` of a file, to be sent as they are, or as a JSON string of base64."""

    file: BinaryIO
    start: int
    stop: int
    in_base64: bool = False

    @property
    def length(self) -> int:
        """How many bytes are sent."""
        size = self.stop - self.start
        return 2 + 4 * ((size + 2) // 3) if self.in_base64 else size


async def send(handler: BaseHandler, parts: Sequence[bytes | Span]) -> None:
    """Send `parts`, one piece after the other, as fast as the client takes them.

    To HEAD the headers alone.
    """
    lengths = (part.length if isinstance(part, Span) else len(part) for part in parts)
    handler.set_header("Content-Length", str(sum(lengths)))
    if handler.request.method != "HEAD":
        try:
            for part in parts:
                if isinstance(part, Span):
                    await _send_span(handler, part)
                else:
                    handler.write(part)
        except StreamClosedError:  # the client went away
            return
    handler.finish()


async def _send_span(handler: BaseHandler, span: Span) -> None:
    if span.in_base64:
        handler.write(b'"')
    else:
        await handler.flush()  # so that the file is all that is left to send
    buffer = memoryview(bytearray(min(PIECE, span.stop - span.start)))
    for number, offset in enumerate(range(span.start, span.stop, PIECE), 1):
        await _send_piece(handler, span, offset, buffer[: span.stop - offset])
        if number % PIECES_AT_ONCE == 0:
            await asyncio.sleep(0)  # a fast client must not keep the others waiting
    if span.in_base64:
        handler.write(b'"')


async def _send_piece(handler: BaseHandler, span: Span, offset: int, buffer: memoryview) -> None:
    """As much of the file, from `offset`, as `buffer` has room for."""
    if not span.in_base64:
        sent = send_from_file(handler, span.file, offset, len(buffer))
        offset, buffer = offset + sent, buffer[sent:]
    if buffer:
        await _fill(handler, span.file, offset, buffer)
        handler.write(pybase64.b64encode(buffer) if span.in_base64 else bytes(buffer))
        await handler.flush()


async def _fill(handler: BaseHandler, file: BinaryIO, offset: int, buffer: memoryview) -> None:
    """Read as much of `file`, in a thread where the system has to wait for the disk."""
    place = (file.fileno(), [buffer], offset)
    found = 0
    if hasattr(os, "RWF_NOWAIT"):
        with suppress(OSError):  # not in memory, or not a file system that can tell
            found = os.preadv(*place, os.RWF_NOWAIT)
    if found < len(buffer):
        found = await handler.services.sql.thread(os.preadv, *place)
    if found < len(buffer):
        raise OSError("a file that is being sent has become shorter")


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
