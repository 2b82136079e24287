"""Who there is, and what they may do: users, tokens, ACLs, roles."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, NamedRow, Row


class User(Row, Base):
    """A person or a bot. Past its `expiration_date` it is let in no more."""

    __tablename__ = "users"

    username: Mapped[str] = mapped_column(unique=True)
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    affiliations: Mapped[list[str]] = mapped_column(
        ARRAY(String), default=list, server_default=text("'{}'::character varying[]")
    )
    contact_email: Mapped[str | None] = mapped_column(String(255))
    oauth_uid: Mapped[str | None] = mapped_column(unique=True)
    is_bot: Mapped[bool] = mapped_column(default=False, server_default=false())
    expiration_date: Mapped[datetime | None]


class Token(NamedRow, Base):
    """An API token: its id is what is sent; it acts for `created_by_id` with its own ACLs."""

    __tablename__ = "tokens"
    __table_args__ = (
        UniqueConstraint("created_by_id", "name", name="token_name_userid_unique_constraint"),
    )

    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]


class ACL(NamedRow, Base):
    """A right; its id is its name, such as `Upload data`."""

    __tablename__ = "acls"


class Role(NamedRow, Base):
    """A named bundle of rights."""

    __tablename__ = "roles"


class TokenACL(Row, Base):
    """A right that a token has."""

    __tablename__ = "token_acls"
    __table_args__ = (Index("token_acls_forward_ind", "token_id", "acl_id", unique=True),)

    token_id: Mapped[str] = mapped_column(ForeignKey("tokens.id", ondelete="CASCADE"))
    acl_id: Mapped[str] = mapped_column(ForeignKey("acls.id", ondelete="CASCADE"))


class UserACL(Row, Base):
    """A right that a user has, beside those of the roles."""

    __tablename__ = "user_acls"
    __table_args__ = (Index("user_acls_forward_ind", "user_id", "acl_id", unique=True),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    acl_id: Mapped[str] = mapped_column(ForeignKey("acls.id", ondelete="CASCADE"))


class RoleACL(Row, Base):
    """A right that comes with a role."""

    __tablename__ = "role_acls"
    __table_args__ = (Index("role_acls_forward_ind", "role_id", "acl_id", unique=True),)

    role_id: Mapped[str] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"))
    acl_id: Mapped[str] = mapped_column(ForeignKey("acls.id", ondelete="CASCADE"))


class UserRole(Row, Base):
    """A role that a user has."""

    __tablename__ = "user_roles"
    __table_args__ = (Index("user_roles_forward_ind", "user_id", "role_id", unique=True),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role_id: Mapped[str] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"))
