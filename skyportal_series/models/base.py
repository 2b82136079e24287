"""What all mapped tables share: the registry, the columns of every row, the types of SkyPortal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import orjson
from sqlalchemy import DateTime, Dialect, Float, MetaData, Text, cast
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator, UserDefinedType


def utcnow() -> datetime:
    """Now in UTC, without a zone: what SkyPortal's timestamp columns hold."""
    return datetime.now(UTC).replace(tzinfo=None)


def dump_json(value: object) -> str:
    """JSON as a JSONB column takes it: numpy values are plain, NaN and infinities are null."""
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(value, option=options).decode()


class PlainJSONB(TypeDecorator[Any]):
    """JSONB whose values go through `dump_json` on any engine: a host's may write NaN as NaN."""

    impl = JSONB(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """What the engine's own serializer then gets."""
        return None if value is None else orjson.loads(dump_json(value))


class PostgresEnum(UserDefinedType[str]):
    """A column of an existing PostgreSQL enum type, as text.

    Unlike SQLAlchemy's own Enum it knows no labels, so that a row with a label that only the
    host has still loads. Parameters are cast where the driver sends them typed (psycopg 3).
    """

    cache_ok = True
    render_bind_cast = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL and in casts."""
        return self.name


def as_text(column: Any) -> ColumnElement[str]:
    """An enum column as text: comparable with any string, and sorted by the alphabet."""
    return cast(column, Text)


class Base(DeclarativeBase):
    """The registry. Constraints are named as PostgreSQL names them, as in SkyPortal's tables."""

    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "fk": "%(table_name)s_%(column_0_name)s_fkey",
            "uq": "%(table_name)s_%(column_0_name)s_key",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        float: Float(53),
        datetime: DateTime(timezone=False),
    }


class Timestamped:
    """When a row was made and last changed, in UTC without a zone."""

    created_at: Mapped[datetime] = mapped_column(default=utcnow, sort_order=1000)
    modified: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow, sort_order=1000)


class Row(Timestamped):
    """A row with a number for its key."""

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)


class NamedRow(Timestamped):
    """A row whose key is its name: objs, tokens, ACLs, roles."""

    id: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
