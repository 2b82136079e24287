"""Prepared statements asked on the event loop itself, without a thread.

To hand a question to a thread and its answer back takes as long as the answer, and several times
as long while others keep the processors busy. psycopg2 can do without, on connections of its own.
Whatever is not as usual here is left to the threads, which know what to do about it.
"""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ
from psycopg2.extras import register_default_json, register_default_jsonb
from sqlalchemy import Engine, exc

from .prepared import Prepared, Rows, Text

#: The execution option of engines that may be asked so: nobody has set up their connections.
OPTION = "skyportal_series_direct"
#: Connections at most; a question that finds none free goes to a thread.
CONNECTIONS = 4
#: Seconds that it may take to connect, and without a try after a failure.
CONNECT_SECONDS, REST = 10.0, 5.0


def suits(engine: Engine) -> bool:
    """Whether connections like those of `engine` can be asked on the event loop."""
    return engine.driver == "psycopg2" and bool(engine.get_execution_options().get(OPTION))


class Direct:
    """A few connections beside those of an engine. Used from one thread, the event loop's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: list[_Line] = []
        self._count = 0
        self._opening: asyncio.Future[None] | None = None
        self._rests_until = 0.0
        self._closed = False

    async def rows(self, statement: Prepared, values: dict[str, Any]) -> Rows | None:
        """What `statement` gives with `values`; None where it is to be asked in another way."""
        if not self._idle:
            self._open_another()
            return None
        line = self._idle.pop()
        try:
            found = await line.rows(statement.text(self._engine.dialect), values)
        except BaseException as error:
            self._drop(line)
            if isinstance(error, psycopg2.Error):
                # The others may be as dead.
                while self._idle:
                    self._drop(self._idle.pop())
                self._rest()
                return None
            raise
        self._keep(line)
        return found

    def close(self) -> None:
        """End the connections."""
        self._closed = True
        while self._idle:
            self._drop(self._idle.pop())

    def _open_another(self) -> None:
        loop = asyncio.get_running_loop()
        waits = self._opening is not None and not self._opening.done()
        rests = loop.time() < self._rests_until
        if not (waits or rests or self._closed or self._count >= CONNECTIONS):
            self._opening = asyncio.ensure_future(self._open(loop))

    async def _open(self, loop: AbstractEventLoop) -> None:
        try:
            line = _Line(await loop.run_in_executor(None, _begun, self._engine))
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await line.ready()
            except BaseException:
                line.close()
                raise
        except (exc.SQLAlchemyError, psycopg2.Error, TimeoutError):
            self._rest()
            return
        self._count += 1
        self._keep(line)

    def _rest(self) -> None:
        self._rests_until = asyncio.get_running_loop().time() + REST

    def _keep(self, line: _Line) -> None:
        if self._closed:
            self._drop(line)
        else:
            self._idle.append(line)

    def _drop(self, line: _Line) -> None:
        self._count -= 1
        line.close()


class _Line:
    """A connection that answers one question at a time."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._cursor: Any = None
        self._prepared: set[str] = set()

    async def ready(self) -> None:
        """Wait until it is connected. Raises psycopg2.Error."""
        await self._answered()
        for register in (register_default_json, register_default_jsonb):
            register(self._driver, loads=orjson.loads)
        self._cursor = self._driver.cursor()

    async def rows(self, text: Text, values: dict[str, Any]) -> Rows:
        """Raises psycopg2.Error; then, and when cancelled, it is of no further use."""
        if text.name not in self._prepared:
            await self._run(text.prepare, None)
            self._prepared.add(text.name)
        await self._run(text.execute, text.constants | values)
        found: Rows = self._cursor.fetchall()
        return found

    async def _run(self, command: str, values: dict[str, Any] | None) -> None:
        self._cursor.execute(command, values)
        await self._answered()

    async def _answered(self) -> None:
        while (state := self._driver.poll()) != POLL_OK:
            await _ready(self._driver.fileno(), reading=state == POLL_READ)

    def close(self) -> None:
        self._driver.close()


def _begun(engine: Engine) -> Any:
    """A connection like those of `engine`, but asynchronous, and not ready yet.

    Waits for one of the engine's, and perhaps for the host's name.
    """
    with engine.connect() as connection:
        like: Any = connection.connection.dbapi_connection
        parameters = {**like.info.dsn_parameters, "password": like.info.password}
    return psycopg2.connect(**parameters, async_=True)


async def _ready(descriptor: int, *, reading: bool) -> None:
    """Wait until a socket has something to read, or room to write."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    watch: Callable[..., None] = loop.add_reader if reading else loop.add_writer
    forget = loop.remove_reader if reading else loop.remove_writer

    def wake() -> None:
        forget(descriptor)
        if not ready.done():
            ready.set_result(None)

    watch(descriptor, wake)
    try:
        await ready
    finally:
        with suppress(RuntimeError):  # the loop is closed
            forget(descriptor)
