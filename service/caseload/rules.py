"""Many pupils to a coach at once: by school, district, band and leaving cohort, after a look at whom it would be."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from roni import AcademicYear
from service import audit
from service import tables as t
from service.access import Access
from service.caseload.coach_schemas import AssignmentRule
from service.caseload.coaches import OPEN, begin, reach
from service.caseload.schemas import Shape
from service.problems import Refusal
from service.registers.cards import card_of

SHOWN = 50  # pupils of a preview that are named


def apply(connection: Connection, access: Access, check: Any, coach: Any, rule: AssignmentRule) -> Shape:
    """Assign the pupils of a check's register whom a rule means, or only say who they are.

    A rule gives pupils who have no coach: it takes nobody from another one.
    """
    rows = _matching(connection, access, check, coach, rule)
    free = [row for row in rows if row.coach_id is None and row.within]
    if not rule.dry_run:
        if rule.expected is not None and rule.expected != len(free):
            detail = "Since the preview the pupils whom this means have changed. Look at the preview again."
            raise Refusal(409, "changed_since_preview", detail, count=len(free))
        begin(connection, access, [row.pupil_id for row in free], coach.id, rule.reason, in_words(rule))
    audit.record(
        connection, access, "coach.rule_preview" if rule.dry_run else "coach.rule", about=coach.ref,
        pupils=[row.pupil_id for row in free], detail={"count": len(free)},
    )  # fmt: skip
    return {
        "dry_run": rule.dry_run,
        "matched": len(rows),
        "count": len(free),
        "already_theirs": sum(row.coach_id == coach.id for row in rows),
        "with_another_coach": sum(row.coach_id not in (None, coach.id) for row in rows),
        "out_of_reach": sum(row.coach_id is None and not row.within for row in rows),
        "pupils": [{"ref": row.ref, "name": row.name} for row in free[:SHOWN]],
    }


def _matching(connection: Connection, access: Access, check: Any, coach: Any, rule: AssignmentRule) -> list[Any]:
    rows, register = t.register_rows.c, t.registers.c
    query = (
        select(rows.pupil_id, t.pupils.c.ref, t.pupils.c.name, t.assignments.c.coach_id)
        .add_columns(reach(connection, coach.id).label("within"))
        .join(t.registers, register.id == rows.register_id)
        .join(t.pupils, t.pupils.c.id == rows.pupil_id)
        .outerjoin(t.assignments, (t.assignments.c.pupil_id == rows.pupil_id) & OPEN)
        .where(register.check_id == check.id, register.view == access.view, register.beside.is_(False))
        .where(rows.section == "ranked", access.may_read(rows.pupil_id))
        .order_by(rows.sort)
    )
    if rule.schools is not None:
        query = query.where(rows.school_id.in_(select(t.schools.c.id).where(t.schools.c.urn.in_(rule.schools))))
    if rule.districts is not None:
        query = query.where(rows.district.in_(rule.districts))
    if rule.band_at_least is not None:
        query = query.where(rows.band >= _place(connection, check, rule.band_at_least))
    if rule.leavers is not None:
        query = query.where(rows.year_group == 11 + AcademicYear(check.year).leavers(11) - rule.leavers)
    return list(connection.execute(query))


def _place(connection: Connection, check: Any, band: str) -> int:
    bands = [item.name for item in card_of(connection, check.scorecard_digest).bands]
    if band not in bands:
        raise Refusal(422, "no_such_band", f"The bands of this check are: {', '.join(reversed(bands))}.")
    return bands.index(band)


def in_words(rule: AssignmentRule) -> str:
    """The rule, as it is kept with each assignment."""
    parts = [
        f"schools {', '.join(rule.schools)}" if rule.schools is not None else "",
        f"districts {', '.join(rule.districts)}" if rule.districts is not None else "",
        f"{rule.band_at_least} or higher" if rule.band_at_least is not None else "",
        f"leavers {rule.leavers}" if rule.leavers is not None else "",
    ]
    return "; ".join(part for part in parts if part) or "everybody on the register"
