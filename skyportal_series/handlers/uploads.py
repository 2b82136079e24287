"""Taking in a request's body: into a file of the spool, piece by piece, within limits."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import stream_request_body

from ..catalog import Upload
from ..errors import InvalidInput, SeriesError, StorageFull, TooLarge, Unauthenticated
from ..turns import Sending
from .base import BaseHandler
from .spooled_body import SpooledBody

#: As many bytes of a body that is refused already are read on and thrown away, so that the client,
#: which reads only after it has sent, gets to see the answer.
PATIENCE = 1 << 27
#: Seconds by which the connection outlives the patience with a body, for the answer to be sent.
FAREWELL = 5.0


@stream_request_body
class UploadHandler(BaseHandler):
    """A handler whose POST and PATCH find their body by `upload`, for those who may upload."""

    _body: SpooledBody | None = None
    _refusal: SeriesError | None = None
    _deadline: asyncio.TimerHandle | None = None
    _sending: Sending | None = None
    _in_line = False
    #: Whether an answer now would come before the body: Tornado cuts the connection after it.
    _unread = True
    _gone = False
    _begun = False

    @asynccontextmanager
    async def upload(self) -> AsyncIterator[Upload]:
        """The body, which is gone after the block. Raises what was wrong with it."""
        self._end_of_body()
        try:
            await self._write()
            if self._gone:
                raise StreamClosedError
            if self._refusal is not None:
                raise self._refusal
            self._begun = True
            if self._body is None:
                raise RuntimeError("only POST and PATCH have an upload")
            yield Upload(self._body.finish(), self.request.headers.get("Content-Type", ""))
        finally:
            if self._body is not None:
                await self._body.remove()

    async def prepare(self) -> None:
        try:
            await self._admit()
        except SeriesError as error:
            if self.request.method not in ("POST", "PATCH") or not self._worth_reading():
                raise
            # An answer before the end of the body would cut the connection, and be lost with it.
            self._refusal = error
        self._unread = False
        self._start_clock()

    def _worth_reading(self) -> bool:
        """Whether the client needs its body read to get to the answer, and it is not endless."""
        return self._length() <= PATIENCE and "Expect" not in self.request.headers

    def _start_clock(self) -> None:
        seconds = self.services.config.limits.upload_seconds
        connection = self.request.connection
        connection.set_body_timeout(seconds + FAREWELL)  # type: ignore[union-attr]
        if self.request.method in ("POST", "PATCH"):
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(seconds, self._give_up, seconds)

    def _give_up(self, seconds: float) -> None:
        """Answer now: the body takes too long, be it by malice or by a wrong Content-Length."""
        self._unread = True
        error = self._refusal or InvalidInput(
            f"The body has not arrived within limits.upload_seconds ({seconds:g} s): "
            f"{self.received:,} bytes have."
        )
        self.send_error(error.status, exc_info=(type(error), error, None))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if self._unread:  # the client should know
            self.set_header("Connection", "close")
        super().write_error(status_code, **kwargs)

    async def _admit(self) -> None:
        connection = self.request.connection
        connection.set_max_body_size(PATIENCE)  # type: ignore[union-attr]
        await super().prepare()
        if self.request.method in ("POST", "PATCH", "DELETE") and not self.actor.can_upload:
            raise Unauthenticated("This needs the ACL 'Upload data', which your token has not.")
        if self.request.method in ("POST", "PATCH"):
            await self._get_ready()

    async def _get_ready(self) -> None:
        limits = self.services.config.limits
        connection = self.request.connection
        connection.set_max_body_size(limits.upload_bytes + PATIENCE)  # type: ignore[union-attr]
        if (encoding := self.request.headers.get("Content-Encoding", "")) not in ("", "identity"):
            raise InvalidInput(
                f"The body has the Content-Encoding {encoding[:40]}; send it as it is, without."
            )
        if self._length() > limits.upload_bytes:
            raise self._too_large(f"{self._length():,} bytes")
        await self.services.uploads.acquire()
        self._in_line = True
        if self._gone:  # while it waited: nobody would free its place
            raise StreamClosedError
        self._body = SpooledBody(self.services.store.spool_path(".body"), self.services.sql)
        self._sending = Sending(self.services.workers.turns)

    def _length(self) -> int:
        """What Content-Length says; 0 where it is absent (Tornado refuses what is no number)."""
        length = self.request.headers.get("Content-Length", "0")
        # Twenty digits are more than any limit, and thousands are more than int() takes.
        return int(length[:20]) if length.isdecimal() else 0

    def _too_large(self, size: str) -> TooLarge:
        limit = self.services.config.limits.upload_bytes
        return TooLarge(f"The body is {size}; limits.upload_bytes allows {limit:,} bytes.")

    async def data_received(self, chunk: bytes) -> None:
        """Keep a piece of the body; once something is wrong, drop the rest."""
        self.received += len(chunk)
        if self._refusal is not None or self._body is None or self._body.unwanted:
            return
        if self.received > self.services.config.limits.upload_bytes:
            self._refusal = self._too_large("larger")
        elif self._body.add(chunk):
            if self._sending is not None:
                await self._sending.more()
            await self._write()
        elif self.received < self._length():
            # Tornado goes on with a client that sends fast; the others are to have their turn.
            await asyncio.sleep(0)

    async def _write(self) -> None:
        """What has been collected; the client waits for it."""
        if self._body is not None:
            try:
                await self._body.write()
            except StorageFull as error:
                self._refusal = error

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> Future[None]:
        """Nothing is left of the body for long."""
        self._clean_up()
        return super().finish(chunk)

    def on_finish(self) -> None:
        self._clean_up()
        super().on_finish()

    def on_connection_close(self) -> None:
        self._gone = True
        super().on_connection_close()
        if not self._begun:  # and never will be: Tornado calls nothing more
            self._clean_up()
            self.services.monitoring.forget(self)

    def _end_of_body(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        if self._sending is not None:
            self._sending.end()

    def _clean_up(self) -> None:
        self._end_of_body()
        if self._body is not None:
            self._body.discard()
        if self._in_line:
            self._in_line = False
            self.services.uploads.release()
