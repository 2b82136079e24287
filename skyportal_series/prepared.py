"""Statements that are built once, and planned once per connection.

SQLAlchemy takes some milliseconds to build, look up and adapt a statement of fifty columns, and
PostgreSQL about one to plan it: several times as long as it takes to run. What is asked with every
request is therefore turned into text when it is first asked, and prepared on each connection.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Row, Select, exc
from sqlalchemy.dialects import postgresql

from .sql import sqlstate

#: What PostgreSQL says of a statement that the connection does not have (any more), be it that a
#: pooler such as PgBouncer gave it another one, and of one whose tables have changed.
_NOT_PREPARED, _CHANGED = "26000", "0A000"
#: … and of one that it has already, from another client of the pooler: names go by content.
_PREPARED_ALREADY = "42P05"

_IN_INFO = "skyportal_series.prepared"


@dataclass(frozen=True)
class _Text:
    """A statement for one dialect. `constants` are what was built into it."""

    plain: str
    constants: dict[str, Any]
    prepare: str
    execute: str
    name: str


class Prepared:
    """A statement that `build` makes, with `bindparam`s for what changes.

    Values come as the driver gives them: SQLAlchemy's types have no part in it.
    """

    def __init__(self, build: Callable[[], Select[Any]]) -> None:
        self._build = build
        self._texts: WeakKeyDictionary[Dialect, _Text] = WeakKeyDictionary()

    def rows(self, connection: Connection, **values: Any) -> Sequence[Row[Any]]:
        """Run it with `values` for its parameters."""
        text = self._for(connection.dialect)
        values = text.constants | values
        # psycopg 3 prepares by itself. In a transaction, a failure here would be the end of it.
        if connection.dialect.driver == "psycopg2" and _is_autocommit(connection):
            try:
                return _run_prepared(connection, text, values)
            except exc.DBAPIError as error:
                if sqlstate(error) not in (_NOT_PREPARED, _CHANGED):
                    raise
        return connection.exec_driver_sql(text.plain, values).all()

    def first(self, connection: Connection, **values: Any) -> Row[Any] | None:
        """The first row, or None."""
        found = self.rows(connection, **values)
        return found[0] if found else None

    def _for(self, dialect: Dialect) -> _Text:
        found = self._texts.get(dialect)
        if found is None:
            found = self._texts[dialect] = _compiled(self._build(), dialect)
        return found


def _compiled(statement: Select[Any], dialect: Dialect) -> _Text:
    plain = statement.compile(dialect=dialect)
    numbered = statement.compile(dialect=postgresql.dialect(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]
    text = str(numbered)
    name = f"series_{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}"
    order = tuple(numbered.positiontup or ())
    places = ", ".join(f"%({key})s" for key in order)
    return _Text(
        plain=str(plain),
        constants=dict(plain.params),
        prepare=f"PREPARE {name} AS {text}",
        execute=f"EXECUTE {name} ({places})" if order else f"EXECUTE {name}",
        name=name,
    )


def _is_autocommit(connection: Connection) -> bool:
    return bool(getattr(connection.connection.dbapi_connection, "autocommit", False))


def _run_prepared(
    connection: Connection, text: _Text, values: dict[str, Any]
) -> Sequence[Row[Any]]:
    known: set[str] = connection.info.setdefault(_IN_INFO, set())
    if text.name not in known:
        _prepare(connection, text)
        known.add(text.name)
    try:
        return connection.exec_driver_sql(text.execute, values).all()
    except exc.DBAPIError as error:
        if sqlstate(error) == _CHANGED:
            connection.exec_driver_sql(f"DEALLOCATE {text.name}")
        known.discard(text.name)
        raise


def _prepare(connection: Connection, text: _Text) -> None:
    try:
        connection.exec_driver_sql(text.prepare, execution_options={"no_parameters": True})
    except exc.DBAPIError as error:
        if sqlstate(error) != _PREPARED_ALREADY:
            raise
