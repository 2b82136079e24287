"""Who may read and change which series, and what a poster may refer to: the whole matrix in SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from rows import make_group, make_series, make_stream, make_user, save
from skyportal_schema import create_skyportal_tables
from sqlalchemy import URL, func, select
from sqlalchemy.orm import Session

from skyportal_series.accounts import authenticate_user, measure
from skyportal_series.database import create_engine_for
from skyportal_series.models import (
    Allocation,
    ClassicalAssignment,
    FollowupRequest,
    Group,
    GroupPhotometricSeries,
    GroupUser,
    Obj,
    ObservingRun,
    PhotometricSeries,
    Stream,
    User,
)
from skyportal_series.models.access import (
    MERGED,
    Actor,
    changeable,
    count_readable,
    readable,
    usable_assignments,
    usable_groups,
    usable_requests,
    usable_streams,
)

UPLOAD, MANAGE, ADMIN = "Upload data", "Manage photometry", "System admin"
READ, CHANGE = readable, changeable


@dataclass
class People:
    """One series, and everyone who may be something to it."""

    series: int
    owner: User
    member: User
    on_stream: User
    stranger: User


@pytest.fixture
def people(session: Session) -> People:
    owner, member, on_stream, stranger = (make_user(session) for _ in range(4))
    group, stream = make_group(session, [member]), make_stream(session, [on_stream])
    series = make_series(session, owner, [group], [stream])
    # What must not count: others' groups and streams, and groups that the series is not in.
    elsewhere = make_group(session, [stranger]), make_stream(session, [stranger])
    make_series(session, owner, [elsewhere[0]], [elsewhere[1]])
    return People(series.id, owner, member, on_stream, stranger)


def actors(session: Session, user: User, *acls: str) -> list[Actor]:
    """The actor as the token check makes it, as a list measures it, and with just id and rights."""
    known = replace(authenticate_user(session, user.id), acls=frozenset(acls))
    measured = measure(session, known)
    assert measured.few is not known.is_admin
    bare = Actor(user.id, frozenset(acls))
    return [known, measured, bare, measure(session, bare)]


def allowed(session: Session, mode: object, actor: Actor, series_id: int) -> bool:
    found = select(PhotometricSeries.id).where(
        PhotometricSeries.id == series_id,
        mode(actor),  # type: ignore[operator]
    )
    return session.execute(found).first() is not None


MATRIX = [
    # who, ACLs, reads, changes
    ("owner", (), True, True),
    ("owner", (UPLOAD,), True, True),
    ("member", (), True, False),
    ("member", (UPLOAD,), True, False),
    ("member", (MANAGE,), True, True),
    ("on_stream", (), True, False),
    ("on_stream", (UPLOAD,), True, False),
    ("on_stream", (MANAGE,), True, True),
    ("stranger", (), False, False),
    ("stranger", (UPLOAD,), False, False),
    ("stranger", (MANAGE,), False, False),
    ("stranger", (ADMIN,), True, True),
]


@pytest.mark.parametrize(("who", "acls", "reads", "changes"), MATRIX)
def test_matrix(
    session: Session, people: People, who: str, acls: tuple[str, ...], reads: bool, changes: bool
) -> None:
    for actor in actors(session, getattr(people, who), *acls):
        assert allowed(session, READ, actor, people.series) is reads
        assert allowed(session, CHANGE, actor, people.series) is changes


def test_series_readable_in_every_way_counts_once(session: Session) -> None:
    user = make_user(session)
    groups = [make_group(session, [user]) for _ in range(3)]
    streams = [make_stream(session, [user]) for _ in range(2)]
    make_series(session, user, groups, streams)
    for actor in actors(session, user):
        count = select(func.count()).select_from(PhotometricSeries).where(readable(actor))
        assert session.execute(count).scalar_one() == 1
        assert session.execute(count_readable(actor)).scalar_one() == 1


@pytest.mark.parametrize(("who", "acls", "reads", "changes"), MATRIX)
def test_count_is_of_what_can_be_read(
    session: Session, people: People, who: str, acls: tuple[str, ...], reads: bool, changes: bool
) -> None:
    for actor in actors(session, getattr(people, who), *acls):
        found = session.execute(select(PhotometricSeries.id).where(readable(actor))).all()
        assert session.execute(count_readable(actor)).scalar_one() == len(found)


@pytest.mark.parametrize("memberships", [MERGED, MERGED + 1])
def test_member_of_many_groups_counts_each_series_once(session: Session, memberships: int) -> None:
    user = make_user(session)
    groups = [make_group(session, [user]) for _ in range(memberships)]
    for number in range(3):
        make_series(session, make_user(session), groups[number:])
    for actor in actors(session, user):
        assert session.execute(count_readable(actor)).scalar_one() == 3


def test_many_readable_series_are_not_few(
    session: Session, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = authenticate_user(session, people.owner.id)
    monkeypatch.setattr("skyportal_series.accounts.FEW", 1)
    assert not measure(session, actor).few


def test_who_leaves_the_group_reads_no_more(session: Session, people: People) -> None:
    session.query(GroupUser).filter_by(user_id=people.member.id).delete()
    for actor in actors(session, people.member):
        assert not allowed(session, READ, actor, people.series)


def test_series_taken_from_the_group_is_read_no_more(session: Session, people: People) -> None:
    session.query(GroupPhotometricSeries).delete()
    for actor in actors(session, people.member):
        assert not allowed(session, READ, actor, people.series)


def test_expression_serves_an_update(session: Session, people: People) -> None:
    actor = Actor(people.stranger.id, frozenset({MANAGE}))
    changed = session.query(PhotometricSeries).filter(
        PhotometricSeries.id == people.series, changeable(actor)
    )
    assert changed.update({"origin": "x"}, synchronize_session=False) == 0


@pytest.mark.parametrize(
    ("acls", "admin", "uploads"),
    [
        ((), False, False),
        ((MANAGE,), False, False),
        ((UPLOAD,), False, True),
        ((ADMIN,), True, True),
    ],
)
def test_actor_rights(acls: tuple[str, ...], admin: bool, uploads: bool) -> None:
    actor = Actor(1, frozenset(acls))
    assert (actor.is_admin, actor.can_upload) == (admin, uploads)


# What a poster may refer to


def test_private_group_is_its_members(session: Session) -> None:
    user = make_user(session)
    groups = {
        "public": make_group(session),
        "private": make_group(session, private=True),
        "own private": make_group(session, [user], private=True),
    }
    ids = {group.id: name for name, group in groups.items()}
    for actor in actors(session, user):
        found = session.execute(select(Group.id).where(usable_groups(actor), Group.id.in_(ids)))
        assert {ids[group_id] for group_id in found.scalars()} == {"public", "own private"}


def test_stream_is_its_users_or_open_to_all(session: Session) -> None:
    user = make_user(session)
    streams = {
        "closed": make_stream(session),
        "open": make_stream(session, auto_join=True),
        "own": make_stream(session, [user]),
    }
    ids = {stream.id: name for name, stream in streams.items()}
    for actor in actors(session, user):
        found = session.execute(select(Stream.id).where(usable_streams(actor))).scalars()
        assert {ids[stream_id] for stream_id in found} == {"open", "own"}


def test_open_stream_does_not_let_all_read_its_series(session: Session) -> None:
    stream = make_stream(session, auto_join=True)
    series = make_series(session, make_user(session), streams=[stream])
    for actor in actors(session, make_user(session)):
        assert not allowed(session, READ, actor, series.id)


def usable_by(session: Session, user: User, *acls: str) -> list[tuple[bool, bool]]:
    """Whether the only followup request, and the only assignment, can be referred to."""
    requests, assignments = select(FollowupRequest.id), select(ClassicalAssignment.id)
    return [
        (
            session.execute(requests.where(usable_requests(actor))).first() is not None,
            session.execute(assignments.where(usable_assignments(actor))).first() is not None,
        )
        for actor in actors(session, user, *acls)
    ]


def test_requests_and_assignments_are_the_requesters_and_the_groups(session: Session) -> None:
    requester, member, stranger = (make_user(session) for _ in range(3))
    group, obj = make_group(session, [member]), save(session, Obj(id="obj"))
    allocation = save(session, Allocation(group_id=group.id))
    run = save(session, ObservingRun(group_id=group.id))
    whose = {"requester_id": requester.id, "obj_id": obj.id}
    save(session, FollowupRequest(allocation_id=allocation.id, **whose))
    save(session, ClassicalAssignment(run_id=run.id, **whose))
    assert usable_by(session, requester) == [(True, True)] * 4
    assert usable_by(session, member) == [(True, True)] * 4
    assert usable_by(session, stranger) == [(False, False)] * 4
    assert usable_by(session, stranger, ADMIN) == [(True, True)] * 4


HOST_ROWS = """
INSERT INTO users (id, username, created_at, modified)
    SELECT n, 'user' || n, now(), now() FROM generate_series(1, 3) n;
INSERT INTO groups (id, name, private, created_at, modified) VALUES (9, 'g', true, now(), now());
INSERT INTO group_users (group_id, user_id, admin, created_at, modified)
    VALUES (9, 2, false, now(), now());
INSERT INTO objs (id, internal_key, created_at, modified) VALUES ('obj', 'key', now(), now());
INSERT INTO allocations (id, group_id) VALUES (1, 9);
INSERT INTO observingruns (id) VALUES (1);
INSERT INTO followuprequests
    (requester_id, obj_id, payload, status, allocation_id, created_at, modified)
    VALUES (1, 'obj', '{}', 'sent', 1, now(), now());
INSERT INTO classicalassignments
    (requester_id, obj_id, status, priority, run_id, created_at, modified)
    VALUES (1, 'obj', 'sent', '1', 1, now(), now());
"""


@pytest.mark.parametrize(
    ("user_id", "usable"), [(1, (True, True)), (2, (True, False)), (3, (False, False))]
)
def test_host_table_may_be_without_a_group(
    empty_database_url: URL, user_id: int, usable: tuple[bool, bool]
) -> None:
    # There, allocations have a column group_id and observing runs have none.
    engine = create_engine_for(empty_database_url)
    create_skyportal_tables(engine)
    with Session(engine) as session:
        session.connection().exec_driver_sql(HOST_ROWS, execution_options={"no_parameters": True})
        user = session.get_one(User, user_id)
        assert usable_by(session, user) == [usable] * 4
    engine.dispose()
