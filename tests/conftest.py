"""What the tests share: a PostgreSQL of their own, and fresh databases in it.

TEST_DB_DRIVER=psycopg runs everything on psycopg 3 instead of psycopg2.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import FAST, connect, create_database, drop_database
from server import Server, furnish, running
from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session

from skyportal_series.database import create_engine_for, ensure_database
from skyportal_series.embedded import EmbeddedPostgres
from skyportal_series.migrations import migrate


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server in a temporary folder, with an empty `template` and a `migrated` one."""
    # Not pytest's own temporary folder: its path can be too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="series-"))
    with EmbeddedPostgres(folder / "pg", settings=FAST) as server:
        ensure_database(connect(server, "migrated"))
        engine = create_engine_for(connect(server, "migrated"))
        migrate(engine)
        engine.dispose()
        yield server
    shutil.rmtree(folder)


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[URL]:
    """The URL of a fresh database that has all tables."""
    url = create_database(postgres, template="migrated")
    yield url
    drop_database(postgres, url)


@pytest.fixture
def empty_database_url(postgres: EmbeddedPostgres) -> Iterator[URL]:
    """The URL of a fresh database without tables."""
    url = create_database(postgres)
    yield url
    drop_database(postgres, url)


@pytest.fixture
def engine(database_url: URL) -> Iterator[Engine]:
    """An engine on a fresh database that has all tables."""
    made = create_engine_for(database_url)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def shared_engine(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """An engine on a database that has all tables, and that tests leave as they find it."""
    made = create_engine_for(create_database(postgres, template="migrated"))
    yield made
    made.dispose()


@pytest.fixture
def session(shared_engine: Engine) -> Iterator[Session]:
    """A session whose doings, commits too, are undone after the test."""
    with shared_engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as opened:
            yield opened
        outer.rollback()


@pytest.fixture(scope="module")
def server(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with a database of its own for the tests of one file, furnished for uploads."""
    url = create_database(postgres, template="migrated")
    with running(url, tmp_path_factory.mktemp("server")) as started:
        furnish(started)
        yield started
    drop_database(postgres, url)


@pytest.fixture(scope="module")
def demo_server(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with the demo in it, and the demo's token."""
    url = create_database(postgres, template="migrated")
    with running(url, tmp_path_factory.mktemp("demo"), demo=True) as started:
        yield started
    drop_database(postgres, url)
