"""Whom the scorecard alone would have named is found by an index."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_register_rows_register_rules", "register_rows"


def upgrade() -> None:
    op.create_index(NAME, TABLE, ["register_id", "rules_band", "points", "points_max"], unique=False)


def downgrade() -> None:
    op.drop_index(NAME, TABLE)
