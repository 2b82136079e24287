"""How Alembic reaches the database: by a connection that `migrate` hands over, or by `-x url=…`.

To make a new revision, against a database that is up to date (see pyproject.toml, [tool.alembic]):

    alembic -x url=postgresql+psycopg2:///NAME revision --autogenerate \\
        --head skyportal@head --rev-id skyportal_0002 -m "What it is for"

Revisions of the branch `skyportal` run in databases of our own only; those of the branch `plugin`
(`--head plugin@head --rev-id plugin_0002`) run in every database.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from skyportal_series.migrations import VERSION_TABLE
from skyportal_series.models import Base


def run(connection: Connection) -> None:
    """Run what Alembic was asked for on `connection`, in its transaction if it has one."""
    context.configure(
        connection=connection, target_metadata=Base.metadata, version_table=VERSION_TABLE
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["url"]).connect() as opened:
        run(opened)
