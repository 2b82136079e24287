"""Databases on the tests' server: made in milliseconds as copies, and dropped.

TEST_DB_DRIVER=psycopg runs everything on psycopg 3 instead of psycopg2.
"""

from __future__ import annotations

import itertools
import os

from sqlalchemy import URL

from skyportal_series.database import create_engine_for
from skyportal_series.embedded import EmbeddedPostgres

DRIVER = os.environ.get("TEST_DB_DRIVER", "psycopg2")
#: Nothing in tests needs to outlive a power failure.
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
