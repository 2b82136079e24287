"""With whom rows are shared: groups and streams, and who belongs to them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, PlainJSONB, Row


class Group(Row, Base):
    """People who share. Each user is alone in one with `single_user_group`."""

    __tablename__ = "groups"

    name: Mapped[str] = mapped_column(unique=True, index=True)
    nickname: Mapped[str | None] = mapped_column(unique=True, index=True)
    description: Mapped[str | None] = mapped_column(Text)
    private: Mapped[bool] = mapped_column(default=False)
    auto_accept_requests: Mapped[bool] = mapped_column(default=False, server_default=false())
    single_user_group: Mapped[bool | None] = mapped_column(default=False)


class GroupUser(Row, Base):
    """A user's membership of a group."""

    __tablename__ = "group_users"
    __table_args__ = (
        Index("group_users_forward_ind", "group_id", "user_id", unique=True),
        Index("group_users_reverse_ind", "user_id", "group_id"),
    )

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    admin: Mapped[bool] = mapped_column(default=False)
    can_save: Mapped[bool] = mapped_column(default=True, server_default=true())
    can_share_photometry: Mapped[bool] = mapped_column(default=False, server_default=false())


class Stream(Row, Base):
    """A source of data with readers of its own; where `auto_join`, anyone may post to it."""

    __tablename__ = "streams"

    name: Mapped[str] = mapped_column(unique=True)
    altdata: Mapped[dict[str, Any] | None] = mapped_column(PlainJSONB)
    auto_join: Mapped[bool] = mapped_column(default=False, server_default=false())


class StreamUser(Row, Base):
    """A user's access to a stream."""

    __tablename__ = "stream_users"
    __table_args__ = (
        Index("stream_users_forward_ind", "stream_id", "user_id", unique=True),
        Index("stream_users_reverse_ind", "user_id", "stream_id"),
    )

    stream_id: Mapped[int] = mapped_column(ForeignKey("streams.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))


class GroupStream(Row, Base):
    """A group's access to a stream."""

    __tablename__ = "group_streams"
    __table_args__ = (Index("group_streams_forward_ind", "group_id", "stream_id", unique=True),)

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    stream_id: Mapped[int] = mapped_column(ForeignKey("streams.id", ondelete="CASCADE"))
