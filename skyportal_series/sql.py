"""SQL in threads, so that the event loop never waits for the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, exc

from .direct import Direct, suits
from .errors import InvalidInput, Unavailable
from .prepared import Prepared, Rows

T = TypeVar("T")

AWAY = "The database does not answer; try again later."
#: How often a transaction that met another one head-on is run.
ATTEMPTS = 3

#: SQLSTATE classes of a server that is away, full, or going down.
_AWAY = ("08", "53", "57")
#: … and of a limit of the server's own.
_TOO_LARGE = "54"
TOO_LARGE = (
    "The database cannot hold this series: it has too many columns, or too long texts, for one of "
    "its indexes."
)


class Sql:
    """Runs functions of a connection in threads; as many at once as the engine's pool serves."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self.engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="skyportal-series")
        # Half of these may wait for the disk, before they commit; the others never do.
        self._waiting = asyncio.Semaphore(max(1, threads // 2))
        # Files have threads of their own.
        self._files = ThreadPoolExecutor(threads, thread_name_prefix="skyportal-series-files")
        self._direct = Direct(engine) if suits(engine) else None

    async def ask(self, statement: Prepared, **values: Any) -> Rows:
        """The rows of a prepared statement, on the event loop if that can be.

        Raises what `read` does.
        """
        found = await self._direct.rows(statement, values) if self._direct else None
        if found is None:
            found = await self.read(lambda connection: statement.rows(connection, **values))
        return found

    async def read(self, function: Callable[..., T], *arguments: Any) -> T:
        """`function(connection, *arguments)`; tried again once on a connection that was dead.

        Raises Unavailable where the database does not answer.
        """
        return await self._query(lambda: self._read(function, *arguments))

    def _read(self, function: Callable[..., T], *arguments: Any) -> T:
        try:
            return self._read_once(function, *arguments)
        except Unavailable as error:
            if not _lost(error.__cause__):
                raise
        return self._read_once(function, *arguments)

    def _read_once(self, function: Callable[..., T], *arguments: Any) -> T:
        with database_errors(), self.engine.connect() as connection, _autocommit(connection):
            return function(connection, *arguments)

    async def write(
        self, function: Callable[..., T], *arguments: Any, after: Future[Any] | None = None
    ) -> T:
        """`function(connection, *arguments)` in one transaction, which ends after `after` has.

        Tried again where it was rolled back for the sake of another, or its connection was dead.
        Raises what `after` raised; nothing has changed then.

        Raises
        ------
        CommitUnknown
            Where the connection was lost in the commit: it may or may not have happened.
        Unavailable
            Where the database does not answer. After this and any other error nothing has changed.
        """

        def run() -> T:
            with database_errors(), self.engine.connect() as connection:
                result = function(connection, *arguments)
                if after is not None:
                    after.result()
                with _commit_errors():
                    connection.commit()
                return result

        if after is None:
            return await self._insist(run)
        if self._waiting.locked():  # enough connections wait for the disk
            await asyncio.wrap_future(after)
            return await self._insist(run)
        async with self._waiting:
            return await self._insist(run)

    async def _insist(self, run: Callable[[], T]) -> T:
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._query(run)
            except CommitUnknown:
                raise
            except Unavailable as error:
                if not (_rolled_back(error.__cause__) or _lost(error.__cause__)):
                    raise
        return await self._query(run)

    async def thread(self, function: Callable[..., T], *arguments: Any) -> T:
        """`function(*arguments)` in one of the threads for files."""
        return await asyncio.wrap_future(self.begin(function, *arguments))

    def begin(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        """The same, for whoever has something to do meanwhile; a transaction may wait for it."""
        return self._files.submit(function, *arguments)

    def later(self, function: Callable[..., object], *arguments: Any) -> None:
        """The same, for whoever needs no result; at once where the threads have ended."""
        try:
            self.begin(function, *arguments)
        except RuntimeError:
            function(*arguments)

    async def _query(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    def close(self) -> None:
        """End the threads once they are idle. The engine is its owner's to dispose of."""
        if self._direct is not None:
            self._direct.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._files.shutdown(wait=False)  # what is to be removed, still is


@contextmanager
def _autocommit(connection: Connection) -> Iterator[None]:
    """Spares the BEGIN and the ROLLBACK around statements that need no transaction.

    By the driver's own switch: SQLAlchemy's asks the server for something each time.
    """
    driver: Any = connection.connection.dbapi_connection
    before = driver.autocommit
    driver.autocommit = True
    try:
        yield
    finally:
        if not connection.invalidated:
            driver.autocommit = before


class CommitUnknown(Unavailable):
    """The database went away in the middle of a commit."""


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn a database that is away into Unavailable; other errors are the caller's.

    Raises InvalidInput where the row is too large for an index: SkyPortal has some on the summaries
    of the columns.
    """
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError) as error:
        if isinstance(error, exc.DBAPIError) and (sqlstate(error) or "").startswith(_TOO_LARGE):
            raise InvalidInput(TOO_LARGE) from error
        raise Unavailable(AWAY) from error
    except exc.DBAPIError as error:
        if _away(error):
            raise Unavailable(AWAY) from error
        raise


@contextmanager
def _commit_errors() -> Iterator[None]:
    try:
        yield
    except exc.DBAPIError as error:
        if _away(error) or sqlstate(error) is None:
            raise CommitUnknown(AWAY) from error
        raise


def _away(error: exc.DBAPIError) -> bool:
    return error.connection_invalidated or (sqlstate(error) or "")[:2] in _AWAY


def _lost(error: BaseException | None) -> bool:
    """Whether the connection was dead, or died: the pool drops others that died with it."""
    return isinstance(error, exc.DBAPIError) and error.connection_invalidated


def _rolled_back(error: BaseException | None) -> bool:
    """Whether PostgreSQL ended the transaction for the sake of another one (class 40)."""
    return isinstance(error, exc.DBAPIError) and (sqlstate(error) or "").startswith("40")


def sqlstate(error: exc.DBAPIError) -> str | None:
    """PostgreSQL's code, which psycopg2 and psycopg 3 keep under different names."""
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
