"""SkyPortal's tables as far as a photometric series touches them, in a database of our own."""

from __future__ import annotations

from pathlib import Path

from alembic import op
from sqlalchemy import text

from skyportal_series.enum_types import ALLOWED_BANDPASSES, TIME_STAMP_ALIGNMENTS

revision = "skyportal_0001"
down_revision = None
branch_labels = ("skyportal",)
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def _create_enum(name: str, labels: tuple[str, ...]) -> None:
    exists = text("SELECT to_regtype(:name) IS NOT NULL").bindparams(name=name)
    if not op.get_bind().execute(exists).scalar_one():
        listed = ", ".join(f"'{label}'" for label in labels)
        op.get_bind().exec_driver_sql(f"CREATE TYPE {name} AS ENUM ({listed})")


def upgrade() -> None:
    """Create what is missing."""
    _create_enum("bandpasses", ALLOWED_BANDPASSES)
    _create_enum("time_stamp_alignments", TIME_STAMP_ALIGNMENTS)
    for part in ("tables", "series"):
        script = (SQL / f"skyportal_0001_{part}.sql").read_text(encoding="utf-8")
        op.get_bind().exec_driver_sql(script, execution_options={"no_parameters": True})


def downgrade() -> None:
    """Refuse: it would drop the series."""
    raise NotImplementedError("The first revision is not undone; drop the database instead.")
