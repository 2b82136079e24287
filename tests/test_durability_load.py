"""Two servers on one database and folder under a mixed load, while both and the database die.

Afterwards every acknowledged series is there, value for value, and the check agrees.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import FAST, connect
from faults import until
from jobs_here import JobsHere
from mixed_load import MixedLoad
from server import Server, configure, furnish, launch

from skyportal_series import config, fsck
from skyportal_series.database import create_engine_for, ensure_database
from skyportal_series.embedded import EmbeddedPostgres
from skyportal_series.migrations import migrate

SETTINGS = {"limits.worker_processes": 2}


@pytest.fixture
def mortal() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server that may be stopped, with a database that has all tables."""
    folder = Path(tempfile.mkdtemp(prefix="series-"))
    with EmbeddedPostgres(folder / "pg", settings=FAST) as postgres:
        ensure_database(connect(postgres, "load"))
        engine = create_engine_for(connect(postgres, "load"))
        migrate(engine)
        engine.dispose()
        yield postgres
    shutil.rmtree(folder)


@pytest.fixture
def servers(mortal: EmbeddedPostgres, tmp_path: Path) -> Iterator[list[Server]]:
    shared = {"photometric_series_folder": str(tmp_path / "series")} | SETTINGS
    both = [configure(connect(mortal, "load"), tmp_path / name, shared) for name in "ab"]
    for server in both:
        launch(server)
    furnish(both[0])
    yield both
    for server in both:
        kill(server)
        server.session.close()


def kill(server: Server) -> None:
    server.process.kill()
    server.process.wait()
    server.process.stdout.close()


def command(server: Server) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "skyportal_series", "fsck", "-C", str(server.config)]
    return subprocess.run(arguments, capture_output=True, text=True)


def check(server: Server, repair: bool = False) -> fsck.Totals:
    engine = create_engine_for(server.database_url, pool_size=2)
    try:
        return asyncio.run(fsck.check(config.load([server.config]), engine, repair, age=0))
    finally:
        engine.dispose()


def test_nothing_acknowledged_is_lost(
    servers: list[Server], mortal: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [server.url for server in servers]
    load = MixedLoad(urls, servers[0].token, servers[0].instrument_id, rough=True)

    def some_requests(number: int = 30) -> None:
        target = load.done + number
        until(lambda: load.done >= target, 120)

    def trouble() -> None:
        some_requests()
        for number in (0, 1):
            kill(servers[number])
            some_requests()
            launch(servers[number])
            urls[number] = servers[number].url
            some_requests()
        mortal.stop()
        away = load.codes.total()
        until(lambda: load.codes.total() > away + 20)
        mortal.start()
        some_requests()
        beside = command(servers[0])
        assert (beside.returncode, beside.stderr) == (0, ""), beside.stdout

    load.run(6, trouble)
    assert load.problems == []
    assert load.verify(servers[0].url) > 0
    monkeypatch.setattr("skyportal_series.fsck.checking.Workers", JobsHere)
    assert set(check(servers[0]).found) <= {"orphan", "leftover"}
    check(servers[0], repair=True)
    assert check(servers[0]).found == {}
