"""Pupils who are said to have moved to a school, and what that school answers before it has them on its roll.

What the school may see of them. Another school named it as the one that a pupil went to; it may be the wrong one. Until
it says that the pupil is its own it is told only what it needs to look into its admission register: the name, the year
group, the last day on the other roll, and which school says so. No UPN, birth date, form or contact, no fact and no
place in any list (`ARRIVING`). The names of a pupil whose information is restricted are among what may be shared
(Education and Skills Act 2008 s.72). The new school gets the rest from the school before by common transfer file, as
the Education (Pupil Information) (England) Regulations 2005 have it. Only who sends the school's rolls reads this,
every reading is recorded, and whom the school has said not to know is not shown to it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from service import audit
from service import tables as t
from service.access import Access
from service.checks.queries import require_open
from service.clock import today
from service.database import Database, lock_rolls
from service.etags import STALE
from service.problems import Refusal
from service.settings import Settings
from service.uploads.adding import add_to_roll
from service.uploads.resolving import MOVED
from service.uploads.rolls import live_submission

ARRIVING = ("surname", "forename", "preferred_name", "year_group")
ADD_NOW, NEXT_FILE, NOT_OURS = ANSWERS = ("add_now", "next_file", "not_ours")
Told = dict[str, Any]  # one of them as it is shown
entry, roll = t.resolutions.c, t.roll_pupils.c


def list_arrivals(connection: Connection, access: Access, check: Any, school: Any) -> tuple[list[Told], list[int]]:
    """Who is said to have moved to a school by this check, and is on no roll of it yet; and their ids, for the audit.

    In the service's own transaction: the caller may read none of these pupils.
    """
    rows = connection.execute(_open(access, check, school)).all()
    can_add = bool(rows) and may_add(connection, check, school)
    return [_told(row, check, can_add) for row in rows], [row.pupil_id for row in rows]


def read_arrivals(database: Database, access: Access, check: Any, school: Any) -> list[Told]:
    """The same, recorded."""
    with database.read(Access.system()) as connection:
        found, pupils = list_arrivals(connection, access, check, school)
    if pupils:
        with database.write(Access.system()) as connection:
            detail = {"school": school.urn}
            audit.record(connection, access, "arrival.read", about=check.ref, pupils=pupils, detail=detail)
    return found


def count_unanswered(connection: Connection, access: Access, check: Any, school: Any) -> int:
    """How many of them the school has said nothing about; nothing of the pupils is read."""
    says = select(entry.says).join(t.checks, t.checks.c.id == entry.check_id).where(*_asked(access, check, school))
    return sum(not said.get("answer") for said in connection.execute(says).scalars())


def _asked(access: Access, check: Any, school: Any) -> tuple[ColumnElement[bool], ...]:
    """What is asked of a school the caller may speak for: of this check and of those before it."""
    return (
        entry.kind == MOVED, entry.closed_at.is_(None), t.checks.c.on <= check.on,
        entry.other_school_id == school.id, access.may_read_school(entry.other_school_id),
        func.coalesce(entry.says["answer"].as_string(), "") != NOT_OURS,
    )  # fmt: skip


def require_arrival(connection: Connection, access: Access, check: Any, school: Any, ref: str) -> Any:
    """One of them. Raises a 404, also where the school is not asked about the pupil any more."""
    row = connection.execute(_open(access, check, school).where(entry.ref == ref)).one_or_none()
    if row is None:
        detail = "Nobody asks this of your school any more: the pupil is on a roll, or the question is settled."
        raise Refusal(404, "not_found", detail)
    return row


def _open(access: Access, check: Any, school: Any) -> Select[Any]:
    """What is asked of a school, with the last line of each pupil on the roll of the school that says so."""
    named = t.schools.alias("says_so")
    return (
        select(t.resolutions, named.c.urn.label("from_urn"), named.c.name.label("from_name"))
        .add_columns(roll.record, roll.leaver, roll.submission_id, t.checks.c.year.label("of_year"))
        .join(t.checks, t.checks.c.id == entry.check_id)
        .join(named, named.c.id == entry.school_id)
        .join(
            t.roll_pupils,
            (roll.check_id == entry.check_id)
            & (roll.school_id == entry.school_id)
            & (roll.pupil_id == entry.pupil_id)
            & roll.live,
        )
        .where(*_asked(access, check, school))
        .order_by(entry.id)
    )


def told(connection: Connection, check: Any, school: Any, row: Any) -> Told:
    """One of them as it is shown."""
    return _told(row, check, may_add(connection, check, school))


def _told(row: Any, check: Any, can_add: bool) -> Told:
    said = {name: row.record["values"].get(name) for name in ARRIVING}
    if said["year_group"] is not None:
        said["year_group"] += check.year - row.of_year
    left_on = (row.leaver or {}).get("date")
    return {
        **said,
        "ref": row.ref,
        "version": row.version,
        "left_on": left_on and date.fromisoformat(left_on),
        "from": {"urn": row.from_urn, "name": row.from_name},
        "said_at": row.created_at,
        "answer": row.says.get("answer"),
        "answers": [answer for answer in ANSWERS if answer != ADD_NOW or can_add],
    }


def may_add(connection: Connection, check: Any, school: Any) -> bool:
    """Whether there is a roll of the check that somebody can be added to."""
    return check.closed_at is None and live_submission(connection, check.id, school.id) is not None


def answer(
    connection: Connection, access: Access, settings: Settings, check: Any, school: Any, row: Any, said: str
) -> dict[str, Any] | None:
    """Keep a school's answer. To add the pupil now confirms its roll with the pupil on it, and gives the receipt; then
    the question closes itself. What is not the school's is for the council, on its list “to resolve”.
    """
    lock_rolls(connection)
    receipt = None
    if said == ADD_NOW:
        require_open(check)
        if not may_add(connection, check, school):
            raise Refusal(409, "no_roll", "Your roll for this check is not confirmed yet. Put the pupil in your file.")
        receipt = add_to_roll(connection, access, settings, check, school, row)
    else:
        _keep(connection, row, {**row.says, "answer": said, "answered_on": today().isoformat()})
    detail = {"answer": said, "school": school.urn}
    audit.record(connection, access, "arrival.answer", about=row.ref, pupils=[row.pupil_id], detail=detail)
    return receipt


def _keep(connection: Connection, row: Any, says: Mapping[str, Any]) -> None:
    seen = (entry.id == row.id, entry.version == row.version)
    done = connection.execute(update(t.resolutions).where(*seen).values(says=says, version=row.version + 1))
    if done.rowcount != 1:
        raise Refusal(412, "stale", STALE)
