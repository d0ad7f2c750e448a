"""Confirmed rolls once more, field by field: of those that are there the records are read, as before.

And on which rolls a pupil of a check is, found without a look at all rolls of the check. A section of a register needs
no index of its own: the order of the register begins with it. And whose lines the narrower views are still owed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service import row_security

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SECTION = "ix_register_rows_register_section"


def upgrade() -> None:
    op.create_table(
        "roll_columns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f("fk_roll_columns_submission_id_submissions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roll_columns")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_roll_columns_submission_id")),
    )
    op.add_column("registers", sa.Column("owed", sa.JSON(none_as_null=True)))
    op.create_index("ix_roll_pupils_pupil_check", "roll_pupils", ["pupil_id", "check_id", "live"])
    for name in ("check_id", "pupil_id"):
        op.drop_index(op.f(f"ix_roll_pupils_{name}"), "roll_pupils")
    op.drop_index(SECTION, "register_rows")
    row_security.enable(op.get_bind())


def downgrade() -> None:
    op.create_index(SECTION, "register_rows", ["register_id", "section", "sort"])
    for name in ("check_id", "pupil_id"):
        op.create_index(op.f(f"ix_roll_pupils_{name}"), "roll_pupils", [name])
    op.drop_index("ix_roll_pupils_pupil_check", "roll_pupils")
    op.drop_column("registers", "owed")
    op.drop_table("roll_columns")
