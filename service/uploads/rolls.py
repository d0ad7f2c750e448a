"""The last confirmed roll of a school: what a new file is compared with, and what stands over."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select

from service import tables as t
from service.registers.registrations import LEFT, ON_ROLL

__all__ = ["LEFT", "ON_ROLL", "base_of", "last_roll", "live_submission", "of_school", "who"]

_EARLIER = select(t.checks.c.earlier_id).where(t.checks.c.id == bindparam("check"))


def of_school(school_id: ColumnElement[Any], own: bool) -> ColumnElement[bool]:
    """The condition of a statement made once that it is about a school, or about the council's own roll."""
    return school_id.is_(None) if own else school_id == bindparam("school")


def who(check_id: int, school_id: int | None) -> dict[str, int]:
    """The parameters of such a statement about one check."""
    return {"check": check_id} if school_id is None else {"check": check_id, "school": school_id}


@cache
def _live(own: bool) -> Select[int]:
    subs = t.submissions.c
    return select(subs.id).where(subs.check_id == bindparam("check"), subs.live, of_school(subs.school_id, own))


def live_submission(connection: Connection, check_id: int, school_id: int | None) -> int | None:
    """The submission that counts now for a school and check; None for the council's own roll is `school_id` None."""
    return connection.execute(_live(school_id is None), who(check_id, school_id)).scalar()


def base_of(connection: Connection, check: Any, school_id: int | None) -> int | None:
    """The submission that a new roll is compared with: this check's, else the last of the checks it continues."""
    found, earlier = live_submission(connection, check.id, school_id), check.earlier_id
    while found is None and earlier is not None:
        found = live_submission(connection, earlier, school_id)
        if found is None:
            earlier = connection.execute(_EARLIER, {"check": earlier}).scalar()
    return found


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
