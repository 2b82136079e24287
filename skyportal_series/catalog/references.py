"""What a series refers to: objects, instruments, requests, groups, streams.

A series may refer only to what its poster can read; what one cannot read looks as if it did not
exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal, select, union_all

from ..models import (
    ClassicalAssignment,
    FollowupRequest,
    Group,
    GroupUser,
    Instrument,
    Obj,
    Stream,
    access,
)
from ..models.access import Actor
from ..prepared import Prepared


@dataclass(frozen=True)
class Sharing:
    """Ids of the groups and streams that a series is shared with; None where nothing is said."""

    group_ids: tuple[int, ...] | None
    stream_ids: tuple[int, ...] | None


def resolve(
    connection: Connection, actor: Actor, fields: Mapping[str, Any], public_group: str
) -> tuple[Sharing, dict[str, list[str]]]:
    """Look up what `fields` refer to: whom to share with, and what there is not (field → texts)."""
    problems: dict[str, list[str]] = {}
    for name, found in _missing(connection, actor, fields).items():
        problems[name] = [f"Invalid {name}: {str(found)[:200]}"]
    streams = None
    if "stream_ids" in fields:
        streams = fields["stream_ids"]
        known = _known(connection, Stream, access.usable_streams(actor), streams)
        if absent := [number for number in streams if number not in known]:
            problems["stream_ids"] = [f"No stream with ID {number}" for number in absent[:20]]
    groups = None
    if "group_ids" in fields:
        groups, absent = _groups(connection, actor, fields["group_ids"], public_group)
        if absent:
            problems["group_ids"] = [f"Invalid group ID: {number}" for number in absent[:20]]
    return Sharing(_ordered(groups), _ordered(streams)), problems


#: The single references: where they are, and which of them an actor can read (None: all).
_READABLE: Mapping[str, tuple[Any, Callable[[Actor], ColumnElement[bool]] | None]] = {
    "obj_id": (Obj, None),
    "instrument_id": (Instrument, None),
    "followup_request_id": (FollowupRequest, access.usable_requests),
    "assignment_id": (ClassicalAssignment, access.usable_assignments),
}


def _ordered(ids: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if ids is None else tuple(sorted(set(ids)))


def _missing(connection: Connection, actor: Actor, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the single references that are not there, with what was asked for."""
    given = {name: fields[name] for name in _READABLE if fields.get(name) is not None}
    queries = []
    for name, value in given.items():
        table, condition = _READABLE[name]
        query = select(literal(name)).where(table.id == value)
        queries.append(query if condition is None else query.where(condition(actor)))
    present = set(connection.scalars(union_all(*queries))) if queries else set()
    return {name: value for name, value in given.items() if name not in present}


def _groups(
    connection: Connection, actor: Actor, wanted: Sequence[int] | str, public_group: str
) -> tuple[list[int], list[int]]:
    """The groups to share with, the actor's own among them; and those that there are not."""
    groups = [number for (number,) in _OWN_GROUP.rows(connection, asker=actor.id)]
    if wanted == "all":
        groups += connection.scalars(select(Group.id).where(Group.name == public_group))
        return groups, []
    ids = [number for number in wanted if isinstance(number, int)]
    known = _known(connection, Group, access.usable_groups(actor), ids)
    return groups + ids, [number for number in ids if number not in known]


_OWN_GROUP = Prepared(
    lambda: (
        select(Group.id)
        .join(GroupUser, GroupUser.group_id == Group.id)
        .where(Group.single_user_group.is_(True), GroupUser.user_id == access.ASKER.id)
    )
)


def _known(
    connection: Connection, table: Any, condition: ColumnElement[bool], ids: Sequence[int]
) -> set[int]:
    if not ids:
        return set()
    return set(connection.scalars(select(table.id).where(table.id.in_(ids), condition)))
