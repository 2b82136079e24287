"""What the tests share: a PostgreSQL of their own, and fresh databases in it.

TEST_DB_DRIVER=psycopg runs everything on psycopg 3 instead of psycopg2.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session

from skyportal_series.database import create_engine_for, ensure_database
from skyportal_series.embedded import EmbeddedPostgres
from skyportal_series.migrations import migrate

DRIVER = os.environ.get("TEST_DB_DRIVER", "psycopg2")
#: Nothing here needs to outlive a power failure.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
numbers = itertools.count(1)


def connect(server: EmbeddedPostgres, database: str) -> URL:
    """The URL of a database of `server`, with the driver that the tests run on."""
    return server.url.set(drivername=f"postgresql+{DRIVER}", database=database)


def create_database(server: EmbeddedPostgres, template: str = "template0") -> URL:
    """A new database, a copy of `template`; milliseconds, as the template is small."""
    name = f"test_{next(numbers)}"
    engine = create_engine_for(connect(server, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    engine.dispose()
    return connect(server, name)


def drop_database(server: EmbeddedPostgres, url: URL) -> None:
    """Drop it, whoever is still connected."""
    engine = create_engine_for(connect(server, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {url.database} WITH (FORCE)")
    engine.dispose()


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


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on a fresh database that has all tables."""
    with Session(engine) as opened:
        yield opened
