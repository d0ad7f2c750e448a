"""Resamples: every ranking judged on the same redrawn pupils, so that differences between rankings are paired."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from roni.evaluation.gains import Floats, Steps
from roni.evaluation.ranking import Ranking

RESAMPLES = 1000
SEED = 2026


@dataclass(frozen=True, eq=False)
class Draws:
    """What each ranking does in each draw. Draw 0 is the cohort itself, the others are resamples of its pupils.

    `caught`, `others`: expected NEET and other pupils (known outcomes) in lists, [draws, rankings, lengths]; `neet`,
    `known`: of all pupils [draws]; `area`, `average_precision`, `brier`: [draws, rankings], NaN where there is none.
    """

    names: tuple[str, ...]
    lengths: NDArray[np.int64]
    caught: Floats
    others: Floats
    neet: Floats
    known: Floats
    area: Floats
    average_precision: Floats
    brier: Floats

    @cached_property
    def recall(self) -> Floats:
        """Share of the NEET pupils in the list."""
        return _ratio(self.caught, self.neet[:, None, None])

    @cached_property
    def precision(self) -> Floats:
        """Share of the list's pupils with a known outcome who became NEET."""
        return _ratio(self.caught, self.caught + self.others)

    @cached_property
    def to_see(self) -> Floats:
        """Pupils to see for each one who became NEET; infinite where a list holds none."""
        with np.errstate(divide="ignore"):
            return np.asarray(1 / self.precision)

    @cached_property
    def lift(self) -> Floats:
        """Precision against that of a list drawn by lot."""
        return _ratio(self.precision, _ratio(self.neet, self.known)[:, None, None])


def draw(
    rankings: Sequence[Ranking],
    label: NDArray[np.int8],
    lengths: Sequence[int],
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Draws:
    """Judge rankings of the same pupils at several list lengths. `label`: int8 [n], 1 NEET, -1 not, 0 not known.

    A resample draws as many pupils as there are, with replacement; pupils tied at a cut count by their chance of being
    in the list. Who is not known takes places and counts in no rate.
    """
    neet, known = label > 0, label != 0
    steps = [Steps(ranking, neet, known) for ranking in rankings]
    errors = [_squared_errors(ranking, neet, known) for ranking in rankings]
    cuts = np.asarray(lengths, np.int64)
    shape = (resamples + 1, len(rankings))
    caught, others = np.empty((*shape, len(cuts))), np.empty((*shape, len(cuts)))
    area, average, brier = (np.full(shape, np.nan) for _ in range(3))
    totals = np.empty((resamples + 1, 2))
    for row, weight in enumerate(weights(len(label), resamples, seed)):
        totals[row] = weight[neet].sum(), weight[known].sum()
        for column, (step, error) in enumerate(zip(steps, errors, strict=True)):
            gains = step.gains(weight)
            caught[row, column], others[row, column] = gains.at(cuts)
            area[row, column], average[row, column] = gains.area, gains.average_precision
            brier[row, column] = _mean(error, weight)
    names = tuple(ranking.name for ranking in rankings)
    return Draws(names, cuts, caught, others, totals[:, 0], totals[:, 1], area, average, brier)


def weights(size: int, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each pupil counts: once each, then by resample. The same for the same size and seed."""
    random = np.random.default_rng(seed)
    yield np.ones(size)
    for _ in range(resamples):
        yield np.bincount(random.integers(0, size, size), minlength=size).astype(np.float64)


def _squared_errors(ranking: Ranking, neet: NDArray[np.bool_], known: NDArray[np.bool_]) -> Floats | None:
    """Of pupils with a probability and a known outcome; NaN for the others."""
    if ranking.probability is None:
        return None
    return np.where(known, (ranking.probability - neet) ** 2, np.nan)


def _mean(error: Floats | None, weight: Floats) -> float:
    if error is None:
        return np.nan
    there = ~np.isnan(error)
    total = weight[there].sum()
    return float((error[there] * weight[there]).sum() / total) if total else np.nan


def _ratio(part: Floats, whole: Floats) -> Floats:
    """NaN where the whole is nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(whole > 0, part / whole, np.nan))
