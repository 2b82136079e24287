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
#: Seconds of a turn after which a body goes on only once those who wait have had theirs.
SHARE = 0.5


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
        self._clock = asyncio.get_running_loop().time
        self._latest = self._clock()
        self._since = 0.0
        self._end: asyncio.TimerHandle | None = None
        self._patient = True

    async def more(self) -> None:
        """Have a turn for what has just arrived, if it arrived fast."""
        now = self._clock()
        fast, self._latest = now - self._latest < PAUSE, now
        if now - self._since > SHARE:
            self.end()
        if self._end is not None or (fast and await self._taken()):
            self._end_after_a_pause()

    async def _taken(self) -> bool:
        """Whether there was a turn in time; after a wait in vain there is no other."""
        if self._patient:
            self._patient = await self._turns.take()
            self._since = self._clock()
        return self._patient

    def _end_after_a_pause(self) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(PAUSE, self.end)

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
