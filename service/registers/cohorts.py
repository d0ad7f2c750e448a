"""The effective cohort of a check: every pupil's live registration, with what council lists say, as the library has it.

The keys are the pupils' keys now, so that two checks match exactly by pupil.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Select, select

from roni import AcademicYear, Cohort, cohort_from_dict
from service import tables as t
from service.among import among
from service.registers.lists import in_parts, join_lists
from service.registers.registrations import LEFT, has_died, heard, main_first, record_of, with_decided
from service.registers.rolls import Rolls
from service.supplements.decisions import Decisions, decisions

PUPIL = itemgetter(0)  # of a row of `_query`
SCHOOLS = select(t.schools.c.id, t.schools.c.name, t.schools.c.district)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one pupil of an effective cohort stands: the pupil, the main registration, and whether that has ended."""

    pupil_id: int
    ref: str
    key: str
    school_id: int | None
    left: bool
    leaver: dict[str, Any] = field(default_factory=dict)
    district: str | None = None
    home_authority: str | None = None


@dataclass(frozen=True, slots=True)
class Effective:
    """A cohort, and for each of its pupils the place in the council; and the files it was made of."""

    cohort: Cohort
    places: tuple[Place, ...]

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
    cohort, chosen, schools = _loaded(connection, check, pupils, school)
    return Effective(cohort, tuple(_place(rolls[0], schools.get(rolls[0].school_id)) for rolls in chosen))


def _loaded(
    connection: Connection, check: Any, pupils: Collection[int] | None, school: int | None
) -> tuple[Cohort, list[list[Any]], dict[int | None, Any]]:
    """The cohort, each of its pupils' registrations, and the schools by id.

    Who has died, or has left and been closed, is not in it.
    """
    schools: dict[int | None, Any] = {row.id: row for row in connection.execute(SCHOOLS)}
    names = {number: row.name for number, row in schools.items()}
    decided = decisions(connection, check.id, pupils, check.closed_at)
    chosen = [
        rolls
        for rolls in _by_pupil(connection, check.id, pupils, decided)
        if school is None or rolls[0].school_id == school
    ]
    merged = Rolls(_submissions(connection, {roll.submission_id for rolls in chosen for roll in rolls[:1]}), names)
    records = [
        merged.record(rolls[0], with_decided(record_of(rolls, names), decided.flags.get(rolls[0].pupil_id, {})))
        for rolls in chosen
    ]
    cohort = cohort_from_dict(merged.cohort(check_values(check), records))
    ids = [rolls[0].pupil_id for rolls in chosen]
    return join_lists(connection, cohort, ids, decided.flags, pupils is None, check), chosen, schools


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


def _place(roll: Any, school: Any) -> Place:
    said = roll.record["values"]
    return Place(
        roll.pupil_id,
        roll.ref,
        roll.key,
        roll.school_id,
        roll.status == LEFT,
        roll.leaver or {},
        said.get("district") or roll.district or (school.district if school is not None else None),
        said.get("home_authority") or roll.home_authority,
    )


def _by_pupil(
    connection: Connection, check_id: int, pupils: Collection[int] | None, decided: Decisions
) -> Iterator[list[Any]]:
    """Each pupil's live registrations, the one that counts first, by pupil; not of those who stand in no list."""
    rows = connection.execute(_query(check_id, pupils))
    for pupil, group in groupby(sorted(rows, key=PUPIL), key=PUPIL):
        rolls = main_first(heard(list(group), decided.unheard.get(pupil, ())), decided.main.get(pupil))
        closed = rolls[0].closed_at is not None and rolls[0].status == LEFT
        if not closed and not has_died(rolls):
            yield rolls


def _query(check_id: int, pupils: Collection[int] | None) -> Select[Any]:
    roll, pupil = t.roll_pupils.c, t.pupils.c
    query = (
        select(roll.pupil_id, roll.submission_id, roll.school_id, roll.status, roll.leaver, roll.record)
        .add_columns(pupil.ref, pupil.key, pupil.key_kind, pupil.restricted, pupil.died_at, pupil.closed_at)
        .add_columns(pupil.district, pupil.home_authority, t.submissions.c.confirmed_at)
        .join(t.pupils, pupil.id == roll.pupil_id)
        .join(t.submissions, t.submissions.c.id == roll.submission_id)
        .where(roll.check_id == check_id, roll.live)
    )
    return query if pupils is None else query.where(among(roll.pupil_id, pupils))


def _submissions(connection: Connection, ids: Collection[int]) -> Sequence[Any]:
    columns = (t.submissions.c.id, t.submissions.c.school_id, t.submissions.c.cohort)
    return [
        row
        for part in in_parts(ids)
        for row in connection.execute(select(*columns).where(t.submissions.c.id.in_(part)).order_by(columns[0]))
    ]
