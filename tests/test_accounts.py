"""Users and tokens: what making one leaves behind, and who a token turns out to be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from skyportal_series.accounts import authenticate_token, authenticate_user, create_token, slugify
from skyportal_series.errors import Forbidden, InvalidInput, Unauthenticated
from skyportal_series.models import (
    ACL,
    Group,
    GroupUser,
    Role,
    RoleACL,
    Stream,
    StreamUser,
    Token,
    User,
    UserACL,
    UserRole,
    utcnow,
)

UPLOAD = "Upload data"


def groups_of(session: Session, username: str) -> dict[str, bool | None]:
    found = (
        select(Group.name, Group.single_user_group)
        .join(GroupUser, GroupUser.group_id == Group.id)
        .join(User, User.id == GroupUser.user_id)
        .where(User.username == username)
    )
    return {name: single for name, single in session.execute(found)}  # noqa: C416


def test_token_acts_for_its_user_with_its_acls(session: Session) -> None:
    actor = authenticate_token(session, create_token(session, "ada", [UPLOAD]))
    assert session.get_one(User, actor.id).username == "ada"
    assert actor.acls == {UPLOAD}


def test_new_user_is_alone_in_a_group_and_in_the_public_one(session: Session) -> None:
    create_token(session, "Ada Lovelace")
    assert groups_of(session, "Ada Lovelace") == {"ada-lovelace": True, "Sitewide Group": False}


def test_public_group_may_have_another_name(session: Session) -> None:
    session.add(Group(name="Everyone", private=False))
    session.flush()
    create_token(session, "ada", public_group_name="Everyone")
    assert "Everyone" in groups_of(session, "ada")


def test_second_token_is_the_same_users(session: Session) -> None:
    first, second = (authenticate_token(session, create_token(session, "ada")) for _ in range(2))
    assert first.id == second.id


def test_tokens_of_a_user_are_named_differently(session: Session) -> None:
    for _ in range(3):
        create_token(session, "ada", [UPLOAD])
    assert session.execute(select(func.count(Token.name.distinct()))).scalar_one() == 3


def test_token_without_an_acl_lacks_it_though_its_user_has_it(session: Session) -> None:
    create_token(session, "ada", [UPLOAD])
    actor = authenticate_token(session, create_token(session, "ada"))
    assert actor.acls == frozenset()
    assert authenticate_user(session, actor.id).acls == {UPLOAD}


def test_names_with_one_slug_get_two_groups(session: Session) -> None:
    create_token(session, "ada k")
    create_token(session, "ada-k")
    assert len(groups_of(session, "ada-k").keys() | groups_of(session, "ada k").keys()) == 3


@pytest.mark.parametrize("username", ["", "  ", "a\0b"])
def test_impossible_name_is_refused(session: Session, username: str) -> None:
    with pytest.raises(InvalidInput):
        create_token(session, username)


def test_unknown_acl_is_refused_with_those_there_are(session: Session) -> None:
    with pytest.raises(InvalidInput, match="Manage photometry, System admin, Upload data"):
        create_token(session, "ada", ["Upload dat"])


@pytest.mark.parametrize("token", ["", "nonsense", "a\0b", "x" * 100_000, "' OR '1'='1"])
def test_unknown_token_is_nobodys(session: Session, token: str) -> None:
    with pytest.raises(Unauthenticated):
        authenticate_token(session, token)


def test_token_without_a_user_is_nobodys(session: Session) -> None:
    session.add(Token(id="orphan", name="orphan", created_by_id=None))
    session.flush()
    with pytest.raises(Unauthenticated):
        authenticate_token(session, "orphan")


def expire(session: Session, by: timedelta) -> None:
    session.execute(update(User).values(expiration_date=utcnow() + by))


def test_expired_account_is_refused(session: Session) -> None:
    token = create_token(session, "ada")
    expire(session, timedelta(seconds=-1))
    with pytest.raises(Forbidden, match="User account expired"):
        authenticate_token(session, token)


def test_account_that_expires_later_is_let_in(session: Session) -> None:
    token = create_token(session, "ada")
    expire(session, timedelta(days=1))
    assert authenticate_token(session, token).id


def test_actor_knows_groups_and_streams(session: Session) -> None:
    token = create_token(session, "ada")
    actor = authenticate_token(session, token)
    stream = Stream(name="survey")
    session.add(stream)
    session.flush()
    session.add(StreamUser(stream_id=stream.id, user_id=actor.id))
    session.flush()
    actor = authenticate_token(session, token)
    assert actor.streams == frozenset({stream.id})
    assert len(actor.groups or ()) == 2


def test_user_has_the_rights_of_their_roles(session: Session) -> None:
    user = User(username="ada")
    session.add_all([user, Role(id="Curator"), ACL(id="Comment")])
    session.flush()
    session.add_all(
        [
            RoleACL(role_id="Curator", acl_id="Manage photometry"),
            RoleACL(role_id="Curator", acl_id="Comment"),
            UserRole(user_id=user.id, role_id="Curator"),
            UserACL(user_id=user.id, acl_id="Comment"),
        ]
    )
    session.flush()
    assert authenticate_user(session, user.id).acls == {"Manage photometry", "Comment"}


def test_unknown_user_is_nobody(session: Session) -> None:
    with pytest.raises(Unauthenticated):
        authenticate_user(session, 12345)


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Zoë K.", "zoe-k"), ("a__b", "a-b"), ("x@y.org", "x-y-org"), ("木村", "")],
)
def test_slugs(name: str, slug: str) -> None:
    assert slugify(name) == slug
