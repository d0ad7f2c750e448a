"""Resamples: every ranking judged on the same redrawn pupils, so that differences between rankings are paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from roni.evaluation.gains import Floats, Steps
from roni.evaluation.ranking import Ranking
from roni.evaluation.resamples import RESAMPLES, SEED, each_draw


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
    in the list. Who is not known takes places and counts in no rate. Resamples go by the joblib backend in force.
    """
    cuts = np.asarray(lengths, np.int64)
    found = each_draw(Judge.of(rankings, label, cuts), len(label), resamples, seed, len(rankings))
    caught, others, totals, orders = np.split(found, [len(cuts), 2 * len(cuts), 2 * len(cuts) + 2], axis=2)
    names = tuple(ranking.name for ranking in rankings)
    neet, known = totals[:, 0].T
    return Draws(names, cuts, caught, others, neet, known, *np.moveaxis(orders, 2, 0))


@dataclass(frozen=True, eq=False)
class Judge:
    """What every ranking does where pupils count by a weight; made ready once, sent to wherever resamples are drawn."""

    neet: NDArray[np.bool_]
    known: NDArray[np.bool_]
    steps: tuple[Steps, ...]
    errors: tuple[Floats | None, ...]  # squared, of probabilities
    cuts: NDArray[np.int64]

    @classmethod
    def of(cls, rankings: Sequence[Ranking], label: NDArray[np.int8], cuts: NDArray[np.int64]) -> Judge:
        neet, known = label > 0, label != 0
        steps = tuple(Steps(ranking, neet, known) for ranking in rankings)
        return cls(neet, known, steps, tuple(_squared_errors(ranking, neet, known) for ranking in rankings), cuts)

    def __call__(self, weight: Floats) -> Floats:
        """A row for each ranking: caught and others at each cut, NEET and known pupils, area, precision and Brier."""
        totals = weight[self.neet].sum(), weight[self.known].sum()
        return np.stack([self._row(*each, weight, totals) for each in zip(self.steps, self.errors, strict=True)])

    def _row(self, steps: Steps, error: Floats | None, weight: Floats, totals: tuple[float, float]) -> Floats:
        gains = steps.gains(weight)
        orders = gains.area, gains.average_precision, _mean(error, weight)
        return np.concatenate([*gains.at(self.cuts), totals, orders])


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
