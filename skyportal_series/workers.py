"""Worker processes, in which untrusted or heavy bytes are read, packed and rendered.

The server sends a job's name and arguments as JSON and gets JSON back (`worker` is the other end;
`jobs` are the functions); in between, a job may ask one question. So nothing that a worker says is
ever unpickled, and one that was taken over by what it read could do no more than lie. Big things
travel as files in the spool.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import orjson

from . import errors
from .config import Limits
from .turns import Turns

log = logging.getLogger(__name__)

#: Every message is its length (8 bytes, big-endian) and that many bytes of JSON.
HEADER = struct.Struct(">Q")
#: Answers are figures and fields, never data: whoever sends more is not the worker that it was.
MAX_ANSWER = 1 << 26
#: How long a process may take until it can work.
START_SECONDS = 60.0

Lane = Literal["intake", "output"]
#: Finds the answer to what a job asks; both are as JSON can hold them.
Reply = Callable[[Any], Awaitable[Any]]

NOT_STARTED = "A worker process did not start; try again later."
CRASHED = (
    "Could not load DataFrame from HDF5 file or JSON: reading it crashed the reader, twice. It is "
    "damaged, or needs more memory than limits.worker_memory_bytes ({:,} bytes) allows."
)


class _Died(Exception):
    """The process went away in the middle of a job."""


class _Worker:
    """One process and the socket to it."""

    def __init__(self, limits: Limits) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "skyportal_series.worker"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=_environment(limits),
                start_new_session=True,  # Ctrl-C is for the server, which lets jobs finish
            )
        self._socket = ours
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, request: bytes, seconds: float) -> Any:
        """Send a job, or the answer to its question; wait for what it says to that.

        Raises `_Died` where nothing comes, TimeoutError where it takes longer than `seconds`, and
        what `ready` does.
        """
        reader, writer = await self.ready()
        try:
            async with asyncio.timeout(seconds):
                writer.write(HEADER.pack(len(request)) + request)
                await writer.drain()
                return orjson.loads(await _receive(reader))
        except (asyncio.IncompleteReadError, ConnectionError, orjson.JSONDecodeError) as error:
            raise _Died from error

    async def ready(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Wait until the process can work. Raises Unavailable where it does not start."""
        if self._streams is not None:
            return self._streams
        self._streams = await asyncio.open_connection(sock=self._socket)
        try:
            async with asyncio.timeout(START_SECONDS):
                await _receive(self._streams[0])  # it says when it is ready
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError) as error:
            raise errors.Unavailable(NOT_STARTED) from error
        return self._streams

    @property
    def alive(self) -> bool:
        """Whether it could take a job."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process. The system takes a second to clear some gigabytes: see `wait`."""
        self._process.kill()
        if self._streams is None:
            self._socket.close()
        else:
            with suppress(RuntimeError):  # the loop is already closed
                self._streams[1].close()

    def wait(self) -> None:
        """Wait until a killed process is gone."""
        self._process.wait()


class Workers:
    """The pool. It belongs to the event loop that first runs a job in it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        #: None for the end: nobody is to wait any longer.
        self._idle: asyncio.LifoQueue[_Worker | None] = asyncio.LifoQueue()
        self._all: set[_Worker] = set()
        self._intake = asyncio.Semaphore(max(1, limits.worker_processes - 1))
        #: Jobs of the lane `intake` take one each, and so do bodies that arrive fast.
        self.turns = Turns()
        self._closed = False
        #: Workers that died or were stopped in the middle of a job.
        self.restarts = 0

    @property
    def busy(self) -> int:
        """How many workers are at work."""
        return max(0, len(self._all) - self._idle.qsize())

    @property
    def alive(self) -> bool:
        """Whether jobs can be run."""
        return not self._closed

    def start(self) -> None:
        """Start the processes, so that the first request need not wait for them."""
        while len(self._all) < self._limits.worker_processes and not self._closed:
            worker = _Worker(self._limits)
            self._all.add(worker)
            self._idle.put_nowait(worker)

    async def run(
        self, job: str, lane: Lane = "output", reply: Reply | None = None, **arguments: Any
    ) -> Any:
        """Run the function `job` of `jobs` with JSON-able arguments; its JSON-able result.

        `reply` is for a job that asks something (`jobs.ASKING`); the job goes on meanwhile. What
        it raises, which ends the worker, is raised here.

        Raises
        ------
        SeriesError
            What the job raised; InvalidInput where it ran out of time or memory. Where it died:
            InvalidFile in the lane `intake`, if it did so twice, otherwise Unavailable.
        """
        request = _encoded({"job": job, "arguments": arguments})
        if lane == "output":
            try:
                return await self._run(job, request, reply)
            except _Died as error:
                raise errors.Unavailable("A worker process died; try again.") from error
        async with self._intake, self.turns.one():
            return await self._take_in(job, request, reply)

    async def _take_in(self, job: str, request: bytes, reply: Reply | None) -> Any:
        """Once more where the worker died: it may have been the system's doing, not the file's."""
        try:
            return await self._run(job, request, reply)
        except _Died:
            pass
        try:
            return await self._run(job, request, reply)
        except _Died as error:
            crashed = CRASHED.format(self._limits.worker_memory_bytes)
            raise errors.InvalidFile(crashed) from error

    async def _run(self, job: str, request: bytes, reply: Reply | None) -> Any:
        worker = await self._free()
        finished = False
        try:
            said = await self._talk(worker, request, reply)
            finished = not said.get("last")
        except TimeoutError:
            raise errors.InvalidInput(
                f"This took longer than limits.worker_seconds ({self._limits.worker_seconds:g} s)."
            ) from None
        except _Died:
            log.warning("a worker died in %s", job)
            raise
        finally:
            await self._put_back(worker, finished)
        return _result(said, job, self._limits)

    async def _talk(self, worker: _Worker, request: bytes, reply: Reply | None) -> Any:
        """What the worker says in the end; the time that it takes to answer it is not its own."""
        clock = asyncio.get_running_loop().time
        await worker.ready()
        end = clock() + self._limits.worker_seconds
        said = await worker.call(request, self._limits.worker_seconds)
        if reply is None or "question" not in said:
            return said
        left = end - clock()
        answer = _encoded({"answer": await reply(said["question"])})
        return await worker.call(answer, left)

    async def _free(self) -> _Worker:
        """A worker without a job; one that somebody killed meanwhile is replaced."""
        try:
            self.start()
        except OSError as error:  # no room for a process, or for the socket to it
            if not self._all:
                raise errors.Unavailable(NOT_STARTED) from error
        while (worker := await self._idle.get()) is not None:
            if worker.alive:
                return worker
            await self._put_back(worker, finished=False)
        self._idle.put_nowait(None)  # for the next in line
        raise errors.Unavailable("The server is shutting down; try again later.")

    async def _put_back(self, worker: _Worker, finished: bool) -> None:
        if finished and not self._closed:
            self._idle.put_nowait(worker)
            return
        self.restarts += 1
        self._all.discard(worker)
        worker.kill()
        with suppress(OSError):  # the next job tries again, and says so where there is none
            self.start()
        await asyncio.to_thread(worker.wait)

    def close(self) -> None:
        """Stop the processes. Jobs that still run are lost."""
        self._closed = True
        with suppress(RuntimeError):  # the loop is already closed
            self._idle.put_nowait(None)
        for worker in self._all:
            worker.kill()
        for worker in self._all:
            worker.wait()
        self._all.clear()


def _encoded(message: dict[str, Any]) -> bytes:
    return orjson.dumps(message, option=orjson.OPT_SERIALIZE_NUMPY)


async def _receive(reader: asyncio.StreamReader) -> bytes:
    (length,) = HEADER.unpack(await reader.readexactly(HEADER.size))
    if length > MAX_ANSWER:
        raise ConnectionError(f"a worker wants to send {length:,} bytes")
    return await reader.readexactly(length)


def _environment(limits: Limits) -> dict[str, str]:
    """No more of the server's environment than Python needs: it may hold secrets."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TZ") if name in os.environ}
    return kept | {
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        "OPENBLAS_NUM_THREADS": "1",
        "HDF5_PLUGIN_PATH": os.devnull,
        "WORKER_MEMORY_BYTES": str(limits.worker_memory_bytes),
        "WORKER_SECONDS": str(limits.worker_seconds),
    }


def _result(answer: dict[str, Any], job: str, limits: Limits) -> Any:
    if "result" in answer:
        return answer["result"]
    if answer["error"] == "MemoryError":
        raise errors.InvalidInput(
            "This needs more memory than limits.worker_memory_bytes "
            f"({limits.worker_memory_bytes:,} bytes) allows."
        )
    kind = getattr(errors, answer["error"], None)
    if isinstance(kind, type) and issubclass(kind, errors.SeriesError):
        raise kind(answer["message"], answer["problems"])
    raise RuntimeError(f"the job {job} failed:\n{answer['message']}")
