"""How many NEET pupils a list of any length holds, with ties at the cut counted by their expected value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.evaluation.ranking import NEVER, Ranking

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gains:
    """Running totals down a ranking, from 0, one step for each group of tied pupils; those never listed come last.

    `listed`: pupils; `neet`, `others`: those with a known outcome. `listable`: pupils that a list can hold. Between two
    steps the totals are straight lines, which is just what a cut through a tie holds on average.
    """

    listed: Floats
    neet: Floats
    others: Floats
    listable: float

    def at(self, lengths: NDArray[Any]) -> tuple[Floats, Floats]:
        """NEET and other pupils (known outcomes) in lists of these lengths."""
        cut = np.minimum(lengths, self.listable)
        return np.interp(cut, self.listed, self.neet), np.interp(cut, self.listed, self.others)

    @property
    def area(self) -> float:
        """Area under the ROC curve: how often a NEET pupil stands before another one, a tie counting half."""
        neet, others = self.neet[-1], self.others[-1]
        if not neet or not others:
            return np.nan
        found, at = self._neet_steps
        behind = others - (self.others[at] + self.others[at - 1]) / 2
        return float((found * behind).sum() / (neet * others))

    @property
    def average_precision(self) -> float:
        """Mean precision over the NEET pupils, at the end of each tie (as scikit-learn defines it)."""
        neet = self.neet[-1]
        if not neet:
            return np.nan
        found, at = self._neet_steps
        return float((found * self.neet[at] / (self.neet[at] + self.others[at])).sum() / neet)

    @cached_property
    def _neet_steps(self) -> tuple[Floats, NDArray[np.int64]]:
        """The steps at which NEET pupils stand: how many, and where."""
        found = np.diff(self.neet)
        at = np.flatnonzero(found)
        return found[at], at + 1


class Steps:
    """A ranking and its outcomes made ready, so that each set of weights costs a few passes over the pupils."""

    def __init__(self, ranking: Ranking, neet: NDArray[np.bool_], known: NDArray[np.bool_]) -> None:
        ranked = ranking.place >= 0
        self._groups = int(ranking.place.max(initial=NEVER)) + 2
        self._group = np.where(ranked, ranking.place, self._groups - 1)
        self._neet, self._others, self._unknown = (np.flatnonzero(who) for who in (neet & known, ~neet & known, ~known))

    def gains(self, weight: Floats) -> Gains:
        """The totals where each pupil counts `weight` times."""
        neet, others, unknown = (self._totals(who, weight) for who in (self._neet, self._others, self._unknown))
        listed = neet + others + unknown
        return Gains(listed, neet, others, float(listed[-2]))

    def _totals(self, who: NDArray[np.int64], weight: Floats) -> Floats:
        totals = np.zeros(self._groups + 1)
        np.cumsum(np.bincount(self._group[who], weight[who], self._groups), out=totals[1:])
        return totals


def gains(ranking: Ranking, neet: NDArray[np.bool_], known: NDArray[np.bool_]) -> Gains:
    """The totals where each pupil counts once."""
    return Steps(ranking, neet, known).gains(np.ones(len(ranking)))
