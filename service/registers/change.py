"""What changed since the earlier check, for the line of each pupil, under the same view of both."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from roni import Cohort, Register, score
from service import tables as t
from service.registers.cards import card_of, model_of
from service.registers.cohorts import load_cohort
from service.registers.gathering import Place
from service.registers.views import side_by_side, views_of

if TYPE_CHECKING:
    from service.registers.basis import Basis

NO_RETURN = "no earlier return"
NEW = {"kind": "new", "why": "", "band_before": None, "points_before": None}
COLUMNS = ("key", *NEW)


@dataclass(frozen=True)
class Earlier:
    """The earlier check of some pupils; without one there is nothing to say."""

    register_of: Any = None  # cohort -> its register by the earlier card and model
    cohort: Cohort | None = None
    returned: frozenset[int | None] = frozenset()  # schools whose roll of the earlier check counts
    label: str = ""

    def since(self, now: Register, places: Sequence[Place], views: Mapping[str, Cohort]) -> list[dict[str, Any] | None]:
        """For each pupil of the register, the views one after the other, what changed and why."""
        if self.cohort is None:
            return []
        keys = now.cohort.keys.to_pylist()
        entries = self._entries(now, views)
        return [self._said(entries.get(key, NEW), place) for key, place in zip(keys, cycle(places), strict=False)]

    def _entries(self, now: Register, views: Mapping[str, Cohort]) -> dict[str, dict[str, Any]]:
        """By key what moved."""
        if self.cohort is None:
            return {}
        then = self.register_of(side_by_side(views_of(self.cohort, views)))
        table = now.since(then).to_table(COLUMNS)
        keys, *rest = (table.column(name).to_pylist() for name in COLUMNS)
        said = list(zip(*rest, strict=True))
        shared = {values: dict(zip(NEW, values, strict=True)) for values in set(said)}  # by many
        return {key: shared[values] for key, values in zip(keys, said, strict=True)}

    def _said(self, entry: dict[str, Any], place: Place) -> dict[str, Any]:
        if entry["kind"] == NEW["kind"] and place.school_id not in self.returned:
            return {"kind": NO_RETURN, "why": f"The school made no return for {self.label}."}
        return entry


def changes_of(basis: Basis, pupils: Collection[int]) -> Earlier:
    """The earlier check of a check, for these pupils."""
    if basis.check.earlier_id is None:
        return Earlier()
    check = basis.connection.execute(select(t.checks).where(t.checks.c.id == basis.check.earlier_id)).one()
    card = card_of(basis.connection, check.scorecard_digest)
    model = model_of(basis.connection, basis.settings, check.model_digest)
    return Earlier(
        lambda cohort: score(cohort, card, model),
        load_cohort(basis.connection, check, pupils),
        schools_returned(basis.connection, check.id),
        check.label,
    )


def schools_returned(connection: Connection, check_id: int) -> frozenset[int | None]:
    """The schools whose roll for a check counts now."""
    submission = t.submissions.c
    found = connection.execute(
        select(submission.school_id).where(submission.check_id == check_id, submission.live).distinct()
    )
    return frozenset(found.scalars())
