"""The effective cohort of a check: every pupil's live registration, with what council lists say, as the library has it.

The keys are the pupils' keys now, so that two checks match exactly by pupil.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from roni import AcademicYear, Cohort, cohort_from_dict
from service import tables as t
from service.registers.columns import taken
from service.registers.gathering import Place, gather
from service.registers.lists import in_parts, join_lists
from service.registers.rolls import Rolls, together
from service.supplements.decisions import decisions

_SCHOOLS = select(t.schools.c.id, t.schools.c.ref, t.schools.c.urn, t.schools.c.name, t.schools.c.district)
_SUBMISSIONS = (
    select(t.submissions.c.id, t.submissions.c.school_id, t.submissions.c.cohort)
    .where(t.submissions.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(t.submissions.c.id)
)


@dataclass(frozen=True, slots=True)
class Effective:
    """A cohort, for each of its pupils the place in the council, and the council's schools by id."""

    cohort: Cohort
    places: tuple[Place, ...]
    schools: Mapping[int | None, Any]

    def __len__(self) -> int:
        return len(self.places)


def load_cohort(
    connection: Connection, check: Any, pupils: Collection[int] | None = None, school: int | None = None
) -> Cohort:
    """The effective cohort of a check (its row), or of some of its pupils, or of those whose main school it is."""
    return load(connection, check, pupils, school).cohort


def load(
    connection: Connection, check: Any, pupils: Collection[int] | None = None, school: int | None = None
) -> Effective:
    """The same, with each pupil's place: in the order of the rolls and of the pupils on each."""
    schools: dict[int | None, Any] = {row.id: row for row in connection.execute(_SCHOOLS)}
    decided = decisions(connection, check.id, pupils, check.closed_at)
    parts = gather(connection, check.id, pupils, school, decided, schools)
    submissions = _submissions(connection, {part.submission for part in parts})
    merged = Rolls(submissions, {number: row.name for number, row in schools.items()})
    said = together([merged.pupils(part.submission, part.pupils) for part in parts])
    places = [place for part in parts for place in part.places]
    if len(parts) > 1:
        stands = [(part.submission, at) for part in parts for at in part.at]
        order = sorted(range(len(places)), key=stands.__getitem__)
        said, places = taken(said, order), [places[at] for at in order]
    cohort = cohort_from_dict(merged.cohort(check_values(check), said))
    ids = [place.pupil_id for place in places]
    cohort = join_lists(connection, cohort, ids, decided.flags, pupils is None, check)
    return Effective(cohort, tuple(places), schools)


def check_values(check: Any) -> dict[str, Any]:
    """A check as a stored cohort says it."""
    return {
        "name": check.name,
        "year": str(AcademicYear(check.year)),
        "on": check.on.isoformat(),
        "due": check.due_on.isoformat(),
        "accepted_years": check.accepted_years,
        "focus_years": check.focus_years,
        "few_sessions": check.few_sessions,
    }


def _submissions(connection: Connection, ids: Collection[int]) -> list[Any]:
    return [row for part in in_parts(ids) for row in connection.execute(_SUBMISSIONS, {"ids": part})]
