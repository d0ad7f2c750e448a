"""Row-level security on PostgreSQL: the second gate before pupils' rows."""

from __future__ import annotations

from alembic import op

from service import row_security

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    row_security.enable(op.get_bind())


def downgrade() -> None:
    row_security.disable(op.get_bind())
