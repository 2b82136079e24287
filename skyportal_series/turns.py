"""Turns of uploads, so that the processors are never all busy with them: readers find one free.

A client that sends as fast as the server reads keeps a processor as busy as a worker does that
unpacks. Both take a turn for that; but none waits for long, as another may hang, or be large.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

#: Seconds that anyone waits for a turn, before going on without.
PATIENCE = 3.0
#: Seconds in which whoever sends fast sends more; a turn ends when nothing came for as long.
PAUSE = 0.2


class Turns:
    """As many as there are processors, but one; at least one."""

    def __init__(self, processors: int | None = None) -> None:
        self._free = asyncio.Semaphore(max(1, (processors or _processors()) - 1))

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A turn, if there is one in time."""
        taken = await self.take()
        try:
            yield
        finally:
            if taken:
                self.give_back()

    async def take(self) -> bool:
        """Wait for a turn; whether there was one in time."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._free.acquire()
        except TimeoutError:
            return False

    def give_back(self) -> None:
        """End a turn that `take` gave."""
        self._free.release()


class Sending:
    """The turn of a body that arrives: taken when the client sends fast, ended by a pause."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._latest = asyncio.get_running_loop().time()
        self._end: asyncio.TimerHandle | None = None
        self._patient = True

    async def more(self) -> None:
        """Have a turn for what has just arrived, if it arrived fast; wait in vain once at most."""
        loop = asyncio.get_running_loop()
        fast = loop.time() - self._latest < PAUSE
        self._latest = loop.time()
        if self._end is not None:
            self._end.cancel()
        elif fast and self._patient:
            self._patient = await self._turns.take()
            if not self._patient:
                return
        else:
            return
        self._end = loop.call_later(PAUSE, self.end)

    def end(self) -> None:
        """Leave the turn, if there is one, to another."""
        if self._end is not None:
            self._end.cancel()
            self._end = None
            self._turns.give_back()


def _processors() -> int:
    """How many there are for this process."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
