"""What a series refers to: objects, instruments, requests, groups, streams.

A series may refer only to what its poster can read; what one cannot read looks as if it did not
exist.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    String,
    any_,
    bindparam,
    exists,
    func,
    select,
    true,
)

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
from ..models.access import ASKER, Actor
from ..prepared import Prepared, Rows

Ask = Callable[..., Awaitable[Rows]]


@dataclass(frozen=True)
class Sharing:
    """Ids of the groups and streams that a series is shared with; None where nothing is said."""

    group_ids: tuple[int, ...] | None
    stream_ids: tuple[int, ...] | None


async def resolve(
    ask: Ask, actor: Actor, fields: Mapping[str, Any], public_group: str
) -> tuple[Sharing, dict[str, list[str]]]:
    """Look up what `fields` refer to: whom to share with, and what there is not (field → texts).

    `ask` runs a prepared statement: Sql's.
    """
    wanted = {name: fields[name] for name in _NAMES if fields.get(name) is not None}
    groups = wanted.get("group_ids")
    if groups == "all":
        wanted["group_ids"] = []
    statement = _lookup(actor.is_admin, tuple(wanted), groups == "all")
    (row,) = await ask(statement, asker=actor.id, public_group=public_group, **wanted)
    found = dict(zip((*wanted, *_ALSO), row, strict=False))
    problems = {
        name: [f"Invalid {name}: {str(wanted[name])[:200]}"]
        for name in _SINGLE
        if name in wanted and not found[name]
    }
    for name, words in (("stream_ids", "No stream with ID"), ("group_ids", "Invalid group ID:")):
        absent = [number for number in wanted.get(name, ()) if number not in found[name]]
        if absent:
            problems[name] = [f"{words} {number}" for number in absent[:20]]
    if groups is not None:
        groups = [*found["own_groups"], *(found["public_groups"] if groups == "all" else groups)]
    return Sharing(_ordered(groups), _ordered(wanted.get("stream_ids"))), problems


#: Fields that refer to one thing, and all that refer to something.
_SINGLE = ("obj_id", "instrument_id", "followup_request_id", "assignment_id")
_NAMES = (*_SINGLE, "group_ids", "stream_ids")
#: What a lookup has besides.
_ALSO = ("own_groups", "public_groups")


def _ordered(ids: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if ids is None else tuple(sorted(set(ids)))


@cache
def _lookup(is_admin: bool, names: tuple[str, ...], with_public: bool) -> Prepared:
    """Gives one row with what is there of all that `names`, which are its parameters, refer to.

    One for each set of fields, and not one for all: PostgreSQL would plan that anew each time.
    """
    actor = replace(ASKER, acls=frozenset({access.ADMIN} if is_admin else ()))
    return Prepared(lambda: select(*_looked_up(actor, names, with_public)))


def _looked_up(actor: Actor, names: tuple[str, ...], with_public: bool) -> Iterator[Any]:
    """The columns of a lookup: for each of `names`, and for _ALSO."""
    for name in names:
        table, condition = _READABLE[name]
        readable = condition(actor) if condition else true()
        if name in _SINGLE:
            same = table.id == bindparam(name, type_=table.id.type)
            yield exists().where(same, readable)
        else:
            among = table.id == any_(bindparam(name, type_=ARRAY(Integer)))
            yield _array(select(table.id).where(among, readable))
    own = select(Group.id).join(GroupUser, GroupUser.group_id == Group.id)
    own = own.where(Group.single_user_group.is_(True), GroupUser.user_id == actor.id)
    yield _array(own)
    if with_public:
        public = select(Group.id).where(Group.name == bindparam("public_group", type_=String))
        yield _array(public)


def _array(found: Select[Any]) -> Any:
    return func.array(found.scalar_subquery())


#: Where that is to be found, and how much of it an actor can read (None: all).
_READABLE: Mapping[str, tuple[Any, Callable[[Actor], ColumnElement[bool]] | None]] = {
    "obj_id": (Obj, None),
    "instrument_id": (Instrument, None),
    "followup_request_id": (FollowupRequest, access.usable_requests),
    "assignment_id": (ClassicalAssignment, access.usable_assignments),
    "group_ids": (Group, access.usable_groups),
    "stream_ids": (Stream, access.usable_streams),
}
