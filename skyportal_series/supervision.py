"""Several server processes on one port, and the one that looks after them."""

from __future__ import annotations

import logging
import os
import signal
import time
import traceback
from collections.abc import Callable

log = logging.getLogger(__name__)

#: A process that dies at once is not started again at once.
PAUSE_SECONDS = 1.0


def supervise(count: int, work: Callable[[int], None], ready: Callable[[], None]) -> None:
    """Run `work` in `count` processes until SIGTERM or SIGINT, which they are told of.

    `work` gets the reading end of a pipe that closes when this process dies. A process that ends
    by itself is replaced.
    """
    reading, writing = os.pipe()
    children: set[int] = set()
    ending = False

    def end(*_: object) -> None:
        nonlocal ending
        ending = True
        for child in children:
            os.kill(child, signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    for _ in range(count):
        children.add(_fork(work, reading, writing))
    ready()
    while children:
        child, status = os.wait()
        children.discard(child)
        if not ending:
            log.error("server process %d ended (%d); starting another", child, status)
            time.sleep(PAUSE_SECONDS)
            children.add(_fork(work, reading, writing))
    os.close(reading)
    os.close(writing)


def _fork(work: Callable[[int], None], reading: int, writing: int) -> int:
    """Start a process that runs `work` and ends; its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.close(writing)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        work(reading)
        code = 0
    except BaseException:  # noqa: BLE001 - there is no one further up in this process
        traceback.print_exc()
    finally:
        os._exit(code)
