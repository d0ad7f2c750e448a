"""Moderation carried from a check to the one that continues it, to be reviewed there."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from service import tables as t
from service.caseload.standing import OPEN
from service.refs import new_ref

m = t.moderations.c
_CARRIED = (
    "pupil_id", "by_id", "created_at", "kind", "band", "why", "reason", "role", "state", "decided_reason", "decided_at",
    "decided_by_id", "decided_role",
)  # fmt: skip


def carry_moderations(connection: Connection, earlier_id: int, check_id: int) -> int:
    """Carry what is open or in force to the check that continues another, to be reviewed there; how many now.

    Doing it again carries only what is new. The pupils' lines are worked out when their school's roll is confirmed.
    """
    have = select(m.carried_from_id).where(m.check_id == check_id, m.carried_from_id.is_not(None))
    rows = connection.execute(
        select(t.moderations).where(m.check_id == earlier_id, m.state.in_(OPEN), m.id.not_in(have)).order_by(m.id)
    ).all()
    new = [
        {name: getattr(row, name) for name in _CARRIED}
        | {"ref": new_ref("moderation"), "check_id": check_id, "carried_from_id": row.id}
        for row in rows
    ]
    if new:
        connection.execute(insert(t.moderations), new)
    return len(new)
