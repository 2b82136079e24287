"""Writing rows of series: each function is the work of one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from ..errors import Duplicate, InvalidInput, NotFound, PreconditionFailed, Unavailable
from ..models import (
    GroupPhotometricSeries,
    PhotometricSeries,
    StreamPhotometricSeries,
    utcnow,
)
from ..models.access import Actor, changeable, readable
from ..models.base import PlainJSONB, dump_json
from ..prepared import Prepared
from .references import Sharing

#: What two series may not have in common.
IDENTITY = (
    "obj_id",
    "instrument_id",
    "origin",
    "filter",
    "series_name",
    "series_obj_id",
    "channel",
)

#: PostgreSQL's code where two rows may not have something in common.
UNIQUE_VIOLATION = "23505"


#: Tables of those whom a series is shared with, their column, and their name in Sharing.
_SHARING: tuple[tuple[Any, str, str], ...] = (
    (GroupPhotometricSeries, "group_id", "group_ids"),
    (StreamPhotometricSeries, "stream_id", "stream_ids"),
)
_COLUMNS = {c.name: c for c in PhotometricSeries.__table__.columns if c.name != "id"}
_JSON = [name for name, column in _COLUMNS.items() if isinstance(column.type, PlainJSONB)]


class Moved(Exception):
    """The row does not name the file any more that this change was made from."""


@dataclass(frozen=True)
class Record:
    """All columns of a row but id and owner, and whom it is shared with."""

    values: Mapping[str, Any]
    sharing: Sharing


def add(connection: Connection, actor: Actor, record: Record) -> int:
    """A new series of `actor`; its id. Raises IntegrityError; `refusal` says why."""
    now = utcnow()
    values = {**record.values, "owner_id": actor.id, "created_at": now, "modified": now}
    values |= {name: dump_json(values[name]) for name in _JSON if values[name] is not None}
    row = {name: values[name] for name in _COLUMNS}  # what is not there would become NULL
    shared = {ids: list(getattr(record.sharing, ids) or ()) for _, _, ids in _SHARING}
    ((series_id,),) = _ADDING.rows(connection, **row, **shared)
    return int(series_id)


def _adding() -> Select[Any]:
    """A row and its sharing in one statement: half the time of three, and of filling in defaults.

    Its parameters are all columns of the row but its id, and the ids of groups and streams.
    """
    row = {name: bindparam(name, type_=column.type) for name, column in _COLUMNS.items()}
    new = insert(PhotometricSeries).values(row).returning(PhotometricSeries.id).cte("new")
    adding = select(new.c.id)
    for table, key, name in _SHARING:
        ids = func.unnest(bindparam(name, type_=ARRAY(Integer)))
        each = select(ids, new.c.id, row["created_at"], row["modified"])
        names = [key, "photometric_serie_id", "created_at", "modified"]
        adding = adding.add_cte(insert(table).from_select(names, each).cte(name))
    return adding


_ADDING = Prepared(_adding)


def change(
    connection: Connection, actor: Actor, series_id: int, record: Record, filename: str
) -> None:
    """Let `record` replace the series, if its file is still `filename`.

    The file and not its hash, as two versions may have one hash, but never one name.

    Raises
    ------
    NotFound
        Where `actor` may not change it (any more).
    Moved
        Where another change came first.
    IntegrityError
        `refusal` says why.
    """
    if locked(connection, actor, series_id)["filename"] != filename:
        raise Moved
    values = dict(record.values) | {"modified": utcnow()}
    statement = update(PhotometricSeries).where(PhotometricSeries.id == series_id).values(values)
    connection.execute(statement)
    _unshare(connection, series_id, record.sharing)
    _share(connection, series_id, record.sharing)


def remove(
    connection: Connection, actor: Actor, series_id: int, versions: list[str] | None
) -> dict[str, Any]:
    """Delete the row; what it was (`filename`, `autodelete`, `obj_id`).

    Raises NotFound, or PreconditionFailed where `versions` has not its hash.
    """
    row = locked(connection, actor, series_id)
    check_version(row["hash"], versions)
    connection.execute(delete(PhotometricSeries).where(PhotometricSeries.id == series_id))
    return row


def locked(connection: Connection, actor: Actor, series_id: int) -> dict[str, Any]:
    """The row's version, held until the end of the transaction. Raises NotFound."""
    series = PhotometricSeries
    found = select(series.hash, series.filename, series.autodelete, series.obj_id)
    found = found.where(series.id == series_id, changeable(actor)).with_for_update(of=series)
    row = connection.execute(found).mappings().first()
    if row is None:
        raise NotFound("Invalid photometric series ID.")
    return dict(row)


def check_version(version: str, wanted: list[str] | None) -> None:
    """Raises PreconditionFailed where `wanted` (None: any will do) has not `version`."""
    if wanted is not None and version not in wanted:
        raise PreconditionFailed(
            "The series has changed since the version that If-Match names; get it again first."
        )


def refusal(
    connection: Connection, actor: Actor, record: Record, series_id: int | None, reason: str | None
) -> InvalidInput | Duplicate | Unavailable:
    """Why the database refused `record` (for `series_id`; `reason` is its SQLSTATE), in words."""
    values, series = record.values, PhotometricSeries
    same = [getattr(series, name) == values[name] for name in IDENTITY]
    found = select(series.id, series.filename, series.hash, readable(actor).label("readable"))
    found = found.where(or_(series.hash == values["hash"], and_(*same)))
    others = [row for row in connection.execute(found) if row.id != series_id]
    if not others and reason == UNIQUE_VIOLATION:
        return Unavailable("The same series was here and has just been deleted; try again.")
    if not others:
        return InvalidInput("Something that the series refers to has just been deleted.")
    duplicate = Duplicate(" ".join(_sameness(row, record) for row in others))
    duplicate.series_id = next((row.id for row in others if row.readable), None)
    return duplicate


def _sameness(row: Any, record: Record) -> str:
    """What `row` has in common with `record`; where its file lies is for those who may read it."""
    name = row.filename if row.readable else record.values["filename"]
    text = f"PhotometricSeries with filename {name} already exists."
    if row.hash != record.values["hash"]:
        return text
    place = f", with filename {name}" if row.readable else ""
    return f"{text} A PhotometricSeries with the same hash already exists{place}."


def _unshare(connection: Connection, series_id: int, sharing: Sharing) -> None:
    """Take the sharing away that `sharing` is to replace: None leaves it as it is."""
    for table, _, name in _SHARING:
        if getattr(sharing, name) is not None:
            connection.execute(delete(table).where(table.photometric_serie_id == series_id))


def _share(connection: Connection, series_id: int, sharing: Sharing) -> None:
    """Share the series, besides whom it is shared with, with these groups and streams."""
    for table, key, name in _SHARING:
        if ids := getattr(sharing, name):
            rows = [{key: number, "photometric_serie_id": series_id} for number in ids]
            connection.execute(insert(table), rows)
