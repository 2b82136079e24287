"""A server process, from its start to its orderly end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from sqlalchemy import URL, Engine
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from .app_server import make_app
from .config import Config
from .database import create_engine_for, ensure_database
from .embedded import EmbeddedPostgres
from .migrations import migrate
from .supervision import supervise

Ready: TypeAlias = Callable[[], None]

log = logging.getLogger(__name__)


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
    with connected(url) as engine:
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
    """The listening sockets of the configured address; OSError where it is taken."""
    return bind_sockets(config.ports.app, config.server.host)


def run(config: Config, url: str | URL, sockets: list[socket.socket], ready: Ready) -> None:
    """Serve in this process, or in `server.workers` of them, until told to end."""
    if config.server.workers > 1:
        supervise(config.server.workers, lambda parent: _run(config, url, sockets, parent), ready)
    else:
        _run(config, url, sockets, None, ready)


def _run(
    config: Config,
    url: str | URL,
    sockets: list[socket.socket],
    parent: int | None,
    ready: Ready = lambda: None,
) -> None:
    engine = create_engine_for(url, config.database.pool_size)
    try:
        asyncio.run(serve(config, engine, sockets, ready, parent))
    finally:
        engine.dispose()


async def serve(
    config: Config,
    engine: Engine,
    sockets: list[socket.socket],
    ready: Ready = lambda: None,
    parent: int | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; then let running requests finish, for a while.

    `parent` is the reading end of a pipe that closes when the process that holds all together dies.
    """
    app, services = make_app(config, engine)
    server = HTTPServer(app, xheaders=config.server.behind_proxy)
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    if parent is not None:
        loop.add_reader(parent, ending.set)
    services.workers.start()
    server.add_sockets(sockets)
    ready()
    await ending.wait()
    log.info("stopping: no new connections; running requests may finish")
    server.stop()
    try:
        async with asyncio.timeout(config.server.shutdown_seconds):
            await services.monitoring.idle()
            await server.close_all_connections()
    except TimeoutError:
        log.warning("some requests did not finish within server.shutdown_seconds")
    services.close()
