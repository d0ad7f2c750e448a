"""Override rates: how often people see a pupil otherwise than the card and the model, by school, reason and check."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from service import tables as t
from service.access import Access

m = t.moderations.c


def override_rates(connection: Connection, access: Access, check_id: int | None = None) -> list[dict[str, Any]]:
    """A line for each check, school, kind, reason and state: how many, and of how many pupils of that school's roll.

    Withdrawn ones are not counted, nor those carried from an earlier check, which are counted there.
    """
    pupils = _pupils(connection, access)
    query = (
        select(t.checks.c.ref, t.checks.c.label, m.check_id, t.pupils.c.school_id)
        .add_columns(t.schools.c.urn, t.schools.c.name, m.kind, m.why, m.state, func.count().label("count"))
        .join(t.checks, t.checks.c.id == m.check_id)
        .join(t.pupils, t.pupils.c.id == m.pupil_id)
        .outerjoin(t.schools, t.schools.c.id == t.pupils.c.school_id)
        .where(m.state != "withdrawn", m.carried_from_id.is_(None), access.may_read(m.pupil_id))
        .group_by(t.checks.c.ref, t.checks.c.label, m.check_id, t.pupils.c.school_id)
        .group_by(t.schools.c.urn, t.schools.c.name, m.kind, m.why, m.state)
        .order_by(m.check_id, t.schools.c.name, m.kind, m.why, m.state)
    )
    if check_id is not None:
        query = query.where(m.check_id == check_id)
    return [_line(row, pupils.get((row.check_id, row.school_id), 0)) for row in connection.execute(query)]


def _pupils(connection: Connection, access: Access) -> dict[tuple[int, int | None], int]:
    """How many pupils each school's roll has for each check."""
    roll = t.roll_pupils.c
    counted = (
        select(roll.check_id, roll.school_id, func.count().label("pupils"))
        .where(roll.live, access.may_read(roll.pupil_id))
        .group_by(roll.check_id, roll.school_id)
    )
    return {(row.check_id, row.school_id): row.pupils for row in connection.execute(counted)}


def _line(row: Any, pupils: int) -> dict[str, Any]:
    return {
        "check": {"ref": row.ref, "label": row.label},
        "school": None if row.urn is None else {"urn": row.urn, "name": row.name},
        "kind": row.kind,
        "why": row.why,
        "state": row.state,
        "count": row.count,
        "pupils": pupils,
        "rate_pct": round(100 * row.count / pupils, 1) if pupils else None,
    }
