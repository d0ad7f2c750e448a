"""Erasing pupils: everything stored about them, also what stands beside their own rows. The audit stays whole.

The audit names pupils by random references; the rows that say whose they are go with the pupil.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from service import tables as t
from service.database import lock_rolls
from service.idempotency import IN_PROGRESS
from service.registers.columns import drop_columns
from service.supplements.matching import identifiers

AT_ONCE = 400  # a database takes a limited number of parameters
# Whatever hangs on a pupil by a key goes with it.
HANGING = (
    t.roll_pupils, t.supplement_rows, t.register_rows, t.moderations, t.assignments, t.contacts, t.pupil_requests,
    t.resolutions, t.upload_pupils, t.upload_leavers, t.sheet_rows, t.kept_rows,
)  # fmt: skip
NOT_CONFIRMED = ("reading", "staged", "refused", "withdrawn", "superseded")


def erase(connection: Connection, pupils: Collection[int]) -> Counter[str]:
    """Delete these pupils and all that is stored about them; returns how many rows of what."""
    lock_rolls(connection)  # nobody may be working them out meanwhile
    counts: Counter[str] = Counter()
    for part in in_parts(pupils):
        known = connection.execute(select(t.pupils).where(t.pupils.c.id.in_(part))).all()
        counts["list_rows_not_linked"] += _erase_list_rows(connection, known)
        counts["files_not_confirmed"] += _erase_files(connection, known)
        _erase_answers(connection, known)
        drop_columns(connection, t.roll_pupils.c.pupil_id.in_(part))
        for table in HANGING:
            query = select(func.count()).select_from(table).where(table.c.pupil_id.in_(part))
            counts[table.name] += connection.execute(query).scalar_one()
        counts["pupils"] += connection.execute(delete(t.pupils).where(t.pupils.c.id.in_(part))).rowcount
    # Answers kept for a request sent again may hold a pupil's line.
    connection.execute(delete(t.idempotency).where(t.idempotency.c.status != IN_PROGRESS))
    return +counts


def _erase_list_rows(connection: Connection, pupils: Sequence[Any]) -> int:
    """Rows of council lists that say who these are, though nobody has linked them."""
    row = t.supplement_rows.c
    loose = connection.execute(select(row.id, row.record).where(row.pupil_id.is_(None))).all()
    mine = [number for number, record in loose if _is_one_of(record["values"], pupils)]
    for part in in_parts(mine):
        connection.execute(delete(t.supplement_rows).where(row.id.in_(part)))
    return len(mine)


def _is_one_of(values: dict[str, Any], pupils: Sequence[Any]) -> bool:
    """By an identifier, or by name where the row has no identifier at all: rather one row too many."""
    said = set(identifiers(values).values())
    name = f"{values.get('surname')}, {values.get('forename')}".casefold()
    return any(
        said & {pupil.upn, pupil.former_upn, pupil.uln} if said else name == pupil.name.casefold() for pupil in pupils
    )


def _erase_files(connection: Connection, pupils: Sequence[Any]) -> int:
    """Files not confirmed that these stand in: taken back wholly, for the file itself cannot be cut."""
    ids = [pupil.id for pupil in pupils]
    staged = select(t.uploads.c.id).where(t.uploads.c.state.in_(NOT_CONFIRMED))
    found: set[int] = set()
    for table in (t.upload_pupils, t.upload_leavers):
        hit = select(table.c.upload_id).where(table.c.upload_id.in_(staged), table.c.pupil_id.in_(ids))
        found.update(connection.execute(hit).scalars())
    rows = t.upload_pupils.c
    loose = select(rows.upload_id, rows.record).where(rows.upload_id.in_(staged), rows.pupil_id.is_(None))
    found.update(upload for upload, record in connection.execute(loose) if _is_one_of(record["values"], pupils))
    take_back(connection, found)
    return len(found)


def take_back(connection: Connection, uploads: Collection[int]) -> None:
    """Uploads without their file and what was read of it. Who sends it again begins anew."""
    for part in in_parts(uploads):
        for table in (t.upload_files, t.upload_pupils, t.upload_leavers):
            connection.execute(delete(table).where(table.c.upload_id.in_(part)))
        values: dict[str, Any] = {"state": "withdrawn", "edits": {}, "leavers": {}, "cohort": None, "questions": []}
        connection.execute(
            update(t.uploads).where(t.uploads.c.id.in_(part)).values(**values, version=t.uploads.c.version + 1)
        )


def _erase_answers(connection: Connection, pupils: Sequence[Any]) -> None:
    """What was typed in for the files of confirmed rolls that these stand on."""
    ids, refs = [pupil.id for pupil in pupils], {pupil.ref for pupil in pupils}
    roll, sent = t.roll_pupils.c, t.submissions.c
    uploads = select(sent.upload_id).join(t.roll_pupils, roll.submission_id == sent.id).where(roll.pupil_id.in_(ids))
    query = select(t.uploads.c.id, t.uploads.c.leavers).where(t.uploads.c.id.in_(uploads))
    for upload, leavers in connection.execute(query).all():
        kept = {ref: said for ref, said in leavers.items() if ref not in refs and not ref.startswith("row:")}
        connection.execute(update(t.uploads).where(t.uploads.c.id == upload).values(leavers=kept, edits={}))


def in_parts(ids: Iterable[int]) -> Iterator[list[int]]:
    """The ids, as many at a time as a query takes."""
    whole = sorted(set(ids))
    return (whole[start : start + AT_ONCE] for start in range(0, len(whole), AT_ONCE))


def is_still_sent(connection: Connection, pupil_id: int) -> bool:
    """Whether a school has the pupil on a roll of an open check: its next file would bring them back."""
    roll = t.roll_pupils.c
    query = (
        select(roll.id)
        .join(t.checks, t.checks.c.id == roll.check_id)
        .where(roll.pupil_id == pupil_id, roll.live, roll.status == "on_roll", roll.school_id.is_not(None))
        .where(t.checks.c.closed_at.is_(None))
    )
    return connection.execute(query.limit(1)).one_or_none() is not None
