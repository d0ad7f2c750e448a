"""Whole points from tables: a card that can be printed, added up by hand, and run by the rules engine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from roni.additive.binned import Binned, Fit
from roni.tables import Table, Tables, probability_of
from roni.tables.axis import Floats
from roni.tables.whole import Points, tiers_of, whole_points

MOST_TIERS = 4  # bins of one number, runs of equal points counted once
MOST_POINTS = 5  # of one field
PASSES = 5  # over all tiers, at most
SCALE_C = 10.0  # next to no penalty on what one point is worth


@dataclass(frozen=True)
class PointsCard:
    """Whole points for each bin of each field; log-odds = base + unit x points. Not known scores no point."""

    tables: Tables
    points: tuple[Points, ...]
    unit: float

    def to_json(self) -> dict[str, Any]:
        """The card as plain data: for each field its tiers with their points and what reaches them, and the
        probability of each possible sum of points."""
        fields = [
            {"name": table.name, "kind": table.kind, "tiers": tiers_of(table, points)}
            for table, points in zip(self.tables.tables, self.points, strict=True)
        ]
        sums = np.arange(sum(int(points.max()) for points in self.points) + 1)
        chances = probability_of(np.asarray(self.tables.base + self.unit * sums, dtype=np.float64))
        probability = dict(zip(sums.tolist(), chances.tolist(), strict=True))
        return {"fields": fields, "unit": self.unit, "base": self.tables.base, "probability": probability}


def card_of(tables: Tables, pupils: Binned) -> PointsCard:
    """Whole points for these tables: rounded, then moved by one wherever that fits the pupils better.

    The search is FasterRisk's in its simplest form: Liu and others, NeurIPS 2022.
    """
    coarse = [coarsened(table, pupils.mass(place)[:-1]) for place, table in enumerate(tables.tables)]
    tiers = [np.unique(values, return_inverse=True)[1] for values in coarse]
    reach = max(float(np.ptp(values)) for values in coarse)
    tries = [[whole_points(values, reach / most) for values in coarse] for most in range(1, MOST_POINTS + 1)]
    points = improved(min(tries, key=lambda each: weigh(each, pupils)[2]), tiers, pupils)
    base, unit, _ = weigh(points, pupils)
    compiled = Fit(base, tuple((unit * each).astype(np.float64) for each in points))
    return PointsCard(compiled.tables(pupils.axes), tuple(points), unit)


def improved(points: list[Points], tiers: list[NDArray[np.int64]], pupils: Binned) -> list[Points]:
    """The points after moving one tier at a time by one, as long as that lowers the log loss."""
    least = weigh(points, pupils)[2]
    for _ in range(PASSES):
        before = least
        for field, tier, move in moves_of(tiers):
            tried = list(points)
            tried[field] = points[field] + move * np.append(tiers[field] == tier, False)
            if allowed(tried[field], pupils.directions[field]) and (loss := weigh(tried, pupils)[2]) < least:
                points, least = tried, loss
        if least == before:
            break
    return points


def moves_of(tiers: list[NDArray[np.int64]]) -> Iterator[tuple[int, int, int]]:
    """Each field, each tier of it, one point more or less."""
    for field, tier_of_bin in enumerate(tiers):
        yield from itertools.product([field], np.unique(tier_of_bin).tolist(), (1, -1))


def allowed(points: Points, direction: int) -> bool:
    """Whether a field may have these points: 0 to the most, never against its direction."""
    within = points.min() >= 0 and points.max() <= MOST_POINTS
    return bool(within and (np.diff(points[:-1]) * direction >= 0).all())


def weigh(points: list[Points], pupils: Binned) -> tuple[float, float, float]:
    """Base and unit that make the points' sum a log-odds, and the log loss that is left."""
    total = np.sum([each[column] for each, column in zip(points, pupils.bins, strict=True)], axis=0)
    weight = [np.bincount(total, weights=pupils.weight * (pupils.outcome == value)) for value in (0, 1)]
    sums = np.arange(len(weight[0]), dtype=np.float64)
    model = LogisticRegression(C=SCALE_C)
    model.fit(np.tile(sums, 2)[:, None], np.repeat([0, 1], len(sums)), np.concatenate(weight))
    base, unit = float(model.intercept_[0]), max(float(model.coef_[0, 0]), 0.0)
    log_odds = base + unit * sums
    loss = weight[0] @ np.logaddexp(0, log_odds) + weight[1] @ np.logaddexp(0, -log_odds)
    return base, unit, float(loss / pupils.weight.sum())


def coarsened(table: Table, mass: Floats) -> Floats:
    """The values of a table's bins, those of a number drawn together into a few runs of neighbours.

    The two neighbouring runs that lose least by it (weighted squares) are joined until few are left.
    """
    values = np.array(table.values)
    runs = [slice(place, place + 1) for place in range(len(values))]
    while table.kind == "number" and len(runs) > MOST_TIERS:
        means = np.array([mean_of(values[run], mass[run]) for run in runs])
        weights = np.array([mass[run].sum() for run in runs])
        loss = np.diff(means) ** 2 * weights[1:] * weights[:-1] / np.maximum(weights[1:] + weights[:-1], 1e-9)
        least = int(np.argmin(loss))
        runs[least : least + 2] = [slice(runs[least].start, runs[least + 1].stop)]
    return np.concatenate([np.full(run.stop - run.start, mean_of(values[run], mass[run])) for run in runs])


def mean_of(values: Floats, mass: Floats) -> float:
    """The mean over the pupils, or over the bins where they hold none."""
    return float(np.average(values, weights=mass) if mass.any() else values.mean())
