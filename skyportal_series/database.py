"""The way to the database: engines, databases, and whether all is well with them."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import URL, Engine, create_engine, exc, inspect, make_url, text

from .direct import OPTION
from .errors import InvalidInput
from .models.base import dump_json
from .sql import sqlstate

#: SQLAlchemy 2.0 and 2.1 differ in what `postgresql://` means; here it means this.
DRIVER = "psycopg2"
CONNECT_SECONDS = 10
#: SQLSTATEs of CREATE DATABASE where another process was as quick.
DUPLICATE_DATABASE = ("42P04", "23505")


def parse_url(url: str | URL) -> URL:
    """A PostgreSQL URL with its driver named; raises InvalidInput for any other."""
    try:
        parsed = make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername=f"postgresql+{DRIVER}")
        parsed.get_dialect()
    except exc.ArgumentError as error:
        # The text of the URL stays out of it: it may hold a password.
        raise InvalidInput(
            "database.url cannot be used. It has the form postgresql://user:password@host/name."
        ) from error
    if parsed.get_backend_name() != "postgresql":
        raise InvalidInput(
            f"database.url is for {parsed.drivername}; only PostgreSQL is served: postgresql://…"
        )
    return parsed


def create_engine_for(url: str | URL, pool_size: int = 10, **options: Any) -> Engine:
    """An engine with a pool for threads, and JSON by orjson.

    psycopg2 is the driver unless the URL names another (`postgresql+psycopg://…`). `options` go to
    SQLAlchemy's `create_engine`. Raises InvalidInput if the URL is not one of PostgreSQL.
    """
    settings: dict[str, Any] = {
        "pool_size": pool_size,
        "max_overflow": pool_size,
        "pool_recycle": 3600,
        "pool_timeout": 30,
        "json_serializer": dump_json,
        "json_deserializer": orjson.loads,
        "execution_options": {OPTION: True},
        "connect_args": {
            "connect_timeout": CONNECT_SECONDS,
            # A server that vanished from the network is noticed within a minute.
            "keepalives_idle": 20,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 50_000,
            "application_name": "skyportal-series",
        },
    }
    return create_engine(parse_url(url), **settings | options)


def ensure_database(url: str | URL) -> None:
    """Create the database that `url` names, if the server does not have it."""
    parsed = parse_url(url)
    server = create_engine_for(parsed.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            name = parsed.database or ""
            found = text("SELECT 1 FROM pg_database WHERE datname = :name")
            if connection.execute(found, {"name": name}).first() is None:
                quoted = server.dialect.identifier_preparer.quote_identifier(name)
                connection.exec_driver_sql(f"CREATE DATABASE {quoted}")
    except exc.DBAPIError as error:
        if sqlstate(error) not in DUPLICATE_DATABASE:
            raise
    finally:
        server.dispose()


def trouble(engine: Engine) -> str | None:
    """What is wrong with the database, in words fit for strangers; None if it can be used."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            if not inspect(connection).has_table("photometric_series"):
                return "The tables are missing: run skyportal-series init."
    except exc.TimeoutError:
        return "All connections to the database are in use."
    except exc.SQLAlchemyError:
        return "The database does not answer."
    return None
