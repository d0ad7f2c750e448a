"""The last confirmed roll of a school: what a new file is compared with, and what stands over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from service import tables as t
from service.registers.registrations import LEFT, ON_ROLL

__all__ = ["LEFT", "ON_ROLL", "base_of", "last_roll", "live_submission"]


def live_submission(connection: Connection, check_id: int, school_id: int | None) -> int | None:
    """The submission that counts now for a school and check; None for the council's own roll is `school_id` None."""
    subs = t.submissions.c
    whose = subs.school_id.is_(None) if school_id is None else subs.school_id == school_id
    return connection.execute(select(subs.id).where(subs.check_id == check_id, subs.live, whose)).scalar()


def base_of(connection: Connection, check: Any, school_id: int | None) -> int | None:
    """The submission that a new roll is compared with: this check's, else the last of the checks it continues."""
    check_id, earlier = check.id, check.earlier_id
    while True:
        found = live_submission(connection, check_id, school_id)
        if found is not None or earlier is None:
            return found
        check_id = earlier
        earlier = connection.execute(select(t.checks.c.earlier_id).where(t.checks.c.id == check_id)).scalar()


def last_roll(connection: Connection, submission_id: int | None) -> dict[str, Any] | None:
    """A confirmed roll as plain values, its pupils under their keys of now, without who has died or is closed."""
    if submission_id is None:
        return None
    header = connection.execute(select(t.submissions.c.cohort).where(t.submissions.c.id == submission_id)).scalar_one()
    rolls, pupils = t.roll_pupils.c, t.pupils.c
    rows = connection.execute(
        select(rolls.pupil_id, rolls.status, rolls.leaver, rolls.record, pupils.key, pupils.key_kind, pupils.closed_at)
        .join(t.pupils, pupils.id == rolls.pupil_id)
        .where(rolls.submission_id == submission_id, rolls.live, pupils.died_at.is_(None))
        .order_by(rolls.place)
    ).all()
    kept = [row for row in rows if row.status == ON_ROLL or row.closed_at is None]
    records = [{**row.record, "key": row.key, "kind": row.key_kind} for row in kept]
    leavers = [row.leaver or {} if row.status == LEFT else None for row in kept]
    return {
        "cohort": {**header, "pupils": records},
        "pupils": [{"id": row.pupil_id, "leaver": leaver} for row, leaver in zip(kept, leavers, strict=True)],
    }
