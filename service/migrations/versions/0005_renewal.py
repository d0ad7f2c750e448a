"""A register that is worked out anew aside, and what is left to do of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("registers", sa.Column("renewal", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.execute("delete from registers where beside and renewal is not null")
    op.drop_column("registers", "renewal")
