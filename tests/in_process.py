"""A Tornado application served by this process, on a loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application


@contextmanager
def served(make: Callable[[], Application]) -> Iterator[str]:
    """The URL at which the application that `make` makes (on its loop) answers."""
    started: list[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = []
    ready = threading.Event()

    async def main() -> None:
        sockets = bind_sockets(0, "127.0.0.1")
        server = HTTPServer(make())
        server.add_sockets(sockets)
        ending = asyncio.Event()
        started.append((asyncio.get_running_loop(), ending, sockets[0].getsockname()[1]))
        ready.set()
        await ending.wait()
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    if not ready.wait(30):
        raise RuntimeError("the application did not start")
    loop, ending, port = started[0]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join()
