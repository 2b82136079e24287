"""Tornado's StaticFileHandler on a folder: what sending a file costs at least."""

from __future__ import annotations

import asyncio
import sys

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, StaticFileHandler


async def main(folder: str) -> None:
    """Serve until killed; the address goes to standard output."""
    (socket,) = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([("/(.*)", StaticFileHandler, {"path": folder})]))
    server.add_socket(socket)
    print(f"http://127.0.0.1:{socket.getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
