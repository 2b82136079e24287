"""What a series is of and where it comes from: objects, telescopes, instruments, requests.

Columns that the plugin never needs, and those whose types it cannot know (`instruments.type`,
`classicalassignments.priority`), are not mapped.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sqlalchemy import ForeignKey, true
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, NamedRow, PlainJSONB, Row


class Obj(NamedRow, Base):
    """An object on the sky; `ra` and `dec` in degrees."""

    __tablename__ = "objs"

    ra: Mapped[float | None]
    dec: Mapped[float | None]
    redshift: Mapped[float | None]
    origin: Mapped[str | None]
    internal_key: Mapped[str] = mapped_column(default=lambda: str(uuid4()))


class Telescope(Row, Base):
    """A telescope; `lat` and `lon` in degrees, `elevation` and `diameter` in metres."""

    __tablename__ = "telescopes"

    name: Mapped[str] = mapped_column(unique=True)
    nickname: Mapped[str]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    elevation: Mapped[float | None]
    diameter: Mapped[float]
    robotic: Mapped[bool] = mapped_column(default=False)
    fixed_location: Mapped[bool] = mapped_column(default=True, server_default=true())


class Instrument(Row, Base):
    """An instrument on a telescope."""

    __tablename__ = "instruments"

    name: Mapped[str] = mapped_column(unique=True)
    band: Mapped[str | None]
    telescope_id: Mapped[int] = mapped_column(ForeignKey("telescopes.id", ondelete="CASCADE"))


class Allocation(Row, Base):
    """Observing time of a group. Only the key is relied on: the facts say no more of it."""

    __tablename__ = "allocations"

    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))


class ObservingRun(Row, Base):
    """A night at a telescope. Only the key is relied on, as with `Allocation`."""

    __tablename__ = "observingruns"

    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))


class FollowupRequest(Row, Base):
    """A request to observe an object on an allocation."""

    __tablename__ = "followuprequests"

    requester_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    last_modified_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL")
    )
    obj_id: Mapped[str] = mapped_column(ForeignKey("objs.id", ondelete="CASCADE"))
    payload: Mapped[dict[str, Any]] = mapped_column(PlainJSONB, default=dict)
    status: Mapped[str] = mapped_column(default="pending submission")
    allocation_id: Mapped[int] = mapped_column(ForeignKey("allocations.id", ondelete="CASCADE"))
    comment: Mapped[str | None]


class ClassicalAssignment(Row, Base):
    """An object assigned to a night at a telescope."""

    __tablename__ = "classicalassignments"

    requester_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    last_modified_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL")
    )
    obj_id: Mapped[str] = mapped_column(ForeignKey("objs.id", ondelete="CASCADE"))
    comment: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="pending")
    run_id: Mapped[int] = mapped_column(ForeignKey("observingruns.id", ondelete="CASCADE"))
