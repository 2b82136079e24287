"""Rows of series → answers. Lists look for ids; all that is told of those is one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    any_,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from ..accounts import ACTOR_COLUMNS, actor_of, of_token, readable_by_token
from ..models import (
    Group,
    GroupPhotometricSeries,
    Instrument,
    PhotometricSeries,
    Stream,
    StreamPhotometricSeries,
)
from ..models.access import ASKER, Actor, count_readable, readable
from ..prepared import Prepared, Rows
from ..schemas.answer import COLUMNS, GROUP_COLUMNS, STREAM_COLUMNS
from ..schemas.filters import Query, column_named, conditions

Answer = dict[str, Any]

#: What is asked of a series whose file is handed out as it is.
FILE_COLUMNS = ("id", "obj_id", "series_name", "filter", "num_exp", "filename", "hash")


def one(connection: Connection, actor: Actor, series_id: int) -> Answer | None:
    """The series, where `actor` may read it."""
    statement = _ANY if actor.is_admin else _OWN
    found = _answers(connection, statement, id=series_id, asker=actor.id)
    return found[0] if found else None


def _told_by_token(found: Rows) -> tuple[Actor, Answer | None]:
    actor, columns = _after_actor(found)
    return actor, _answer(columns) if columns else None


def _file_by_token(found: Rows) -> tuple[Actor, Answer | None]:
    actor, columns = _after_actor(found)
    return actor, dict(zip(FILE_COLUMNS, columns, strict=True)) if columns else None


def _after_actor(found: Rows) -> tuple[Actor, Sequence[Any] | None]:
    actor = actor_of([row[:ACTOR_COLUMNS] for row in found])
    columns = found[0][ACTOR_COLUMNS:]
    return actor, columns if columns[0] is not None else None


def page(connection: Connection, actor: Actor, query: Query) -> list[Answer]:
    """One page of the series that `actor` may read and `query` wants, in its order."""
    size = query["numPerPage"]
    found = _wanted(select(PhotometricSeries.id), actor, query).order_by(*_order(query))
    return _those(connection, found.limit(size).offset((query["pageNumber"] - 1) * size))


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
    found = _wanted(select(PhotometricSeries.id), actor, query)
    if last is not None:
        found = found.where(_beyond(query, *last))
    size = query["numPerPage"]
    answers = _those(connection, found.order_by(*_order(query)).limit(size + 1))
    return answers[:size], len(answers) > size


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


def _those(connection: Connection, found: Select[Any]) -> list[Answer]:
    """The series whose ids are `found`, in that order."""
    ids = list(connection.scalars(found))
    by_id = {answer["id"]: answer for answer in _answers(connection, _THESE, ids=ids)}
    return [by_id[number] for number in ids if number in by_id]


def _answers(connection: Connection, statement: Prepared, **values: Any) -> list[Answer]:
    return [_answer(row) for row in statement.rows(connection, **values)]


def _answer(row: Sequence[Any]) -> Answer:
    answer = dict(zip((*COLUMNS, "groups", "streams"), row, strict=True))
    answer["group_ids"] = [group["id"] for group in answer["groups"]]
    answer["stream_ids"] = [stream["id"] for stream in answer["streams"]]
    return answer | {"data": None}


def instrument_name(connection: Connection, instrument_id: int) -> str | None:
    """What an instrument is called."""
    return connection.scalar(select(Instrument.name).where(Instrument.id == instrument_id))


def _told() -> Select[Any]:
    """All that is told of series: their columns, and whom they are shared with, as JSON."""
    groups, streams = GroupPhotometricSeries, StreamPhotometricSeries
    columns = [getattr(PhotometricSeries, name) for name in COLUMNS]
    return select(
        *columns,
        _shared_with(groups, Group, groups.group_id, GROUP_COLUMNS).label("groups"),
        _shared_with(streams, Stream, streams.stream_id, STREAM_COLUMNS).label("streams"),
    )


def _shared_with(shares: Any, table: Any, key: Any, names: Sequence[str]) -> Any:
    pairs: list[Any] = []
    for name in names:
        pairs += [literal_column(f"'{name}'"), getattr(table, name)]
    one = aggregate_order_by(func.json_build_object(*pairs), table.id)
    found = select(func.coalesce(func.json_agg(one), literal_column("'[]'::json")))
    found = found.join_from(shares, table, table.id == key)
    return found.where(shares.photometric_serie_id == PhotometricSeries.id).scalar_subquery()


def _by_token(told: Select[Any]) -> Select[Any]:
    """One row for a token that there is; all columns of the series null where it is not theirs."""
    series = told.where(PhotometricSeries.id == _ID, readable_by_token()).subquery()
    return of_token().add_columns(*series.c).outerjoin(series, true())


def _file() -> Select[Any]:
    return select(*(getattr(PhotometricSeries, name) for name in FILE_COLUMNS))


_ID = bindparam("id", type_=Integer)
_IDS = bindparam("ids", type_=ARRAY(Integer))
#: One series for who may read all; one for everyone else; several that have been found already.
_ANY = Prepared(lambda: _told().where(PhotometricSeries.id == _ID))
_OWN = Prepared(lambda: _told().where(PhotometricSeries.id == _ID, readable(ASKER)))
_THESE = Prepared(lambda: _told().where(PhotometricSeries.id == any_(_IDS)))
#: Whose `token` is, and the series `id` where they may read it: the statement, and what makes that
#: of its rows (raises as authenticating does). All of the series, or its FILE_COLUMNS.
BY_TOKEN = (Prepared(lambda: _by_token(_told())), _told_by_token)
FILE_BY_TOKEN = (Prepared(lambda: _by_token(_file())), _file_by_token)
