"""A worker process: reads jobs from its standard input (a socket), runs them, answers there.

`workers` is the other end and says what travels.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import importlib
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from .errors import SeriesError, StorageFull
from .workers import HEADER

#: Behind the server's event loop and the database in the queue for a processor.
NICENESS = 10
#: After a job of so many seconds, and once there are so many more objects than before, those are
#: looked for that nobody needs. After each job, the next would wait for it.
LONG, MANY_OBJECTS = 0.1, 50_000
#: Figures of the light curve come as NumPy's numbers.
ENCODING = orjson.OPT_SERIALIZE_NUMPY
#: prctl's: what this process runs can never gain rights by it (setuid programs).
PR_SET_NO_NEW_PRIVS = 38


def main() -> None:
    """Serve jobs until the server closes its end."""
    os.nice(NICENESS)
    seconds = float(os.environ["WORKER_SECONDS"])
    jobs = importlib.import_module("skyportal_series.jobs")
    jobs.warm_up()
    # Millions of small objects, which a body may hold, would be looked through again and again.
    gc.disable()
    gc.freeze()
    give_up_rights()
    limit_memory(int(os.environ["WORKER_MEMORY_BYTES"]))
    with socket.socket(fileno=0) as channel:
        _send(channel, b"")  # ready
        serve(channel, jobs, seconds)


def serve(channel: socket.socket, jobs: Any, seconds: float) -> None:
    """Run the jobs that come by `channel`, until its other end closes.

    One that takes some seconds longer than `seconds` ends the process.
    """
    while request := _receive(channel):
        # The server ends a late job; should the server itself be gone, this does.
        signal.alarm(int(seconds) + 5)
        start = time.monotonic()
        questions = _Questions(channel)
        answer = _run(jobs, request["job"], request["arguments"], questions)
        questions.settle()
        encoded = _encoded(answer)
        signal.alarm(0)
        _send(channel, encoded)
        took = time.monotonic() - start
        if "error" in answer or took > LONG or gc.get_count()[0] > MANY_OBJECTS:
            gc.collect()


class _Questions:
    """What a job asks the server, once at most; it works on while the server finds the answer."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._open = False

    def ask(self, question: Any) -> Callable[[], Any]:
        """Ask; what is returned waits for the answer."""
        _send(self._channel, orjson.dumps({"question": question}, option=ENCODING))
        self._open = True
        return self._answer

    def _answer(self) -> Any:
        self._open = False
        # The time that the server takes is not the job's.
        left = signal.alarm(0)
        reply = _receive(self._channel)
        if reply is None:
            raise SystemExit  # there is no server any more
        signal.alarm(left)
        return reply["answer"]

    def settle(self) -> None:
        """Leave no answer unread behind a job that failed."""
        if self._open:
            self._answer()


def give_up_rights() -> None:
    """Leave no core files, which hold other people's data, and run nothing with more rights."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def limit_memory(allowance: int) -> None:
    """Let the process grow by `allowance` bytes and no further; past it comes MemoryError.

    Without effect on systems that have no `/proc`.
    """
    import resource

    statm = Path("/proc/self/statm")
    if not statm.exists():
        return
    pages = int(statm.read_text().split()[0])
    size = pages * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (size + allowance, size + allowance))


def _run(jobs: Any, name: str, arguments: dict[str, Any], questions: _Questions) -> dict[str, Any]:
    try:
        if name in jobs.ASKING:
            arguments["ask"] = questions.ask
        return {"result": jobs.JOBS[name](**arguments)}
    except SeriesError as error:
        kind, message = type(error).__name__, _clean(error.message)
        problems = {name: list(map(_clean, texts)) for name, texts in error.problems.items()}
        # HDF5 keeps files open that it could not write to the end: they go with the process.
        last = isinstance(error, StorageFull)
        return {"error": kind, "message": message, "problems": problems, "last": last}
    except Exception as error:  # noqa: BLE001 - told to the server, which logs it and answers 500
        if _lacks_memory(error):
            # What memory is in pieces after this is anybody's guess: a fresh process takes over.
            return {"error": "MemoryError", "message": "", "problems": {}, "last": True}
        message = _clean(traceback.format_exc())
        return {"error": "Unexpected", "message": message, "problems": {}}


def _lacks_memory(error: BaseException | None) -> bool:
    """Also where the system says it, or code that did not look at what it got."""
    if isinstance(error, SystemError):
        error = error.__cause__
    return isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM


def _clean(text: str) -> str:
    """`text` without what JSON cannot hold: it may quote names of a file that holds anything."""
    return text.encode("utf-8", "backslashreplace").decode()


def _encoded(answer: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(answer, option=ENCODING)
    except TypeError:
        message = f"no JSON holds its answer\n{traceback.format_exc()}"
        return orjson.dumps({"error": "Unexpected", "message": _clean(message), "problems": {}})


def _send(channel: socket.socket, message: bytes) -> None:
    channel.sendall(HEADER.pack(len(message)) + message)


def _receive(channel: socket.socket) -> Any:
    header = channel.recv(HEADER.size, socket.MSG_WAITALL)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    body = channel.recv(length, socket.MSG_WAITALL)
    return orjson.loads(body) if len(body) == length else None


if __name__ == "__main__":
    main()
