"""A server's processes, looked at from outside (Linux)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from server import Server


def workers_of(server: Server) -> list[int]:
    """The worker processes, the one that had most jobs first: it gets the next one."""
    children = [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/stat")
        if _parent(path) == server.process.pid
    ]
    return sorted(children, key=waits, reverse=True)


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def waits(pid: int) -> int:
    """How often it has waited for something, as a worker does after each job."""
    return int(status(pid, "voluntary_ctxt_switches"))


def peak_megabytes(pid: int) -> float:
    """The most memory that it has held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def status(pid: int, name: str) -> str:
    """One line of what the system says of a process."""
    return Path(f"/proc/{pid}/status").read_text().partition(f"\n{name}:")[2].split("\n")[0].strip()


def open_files(pid: int) -> dict[int, str]:
    """Its descriptors, and what they are of."""
    found = {}
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found[int(path.name)] = str(path.readlink())
    return found
