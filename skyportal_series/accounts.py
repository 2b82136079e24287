"""Users and their tokens: making them, and telling whose a token is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    bindparam,
    exists,
    func,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from .errors import Forbidden, InvalidInput, Unauthenticated
from .models import (
    ACL,
    Group,
    GroupUser,
    RoleACL,
    StreamUser,
    Token,
    TokenACL,
    User,
    UserACL,
    UserRole,
    utcnow,
)
from .models.access import ADMIN, ASKER, FEW, Actor, count_ways, readable
from .prepared import Prepared, Rows

#: Longer than any token that is given out; what is longer is not looked up.
TOKEN_CHARACTERS = 256
NOBODYS = "Unknown token."

#: The parameter of statements that find out by themselves who asks.
TOKEN = bindparam("token", type_=String)


def authenticate_token(session: Session | Connection, token: str) -> Actor:
    """Whose `token` is, and with which rights: its own, not all of its user's.

    Raises Unauthenticated if there is no such token, Forbidden if its user's account expired.
    """
    check_token(token)
    return actor_of(OF_TOKEN.rows(_connection(session), token=token))


def check_token(token: str) -> None:
    """Raises Unauthenticated for what is no token, and need not be looked for."""
    if len(token) > TOKEN_CHARACTERS or "\0" in token:
        raise Unauthenticated(NOBODYS)


def authenticate_user(session: Session | Connection, user_id: int) -> Actor:
    """The user with this id, with all rights that are theirs directly or by a role.

    For those signed in otherwise than by a token. Raises as `authenticate_token` does.
    """
    return actor_of(_OF_USER.rows(_connection(session), user=user_id), "Unknown user.")


def _connection(session: Session | Connection) -> Connection:
    return session.connection() if isinstance(session, Session) else session


def measure(session: Session | Connection, actor: Actor) -> Actor:
    """`actor`, knowing whether few series are theirs to read: worth asking before a list.

    Takes about a millisecond, whatever there is.
    """
    if actor.is_admin:
        return actor
    ((ways,),) = _WAYS.rows(_connection(session), asker=actor.id)
    return replace(actor, few=ways <= FEW)


def _actor(acls: Any) -> Select[Any]:
    columns = (User.id, User.expiration_date, func.array(acls.scalar_subquery()))
    return select(*columns).select_from(User)


def _with_belonging(actor: Select[Any]) -> Select[Any]:
    groups = select(GroupUser.group_id).where(GroupUser.user_id == User.id)
    streams = select(StreamUser.stream_id).where(StreamUser.user_id == User.id)
    return actor.add_columns(*(func.array(ids.scalar_subquery()) for ids in (groups, streams)))


def of_token() -> Select[Any]:
    """Rows that `actor_of` takes, of the user whose the token TOKEN is; ACTOR_COLUMNS alone."""
    acls = select(TokenACL.acl_id).where(TokenACL.token_id == Token.id)
    found = _actor(acls).join(Token, Token.created_by_id == User.id)
    return found.where(Token.id == TOKEN)


def readable_by_token() -> ColumnElement[bool]:
    """Series that whoever TOKEN belongs to may read: `readable`, for a statement of its own."""
    # Nothing in here refers to tables around it: each of its parts could stand alone.
    token = aliased(Token)
    asker = Actor(select(token.created_by_id).where(token.id == TOKEN).scalar_subquery())  # type: ignore[arg-type]
    is_admin = exists().where(TokenACL.token_id == TOKEN, TokenACL.acl_id == ADMIN)
    return or_(is_admin, readable(asker))


def _of_user() -> Select[Any]:
    direct = select(UserACL.acl_id).where(UserACL.user_id == User.id)
    by_role = (
        select(RoleACL.acl_id)
        .join(UserRole, UserRole.role_id == RoleACL.role_id)
        .where(UserRole.user_id == User.id)
    )
    acls = union(direct.correlate(User), by_role.correlate(User))
    return _actor(acls).where(User.id == bindparam("user", type_=Integer))


#: All of an actor: whose the token TOKEN is, and for whom the parameter `user` is the id.
OF_TOKEN = Prepared(lambda: _with_belonging(of_token()))
_OF_USER = Prepared(lambda: _with_belonging(_of_user()))
_WAYS = Prepared(lambda: count_ways(ASKER))


def actor_of(found: Rows, unknown: str = NOBODYS) -> Actor:
    """The actor in `found`, one row of `of_token` or `OF_TOKEN`, or none.

    Raises Unauthenticated without a row, Forbidden if the account expired.
    """
    if not found:
        raise Unauthenticated(unknown)
    user_id, expiration, acls, *belonging = found[0]
    if expiration is not None and expiration < utcnow():
        raise Forbidden("User account expired")
    groups, streams = map(frozenset, belonging) if belonging else (None, None)
    return Actor(user_id, frozenset(acls), groups, streams)


#: How many columns of `of_token` there are.
ACTOR_COLUMNS = 3


def create_token(
    session: Session,
    username: str,
    acls: Iterable[str] = (),
    public_group_name: str = "Sitewide Group",
) -> str:
    """A new token of `username` with `acls`, which the user gets too. Commits nothing itself.

    A user that is new is made, alone in a group of their own, and a member of the public group.
    Raises InvalidInput for an empty name or an ACL that the database does not have.
    """
    wanted = list(dict.fromkeys(acls))
    if not username.strip() or "\0" in username:
        raise InvalidInput("A user needs a name.")
    _check_acls(session, wanted)
    user_id = _find_user(session, username) or _create_user(session, username, public_group_name)
    # Random, as SkyPortal's are; the name is unique per user because the token is.
    token = str(uuid4())
    session.execute(
        insert(Token).values(id=token, created_by_id=user_id, name=f"series-{token[:8]}")
    )
    _grant(session, UserACL, wanted, user_id=user_id)
    _grant(session, TokenACL, wanted, token_id=token)
    return token


def slugify(name: str) -> str:
    """`name` in lower-case ASCII letters and digits joined by dashes: "Zoë K." is `zoe-k`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _check_acls(session: Session, wanted: list[str]) -> None:
    known = session.execute(select(ACL.id).order_by(ACL.id)).scalars().all()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InvalidInput(f"Unknown ACL {unknown[0]!r}. There are: {', '.join(known)}.")


def _find_user(session: Session, username: str) -> int | None:
    return session.execute(select(User.id).where(User.username == username)).scalar_one_or_none()


def _create_user(session: Session, username: str, public_group_name: str) -> int:
    made = insert(User).values(username=username).on_conflict_do_nothing().returning(User.id)
    user_id = session.execute(made).scalar_one_or_none()
    if user_id is None:  # another process has just made the same user
        return session.execute(select(User.id).where(User.username == username)).scalar_one()
    _join(session, user_id, _create_single_user_group(session, username, user_id), admin=True)
    public = select(Group.id).where(Group.name == public_group_name)
    public_id = session.execute(public).scalar_one_or_none()
    if public_id is not None:
        _join(session, user_id, public_id, admin=False)
    return user_id


def _create_single_user_group(session: Session, username: str, user_id: int) -> int:
    # Two names can have one slug, but no two groups one name.
    for name in (slugify(username) or f"user-{user_id}", f"{slugify(username)}-{user_id}"):
        made = (
            insert(Group)
            .values(name=name, private=False, single_user_group=True)
            .on_conflict_do_nothing()
            .returning(Group.id)
        )
        group_id = session.execute(made).scalar_one_or_none()
        if group_id is not None:
            return group_id
    raise InvalidInput(f"There are groups already with the names that {username!r} could have.")


def _join(session: Session, user_id: int, group_id: int, *, admin: bool) -> None:
    session.execute(insert(GroupUser).values(user_id=user_id, group_id=group_id, admin=admin))


def _grant(
    session: Session, table: type[UserACL | TokenACL], acls: list[str], **whose: object
) -> None:
    rows = [{"acl_id": name} | whose for name in acls]
    if rows:
        session.execute(insert(table).values(rows).on_conflict_do_nothing())
