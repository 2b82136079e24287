"""Statements that are built once, and planned once per connection.

SQLAlchemy takes some milliseconds to build, look up and adapt a statement of fifty columns, and
PostgreSQL about one to plan it: several times as long as it takes to run. What is asked with every
request is therefore turned into text when it is first asked, prepared on each connection (but in a
transaction), and asked of the driver itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.dialects import postgresql

_IN_INFO = "skyportal_series.prepared"

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Text:
    """A statement for one dialect: by itself, and to be prepared and run under a name.

    `constants` are values that were built into it.
    """

    plain: str
    constants: dict[str, Any]
    name: str
    prepare: str
    execute: str


class Prepared:
    """A statement that `build` makes, with `bindparam`s for what changes.

    Values come as the driver gives them: SQLAlchemy's types have no part in it.
    """

    def __init__(self, build: Callable[[], Select[Any]]) -> None:
        self._build = build
        self._texts: WeakKeyDictionary[Dialect, Text] = WeakKeyDictionary()

    def rows(self, connection: Connection, **values: Any) -> Rows:
        """Run it with `values` for its parameters."""
        text = self.text(connection.dialect)
        values = text.constants | values
        found = _run_prepared(connection, text, values)
        if found is None:
            found = connection.exec_driver_sql(text.plain, values).all()
        return found

    def text(self, dialect: Dialect) -> Text:
        """The statement as `dialect` has it."""
        found = self._texts.get(dialect)
        if found is None:
            found = self._texts[dialect] = _compiled(self._build(), dialect)
        return found


def _compiled(statement: Select[Any], dialect: Dialect) -> Text:
    plain = statement.compile(dialect=dialect)
    numbered = statement.compile(dialect=postgresql.dialect(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]
    text = str(numbered)
    # By its content: behind a pooler such as PgBouncer, another client may have prepared it.
    name = f"series_{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}"
    places = ", ".join(f"%({key})s" for key in numbered.positiontup or ())
    return Text(
        plain=str(plain),
        constants=dict(plain.params),
        name=name,
        prepare=f"PREPARE {name} AS {text}",
        execute=f"EXECUTE {name} ({places})" if places else f"EXECUTE {name}",
    )


def _run_prepared(connection: Connection, text: Text, values: dict[str, Any]) -> Rows | None:
    """The rows; None where the statement is to be run in the plain way.

    That is with psycopg 3, which prepares by itself; in a transaction, which a failure here would
    end; and for good after any failure on this connection: perhaps a pooler has put another server
    behind it, perhaps a table has changed. What the failure means, SQLAlchemy is to say.
    """
    driver = connection.connection.dbapi_connection
    if connection.dialect.driver != "psycopg2" or driver is None or not driver.autocommit:
        return None
    prepared: dict[str, bool] = connection.info.setdefault(_IN_INFO, {})
    if prepared.get(text.name) is False:
        return None
    cursor = driver.cursor()
    try:
        if text.name not in prepared:
            cursor.execute(text.prepare)
        cursor.execute(text.execute, values)
        prepared[text.name] = True
        return cursor.fetchall()
    except connection.dialect.dbapi.Error:  # type: ignore[union-attr]
        prepared[text.name] = False
        return None
    finally:
        cursor.close()
