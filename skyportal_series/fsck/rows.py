"""What the check reads and writes in the database: each function is one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    any_,
    delete,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, VARCHAR, insert

from ..catalog.record import without_nulls
from ..models import PhotometricSeries, PhotometricSeriesDamage, utcnow
from .figures import COLUMNS

Row = Mapping[str, Any]

_SERIES, _DAMAGE = PhotometricSeries, PhotometricSeriesDamage


def _all() -> Select[Any]:
    marked = _DAMAGE.reason.label("marked")
    rows = select(_SERIES.id, _SERIES.filename, _SERIES.hash, marked, *COLUMNS)
    return rows.join(_DAMAGE, _DAMAGE.series_id == _SERIES.id, isouter=True)


def _dicts(connection: Connection, found: Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(found).mappings()]


def count(connection: Connection) -> int:
    """How many series there are."""
    return connection.scalar(select(func.count(_SERIES.id))) or 0


def after(connection: Connection, last: int, size: int) -> Sequence[Row]:
    """The next `size` series by id. Pages, and no cursor: that would keep a transaction open."""
    found = _all().where(_SERIES.id > last).order_by(_SERIES.id).limit(size)
    return _dicts(connection, found)


def by_id(connection: Connection, ids: Sequence[int]) -> Sequence[Row]:
    """These series as they are now; those that are gone are not among them."""
    return _dicts(connection, _all().where(_SERIES.id.in_(ids)))


def named(connection: Connection, filenames: Sequence[str]) -> set[str]:
    """Those of `filenames` that a series has."""
    batch = any_(literal(filenames, ARRAY(VARCHAR)))
    return set(connection.scalars(select(_SERIES.filename).where(_SERIES.filename == batch)))


def is_empty(connection: Connection) -> bool:
    """Whether there is no series at all."""
    return not connection.scalar(select(exists().select_from(_SERIES)))


def set_figures(connection: Connection, row: Row, figures: Mapping[str, Any]) -> bool:
    """Put `figures` into the row, unless it has another file by now; whether it was done."""
    same = (_SERIES.id == row["id"], _SERIES.filename == row["filename"])
    values = without_nulls(dict(figures))
    return connection.execute(update(_SERIES).where(*same).values(values)).rowcount == 1


def mark(connection: Connection, series_id: int, reason: str) -> None:
    """Note what is wrong with a series; when it was first found stays."""
    # From the series' own row: it may have been deleted just now.
    source = select(_SERIES.id, literal(reason), literal(utcnow())).where(_SERIES.id == series_id)
    note = insert(_DAMAGE).from_select(["series_id", "reason", "found_at"], source)
    connection.execute(
        note.on_conflict_do_update(index_elements=["series_id"], set_={"reason": reason})
    )


def unmark(connection: Connection, series_id: int) -> None:
    """Nothing is wrong with it any more."""
    connection.execute(delete(_DAMAGE).where(_DAMAGE.series_id == series_id))
