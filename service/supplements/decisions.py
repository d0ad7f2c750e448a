"""What people have decided about pupils of a check, for whoever works its register out.

Where school and council list disagree, the answer that stands; where two schools have a pupil, the main one, and the
one whose roll is not heard: it listed the pupil second and that is not settled, or the council has decided against it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, and_, bindparam, or_, select

from service import tables as t
from service.among import among
from service.supplements.disagreements import LAPSED


@dataclass(frozen=True, slots=True)
class Decisions:
    """By pupil: the flags that a person decided; the ids of the school decided to be the main one, and of those not
    heard."""

    flags: dict[int, dict[str, bool]] = field(default_factory=dict)
    main: dict[int, int | None] = field(default_factory=dict)
    unheard: dict[int, set[int]] = field(default_factory=dict)


def decisions(
    connection: Connection, check_id: int, pupils: Collection[int] | None = None, closed_at: datetime | None = None
) -> Decisions:
    """Decisions in force for these pupils of a check; None for everybody. The latest of each kind counts.

    Of a check that was closed, what was decided of school and list until then; whose a pupil is counts everywhere.
    """
    found, query = Decisions(), _query(pupils is not None, closed_at is not None)
    schools: dict[tuple[int, frozenset[int]], Any] = {}
    for row in connection.execute(query, {"check": check_id, "pupils": pupils, "closed": closed_at}):
        if row.kind == "two_schools":
            schools[row.pupil_id, frozenset({row.school_id, row.other_school_id})] = row
        elif not row.says.get(LAPSED):
            said = bool(row.says["school"])
            found.flags.setdefault(row.pupil_id, {})[row.field] = said if row.decision == "school" else not said
    for row in schools.values():
        _whose(found, row)
    return found


@cache  # made once: to build it costs more than to ask it
def _query(of_some: bool, of_closed: bool) -> Select[Any]:
    entry, checks = t.resolutions.c, t.checks.c
    check: BindParameter[int] = bindparam("check")
    disagree = and_(entry.kind == "sources_disagree", entry.check_id == check, entry.decision.is_not(None))
    if of_closed:
        disagree = and_(disagree, entry.closed_at <= bindparam("closed"))
    on = select(checks.on).where(checks.id == check).scalar_subquery()
    until = select(checks.id).where(checks.on <= on)  # by their days: a later check may have been opened first
    query = select(t.resolutions).where(or_(disagree, and_(entry.kind == "two_schools", entry.check_id.in_(until))))
    if of_some:
        query = query.where(among(entry.pupil_id, "pupils"))
    return query.order_by(entry.id)


def _whose(found: Decisions, row: Any) -> None:
    """What was said last of two schools: by a person, or by nobody yet; what has settled itself was not so before."""
    by_person = row.closed_by_id is not None
    first = row.school_id if by_person and row.decision == "school" else row.other_school_id
    if by_person:
        found.main[row.pupil_id] = first
    if row.decision != "both":
        second = row.other_school_id if first == row.school_id else row.school_id
        found.unheard.setdefault(row.pupil_id, set()).add(second)
