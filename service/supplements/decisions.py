"""What people have decided about pupils of a check, for whoever works its register out.

Where school and council list disagree, the answer that stands; where two schools have a pupil, the main one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from service import tables as t
from service.among import among
from service.supplements.disagreements import LAPSED


@dataclass(frozen=True, slots=True)
class Decisions:
    """By pupil: the flags that a person decided, and the id of the school decided to be the main one."""

    flags: dict[int, dict[str, bool]] = field(default_factory=dict)
    main: dict[int, int | None] = field(default_factory=dict)


def decisions(connection: Connection, check_id: int, pupils: Collection[int] | None = None) -> Decisions:
    """Decisions in force for these pupils of a check; None for everybody. The latest of each kind counts."""
    entry, found = t.resolutions.c, Decisions()
    query = (
        select(t.resolutions)
        .where(entry.check_id == check_id, entry.kind.in_(("sources_disagree", "two_schools")))
        .where(entry.decision.is_not(None))
        .order_by(entry.id)
    )
    if pupils is not None:
        query = query.where(among(entry.pupil_id, pupils))
    for row in connection.execute(query):
        if row.kind == "two_schools":
            found.main[row.pupil_id] = row.school_id if row.decision == "school" else row.other_school_id
        elif not row.says.get(LAPSED):
            said = bool(row.says["school"])
            found.flags.setdefault(row.pupil_id, {})[row.field] = said if row.decision == "school" else not said
    return found
