"""Sixteen clients, every verb, two server processes, a minute: not one error, and nothing lost.

By itself: `python -m benchmarks.load [seconds] [clients]`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .figures import Figure, table
from .setting import Setting, setting

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from mixed_load import MixedLoad
from server import Server, configure, launch

GROUP = "Mixed load"
CLIENTS = 16


def run(place: Setting, quick: bool, seconds: float = 60, clients: int = CLIENTS) -> list[Figure]:
    """Requests per second, their durations, and what went wrong (nothing)."""
    seconds = min(seconds, 10) if quick else seconds
    with _two_processes(place) as server:
        load = MixedLoad([server.url], server.token, server.instrument_id)
        load.run(clients, lambda: time.sleep(seconds))
        present = load.verify(server.url)
        unwell = _check(server)
    for problem in load.problems[:10]:
        print(problem, file=sys.stderr)
    return _figures(load, seconds, clients, present, unwell)


@contextmanager
def _two_processes(place: Setting) -> Iterator[Server]:
    """A server of two processes on the same database and folder."""
    shared = {"photometric_series_folder": str(place.server.folder), "server.workers": 2}
    server = configure(place.server.database_url, place.folder / "load", shared)
    server.token, server.instrument_id = place.server.token, place.server.instrument_id
    launch(server)
    try:
        yield server
    finally:
        server.stop()
        server.process.stdout.close()


def _check(server: Server) -> int:
    """What `fsck` returns."""
    command = [sys.executable, "-m", "skyportal_series", "fsck", "-C", str(server.config)]
    return subprocess.run(command, stdout=sys.stderr, check=False).returncode


def _figures(
    load: MixedLoad, seconds: float, clients: int, present: int, unwell: int
) -> list[Figure]:
    good = sum(number for code, number in load.codes.items() if code.endswith(" 200"))
    errors = len(load.problems)
    figures = [
        Figure(GROUP, f"requests, {clients} clients", load.codes.total() / seconds, "per s"),
        Figure(GROUP, "errors", errors, "", target="0", met=errors == 0 and good > 0),
        Figure(GROUP, "series verified afterwards", present, ""),
        Figure(GROUP, "exit code of fsck", unwell, "", target="0", met=unwell == 0),
    ]
    for method, taken in sorted(load.seconds.items()):
        cuts = statistics.quantiles(taken, n=100)
        figures.append(Figure(GROUP, f"{method}, median", cuts[49] * 1000, "ms"))
        figures.append(Figure(GROUP, f"{method}, 99 of 100", cuts[98] * 1000, "ms"))
    return figures


def main() -> None:
    """The command line."""
    seconds, clients = (list(map(int, sys.argv[1:])) + [60, CLIENTS][len(sys.argv) - 1 :])[:2]
    with setting() as place:
        figures = run(place, False, seconds, clients)
    print(table(figures))
    if any(figure.met is False for figure in figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
