"""Statements whose SQL text is made once.

SQLAlchemy takes some milliseconds to build, look up and adapt a statement of fifty columns, several
times as long as PostgreSQL takes to run it. What is asked with every request is therefore
turned into text when it is first asked, and run as that from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Row, Select


class Prepared:
    """A statement that `build` makes, with `bindparam`s for what changes.

    Values come as the driver gives them: SQLAlchemy's types have no part in it.
    """

    def __init__(self, build: Callable[[], Select[Any]]) -> None:
        self._build = build
        self._compiled: WeakKeyDictionary[Dialect, tuple[str, dict[str, Any]]] = WeakKeyDictionary()

    def rows(self, connection: Connection, **values: Any) -> Sequence[Row[Any]]:
        """Run it with `values` for its parameters."""
        text, constants = self._for(connection.dialect)
        return connection.exec_driver_sql(text, constants | values).all()

    def first(self, connection: Connection, **values: Any) -> Row[Any] | None:
        """The first row, or None."""
        found = self.rows(connection, **values)
        return found[0] if found else None

    def _for(self, dialect: Dialect) -> tuple[str, dict[str, Any]]:
        """The text, and the values that `build` itself has put in."""
        found = self._compiled.get(dialect)
        if found is None:
            compiled = self._build().compile(dialect=dialect)
            found = self._compiled[dialect] = str(compiled), dict(compiled.params)
        return found
