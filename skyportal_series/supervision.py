"""Several server processes on one port, and the one that looks after them."""

from __future__ import annotations

import logging
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

log = logging.getLogger(__name__)

#: A process that dies at once is not started again at once.
PAUSE_SECONDS = 1.0
#: What ends a server in order; a second one ends it at once.
SIGNALS = (signal.SIGTERM, signal.SIGINT)

Work = Callable[[int], None]


class Supervisor:
    """Keeps `count` processes that run `work`.

    `work` gets the reading end of a pipe that closes when this process dies, however it does.
    """

    def __init__(self, count: int, work: Work) -> None:
        self._count = count
        self._work = work
        self._children: set[int] = set()
        self._ending = False
        self._alive = os.pipe()

    def run(self, ready: Callable[[], None]) -> None:
        """Until SIGTERM or SIGINT, of which the processes are told, and until they have ended."""
        for number in SIGNALS:
            signal.signal(number, self._end)
        for _ in range(self._count):
            self._start()
        ready()
        while self._children:
            child, status = os.wait()
            if child not in self._children:
                continue  # the first process of a container also inherits orphans
            with _undisturbed():
                self._children.remove(child)
            if not self._ending:
                log.error("server process %d ended (%d); starting another", child, status)
                time.sleep(PAUSE_SECONDS)
                self._start()
        for end in self._alive:
            os.close(end)

    def _end(self, *_: object) -> None:
        self._ending = True
        for child in self._children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)

    def _start(self) -> None:
        # Undisturbed, so that no signal finds a process that is not in the list yet.
        with _undisturbed():
            if self._ending:
                return
            child = os.fork()
            if child == 0:
                self._be_child()
            self._children.add(child)

    def _be_child(self) -> NoReturn:
        code = 1
        try:
            os.close(self._alive[1])
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            self._work(self._alive[0])
            code = 0
        except BaseException:  # noqa: BLE001 - there is no one further up in this process
            traceback.print_exc()
        finally:
            os._exit(code)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Signals wait until the end."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
