"""A worker process: reads jobs from its standard input (a socket), runs them, answers there.

`workers` is the other end and says what travels.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
import traceback
from pathlib import Path
from typing import Any

import orjson

from .errors import SeriesError, StorageFull
from .workers import HEADER

#: Behind the server's event loop and the database in the queue for a processor.
NICENESS = 5


def main() -> None:
    """Serve jobs until the server closes its end."""
    os.nice(NICENESS)
    seconds = float(os.environ["WORKER_SECONDS"])
    jobs = importlib.import_module("skyportal_series.jobs")
    jobs.warm_up()
    limit_memory(int(os.environ["WORKER_MEMORY_BYTES"]))
    with socket.socket(fileno=0) as channel:
        while request := _receive(channel):
            # The server ends a late job; should the server itself be gone, this does.
            signal.alarm(int(seconds) + 5)
            answer = _run(jobs, request["job"], request["arguments"])
            signal.alarm(0)
            message = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
            channel.sendall(HEADER.pack(len(message)) + message)


def limit_memory(allowance: int) -> None:
    """Let the process grow by `allowance` bytes and no further; past it comes MemoryError."""
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    size = pages * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (size + allowance, size + allowance))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _run(jobs: Any, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": jobs.JOBS[name](**arguments)}
    except SeriesError as error:
        kind, message, problems = type(error).__name__, error.message, error.problems
        # HDF5 keeps files open that it could not write to the end: they go with the process.
        last = isinstance(error, StorageFull)
        return {"error": kind, "message": message, "problems": problems, "last": last}
    except MemoryError:
        # What memory is in pieces after this is anybody's guess: a fresh process takes over.
        return {"error": "MemoryError", "message": "", "problems": {}, "last": True}
    except Exception:  # noqa: BLE001 - told to the server, which logs it and answers 500
        return {"error": "Unexpected", "message": traceback.format_exc(), "problems": {}}


def _receive(channel: socket.socket) -> Any:
    header = channel.recv(HEADER.size, socket.MSG_WAITALL)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    body = channel.recv(length, socket.MSG_WAITALL)
    return orjson.loads(body) if len(body) == length else None


if __name__ == "__main__":
    main()
