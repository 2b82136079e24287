"""Who may see and change which rows, as one SQL expression per mode.

| | read | change |
| --- | --- | --- |
| owner | yes | yes |
| member of one of the series' groups, user on one of its streams | yes | with `Manage photometry` |
| `System admin` | yes | yes |
| anyone else | no | no |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    cast,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

from .series import GroupPhotometricSeries, PhotometricSeries, StreamPhotometricSeries
from .sharing import Group, GroupUser, Stream, StreamUser
from .sky import Allocation, ClassicalAssignment, FollowupRequest, ObservingRun

UPLOAD, MANAGE, ADMIN = "Upload data", "Manage photometry", "System admin"


@dataclass(frozen=True)
class Actor:
    """Who asks: a user's id and the rights that the token, or else the user, has.

    `groups` and `streams` are the ids of those that the user belongs to. Where they are None the
    database looks them up in each statement; known, they let it plan by how many rows each has.
    """

    id: int
    acls: frozenset[str] = frozenset()
    groups: frozenset[int] | None = None
    streams: frozenset[int] | None = None

    @property
    def is_admin(self) -> bool:
        """Sees and changes everything."""
        return ADMIN in self.acls

    @property
    def can_upload(self) -> bool:
        """May post, patch and delete; which rows is another question."""
        return UPLOAD in self.acls or self.is_admin


def readable(actor: Actor) -> ColumnElement[bool]:
    """Series that `actor` may read: their own, their groups', their streams'; an admin all."""
    if actor.is_admin:
        return true()
    # One EXISTS over a UNION ALL, not three joined by OR: so it can be planned as a semi-join in
    # either direction, which is fast for who sees everything and for who sees a handful.
    ways = union_all(*_ways(actor)).subquery("ways")
    return exists().where(ways.c.id == PhotometricSeries.id).correlate(PhotometricSeries)


def _ways(actor: Actor) -> Iterator[Select[Any]]:
    """The ids of the series that `actor` reads, once per way in which they do."""
    owned = aliased(PhotometricSeries)
    yield select(owned.id).where(owned.owner_id == actor.id)
    group, stream = GroupPhotometricSeries, StreamPhotometricSeries
    if actor.groups != frozenset():
        yield select(group.photometric_serie_id).where(group.group_id.in_(_groups(actor)))
    if actor.streams != frozenset():
        yield select(stream.photometric_serie_id).where(stream.stream_id.in_(_streams(actor)))


def changeable(actor: Actor) -> ColumnElement[bool]:
    """Series that `actor` may update and delete: their own, and with the ACL what they read."""
    if actor.is_admin or MANAGE in actor.acls:
        return readable(actor)
    return PhotometricSeries.owner_id == actor.id


def _groups(actor: Actor) -> Any:
    if actor.groups is not None:
        return sorted(actor.groups)
    return select(GroupUser.group_id).where(GroupUser.user_id == actor.id)


def _streams(actor: Actor) -> Any:
    if actor.streams is not None:
        return sorted(actor.streams)
    return select(StreamUser.stream_id).where(StreamUser.user_id == actor.id)


# What the poster of a series may refer to. Objs and instruments are everyone's.


def usable_groups(actor: Actor) -> ColumnElement[bool]:
    """Groups that `actor` can read: all but other people's private ones."""
    if actor.is_admin:
        return true()
    return or_(not_(Group.private), Group.id.in_(_groups(actor)))


def usable_streams(actor: Actor) -> ColumnElement[bool]:
    """Streams that `actor` can read: those they are on, and those that all may join."""
    if actor.is_admin:
        return true()
    return or_(Stream.auto_join, Stream.id.in_(_streams(actor)))


def usable_requests(actor: Actor) -> ColumnElement[bool]:
    """Followup requests of `actor`, or on an allocation of one of their groups."""
    if actor.is_admin:
        return true()
    shared = _of_group(Allocation, FollowupRequest.allocation_id, actor)
    return or_(FollowupRequest.requester_id == actor.id, shared)


def usable_assignments(actor: Actor) -> ColumnElement[bool]:
    """Assignments of `actor`, or in an observing run of one of their groups."""
    if actor.is_admin:
        return true()
    shared = _of_group(ObservingRun, ClassicalAssignment.run_id, actor)
    return or_(ClassicalAssignment.requester_id == actor.id, shared)


def _of_group(table: type[Allocation | ObservingRun], key: Any, actor: Actor) -> Any:
    """Whether the row of `table` that `key` names is of a group of the actor's.

    By way of JSON, because a host's table may be without a column `group_id`.
    """
    row = func.to_jsonb(literal_column(table.__tablename__))
    group_id = cast(row.op("->>")("group_id"), Integer)
    return exists().where(table.id == key, group_id.in_(_groups(actor)))
