"""How far one school is with one check: what it has sent, what it confirmed, what it may start from."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from service import tables as t
from service.checks.queries import is_overdue, state_of
from service.clock import now
from service.uploads.receiving import CONFIRMING
from service.uploads.rolls import ON_ROLL, base_of, live_submission
from service.uploads.storing import READING, REFUSED, STAGED

OPEN = (READING, STAGED, CONFIRMING, REFUSED)


def standing_of(connection: Connection, check: Any, school: Any) -> dict[str, Any]:
    """State and next step of a school: `upload` is one that is not finished, `receipt` of the roll that counts now,
    `last` the earlier roll that may be confirmed again."""
    lines = t.check_schools.c
    line = connection.execute(
        select(t.check_schools).where(lines.check_id == check.id, lines.school_id == school.id)
    ).one_or_none()
    return {
        "asked": line is not None,
        "state": state_of(line) if line is not None else "not_asked",
        "overdue": line is not None and is_overdue(check, line, now()),
        "signed_off_at": line.signed_off_at if line is not None else None,
        "upload": _open_upload(connection, check.id, school.id),
        "receipt": receipt_of(connection, check.id, school.id),
        "last": _last(connection, check, school.id),
    }


def _open_upload(connection: Connection, check_id: int, school_id: int) -> Any:
    """The last upload, where it waits for somebody; a refused one only while nothing came after it."""
    uploads = t.uploads.c
    last = connection.execute(
        select(t.uploads)
        .where(uploads.check_id == check_id, uploads.school_id == school_id)
        .order_by(uploads.id.desc())
        .limit(1)
    ).one_or_none()
    return last if last is not None and last.state in OPEN else None


def receipt_of(connection: Connection, check_id: int, school_id: int) -> dict[str, Any] | None:
    """The receipt of the roll that counts now."""
    live = live_submission(connection, check_id, school_id)
    found = connection.execute(select(t.submissions.c.receipt).where(t.submissions.c.id == live)).scalar()
    return dict(found) if found else None


def _last(connection: Connection, check: Any, school_id: int) -> dict[str, Any] | None:
    base = base_of(connection, check, school_id)
    if base is None:
        return None
    subs, rolls = t.submissions.c, t.roll_pupils.c
    label, check_id = connection.execute(
        select(t.checks.c.label, t.checks.c.id)
        .join(t.submissions, subs.check_id == t.checks.c.id)
        .where(subs.id == base)
    ).one()
    if check_id == check.id:
        return None
    here = (rolls.submission_id == base, rolls.status == ON_ROLL)
    pupils = connection.execute(select(func.count()).select_from(t.roll_pupils).where(*here)).scalar_one()
    return {"label": label, "pupils": pupils}


def school_names(connection: Connection) -> dict[str, str]:
    """The council's schools: URN and name, by name."""
    rows = connection.execute(select(t.schools.c.urn, t.schools.c.name).order_by(t.schools.c.name))
    return {row.urn: row.name for row in rows}
