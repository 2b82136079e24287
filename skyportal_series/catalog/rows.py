"""Rows of series → answers. One statement for the rows, two for whom they are shared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select, tuple_

from ..models import (
    Group,
    GroupPhotometricSeries,
    Instrument,
    PhotometricSeries,
    Stream,
    StreamPhotometricSeries,
)
from ..models.access import Actor, count_readable, readable
from ..schemas.answer import COLUMNS, GROUP_COLUMNS, STREAM_COLUMNS
from ..schemas.filters import Query, column_named, conditions

Answer = dict[str, Any]

_COLUMNS = [getattr(PhotometricSeries, name) for name in COLUMNS]


def one(connection: Connection, actor: Actor, series_id: int) -> Answer | None:
    """The series, where `actor` may read it."""
    found = select(*_COLUMNS).where(PhotometricSeries.id == series_id, readable(actor))
    answers = _answers(connection, found)
    return answers[0] if answers else None


def page(connection: Connection, actor: Actor, query: Query) -> list[Answer]:
    """One page of the series that `actor` may read and `query` wants, in its order."""
    found = _wanted(select(*_COLUMNS), actor, query)
    size = query["numPerPage"]
    found = found.order_by(*_order(query)).limit(size).offset((query["pageNumber"] - 1) * size)
    return _answers(connection, found)


def count(connection: Connection, actor: Actor, query: Query) -> int:
    """How many series `page` has on all its pages together."""
    if not conditions(query):
        return connection.scalar(count_readable(actor)) or 0
    return connection.scalar(_wanted(select(func.count(PhotometricSeries.id)), actor, query)) or 0


def after(
    connection: Connection, actor: Actor, query: Query, last: tuple[Any, int] | None
) -> tuple[list[Answer], bool]:
    """The series that follow `last` (value of the sorting column, id) in the order of `query`.

    As many as fit a page, and whether there are more.
    """
    found = _wanted(select(*_COLUMNS), actor, query)
    if last is not None:
        found = found.where(_beyond(query, *last))
    size = query["numPerPage"]
    rows = connection.execute(found.order_by(*_order(query)).limit(size + 1)).mappings().all()
    answers = [dict(row) for row in rows[:size]]
    add_sharing(connection, answers)
    return answers, len(rows) > size


def _beyond(query: Query, value: Any, series_id: int) -> ColumnElement[bool]:
    """What comes after a row; nulls, which no row comparison finds, sort as the greatest value."""
    column, number = column_named(query["sortBy"]), PhotometricSeries.id
    ascending = query["sortOrder"] == "asc"
    if value is None:
        tied = and_(column.is_(None), number > series_id if ascending else number < series_id)
        return tied if ascending else or_(tied, column.is_not(None))
    key, last = tuple_(column, number), tuple_(literal(value, column.type), series_id)
    if not ascending:
        return key < last
    # Where there are no nulls, the comparison alone, which an index serves.
    nullable = PhotometricSeries.__table__.c[query["sortBy"]].nullable
    return or_(key > last, column.is_(None)) if nullable else key > last


def _wanted(statement: Select[Any], actor: Actor, query: Query) -> Select[Any]:
    return statement.where(readable(actor), *conditions(query))


def _order(query: Query) -> Iterable[ColumnElement[Any]]:
    """Ties go by id, so that paging sees every series once."""
    keys = [column_named(query["sortBy"]), PhotometricSeries.id]
    return keys if query["sortOrder"] == "asc" else [key.desc() for key in keys]


def _answers(connection: Connection, statement: Select[Any]) -> list[Answer]:
    answers = [dict(row) for row in connection.execute(statement).mappings()]
    add_sharing(connection, answers)
    return answers


def instrument_name(connection: Connection, instrument_id: int) -> str | None:
    """What an instrument is called."""
    return connection.scalar(select(Instrument.name).where(Instrument.id == instrument_id))


def add_sharing(connection: Connection, answers: Sequence[Answer]) -> None:
    """Add `group_ids`, `groups`, `stream_ids`, `streams` and an empty `data` to each."""
    by_id: dict[int, Answer] = {}
    for answer in answers:
        answer |= {"group_ids": [], "stream_ids": [], "groups": [], "streams": [], "data": None}
        by_id[answer["id"]] = answer
    if not by_id:
        return
    for kind, table, columns, shares in (
        ("group", Group, GROUP_COLUMNS, GroupPhotometricSeries),
        ("stream", Stream, STREAM_COLUMNS, StreamPhotometricSeries),
    ):
        key = getattr(shares, f"{kind}_id")
        told = select(shares.photometric_serie_id, *(getattr(table, name) for name in columns))
        told = told.join(table, table.id == key).order_by(table.id)
        for series_id, *values in connection.execute(
            told.where(shares.photometric_serie_id.in_(list(by_id)))
        ):
            by_id[series_id][f"{kind}_ids"].append(values[0])
            by_id[series_id][f"{kind}s"].append(dict(zip(columns, values, strict=True)))
