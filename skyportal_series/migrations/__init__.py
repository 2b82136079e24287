"""Brings a database to the shape that the plugin needs.

There are two branches of revisions. `skyportal` makes SkyPortal's tables, and runs in databases of
our own only. `plugin` makes the plugin's own tables, and runs everywhere. Which branches are in
the version table tells, ever after, whose database it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy.dialects.postgresql import insert

from ..enum_types import allowed_bandpasses
from ..errors import InvalidInput
from ..models import ACL, Group

VERSION_TABLE = "photometric_series_alembic_version"
ACLS = ("Upload data", "Manage photometry", "System admin")
#: Held while migrating, so that two processes that start together do not both create.
ADVISORY_LOCK = 0x5E71E5
#: PostgreSQL's NAMEDATALEN, less its end.
LABEL_BYTES = 63


def migrate(
    engine: Engine,
    additional_bandpasses: Iterable[str] = (),
    public_group_name: str = "Sitewide Group",
) -> None:
    """Create or bring up to date what the plugin needs, in one transaction.

    In a database of our own: all tables, the bandpasses, the ACLs and the public group. In one
    that has SkyPortal's `photometric_series` already: the plugin's own tables, and nothing else.
    Raises InvalidInput if a bandpass has a name that PostgreSQL cannot hold.
    """
    bandpasses = allowed_bandpasses(additional_bandpasses)
    _check_labels(bandpasses)
    with engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        ours = is_ours(connection)
        if ours:
            _upgrade(connection, "skyportal@head")
        _upgrade(connection, "plugin@head")
        if ours:
            _add_bandpasses(connection, bandpasses)
            _add_rows(connection, public_group_name)


def is_ours(connection: Connection) -> bool:
    """Whether SkyPortal's tables in this database are, or would be, made by the plugin."""
    heads = current_heads(connection)
    if heads:
        return any(head.startswith("skyportal_") for head in heads)
    return not inspect(connection).has_table("photometric_series")


def current_heads(connection: Connection) -> tuple[str, ...]:
    """The revisions that the database is at; none if it was never migrated."""
    options = {"version_table": VERSION_TABLE}
    return MigrationContext.configure(connection, opts=options).get_current_heads()


def _upgrade(connection: Connection, target: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def _check_labels(bandpasses: Iterable[str]) -> None:
    for label in bandpasses:
        if not 0 < len(label.encode()) <= LABEL_BYTES or "\0" in label:
            raise InvalidInput(
                f"The bandpass {label!r} cannot be added: a name has 1 to {LABEL_BYTES} bytes.",
                {"additional_bandpasses": [f"Not 1 to {LABEL_BYTES} bytes: {label!r}"]},
            )


def bandpasses_of(connection: Connection) -> tuple[str, ...]:
    """The labels that this database's enum `bandpasses` has: what `filter` can hold here."""
    labels = text("SELECT unnest(enum_range(NULL::bandpasses))::text")
    return tuple(connection.execute(labels).scalars())


def _add_bandpasses(connection: Connection, wanted: Iterable[str]) -> None:
    present = set(bandpasses_of(connection))
    for label in wanted:
        if label not in present:
            quoted = label.replace("'", "''")
            connection.exec_driver_sql(
                f"ALTER TYPE bandpasses ADD VALUE IF NOT EXISTS '{quoted}'",
                execution_options={"no_parameters": True},
            )


def _add_rows(connection: Connection, public_group_name: str) -> None:
    acls = [{"id": name} for name in ACLS]
    connection.execute(insert(ACL).values(acls).on_conflict_do_nothing())
    group = {"name": public_group_name, "private": False, "single_user_group": False}
    connection.execute(insert(Group).values(group).on_conflict_do_nothing())
