"""The second gate knows pupils who have moved on from a school, and those whom another school had first."""

from __future__ import annotations

from alembic import op

from service import row_security

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    row_security.enable(op.get_bind())


def downgrade() -> None:
    """Nothing: what the policies ask of a transaction that says nothing of schools is what they asked before."""
