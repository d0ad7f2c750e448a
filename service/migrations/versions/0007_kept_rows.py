"""Whose each row of a council list was when a check closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service import row_security

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Of checks that are closed already: what is known of it now.
KEEP = """
insert into kept_rows (check_id, supplement_row_id, pupil_id)
select closed.id, item.id, item.pupil_id
from checks closed
join supplements list on list.state in ('live', 'superseded') and list.confirmed_at <= closed.closed_at
join supplement_rows item on item.supplement_id = list.id
where item.pupil_id is not null and item.state in ('matched', 'own_roll')
  and exists (select 1 from roll_pupils roll
              where roll.check_id = closed.id and roll.live and roll.pupil_id = item.pupil_id)
"""


def upgrade() -> None:
    op.create_table(
        "kept_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("supplement_row_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["check_id"], ["checks.id"], name=op.f("fk_kept_rows_check_id_checks"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["supplement_row_id"],
            ["supplement_rows.id"],
            name=op.f("fk_kept_rows_supplement_row_id_supplement_rows"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["pupil_id"], ["pupils.id"], name=op.f("fk_kept_rows_pupil_id_pupils"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_rows")),
    )
    for name in ("check_id", "supplement_row_id", "pupil_id"):
        op.create_index(op.f(f"ix_kept_rows_{name}"), "kept_rows", [name])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("select set_config('roni.everything', 'on', true)")
    op.execute(KEEP)
    row_security.enable(op.get_bind())


def downgrade() -> None:
    op.drop_table("kept_rows")
