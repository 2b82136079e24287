"""A real server for tests: a process of its own, on a free port, with a database of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml
from sqlalchemy import URL, select
from sqlalchemy.orm import Session

from skyportal_series.accounts import create_token
from skyportal_series.database import create_engine_for
from skyportal_series.models import Group, GroupUser, Instrument, Obj, Stream, Telescope, User

UPLOAD = "Upload data"
MANAGE = "Manage photometry"
ADMIN = "System admin"


@dataclass
class Server:
    """A running server: where it is, its database and its folder."""

    process: subprocess.Popen[str] | None
    url: str
    database_url: URL
    folder: Path
    config: Path
    token: str = ""
    instrument_id: int = 0
    session: requests.Session = field(default_factory=requests.Session)

    def request(
        self, method: str, path: str, token: str | None = None, **options: Any
    ) -> requests.Response:
        """A request to the API; `token` is the default user's unless given."""
        headers = {"Authorization": f"token {token or self.token}"} | options.pop("headers", {})
        return self.session.request(
            method, f"{self.url}{path}", headers=headers, timeout=60, **options
        )

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", f"/api/photometric_series{path}", **options)

    def post(self, **options: Any) -> requests.Response:
        return self.request("POST", "/api/photometric_series", **options)

    def patch(self, series_id: int, **options: Any) -> requests.Response:
        return self.request("PATCH", f"/api/photometric_series/{series_id}", **options)

    def delete(self, series_id: int, **options: Any) -> requests.Response:
        return self.request("DELETE", f"/api/photometric_series/{series_id}", **options)

    def files(self) -> list[Path]:
        """All stored files, and all that is left in the spool."""
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def make_token(self, username: str, *acls: str) -> str:
        """A token of `username`, who is made if new."""
        with self.database() as session:
            return create_token(session, username, acls)

    @contextmanager
    def database(self) -> Iterator[Session]:
        """A transaction on the server's database."""
        engine = create_engine_for(self.database_url, pool_size=1)
        try:
            with Session(engine) as session, session.begin():
                yield session
        finally:
            engine.dispose()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def running(
    database_url: URL, folder: Path, demo: bool = False, **overrides: Any
) -> Iterator[Server]:
    """A server process on `database_url` and `folder`; `overrides` are configuration keys."""
    server = start(database_url, folder, overrides, demo)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()
        server.process.stdout.close()
        server.session.close()


def start(
    database_url: URL,
    folder: Path,
    overrides: Mapping[str, Any] | None = None,
    demo: bool = False,
) -> Server:
    """Start a server process and wait until it answers."""
    server = configure(database_url, folder, overrides)
    launch(server, *(["--demo"] if demo else []))
    if demo:
        server.token = server.process.stdout.readline().split()[-1]
    return server


def configure(
    database_url: URL, folder: Path, overrides: Mapping[str, Any] | None = None
) -> Server:
    """A server that does not run yet: its folder and its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.yaml"
    content = {
        "database": {"url": database_url.render_as_string(hide_password=False)},
        "photometric_series_folder": str(folder / "series"),
        "data_dir": str(folder / "data"),
    }
    # Each takes a second of a processor to start.
    for key, value in ({"limits.worker_processes": 1} | dict(overrides or {})).items():
        below = content
        *parents, last = key.split(".")
        for parent in parents:
            below = below.setdefault(parent, {})
        below[last] = value
    config.write_text(yaml.safe_dump(content))
    return Server(None, "", database_url, Path(content["photometric_series_folder"]), config)


def launch(server: Server, *options: str) -> None:
    """Start the process of a server that is configured, or has ended."""
    log_path = server.config.with_name("server.log")
    command = [sys.executable, "-m", "skyportal_series", "serve", "-C", str(server.config)]
    with log_path.open("a") as log:
        server.process = subprocess.Popen(
            [*command, "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
        )
    line = server.process.stdout.readline()
    match = re.search(r"http://\S+", line)
    if match is None:
        server.process.kill()
        raise RuntimeError(f"the server did not start: {log_path.read_text()}")
    server.url = match[0]


def furnish(server: Server) -> None:
    """What uploads refer to: a default user `alice` with a token, an instrument, objects."""
    server.token = server.make_token("alice", UPLOAD)
    with server.database() as session:
        telescope = Telescope(
            name="Telescope",
            nickname="T",
            lat=33.4,
            lon=-116.9,
            elevation=1700.0,
            diameter=1.2,
            robotic=True,
            fixed_location=True,
        )
        session.add(telescope)
        session.flush()
        instrument = Instrument(name="Camera", telescope_id=telescope.id)
        session.add(instrument)
        session.add_all(
            Obj(id=f"star{number}", ra=10.0 * number, dec=5.0) for number in range(1, 6)
        )
        session.flush()
        server.instrument_id = instrument.id


def add_group(server: Server, name: str, *usernames: str, private: bool = False) -> int:
    """A group with these members; its id."""
    with server.database() as session:
        group = Group(name=name, private=private)
        session.add(group)
        session.flush()
        for username in usernames:
            user_id = session.scalar(select(User.id).where(User.username == username))
            session.add(GroupUser(group_id=group.id, user_id=user_id))
        return group.id


def add_stream(server: Server, name: str, *usernames: str) -> int:
    """A stream with these users; its id."""
    from skyportal_series.models import StreamUser

    with server.database() as session:
        stream = Stream(name=name)
        session.add(stream)
        session.flush()
        for username in usernames:
            user_id = session.scalar(select(User.id).where(User.username == username))
            session.add(StreamUser(stream_id=stream.id, user_id=user_id))
        return stream.id
