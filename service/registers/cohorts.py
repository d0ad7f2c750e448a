"""The effective cohort of a check: every pupil's live registration, with what council lists say, as the library has it.

The keys are the pupils' keys now, so that two checks match exactly by pupil.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from roni import AcademicYear, Cohort, cohort_from_dict
from service import tables as t
from service.registers.columns import taken
from service.registers.gathering import Who, gather
from service.registers.lists import in_parts, join_lists
from service.registers.registrations import LEFT
from service.registers.rolls import Rolls, together
from service.supplements.decisions import decisions

_SCHOOLS = select(t.schools.c.id, t.schools.c.ref, t.schools.c.urn, t.schools.c.name, t.schools.c.district)
_SUBMISSIONS = (
    select(t.submissions.c.id, t.submissions.c.school_id, t.submissions.c.cohort)
    .where(t.submissions.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(t.submissions.c.id)
)


class Place(NamedTuple):
    """Where one pupil of an effective cohort stands: the pupil, the main registration, and whether that has ended."""

    pupil_id: int
    ref: str
    key: str
    school_id: int | None
    left: bool
    leaver: Mapping[str, Any] = MappingProxyType({})
    district: str | None = None
    home_authority: str | None = None


@dataclass(frozen=True, slots=True)
class Effective:
    """A cohort, for each of its pupils the place in the council, and the council's schools by id."""

    cohort: Cohort
    places: tuple[Place, ...]
    schools: Mapping[int, Any]

    def __len__(self) -> int:
        return len(self.places)


def load_cohort(
    connection: Connection, check: Any, pupils: Collection[int] | None = None, school: int | None = None
) -> Cohort:
    """The effective cohort of a check (its row), or of some of its pupils, or of those whose main school it is."""
    return _loaded(connection, check, pupils, school)[0]


def load(
    connection: Connection, check: Any, pupils: Collection[int] | None = None, school: int | None = None
) -> Effective:
    """The same, with each pupil's place."""
    cohort, who, schools = _loaded(connection, check, pupils, school)
    return Effective(cohort, tuple(_places(who, schools)), schools)


def _loaded(
    connection: Connection, check: Any, pupils: Collection[int] | None, school: int | None
) -> tuple[Cohort, list[Who], dict[int, Any]]:
    """The cohort in the order of its rolls, who its pupils are, and the schools by id."""
    schools = {row.id: row for row in connection.execute(_SCHOOLS)}
    names: dict[int | None, str] = {number: row.name for number, row in schools.items()}
    decided = decisions(connection, check.id, pupils, check.closed_at)
    parts = gather(connection, check.id, pupils, school, decided, names)
    merged = Rolls(_submissions(connection, {part.submission for part in parts}), names)
    said = together([merged.pupils(part.submission, part.pupils) for part in parts])
    who = [each for part in parts for each in part.who]
    if len(parts) > 1:
        order = sorted(range(len(who)), key=lambda at: (who[at].row.submission_id, who[at].row.place))
        said, who = taken(said, order), [who[at] for at in order]
    cohort = cohort_from_dict(merged.cohort(check_values(check), said))
    ids = [each.row.pupil_id for each in who]
    return join_lists(connection, cohort, ids, decided.flags, pupils is None, check), who, schools


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


def _places(who: Iterable[Who], schools: Mapping[int, Any]) -> Iterator[Place]:
    of_school = {number: row.district for number, row in schools.items()}
    for row, district, home_authority in who:
        left = row.status == LEFT
        yield Place(
            row.pupil_id,
            row.ref,
            row.key,
            row.school_id,
            left,
            (row.leaver or {}) if left else {},
            district or row.district or of_school.get(row.school_id),
            home_authority or row.home_authority,
        )


def _submissions(connection: Connection, ids: Collection[int]) -> list[Any]:
    return [row for part in in_parts(ids) for row in connection.execute(_SUBMISSIONS, {"ids": part})]
