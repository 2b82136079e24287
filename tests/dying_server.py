"""Servers that die by SIGKILL at a chosen step of the first change that they are asked for.

Run as a program with a configuration file: for each line on its standard input (the number of the
step to die at, counted from 1; 0 for none) it forks a server, which costs milliseconds, prints the
port, and once the server has ended a JSON list of the steps that it came to.

A step is a side effect: whatever changes a folder, the database or a file. The server dies just
before it. Jobs run in a thread instead of a worker process.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jobs_here import JobsHere
from sqlalchemy import Engine, event
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from skyportal_series import app_server, config, jobs, services
from skyportal_series.database import create_engine_for
from skyportal_series.handlers import base, uploads

CHANGES_OF_FOLDERS = ("link", "unlink", "mkdir", "rmdir", "fsync")


class Steps:
    """Counts steps once a change has begun, and dies at number `last`."""

    def __init__(self, last: int, log: Path) -> None:
        self._last = last
        self._log = log.open("w")
        self._number = 0
        self._lock = threading.Lock()  # the file and the row are written by two threads
        self.counting = False

    def take(self, name: str) -> None:
        """Note a step, or die before it."""
        if not self.counting:
            return
        with self._lock:
            self._number += 1
            if self._number == self._last:
                os.kill(os.getpid(), signal.SIGKILL)
            print(name, file=self._log, flush=True)

    def before(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """`function` as a step."""

        def step(*arguments: Any, **options: Any) -> Any:
            self.take(name)
            return function(*arguments, **options)

        return step


class JobsBetweenSteps(JobsHere):
    """Runs jobs in a thread, each between two steps."""

    steps: Steps

    async def run(self, job: str, *options: Any, **arguments: Any) -> Any:
        self.steps.take(f"begin {job}")
        result = await super().run(job, *options, **arguments)
        self.steps.take(f"end {job}")
        return result


def watch_database(engine: Engine, steps: Steps) -> None:
    """Every statement is a step, and so are the commit and what comes after it."""
    event.listen(engine, "before_cursor_execute", lambda *what: steps.take(what[2].split()[0]))
    commit = engine.dialect.do_commit

    def do_commit(connection: Any) -> None:
        steps.take("commit")
        commit(connection)
        steps.take("committed")

    engine.dialect.do_commit = do_commit


def watch(steps: Steps) -> None:
    """Let everything else that a change does be a step."""
    for name in CHANGES_OF_FOLDERS:
        setattr(os, name, steps.before(getattr(os, name), name))
    prepare = uploads.UploadHandler.prepare

    async def counted(handler: Any) -> None:
        steps.counting = handler.request.method != "GET"
        await prepare(handler)

    uploads.UploadHandler.prepare = counted
    base.BaseHandler.finish = steps.before(base.BaseHandler.finish, "answer")
    JobsBetweenSteps.steps = steps
    services.Workers = JobsBetweenSteps


async def serve(settings: config.Config, engine: Engine, sockets: list[socket.socket]) -> None:
    app, _ = app_server.make_app(settings, engine)
    HTTPServer(app).add_sockets(sockets)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()


def fork(settings: config.Config, engine: Engine, last: int, log: Path) -> None:
    """One server, from its start to its end."""
    sockets = bind_sockets(0, "127.0.0.1")
    child = os.fork()
    if child == 0:
        steps = Steps(last, log)
        watch(steps)
        watch_database(engine, steps)
        asyncio.run(serve(settings, engine, sockets))
        os._exit(0)
    print(child, sockets[0].getsockname()[1], flush=True)
    sockets[0].close()
    os.waitpid(child, 0)
    print(json.dumps(log.read_text().splitlines()), flush=True)


def main() -> None:
    settings = config.load([sys.argv[1]])
    jobs.warm_up()
    engine = create_engine_for(settings.database.url, pool_size=2)  # connects in the forks alone
    for line in sys.stdin:
        fork(settings, engine, int(line), Path(sys.argv[1] + ".steps"))


if __name__ == "__main__":
    main()
