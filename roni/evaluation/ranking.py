"""A ranking to be judged: who stands where, who is equal to whom, and who can never be listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from roni.order import RANKED

if TYPE_CHECKING:
    from roni.assessment import Assessment
    from roni.cohort import Cohort
    from roni.register import Register

Kind = Literal["scorecard", "model", "combined", "baseline"]
NEVER = -1  # place of a pupil who is never listed


@dataclass(frozen=True, eq=False, repr=False)  # its columns are children's values
class Ranking:
    """One entry a pupil [n], in the cohort's order.

    `place`: int64, 0 first; pupils with equal places are tied; -1 is never listed. `probability`: float64 0 to 1, NaN
    where there is none. `band`: int8, places in `bands` (lowest first), -1 none; `points`: int16, -1 none. `reads`: the
    fields that it rests on.
    """

    name: str
    kind: Kind
    place: NDArray[np.int64]
    probability: NDArray[np.float64] | None = None
    bands: tuple[str, ...] = ()
    band: NDArray[np.int8] | None = None
    points: NDArray[np.int16] | None = None
    reads: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.place)

    def take(self, pupils: NDArray[np.int64]) -> Ranking:
        """The same ranking of these pupils only."""
        return replace(
            self,
            place=self.place[pupils],
            probability=None if self.probability is None else self.probability[pupils],
            band=None if self.band is None else self.band[pupils],
            points=None if self.points is None else self.points[pupils],
        )

    def listed(self, length: int) -> NDArray[np.float64]:
        """How much of each pupil a list of this length holds: 1, 0, or for those tied at the cut their equal chance."""
        ranked = self.place >= 0
        size = np.bincount(self.place[ranked], minlength=1)
        before = np.cumsum(size) - size
        part = np.clip((length - before) / np.maximum(size, 1), 0, 1)
        return np.where(ranked, part[np.maximum(self.place, 0)], 0.0)


def ranking_of_scores(
    name: str, scores: NDArray[Any], kind: Kind = "baseline", listable: NDArray[np.bool_] | None = None
) -> Ranking:
    """Highest score first; equal scores are tied; not known (NaN) stands after all that are known."""
    known = np.where(np.isnan(scores), -np.inf, scores)
    place = np.unique(-known, return_inverse=True)[1].astype(np.int64)
    return Ranking(name, kind, place if listable is None else np.where(listable, place, NEVER))


def ranking_of_probability(
    name: str, probability: NDArray[np.float64], kind: Kind = "model", listable: NDArray[np.bool_] | None = None
) -> Ranking:
    """Highest probability first; those whom a model could not score stand last, and have no probability."""
    return replace(ranking_of_scores(name, probability, kind, listable), probability=probability)


def ranking_of_register(name: str, register: Register) -> Ranking:
    """The order of a register, its ties (only the key tells them apart) and its bands."""
    kind: Kind = "scorecard" if register.model_name is None else "combined"
    ranked = register.section == RANKED
    made, order = register.assessment, register.order
    compared: list[NDArray[Any]] = [register.band, made.points, made.points_max]
    if register.probability is not None:
        compared.append(np.nan_to_num(register.probability, nan=-1.0))
    differs = np.zeros(len(register), np.bool_)
    for column in compared:
        ordered = column[order]
        differs[1:] |= ordered[1:] != ordered[:-1]
    place = np.empty(len(register), np.int64)
    place[order] = np.cumsum(differs)
    return Ranking(
        name,
        kind,
        np.where(ranked, place, NEVER),
        bands=tuple(band.name for band in register.card.bands),
        band=np.where(ranked, register.band, NEVER).astype(np.int8),
        points=np.where(ranked, made.points, NEVER).astype(np.int16),
        reads=register.card.fields,
    )


def attendance_alone(cohort: Cohort, listable: NDArray[np.bool_] | None = None) -> Ranking:
    """The simplest list there is: lowest attendance first, not known last."""
    return ranking_of_scores("attendance alone", -cohort.column("attendance"), listable=listable)


def count_of_flags(assessment: Assessment, name: str = "count of flags") -> Ranking:
    """How many of a card's indicators are met, each counting one: what its points add to a mere count."""
    met = np.zeros(len(assessment), np.int16)
    owners = np.array([owner for owner, _ in assessment.card.tiers])
    for owner in np.unique(owners):
        met += (assessment.tiers[:, owners == owner] > 0).any(axis=1)
    return ranking_of_scores(name, met.astype(np.float64), listable=~assessment.restricted)


def check_alike(rankings: Sequence[Ranking], size: int) -> None:
    """Raises ValueError unless all rankings are of as many pupils and have names of their own."""
    if any(len(ranking) != size for ranking in rankings):
        raise ValueError("Every ranking needs one entry for each pupil of the cohort.")
    if len({ranking.name for ranking in rankings}) < len(rankings):
        raise ValueError("Two rankings have one name. Give each its own.")
