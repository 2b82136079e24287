"""SQL in threads, so that the event loop never waits for the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Engine, exc

from .errors import Unavailable

T = TypeVar("T")

#: SQLSTATE classes of a server that is away, full, or going down.
_AWAY = ("08", "53", "57")


class Sql:
    """Runs functions of a connection in threads; as many at once as the engine's pool serves."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self.engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="skyportal-series")
        # One statement needs no transaction: spares the BEGIN and the ROLLBACK around it.
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def read(self, function: Callable[..., T], *arguments: Any) -> T:
        """`function(connection, *arguments)`; tried again once on a connection that was dead.

        Raises Unavailable where the database does not answer.
        """

        def run() -> T:
            with database_errors(), self._reading.connect() as connection:
                return function(connection, *arguments)

        try:
            return await self.thread(run)
        except Unavailable as error:
            if not getattr(error.__cause__, "connection_invalidated", False):
                raise
        return await self.thread(run)

    async def write(self, function: Callable[..., T], *arguments: Any) -> T:
        """`function(connection, *arguments)` in one transaction.

        Raises Unavailable where the database does not answer; then it may or may not have
        committed. After any other error it has not.
        """

        def run() -> T:
            with database_errors(), self.engine.begin() as connection:
                return function(connection, *arguments)

        return await self.thread(run)

    async def thread(self, function: Callable[..., T], *arguments: Any) -> T:
        """`function(*arguments)` in one of the threads: for files as well."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *arguments)

    def close(self) -> None:
        """End the threads once they are idle. The engine is its owner's to dispose of."""
        self._threads.shutdown(wait=False)


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn a database that is away into Unavailable; other errors are the caller's."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError) as error:
        raise Unavailable("The database does not answer; try again later.") from error
    except exc.DBAPIError as error:
        if error.connection_invalidated or (sqlstate(error) or "")[:2] in _AWAY:
            raise Unavailable("The database does not answer; try again later.") from error
        raise


def sqlstate(error: exc.DBAPIError) -> str | None:
    """PostgreSQL's code, which psycopg2 and psycopg 3 keep under different names."""
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
