"""Fits side by side: which pupils by which fields, and what is said of pupils held out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed  # type: ignore[import-untyped]
from numpy.typing import NDArray

from roni.additive import AdditiveClassifier, EngineName
from roni.errors import TrainingError
from roni.fields import Dictionary
from roni.outcomes import EET, NEET, NEITHER
from roni.training.declared import direction_of
from roni.training.pupils import Pupils

# What pupils whose destination is not known count as.
NOT_KNOWN = {"exclude": NEITHER, "as_neet": NEET, "as_not_neet": EET}
# A recall of one half has an interval of 13 points either way at 50 events (Wilson), and a wider one below: too wide to
# say whether a model is better than a list of points. This project's choice.
FEWEST_EVENTS = 50

ENGINES: Mapping[str, EngineName] = {"auto": "auto", "smooth": "smooth", "boosted": "boosted"}

Floats = NDArray[np.float64]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, eq=False)
class Material:
    """Pupils as they are learnt from. `label`: int8 [n]; `band`: int8 [n], the scorecard's; `caseloaded`: bool [n]."""

    frame: pd.DataFrame
    label: NDArray[np.int8]
    band: NDArray[np.int8]
    caseloaded: NDArray[np.bool_]

    @classmethod
    def of(cls, groups: Sequence[Pupils], names: Sequence[str]) -> Material:
        """Several checks' pupils together, in this order."""
        return cls(
            pd.concat([pupils.frame(names) for pupils in groups], ignore_index=True),
            np.concatenate([pupils.label for pupils in groups]),
            np.concatenate([pupils.register.rules_band for pupils in groups]),
            np.concatenate([pupils.caseloaded for pupils in groups]),
        )

    def take(self, places: NDArray[np.int64]) -> Material:
        return Material(self.frame.iloc[places], self.label[places], self.band[places], self.caseloaded[places])


@dataclass(frozen=True)
class Recipe:
    """How a model is fitted: by which fields and engine, in how many bags, and to whom."""

    fields: Dictionary
    names: tuple[str, ...]
    engine: EngineName = "auto"
    not_known: str = "exclude"
    helped: bool = True  # whether pupils who were given help are learnt from
    bags: int = 10
    calibrate: bool = True
    random_state: int = 0

    def quick(self, engine: EngineName) -> Recipe:
        """The same, fitted once at the engine's usual setting: enough for two fits to be compared."""
        return replace(self, engine=engine, bags=0, calibrate=False)

    def fit(self, material: Material, n_jobs: int | None = None) -> AdditiveClassifier:
        """The classifier."""
        label, who = self._learnt(material)
        classifier = AdditiveClassifier(
            self.engine,
            monotone={name: way for name in self.names if (way := direction_of(self.fields[name]))},
            grids={name: step for name in self.names if (step := self._step(name))},
            bags=self.bags,
            calibrate=self.calibrate,
            n_jobs=n_jobs,
            random_state=self.random_state,
        )
        return classifier.fit(material.frame.iloc[who][list(self.names)], (label[who] == NEET).astype(np.int64))

    def rate(self, material: Material) -> float:
        """The share of the pupils learnt from who became NEET."""
        label, who = self._learnt(material)
        return float((label[who] == NEET).mean())

    def known(self, material: Material) -> dict[str, float]:
        """Of what share of the pupils learnt from each field is known, to four places."""
        frame = material.frame.iloc[self._learnt(material)[1]]
        return {name: round(float(frame[name].notna().mean()), 4) for name in self.names}

    def _learnt(self, material: Material) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
        """What each pupil counts as [n], and the places of those learnt from."""
        label = np.where(material.label == NEITHER, np.int8(NOT_KNOWN[self.not_known]), material.label)
        return label, np.flatnonzero((label != NEITHER) & (self.helped | ~material.caseloaded))

    def predict(self, classifier: AdditiveClassifier, frame: pd.DataFrame) -> Floats:
        """Probabilities [n]; NaN for pupils of whom nothing is known."""
        frame = frame[list(self.names)]
        said: Floats = classifier.predict_proba(frame)[:, 1]
        return np.where(frame.notna().any(axis=1), said, np.nan)

    def _step(self, name: str) -> float | None:
        item = self.fields[name]
        return 1.0 if item.type == "count" else item.grid


def check_events(label: NDArray[np.int8]) -> None:
    """Raises TrainingError, with the reason, where too few pupils had either outcome."""
    events, known = int((label == NEET).sum()), int((label != NEITHER).sum())
    if min(events, known - events) < FEWEST_EVENTS:
        raise TrainingError(
            f"{events:,} of {known:,} pupils with a known destination became NEET. With fewer than {FEWEST_EVENTS} of "
            "either outcome, nobody could tell whether a model does better than a scorecard. Add earlier leavers, or "
            "use a scorecard."
        )


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What a fit says of pupils that it has not seen: probability [n], NaN none, and band [n], -1 none."""

    probability: Floats
    band: NDArray[np.int8]
    engine: EngineName


def judge(recipe: Recipe, learn: Material, test: Material, bands: int) -> HeldOut:
    """Fit to some pupils and say what it says of others."""
    classifier = recipe.fit(learn)
    said = recipe.predict(classifier, test.frame)
    edges = edges_like(recipe.predict(classifier, learn.frame), learn.band, bands, recipe.rate(learn))
    place = np.searchsorted(edges, np.nan_to_num(said), side="right")
    return HeldOut(said, np.where(np.isnan(said), -1, place).astype(np.int8), ENGINES[classifier.engine_])


def edges_like(probability: Floats, band: NDArray[np.int8], bands: int, least: float = 0.0) -> tuple[float, ...]:
    """The probabilities from which each band above the lowest is reached, lowest first.

    The rule: of the training pupils as many stand in each band of the model as in the same band of the scorecard, so
    that neither side of a list is the louder. Pupils with one probability stay together, in the higher band. A band in
    which the scorecard has nobody is reached at 1, that is by nobody. No edge lies under `least`, the share of the
    training pupils who became NEET: nobody is raised whose chance is under the average, even where that holds fewer.
    """
    falling = np.sort(probability[~np.isnan(probability)])[::-1]
    edges = []
    for rank in range(1, bands):
        inside = min(int((band >= rank).sum()), len(falling))
        edges.append(max(float(falling[inside - 1]) if inside else 1.0, least))
        least = float(np.nextafter(least, 1)) if least else least
    for place in range(len(edges) - 2, -1, -1):
        edges[place] = min(edges[place], float(np.nextafter(edges[place + 1], 0)))
    return tuple(edges)


def side_by_side(jobs: Sequence[tuple[Any, ...]], n_jobs: int | None, done: Callable[[], None]) -> list[Any]:
    """`judge` of each job, in their order, by whatever joblib backend is in force; `done` after each."""
    calls = [delayed(judge)(*job) for job in jobs]
    found = []
    for result in _results(calls, n_jobs):
        found.append(result)
        done()
    return found


def _results(calls: list[Any], n_jobs: int | None) -> Iterator[Any]:
    try:
        parallel = Parallel(n_jobs=n_jobs, return_as="generator")
    except ValueError:  # a backend that gives its results all at once
        parallel = Parallel(n_jobs=n_jobs)
    yield from parallel(calls)
