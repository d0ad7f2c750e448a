"""Many pupils of a list taken on at once by a coach: whom it would be, and the same people once that is confirmed.

Nobody is taken from another coach, and nobody is taken on who was not named to the coach before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from service import audit
from service import tables as t
from service.access import Access
from service.caseload.coaches import OPEN, begin
from service.registers.filters import RegisterFilters
from service.registers.order import RANKED
from service.registers.page import require_register, which

MOST = 100  # at once: as many as stand on a page of the list
REASON = "Taken on from the list, with others."
r, a = t.register_rows.c, t.assignments.c


@dataclass(frozen=True)
class Found:
    """Pupils of a list: `free` have no coach, the first of them `taken`; the others are on a caseload already."""

    taken: Sequence[Any]
    free: int
    yours: int
    with_others: int

    @property
    def pupils(self) -> list[int]:
        return [row.pupil_id for row in self.taken]


def whom(
    connection: Connection,
    access: Access,
    check: Any,
    asked: RegisterFilters,
    first: int | None = None,
    most: int = MOST,
) -> Found:
    """Whom of a check's list it would be, the most urgent first: of those who fit, or of the `first` of them.

    Who has left, is not scored or was taken off the list is taken on only where that part of it is asked for.
    """
    register = require_register(connection, access, check)
    query = (
        _with_coach()
        .join(t.register_rows, r.pupil_id == t.pupils.c.id)
        .where(which(connection, access, check, register, asked), t.pupils.c.died_at.is_(None))
    )
    if asked.section is None:
        query = query.where(r.section == RANKED)
    rows = connection.execute(query.order_by(r.sort).limit(first)).all()
    return _found(access, rows, most)


def take_on(connection: Connection, access: Access, check: Any, refs: Collection[str]) -> Found:
    """Take these pupils on who have no coach; whom another coach has stays there."""
    query = _with_coach().where(t.pupils.c.ref.in_(refs), t.pupils.c.died_at.is_(None), access.may_read(t.pupils.c.id))
    found = _found(access, connection.execute(query).all(), MOST)
    begin(connection, access, found.pupils, access.person_id, REASON)
    audit.record(
        connection, access, "coach.take_on", about=check.ref, pupils=found.pupils, detail={"count": len(found.taken)}
    )
    return found


def _with_coach() -> Select[Any]:
    """Pupils with the coach whom each has now, and the name of their school."""
    pupil = t.pupils.c
    return (
        select(pupil.id.label("pupil_id"), pupil.ref, pupil.name, a.coach_id, t.schools.c.name.label("school"))
        .select_from(t.pupils)
        .outerjoin(t.assignments, (a.pupil_id == pupil.id) & OPEN)
        .outerjoin(t.schools, t.schools.c.id == pupil.school_id)
    )


def _found(access: Access, rows: Sequence[Any], most: int) -> Found:
    free = [row for row in rows if row.coach_id is None]
    yours = sum(row.coach_id == access.person_id for row in rows)
    return Found(free[:most], len(free), yours, len(rows) - len(free) - yours)
