"""Whether probabilities mean what they say, and what a band meant: how many of those in it became NEET."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from roni.chance import one_in
from roni.evaluation.evidence import FEWEST_NEET, Figure, resampled, share
from roni.evaluation.gains import Floats
from roni.evaluation.ranking import Ranking
from roni.evaluation.resamples import RESAMPLES, SEED, each_draw

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Pupils of like probability: the mean of what was said and the share that became NEET."""

    said: float
    observed: Figure


@dataclass(frozen=True, slots=True)
class Calibration:
    """Probabilities against outcomes. Errors are in probability (0.01 is one pupil in a hundred).

    `expected_error`: mean distance between said and observed over the bins, by pupils; `maximum_error`: the largest.
    `by_chance`: the expected error that these pupils would show, on average, if every probability were exactly right.
    `mean_said` less `mean_observed` is `too_high`.
    """

    ranking: str
    bins: tuple[Bin, ...]
    expected_error: Figure
    maximum_error: Figure
    by_chance: float | None
    too_high: Figure


@dataclass(frozen=True, slots=True)
class BandRate:
    """One band of a ranking: pupils in it and the share of those with a known outcome who became NEET, in words too."""

    ranking: str
    band: str
    pupils: int
    observed: Figure
    words: str


def calibration(
    ranking: Ranking, label: NDArray[np.int8], resamples: int = RESAMPLES, seed: int = SEED
) -> Calibration | None:
    """Reliability over bins of equally many pupils; None for a ranking without probabilities.

    Equal probabilities share a bin, so bins may differ in size; a resample keeps the bins of the cohort.
    """
    if ranking.probability is None:
        return None
    judged = ~np.isnan(ranking.probability) & (label != 0)
    said, neet = ranking.probability[judged], label[judged] > 0
    events, pupils = int(neet.sum()), len(neet)
    if events < FEWEST_NEET:
        none = resampled(np.full(1, np.nan), events, pupils)
        return Calibration(ranking.name, (), none, none, None, none)
    bins = equal_bins(said)
    sums = each_draw(partial(_sums, bins, said, neet), pupils, resamples, seed)
    gap, size = np.abs(sums[:, 1] - sums[:, 2]), sums[:, 0]
    expected = gap.sum(axis=1) / pupils
    largest = np.divide(gap, size, out=np.zeros_like(gap), where=size > 0).max(axis=1)
    too_high = (sums[:, 1] - sums[:, 2]).sum(axis=1) / pupils
    return Calibration(
        ranking.name,
        tuple(Bin(float(row[1] / row[0]), share(row[2], row[0], round(row[2]))) for row in sums[0].T),
        resampled(expected, events, pupils),
        resampled(largest, events, pupils),
        _by_chance(bins, said, resamples, seed),
        resampled(too_high, events, pupils),
    )


def equal_bins(said: Floats, bins: int = BINS) -> NDArray[np.int64]:
    """The bin of each pupil, 0 first: equally many in each as far as equal probabilities allow.

    >>> equal_bins(np.array([0.1, 0.4, 0.2, 0.3]), bins=2).tolist()
    [0, 1, 0, 1]
    """
    edges = np.quantile(said, np.arange(1, bins) / bins, method="inverted_cdf")
    return np.unique(np.searchsorted(edges, said, side="left"), return_inverse=True)[1].astype(np.int64)


def _sums(bins: NDArray[np.int64], said: Floats, neet: NDArray[np.bool_], weight: Floats) -> Floats:
    """[3, bins]: pupils, the sum of what was said, and NEET pupils."""
    size = int(bins.max()) + 1
    return np.stack([np.bincount(bins, values, size) for values in (weight, weight * said, weight * neet)])


def _by_chance(bins: NDArray[np.int64], said: Floats, draws: int, seed: int) -> float:
    """The mean expected error when outcomes are drawn from the probabilities themselves."""
    random = np.random.default_rng(seed)
    size = int(bins.max()) + 1
    total = np.bincount(bins, said, size)
    gaps = [np.abs(np.bincount(bins[random.random(len(said)) < said], minlength=size) - total) for _ in range(draws)]
    return float(np.sum(gaps) / (draws * len(said))) if draws else np.nan


def band_rates(ranking: Ranking, label: NDArray[np.int8]) -> list[BandRate]:
    """Every band, highest first, and how many of its pupils became NEET: what may be published as “about 1 in 5”."""
    if ranking.band is None:
        return []
    found = []
    for place in range(len(ranking.bands) - 1, -1, -1):
        inside = ranking.band == place
        neet, known = int((inside & (label > 0)).sum()), int((inside & (label != 0)).sum())
        observed = share(neet, known, neet)
        found.append(BandRate(ranking.name, ranking.bands[place], int(inside.sum()), observed, in_words(observed)))
    return found


def in_words(observed: Figure) -> str:
    """An observed rate as “about 1 in 5 (1 in 7 to 1 in 3)”, or why it cannot be said.

    >>> in_words(share(21, 100, 21)), in_words(share(0, 40, 0))
    ('about 1 in 5 (1 in 7 to 1 in 3)', 'none seen (none to 1 in 11)')
    """
    if observed.value is None or observed.low is None or observed.high is None:
        return observed.why
    low, high = (one_in(end).removeprefix("about ") if end else "none" for end in (observed.low, observed.high))
    return f"{one_in(observed.value) if observed.value else 'none seen'} ({low} to {high})"
