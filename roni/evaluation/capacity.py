"""At a list length that can be served: who is caught, at what cost, and which of two rankings does better."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roni.evaluation.draws import Draws, draw
from roni.evaluation.evidence import Figure, resampled, share, share_of_neet
from roni.evaluation.gains import Floats
from roni.evaluation.ranking import Ranking
from roni.evaluation.resamples import RESAMPLES, SEED

CURVE_POINTS = 50
PLANNED = (0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3)  # list lengths that a planner shows, as multiples of the capacity


@dataclass(frozen=True, slots=True)
class AtLength:
    """One ranking's list of one length. `caught` and `missed`: NEET pupils in and out of it; ties by expected value.

    `to_see`: pupils to see for each one who became NEET. `lift`: precision against a list drawn by lot.
    """

    ranking: str
    length: int
    caught: float | None
    missed: float | None
    recall: Figure
    precision: Figure
    to_see: Figure
    lift: Figure


@dataclass(frozen=True, slots=True)
class Difference:
    """What one ranking has over another in one measure, on the same resamples."""

    first: str
    second: str
    measure: str
    figure: Figure

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out no difference at all."""
        low, high = self.figure.low, self.figure.high
        return low is not None and high is not None and (low > 0 or high < 0)


@dataclass(frozen=True, slots=True)
class Ordering:
    """How well a ranking orders all pupils. `area`: under the ROC curve; Brier: of its probabilities, if it has any."""

    ranking: str
    area: Figure
    average_precision: Figure
    brier: Figure


@dataclass(frozen=True, slots=True)
class Plan:
    """What a list length means for the work: `schools` with a pupil in the list, expected; `hours` of coaches' time."""

    ranking: str
    length: int
    caught: float | None
    recall: Figure
    schools: float
    hours: float | None


@dataclass(frozen=True, slots=True)
class Threshold:
    """Everybody with so many points or more, as a list. `listed`: pupils, whatever became of them."""

    ranking: str
    points: int
    listed: int
    recall: Figure
    precision: Figure


def curve_lengths(size: int, capacity: int) -> list[int]:
    """List lengths for a curve and for planning, the capacity among them."""
    curve = np.linspace(size / CURVE_POINTS, size, CURVE_POINTS).round().astype(int)
    return sorted({capacity, *planned_lengths(size, capacity), *(int(at) for at in curve if at)})


def planned_lengths(size: int, capacity: int) -> list[int]:
    """The list lengths that a planner shows, shortest first.

    >>> planned_lengths(250, 100)
    [25, 50, 75, 100, 125, 150, 200, 250]
    """
    return sorted({min(max(round(part * capacity), 1), size) for part in PLANNED})


def at_length(draws: Draws, length: int) -> list[AtLength]:
    """Every ranking at one of the lengths drawn."""
    column = draws.lengths.tolist().index(length)
    events, pupils = int(draws.neet[0]), int(draws.known[0])
    rows = []
    for place, name in enumerate(draws.names):
        recall, *others = (
            resampled(values[:, place, column], events, pupils)
            for values in (draws.recall, draws.precision, draws.to_see, draws.lift)
        )
        caught = float(draws.caught[0, place, column]) if recall.shown else None
        missed = None if caught is None else events - caught
        rows.append(AtLength(name, length, caught, missed, recall, *others))
    return rows


def orderings(draws: Draws) -> list[Ordering]:
    """How well every ranking orders all pupils."""
    events, pupils = int(draws.neet[0]), int(draws.known[0])
    measures = (draws.area, draws.average_precision, draws.brier)
    return [
        Ordering(name, *(resampled(values[:, place], events, pupils) for values in measures))
        for place, name in enumerate(draws.names)
    ]


def differences(draws: Draws, length: int) -> list[Difference]:
    """Every ranking against every one that stands after it, paired: both are judged on the same resamples."""
    column = draws.lengths.tolist().index(length)
    measures = {
        "recall": draws.recall[:, :, column],
        "precision": draws.precision[:, :, column],
        "area under the ROC curve": draws.area,
        "average precision": draws.average_precision,
    }
    pairs = itertools.combinations(range(len(draws.names)), 2)
    return [
        _difference(draws, first, second, measure, values)
        for first, second in pairs
        for measure, values in measures.items()
    ]


def _difference(draws: Draws, first: int, second: int, measure: str, values: Floats) -> Difference:
    figure = resampled(values[:, first] - values[:, second], int(draws.neet[0]), int(draws.known[0]))
    return Difference(draws.names[first], draws.names[second], measure, figure)


def paired(
    first: Ranking,
    second: Ranking,
    label: NDArray[np.int8],
    capacity: int,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> list[Difference]:
    """What `first` has over `second` at a list length: for a field, the ranking with it and the one without it."""
    return differences(draw([first, second], label, [capacity], resamples, seed), capacity)


def plan(
    ranking: Ranking, draws: Draws, lengths: Sequence[int], school: NDArray[np.int64], hours: float | None
) -> list[Plan]:
    """What lists of these lengths catch and ask of people. `school`: int64 [n]; `hours`: of a coach for each pupil."""
    found = []
    for length in lengths:
        row = at_length(draws, length)[draws.names.index(ranking.name)]
        listed = ranking.listed(length)
        in_school = _schools(listed, school)
        found.append(
            Plan(ranking.name, length, row.caught, row.recall, in_school, None if hours is None else hours * length)
        )
    return found


def _schools(listed: Floats, school: NDArray[np.int64]) -> float:
    """The expected number of schools with a pupil in the list: pupils tied at the cut are taken to be drawn singly."""
    with np.errstate(divide="ignore"):
        nobody = np.exp(np.bincount(school, np.log1p(-listed)))
    return float((1 - nobody).sum())


def thresholds(ranking: Ranking, label: NDArray[np.int8]) -> list[Threshold]:
    """Every number of points as a threshold, most first: what a list of all at or above it would have held."""
    if ranking.points is None:
        return []
    found = []
    neet, known = label > 0, label != 0
    for points in np.unique(ranking.points[ranking.points > 0])[::-1].tolist():
        inside = ranking.points >= points
        caught, judged = int((inside & neet).sum()), int((inside & known).sum())
        recall = share_of_neet(caught, int(neet.sum()))
        found.append(Threshold(ranking.name, points, int(inside.sum()), recall, share(caught, judged, caught)))
    return found
