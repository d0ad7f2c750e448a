"""Resamples of pupils, in chunks that joblib may work on side by side: the same figures however many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np

from roni.evaluation.gains import Floats

RESAMPLES = 1000
SEED = 2026
CHUNK = 50  # resamples of one job; each chunk has a seed of its own, so another number here draws other pupils
# Pupils drawn in all, times the rankings that they are judged in, under which one process is done before others have
# begun: measured on two cores, where two jobs took as long at 25 million and a quarter less at 100 million.
FEWEST_TO_SHARE = 50_000_000

Measure = Callable[[Floats], Floats]


def each_draw(measure: Measure, size: int, resamples: int, seed: int, rankings: int = 1) -> Floats:
    """What a measure makes of how often each pupil counts [draws, ...]: once each in draw 0, then in each resample.

    Chunks are jobs of the joblib backend in force (`joblib.parallel_config`) where there is work enough; the measure
    must then be one that can be sent to another process.
    """
    chunks = _chunks(resamples, seed)
    whole = measure(np.ones(size))[None]
    if size * resamples * rankings < FEWEST_TO_SHARE or find_spec("joblib") is None:
        return np.concatenate([whole, *(_measured(measure, size, *chunk) for chunk in chunks)])
    from joblib import Parallel, delayed  # type: ignore[import-untyped]  # comes with scikit-learn, so not everywhere

    return np.concatenate([whole, *Parallel()(delayed(_measured)(measure, size, *chunk) for chunk in chunks)])


def weights(size: int, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each pupil counts, by resample. The same for the same size and seed, and the first ones for fewer."""
    for count, chunk in _chunks(resamples, seed):
        yield from _drawn(size, count, chunk)


def _chunks(resamples: int, seed: int) -> list[tuple[int, np.random.SeedSequence]]:
    """How many resamples each chunk has, and its seed."""
    starts = range(0, resamples, CHUNK)
    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    return [(min(CHUNK, resamples - start), each) for start, each in zip(starts, seeds, strict=True)]


def _drawn(size: int, count: int, seed: np.random.SeedSequence) -> Iterator[Floats]:
    random = np.random.default_rng(seed)
    for _ in range(count):
        yield np.bincount(random.integers(0, size, size), minlength=size).astype(np.float64)


def _measured(measure: Measure, size: int, count: int, seed: np.random.SeedSequence) -> Floats:
    return np.stack([measure(weight) for weight in _drawn(size, count, seed)])
