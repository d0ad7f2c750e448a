"""Moderation carried from a check to the one that continues it, to be reviewed there.

What is carried later than the other check was opened overrides nothing that was asked or decided there since: an
addition or a change of priority then waits, as asked, until somebody reviews it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from service import tables as t
from service.caseload.standing import ASKED, IN_FORCE, OPEN
from service.refs import new_ref

m = t.moderations.c
_BECAME = ("state", "decided_reason", "decided_at", "decided_by_id", "decided_role")
_CARRIED = ("pupil_id", "by_id", "created_at", "kind", "band", "why", "reason", "role", *_BECAME)
_WAITS = {**dict.fromkeys(_BECAME), "state": ASKED}


def carry_moderations(connection: Connection, earlier_id: int, check_id: int) -> int:
    """Carry what is open or in force to the check that continues another, to be reviewed there; how many now.

    Doing it again carries only what is new. The pupils' lines are worked out when their school's roll is confirmed.
    """
    have = select(m.carried_from_id).where(m.check_id == check_id, m.carried_from_id.is_not(None))
    rows = connection.execute(
        select(t.moderations).where(m.check_id == earlier_id, m.state.in_(OPEN), m.id.not_in(have)).order_by(m.id)
    ).all()
    _insert(connection, check_id, [(row, {}) for row in rows])
    return len(rows)


def _insert(connection: Connection, check_id: int, rows: Sequence[tuple[Any, dict[str, Any]]]) -> None:
    new = [
        {name: getattr(row, name) for name in _CARRIED}
        | {"ref": new_ref("moderation"), "check_id": check_id, "carried_from_id": row.id, **otherwise}
        for row, otherwise in rows
    ]
    if new:
        connection.execute(insert(t.moderations), new)


def carry_on(connection: Connection, row: Any) -> list[int]:
    """Carry one moderation, as it is now, to the open checks that continue its check; returns those that it changes.

    What nobody has reviewed there becomes what it became here; what somebody has, stays.
    """
    checks, changed = t.checks.c, []
    later = select(checks.id).where(checks.earlier_id == row.check_id, checks.closed_at.is_(None))
    for check_id in connection.execute(later.order_by(checks.id)).scalars().all():
        copied = select(t.moderations).where(m.check_id == check_id, m.carried_from_id == row.id)
        copy = connection.execute(copied).one_or_none()
        if _follow(connection, check_id, row, copy) if copy is not None else _carry(connection, check_id, row):
            changed += [check_id, *carry_on(connection, connection.execute(copied).one())]
    return changed


def _carry(connection: Connection, check_id: int, row: Any) -> bool:
    """Carry what is not there yet; not what is asked there already."""
    same = select(m.id).where(
        m.check_id == check_id, m.pupil_id == row.pupil_id, m.kind == row.kind, m.state.in_(OPEN),
        m.band.is_not_distinct_from(row.band),
    )  # fmt: skip
    if row.state not in OPEN or connection.execute(same.limit(1)).scalar() is not None:
        return False
    _insert(connection, check_id, [(row, _otherwise(connection, check_id, row))])
    return True


def _follow(connection: Connection, check_id: int, row: Any, copy: Any) -> bool:
    """Let what was carried become what it became, unless somebody has looked at it there."""
    if copy.reviewed_at is not None or copy.state not in OPEN:
        return False
    became = {name: getattr(row, name) for name in _BECAME} | _otherwise(connection, check_id, row)
    if all(getattr(copy, name) == value for name, value in became.items()):
        return False
    connection.execute(update(t.moderations).where(m.id == copy.id).values(**became, version=copy.version + 1))
    return True


def _otherwise(connection: Connection, check_id: int, row: Any) -> dict[str, Any]:
    """What is in force waits where somebody has asked or decided something about the pupil in the other check."""
    own = or_(m.carried_from_id.is_(None), m.reviewed_at.is_not(None))
    word = select(m.id).where(m.check_id == check_id, m.pupil_id == row.pupil_id, own).limit(1)
    waits = row.state in IN_FORCE and connection.execute(word).scalar() is not None
    return _WAITS if waits else {}
