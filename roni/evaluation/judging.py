"""The one verb: judge rankings of a cohort by what became of its pupils. Takes predictions, never fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from roni.errors import RoniError
from roni.evaluation.calibration import Calibration, band_rates, calibration
from roni.evaluation.capacity import (
    AtLength,
    Difference,
    Plan,
    at_length,
    curve_lengths,
    differences,
    orderings,
    paired,
    plan,
    planned_lengths,
    thresholds,
)
from roni.evaluation.completeness import Asking, by_completeness
from roni.evaluation.draws import Draws, draw
from roni.evaluation.drift import Drift, drift
from roni.evaluation.evidence import FEWEST_NEET
from roni.evaluation.groups import GroupTable, by_group, by_school, groupings
from roni.evaluation.population import EXCLUDED, POLICIES, Population, follow_up, is_invented, relabelled
from roni.evaluation.ranking import Ranking, check_alike
from roni.evaluation.resamples import RESAMPLES, SEED
from roni.evaluation.result import Evaluation
from roni.evaluation.splits import Split, as_it_stands

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.outcomes import Outcomes


def evaluate(
    cohort: Cohort,
    outcomes: Outcomes,
    rankings: Sequence[Ranking],
    capacity: int,
    *,
    split: Split | None = None,
    earlier: Cohort | None = None,
    asking: Asking | None = None,
    added: Mapping[str, tuple[Ranking, Ranking]] | None = None,
    hours: float | None = None,
    notes: Sequence[str] = (),
    invented: bool | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Evaluation:
    """Judge rankings at a list length, in all pupils and in each group, with intervals and what they rest on.

    `rankings` have one entry for each pupil of the cohort; those of year groups that were not followed up are left out.
    `earlier`: a cohort of an earlier check, for drift within the same year groups. `added`: by field, a ranking with it
    and one without. `hours`: of a coach's time for each listed pupil. `notes`: what a model asks to be said. `invented`
    is worked out from the UPNs unless given. The same arguments give the same figures, whatever joblib backend in force
    shares the resamples out. Raises RoniError where nobody was followed up, or fewer than 10 are known to be NEET.
    """
    check_alike(rankings, len(cohort))
    if capacity < 1:
        raise RoniError(f"A list of {capacity} pupils cannot be judged. Give a capacity of 1 or more.")
    people = follow_up(cohort, outcomes)
    if people.neet < FEWEST_NEET:
        raise RoniError(
            f"{people.neet} of {len(people):,} pupils are known to have become NEET. With fewer than {FEWEST_NEET} no "
            "figure would mean anything: add the pupils of more schools or years."
        )
    inside = [ranking.take(people.places) for ranking in rankings]
    judged = _Judged(people, inside, min(capacity, len(people)), resamples, seed)
    return Evaluation(
        title=f"{cohort.check} check: who was caught, who was missed",
        outcome=outcomes.outcome.words,
        split=(split or as_it_stands(cohort)).words,
        population=people.counts() | {"never_listed": judged.never_listed},
        invented=is_invented(cohort) if invented is None else invented,
        capacity=judged.capacity,
        resamples=resamples,
        rankings=tuple((ranking.name, ranking.kind) for ranking in rankings),
        at_capacity=tuple(at_length(judged.draws, judged.capacity)),
        differences=tuple(differences(judged.draws, judged.capacity)),
        curve=tuple(row for length in judged.draws.lengths.tolist() for row in at_length(judged.draws, length)),
        orderings=tuple(orderings(judged.draws)),
        calibrations=judged.calibrations,
        bands=tuple(row for ranking in inside for row in band_rates(ranking, people.label)),
        thresholds=tuple(row for ranking in inside for row in thresholds(ranking, people.label)),
        plans=judged.plans(hours),
        groups=tuple(by_group(inside, people.label, judged.capacity, one) for one in groupings(people.cohort)),
        completeness=judged.completeness,
        not_known=judged.not_known,
        asking=asking,
        added=judged.added(added or {}),
        drift=judged.drift(earlier),
        notes=tuple(notes),
    )


@dataclass(frozen=True)
class _Judged:
    """The rankings of the pupils followed up, and how they are judged."""

    people: Population
    rankings: list[Ranking]
    capacity: int
    resamples: int
    seed: int

    @property
    def never_listed(self) -> int:
        """Pupils whom no ranking can list, such as those whose information is restricted."""
        return int((np.stack([ranking.place for ranking in self.rankings]) < 0).all(axis=0).sum())

    @cached_property
    def draws(self) -> Draws:
        lengths = curve_lengths(len(self.people), self.capacity)
        return draw(self.rankings, self.people.label, lengths, self.resamples, self.seed)

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        found = [calibration(ranking, self.people.label, self.resamples, self.seed) for ranking in self.rankings]
        return tuple(one for one in found if one)

    def plans(self, hours: float | None) -> tuple[Plan, ...]:
        lengths = planned_lengths(len(self.people), self.capacity)
        school = by_school(self.people.cohort).code
        return tuple(row for ranking in self.rankings for row in plan(ranking, self.draws, lengths, school, hours))

    @property
    def completeness(self) -> GroupTable | None:
        """By how much is known of what the first ranking with declared fields reads."""
        fields = next((ranking.reads for ranking in self.rankings if ranking.reads), ())
        quarters = by_completeness(self.people.cohort, fields)
        return by_group(self.rankings, self.people.label, self.capacity, quarters) if fields else None

    @property
    def not_known(self) -> dict[str, tuple[AtLength, ...]]:
        """The same list under each policy for pupils whose outcome is not known; nothing where there are none."""
        if not self.people.not_known:
            return {}
        found = {EXCLUDED: tuple(at_length(self.draws, self.capacity))}
        for policy in POLICIES:
            if policy != EXCLUDED:
                label = relabelled(self.people, policy).label
                again = draw(self.rankings, label, [self.capacity], self.resamples, self.seed)
                found[policy] = tuple(at_length(again, self.capacity))
        return found

    def drift(self, earlier: Cohort | None) -> tuple[Drift, ...]:
        """The pupils of the same year groups at an earlier check against these."""
        if earlier is None:
            return ()
        years = np.unique(self.people.cohort.column("year_group"))
        same = np.flatnonzero(np.isin(earlier.column("year_group"), years))
        return tuple(drift(earlier.take(same), self.people.cohort)) if len(same) else ()

    def added(self, pairs: Mapping[str, tuple[Ranking, Ranking]]) -> dict[str, tuple[Difference, ...]]:
        """What each field adds: the ranking with it against the one without."""
        label, places = self.people.label, self.people.places
        return {
            name: tuple(
                paired(first.take(places), second.take(places), label, self.capacity, self.resamples, self.seed)
            )
            for name, (first, second) in pairs.items()
        }
