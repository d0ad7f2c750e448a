"""The last confirmed roll of a school: what a new file is compared with, and what stands over."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import ColumnElement, Connection, Select, Text, bindparam, cast, select

from service import tables as t
from service.registers.registrations import LEFT, ON_ROLL

__all__ = ["LEFT", "ON_ROLL", "base_of", "last_roll", "live_submission", "of_school", "who", "write_roll"]

_ROLLS, _PUPILS, _SUBMISSIONS = t.roll_pupils.c, t.pupils.c, t.submissions.c
_MEMBERS = (
    select(_ROLLS.pupil_id, _ROLLS.status, _ROLLS.leaver, _PUPILS.key, _PUPILS.key_kind, _PUPILS.closed_at)
    .join(t.pupils, _PUPILS.id == _ROLLS.pupil_id)
    .where(_ROLLS.submission_id == bindparam("submission"), _ROLLS.live, _PUPILS.died_at.is_(None))
    .order_by(_ROLLS.place)
)
_WITH_RECORDS = _MEMBERS.add_columns(_ROLLS.record)
_WITH_TEXTS = _MEMBERS.add_columns(cast(_ROLLS.record, Text).label("record"))
_HEADER = select(_SUBMISSIONS.cohort).where(_SUBMISSIONS.id == bindparam("submission"))
_HEADER_TEXT = select(cast(_SUBMISSIONS.cohort, Text)).where(_SUBMISSIONS.id == bindparam("submission"))
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
    header = connection.execute(_HEADER, {"submission": submission_id}).scalar_one()
    kept = _kept(connection, _WITH_RECORDS, submission_id)
    records = [{**row.record, "key": row.key, "kind": row.key_kind} for row in kept]
    pupils = [{"id": row.pupil_id, "leaver": _leaver(row)} for row in kept]
    return {"cohort": {**header, "pupils": records}, "pupils": pupils}


def write_roll(connection: Connection, submission_id: int) -> bytes:
    """The same roll as JSON, for `staging.read_roll`; of what is only handed on nothing is read here."""
    header = connection.execute(_HEADER_TEXT, {"submission": submission_id}).scalar_one()
    kept = _kept(connection, _WITH_TEXTS, submission_id)
    pupils = [{"id": row.pupil_id, "leaver": _leaver(row), "key": row.key, "kind": row.key_kind} for row in kept]
    records = ",".join([row.record for row in kept])
    return b'{"header":%b,"records":[%b],"pupils":%b}' % (header.encode(), records.encode(), to_json(pupils))


def _kept(connection: Connection, query: Select[Any], submission_id: int) -> list[Any]:
    rows = connection.execute(query, {"submission": submission_id}).all()
    return [row for row in rows if row.status == ON_ROLL or row.closed_at is None]


def _leaver(row: Any) -> dict[str, Any] | None:
    return row.leaver or {} if row.status == LEFT else None
