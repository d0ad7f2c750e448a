"""A confirmed roll as it is stored: the one before counts no more, and the school has signed off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Select, Update, bindparam, insert, select, update

from roni import VERSION
from service import tables as t
from service.access import Access
from service.clock import now
from service.many import insert_many
from service.refs import new_ref
from service.registers.columns import drop_replaced, keep_columns
from service.uploads.roll import Roll
from service.uploads.rolls import of_school, who

_LINE = select(t.check_schools).where(
    t.check_schools.c.check_id == bindparam("check"), t.check_schools.c.school_id == bindparam("school")
)
_SIGN_OFF = update(t.check_schools).where(t.check_schools.c.id == bindparam("line"))
_HABITS = update(t.schools).where(t.schools.c.id == bindparam("school"))
_GIVE_RECEIPT = update(t.submissions).where(t.submissions.c.id == bindparam("submission"))


def retire(connection: Connection, check_id: int, school_id: int | None) -> set[int]:
    """The roll that counted until now does so no more; returns whom it had."""
    pupils, retire_pupils, retire_roll = _retiring(school_id is None)
    mine = who(check_id, school_id)
    had = set(connection.execute(pupils, mine).scalars())
    if had:
        connection.execute(retire_pupils, mine)
    connection.execute(retire_roll, mine)
    if had:
        drop_replaced(connection, check_id, school_id)
    return had


@cache
def _retiring(own: bool) -> tuple[Select[int], Update, Update]:
    """Who is on the roll that counts, and that neither they nor it count any more."""
    rolls, subs = t.roll_pupils.c, t.submissions.c
    live = (rolls.check_id == bindparam("check"), rolls.live, of_school(rolls.school_id, own))
    whole = (subs.check_id == bindparam("check"), subs.live, of_school(subs.school_id, own))
    return (
        select(rolls.pupil_id).where(*live),
        update(t.roll_pupils).where(*live).values(live=False),
        update(t.submissions).where(*whole).values(live=False),
    )


def submit(connection: Connection, access: Access, check_id: int, roll: Roll) -> tuple[str, int]:
    """The roll without its pupils; its reference and id."""
    row = {
        "ref": new_ref("roll"),
        "confirmed_by_id": access.person_id,
        "check_id": check_id,
        "school_id": roll.school_id,
        "upload_id": roll.upload_id,
        "live": True,
        "file_name": roll.file_name,
        "file_digest": roll.file_digest,
        "library_version": VERSION,
        "cohort": roll.cohort,
        "receipt": {},
    }
    connection.execute(insert(t.submissions).values(**row))
    found = connection.execute(select(t.submissions.c.id).where(t.submissions.c.ref == row["ref"])).scalar_one()
    return str(row["ref"]), int(found)


def store_rows(
    connection: Connection, check_id: int, submission_id: int, school_id: int | None, rows: Sequence[Mapping[str, Any]]
) -> None:
    """The pupils of a roll, as `roll.rows_of` has them."""
    same = (submission_id, check_id, school_id, True)
    stored = itemgetter("pupil_id", "status", "leaver", "stored")
    names = ("submission_id", "check_id", "school_id", "live", "place", "pupil_id", "status", "leaver", "record")
    insert_many(connection, t.roll_pupils, names, ((*same, place, *stored(row)) for place, row in enumerate(rows)))
    if school_id is not None:  # the council's own roll changes while it is live
        keep_columns(connection, submission_id, [row["record"] for row in rows])


def sign_off(connection: Connection, access: Access, check_id: int, submission_id: int, roll: Roll) -> None:
    """The school has returned; and how its files are read is kept for the next."""
    if roll.school_id is None:
        return
    at = now()
    signed = {"submission_id": submission_id, "signed_off_at": at, "signed_off_by_id": access.person_id}
    row = connection.execute(_LINE, who(check_id, roll.school_id)).one_or_none()
    if row is None:  # a file for all schools may bring a school that was not asked
        line = {"check_id": check_id, "school_id": roll.school_id, "started_at": at, **signed}
        connection.execute(insert(t.check_schools), line)
    else:
        started = {"started_at": row.started_at or at, "version": row.version + 1}
        connection.execute(_SIGN_OFF, {"line": row.id, **signed, **started})
    if roll.mapping is not None:
        connection.execute(_HABITS, {"school": roll.school_id, "mapping": roll.mapping})


def give_receipt(connection: Connection, submission_id: int, receipt: Mapping[str, Any]) -> None:
    """Keep what the school was told."""
    connection.execute(_GIVE_RECEIPT, {"submission": submission_id, "receipt": receipt})
