"""The embedded PostgreSQL comes up, is shared, and survives what happens to processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from databases import DRIVER, connect
from sqlalchemy import URL, Engine, text

from skyportal_series.database import (
    create_engine_for,
    ensure_database,
    parse_url,
    trouble,
)
from skyportal_series.embedded import SOCKET_BYTES, EmbeddedPostgres
from skyportal_series.errors import InvalidInput, Unavailable

#: A process that uses the server on a folder until a line comes in, then leaves it.
USER = """
import sys
from skyportal_series.embedded import EmbeddedPostgres
with EmbeddedPostgres(sys.argv[1]):
    print("up", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="series-"))
    yield made / "pg"
    shutil.rmtree(made)


def answers(server: EmbeddedPostgres) -> bool:
    engine = create_engine_for(connect(server, "postgres"))
    try:
        with engine.connect() as connection:
            return bool(connection.execute(text("SELECT 1")).scalar_one())
    finally:
        engine.dispose()


def postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))


def stopped(folder: Path) -> bool:
    """Whether the server on `folder` was stopped: its note is the last thing that it removes."""
    return not (folder / "postmaster.pid").exists()


def start_user(folder: Path) -> subprocess.Popen[str]:
    """Another process that uses the server; returns when it has it."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def test_stops_and_comes_back_with_its_data(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        ensure_database(server.url)
    assert stopped(folder)
    with EmbeddedPostgres(folder) as server:
        engine = create_engine_for(server.url)
        assert trouble(engine) == "The tables are missing: run skyportal-series init."
        engine.dispose()


@pytest.mark.parametrize(
    "name", ["x" * SOCKET_BYTES, "with, comma", 'with space\'s "quotes" $HOME']
)
def test_serves_from_a_folder_with_an_awkward_name(folder: Path, name: str) -> None:
    with EmbeddedPostgres(folder / name / "pg") as server:
        assert answers(server)
        sockets = Path(str(server.url.query["host"]))
    assert sockets == server.folder or not sockets.exists()


def test_second_process_shares_and_the_last_one_stops_it(folder: Path) -> None:
    with start_user(folder) as other, EmbeddedPostgres(folder) as server:
        other.communicate("leave\n")
        assert answers(server)
        server.stop()
        assert stopped(folder)


def test_process_leaves_the_server_to_those_who_still_use_it(folder: Path) -> None:
    with start_user(folder) as other:
        EmbeddedPostgres(folder).start().stop()
        assert postmaster(folder).is_running()
        other.communicate("leave\n")
    assert stopped(folder)


def test_killed_process_is_not_counted(folder: Path) -> None:
    with start_user(folder) as other:
        other.kill()
    with EmbeddedPostgres(folder) as server:
        assert answers(server)
    assert stopped(folder)


def test_comes_back_after_everything_was_killed(folder: Path) -> None:
    with start_user(folder) as other:
        running = postmaster(folder)
        children = running.children(recursive=True)
        for process in (other, running, *children):
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs([running, *children], timeout=30)
    assert not stopped(folder)
    with EmbeddedPostgres(folder) as server:
        assert answers(server)


def test_note_that_names_another_program_is_no_server(folder: Path) -> None:
    EmbeddedPostgres(folder).start().stop()
    # As after a crash and a restart of the machine: the number belongs to something else by now.
    note = f"{os.getpid()}\n{folder}\n0\n5432\n{folder}\n\n  1 1\nready\n"
    (folder / "postmaster.pid").write_text(note)
    with EmbeddedPostgres(folder) as server:
        assert answers(server)


def test_stopping_twice_is_harmless(folder: Path) -> None:
    server = EmbeddedPostgres(folder).start()
    server.stop()
    server.stop()
    assert stopped(folder)


def test_folder_that_is_a_file_is_named(folder: Path) -> None:
    folder.write_text("")
    with pytest.raises(Unavailable, match=str(folder)):
        EmbeddedPostgres(folder).start()


def test_failing_start_says_what_postgresql_said(folder: Path) -> None:
    with pytest.raises(Unavailable, match="no_such_setting"):
        EmbeddedPostgres(folder, settings={"no_such_setting": "1"}).start()


def test_no_one_else_can_reach_it(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        assert folder.stat().st_mode & 0o077 == 0
        engine = create_engine_for(connect(server, "postgres"))
        with engine.connect() as connection:
            assert connection.execute(text("SHOW listen_addresses")).scalar_one() == ""
        engine.dispose()


# Engines


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql://u:p@host/name", "postgresql+psycopg2"),
        ("postgres://u:p@host/name", "postgresql+psycopg2"),
        ("postgresql+psycopg://u:p@host/name", "postgresql+psycopg"),
    ],
)
def test_driver_of_a_url(url: str, driver: str) -> None:
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "sqlite:///x.db",
        "oracle://u:secret@h/n",
        "postgresql+x://u:secret@h/n",
        "://",
    ],
)
def test_other_urls_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"postgresql://") as caught:
        create_engine_for(url)
    assert "secret" not in caught.value.message


def test_database_is_made_once(postgres: EmbeddedPostgres) -> None:
    url = connect(postgres, 'Made "here"')
    ensure_database(url)
    ensure_database(url)
    engine = create_engine_for(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT current_database()")).scalar_one() == url.database
    engine.dispose()


def test_migrated_database_is_healthy(engine: Engine) -> None:
    assert trouble(engine) is None


def test_server_that_is_away_is_not_healthy(folder: Path) -> None:
    away = URL.create(f"postgresql+{DRIVER}", database="x", query={"host": str(folder)})
    assert trouble(create_engine_for(away)) == "The database does not answer."
