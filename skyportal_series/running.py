"""A server process, from its start to its orderly end."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

from sqlalchemy import URL, Engine
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from .app_server import make_app
from .config import Config
from .database import create_engine_for, ensure_database
from .embedded import EmbeddedPostgres
from .errors import SeriesError
from .migrations import migrate
from .services import Services
from .sql import database_errors
from .supervision import SIGNALS, Supervisor

Ready: TypeAlias = Callable[[], None]

log = logging.getLogger(__name__)

#: Bytes of a body on routes that take none; Tornado holds them in memory.
MAX_OTHER_BODY = 1 << 16
#: Bytes taken from a connection at a time: with Tornado's 64 KB an upload took a tenth longer.
CHUNK = 1 << 18
#: Descriptors to ask the system for; a list with data has a file open for each of its series.
MANY_FILES = 65_536
#: How long a connection may be silent, or take over the head of a request.
IDLE_SECONDS = 300.0


@contextmanager
def database(config: Config) -> Iterator[str | URL]:
    """The URL of the configured database, with all tables; an embedded one if none is named."""
    if config.database.url is not None:
        _migrate(config.database.url, config)
        yield config.database.url
        return
    with EmbeddedPostgres(config.data_dir / "postgresql") as server:
        ensure_database(server.url)
        _migrate(server.url, config)
        yield server.url


def _migrate(url: str | URL, config: Config) -> None:
    with database_errors(), connected(url) as engine:
        migrate(engine, config.additional_bandpasses, config.misc.public_group_name)


@contextmanager
def connected(url: str | URL) -> Iterator[Engine]:
    """An engine for a short while."""
    engine = create_engine_for(url, pool_size=1)
    try:
        yield engine
    finally:
        engine.dispose()


def listen(config: Config) -> list[socket.socket]:
    """The listening sockets of the configured address; SeriesError where it cannot be had."""
    host, port = config.server.host, config.ports.app
    try:
        return bind_sockets(port, host)
    except OSError as error:
        raise SeriesError(
            f"Cannot listen on {host}, port {port}: {error.strerror}. "
            "Name another with --host and --port, or server.host and ports.app."
        ) from error


def run(config: Config, url: str | URL, sockets: list[socket.socket], ready: Ready) -> bool:
    """Serve in this process, or in `server.workers` of them, until told to end.

    Returns whether all has ended. If not, a thread still waits for the database: only leaving the
    process at once ends that.
    """
    _raise_open_files()
    if config.server.workers == 1:
        return _run(config, url, sockets, None, ready)

    def work(parent: int) -> None:
        _run(config, url, sockets, parent)

    Supervisor(config.server.workers, work).run(ready)
    return True


def _raise_open_files() -> None:
    """Use what the system allows: many shells begin with 1,024 and let each process have more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY_FILES if hard == resource.RLIM_INFINITY else min(MANY_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # some systems stop short of what they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _run(
    config: Config,
    url: str | URL,
    sockets: list[socket.socket],
    parent: int | None,
    ready: Ready = lambda: None,
) -> bool:
    engine = create_engine_for(url, config.database.pool_size)
    try:
        return asyncio.run(serve(config, engine, sockets, ready, parent))
    finally:
        engine.dispose()


async def serve(
    config: Config,
    engine: Engine,
    sockets: list[socket.socket],
    ready: Ready = lambda: None,
    parent: int | None = None,
) -> bool:
    """Serve until SIGTERM or SIGINT; then let running requests finish, for a while.

    A second signal ends the waiting. `parent` is the reading end of a pipe that closes when the
    process that holds all together dies. Returns whether everything finished.
    """
    app, services = make_app(config, engine)
    server = HTTPServer(
        app,
        chunk_size=CHUNK,
        xheaders=config.server.behind_proxy,
        # Uploads have limits of their own; no other request needs a body.
        max_body_size=MAX_OTHER_BODY,
        body_timeout=config.limits.upload_seconds,
        idle_connection_timeout=IDLE_SECONDS,
    )
    ending = _Ending(parent)
    services.workers.start()
    # What is there now stays: to look through it for garbage, now and then, takes 70 ms.
    gc.collect()
    gc.freeze()
    server.add_sockets(sockets)
    ready()
    await ending.told.wait()
    log.info("stopping: no new connections; running requests may finish")
    services.stopping = True
    server.stop()
    finished = await ending.unless_hurried(_idle(services, server), config.server.shutdown_seconds)
    if not finished:
        log.warning("some requests did not finish within server.shutdown_seconds")
    services.close()
    return finished


async def _idle(services: Services, server: HTTPServer) -> None:
    await services.monitoring.idle()
    await server.close_all_connections()


class _Ending:
    """Listens for the signals that end a server."""

    def __init__(self, parent: int | None) -> None:
        self.told = asyncio.Event()
        self._hurried = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._signal)
        if parent is not None:
            loop.add_reader(parent, self._orphaned, parent)

    def _signal(self) -> None:
        (self._hurried if self.told.is_set() else self.told).set()

    def _orphaned(self, parent: int) -> None:
        asyncio.get_running_loop().remove_reader(parent)
        self.told.set()

    async def unless_hurried(self, work: Coroutine[Any, Any, None], seconds: float) -> bool:
        """Whether `work` was done within `seconds` and before another signal."""
        done = asyncio.create_task(work)
        hurried = asyncio.create_task(self._hurried.wait())
        tasks = {done, hurried}
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finished = done.done()
        for task in tasks:
            task.cancel()
        return finished
