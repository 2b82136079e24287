"""The plugin's own table, beside SkyPortal's: what the file check could not mend."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "plugin_0001"
down_revision = None
branch_labels = ("plugin",)
depends_on = None

TABLE = "photometric_series_damage"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        TABLE,
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("found_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", name=f"{TABLE}_pkey"),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["photometric_series.id"],
            name=f"{TABLE}_series_id_fkey",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Drop the table; the next check finds the damage again."""
    op.drop_table(TABLE)
