"""Who may see and change which rows, as one SQL expression per mode.

| | read | change |
| --- | --- | --- |
| owner | yes | yes |
| member of one of the series' groups, user on one of its streams | yes | with `Manage photometry` |
| `System admin` | yes | yes |
| anyone else | no | no |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.orm import aliased

from .series import GroupPhotometricSeries, PhotometricSeries, StreamPhotometricSeries
from .sharing import Group, GroupUser, Stream, StreamUser
from .sky import Allocation, ClassicalAssignment, FollowupRequest, ObservingRun

UPLOAD, MANAGE, ADMIN = "Upload data", "Manage photometry", "System admin"
#: Up to so many readable series, going through all of them beats looking for a page of them.
FEW = 5_000
#: Up to so many groups, or streams, each is a query of its own when what is readable is counted.
MERGED = 32


Belongs = Callable[[Any, "Actor"], ColumnElement[bool]]


@dataclass(frozen=True)
class Actor:
    """Who asks: a user's id and the rights that the token, or else the user, has.

    `groups` and `streams` are the ids of those that the user belongs to. Where they are None the
    database looks them up in each statement; known, they let it plan by how many rows each has.
    `few` says that FEW series or fewer are theirs to read, so that a list may start from those.
    """

    id: int
    acls: frozenset[str] = frozenset()
    groups: frozenset[int] | None = None
    streams: frozenset[int] | None = None
    few: bool = False

    @property
    def is_admin(self) -> bool:
        """Sees and changes everything."""
        return ADMIN in self.acls

    @property
    def can_upload(self) -> bool:
        """May post, patch and delete; which rows is another question."""
        return UPLOAD in self.acls or self.is_admin


#: Whoever asks, in statements that are prepared: their id is the parameter `asker`.
ASKER = Actor(bindparam("asker", type_=Integer))  # type: ignore[arg-type]


def readable(actor: Actor) -> ColumnElement[bool]:
    """Series that `actor` may read: their own, their groups', their streams'; an admin all.

    A test of each row in the order in which a list takes them, which finds a page at once where
    much may be read; where `few` may, one that starts from those. PostgreSQL cannot tell by
    itself, and either is seconds off on a million series where the other is right.
    """
    if actor.is_admin:
        return true()
    if actor.few:
        return PhotometricSeries.id.in_(union_all(*_ways(actor)))
    return or_(PhotometricSeries.owner_id == actor.id, *_shares(actor))


def changeable(actor: Actor) -> ColumnElement[bool]:
    """Series that `actor` may update and delete: their own, and with the ACL what they read."""
    if actor.is_admin or MANAGE in actor.acls:
        return readable(actor)
    return PhotometricSeries.owner_id == actor.id


def count_readable(actor: Actor) -> Select[Any]:
    """The number of series that `actor` may read, where nothing else is asked of them."""
    if actor.is_admin:
        return select(func.count()).select_from(PhotometricSeries)
    return select(func.count()).select_from(union(*_ways(actor)).subquery())


def count_ways(actor: Actor) -> Select[Any]:
    """How many rows say that `actor` may read something; counted no further than just past FEW."""
    return select(func.count()).select_from(
        select(union_all(*_ways(actor)).subquery()).limit(FEW + 1).subquery()
    )


def _shares(actor: Actor) -> Iterator[ColumnElement[bool]]:
    """For each way of sharing: whether a series is shared with `actor` so."""
    for table, to, known, belongs in _sharing(actor):
        if known != frozenset():
            is_shared = table.photometric_serie_id == PhotometricSeries.id
            shared = select(table.id).where(is_shared, belongs(to, actor))
            # OFFSET keeps PostgreSQL from gathering all that is shared before it looks at a row.
            yield exists(shared.correlate(PhotometricSeries).offset(0))


def _ways(actor: Actor) -> Iterator[Select[Any]]:
    """The ids of the series that `actor` reads, once for each way in which they do.

    A query for each group, as long as they are not many: each comes sorted, and they merge.
    """
    owned = aliased(PhotometricSeries)
    yield select(owned.id).where(owned.owner_id == actor.id)
    for table, to, known, belongs in _sharing(actor):
        ids = select(table.photometric_serie_id)
        if known is None or len(known) > MERGED:
            yield ids.where(belongs(to, actor))
        else:
            yield from (ids.where(to == one) for one in sorted(known))


def _sharing(actor: Actor) -> Iterator[tuple[Any, Any, frozenset[int] | None, Belongs]]:
    """The tables that share series, whom with, which the actor is known to belong to, and how."""
    groups, streams = GroupPhotometricSeries, StreamPhotometricSeries
    yield groups, groups.group_id, actor.groups, _is_member
    yield streams, streams.stream_id, actor.streams, _is_on


def _is_member(group_id: Any, actor: Actor) -> ColumnElement[bool]:
    """Whether a column names a group of the actor's."""
    groups = select(GroupUser.group_id).where(GroupUser.user_id == actor.id)
    return _among(group_id, actor.groups, groups)


def _is_on(stream_id: Any, actor: Actor) -> ColumnElement[bool]:
    """Whether a column names a stream of the actor's."""
    streams = select(StreamUser.stream_id).where(StreamUser.user_id == actor.id)
    return _among(stream_id, actor.streams, streams)


def _among(
    column: ColumnElement[int], known: frozenset[int] | None, query: Select[Any]
) -> ColumnElement[bool]:
    if known is None:
        # As an array, which is looked up once and not for each row.
        return column == any_(func.array(query.scalar_subquery()))
    return column.in_(sorted(known))


# What the poster of a series may refer to. Objs and instruments are everyone's.


def usable_groups(actor: Actor) -> ColumnElement[bool]:
    """Groups that `actor` can read: all but other people's private ones."""
    if actor.is_admin:
        return true()
    return or_(not_(Group.private), _is_member(Group.id, actor))


def usable_streams(actor: Actor) -> ColumnElement[bool]:
    """Streams that `actor` can read: those they are on, and those that all may join."""
    if actor.is_admin:
        return true()
    return or_(Stream.auto_join, _is_on(Stream.id, actor))


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
    return exists().where(table.id == key, _is_member(group_id, actor))
