"""Whether the list is worse for pupils of whom less is known, and what asking for the first unknown would be worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roni.evaluation.capacity import paired
from roni.evaluation.evidence import Figure
from roni.evaluation.groups import Grouping
from roni.evaluation.ranking import ranking_of_register
from roni.evaluation.resamples import RESAMPLES, SEED

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.register import Register

QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Asking:
    """What the list gains if each pupil's first unknown were asked for and answered truly.

    `asked`: pupils with something to ask; `answered`: those of whom the completed cohort knows it; `gain`: the change
    in recall at the capacity, paired.
    """

    asked: int
    answered: int
    gain: Figure


def by_completeness(cohort: Cohort, fields: Sequence[str]) -> Grouping:
    """Pupils in quarters by how many of these fields are known of them, least first; equal numbers stand together."""
    known = sum((cohort.known(name).astype(np.int64) for name in fields), np.zeros(len(cohort), np.int64))
    edges = np.unique(np.quantile(known, np.arange(1, QUARTERS) / QUARTERS, method="inverted_cdf"))
    used, code = np.unique(np.searchsorted(edges, known, side="left"), return_inverse=True)
    labels = tuple(_label(known[code == place], len(fields)) for place in range(len(used)))
    return Grouping("completeness", "facts known of the pupil", labels, code.astype(np.int64))


def _label(known: NDArray[np.int64], fields: int) -> str:
    low, high = int(known.min()), int(known.max())
    return f"{low} of {fields} known" if low == high else f"{low} to {high} of {fields} known"


def value_of_asking(
    score: Callable[[Cohort], Register],
    cohort: Cohort,
    completed: Cohort,
    label: NDArray[np.int8],
    capacity: int,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Asking:
    """Fill in each pupil's `ask_first` from a cohort where it is known (matched by key) and see what the list gains.

    `score` makes a register, before and after, by the same card and model; `label`: int8 [n], of the cohort's pupils.
    """
    register = score(cohort)
    filled, asked, answered = answer_first(register, completed)
    then, now = ranking_of_register("asked", score(filled)), ranking_of_register("not asked", register)
    gain = next(row.figure for row in paired(then, now, label, capacity, resamples, seed) if row.measure == "recall")
    return Asking(asked, answered, gain)


def answer_first(register: Register, completed: Cohort) -> tuple[Cohort, int, int]:
    """The cohort with each pupil's first unknown filled in; how many had one, and of how many it is now known."""
    import pyarrow.compute as pc

    cohort, made = register.cohort, register.assessment
    there = np.asarray(pc.index_in(cohort.keys, value_set=completed.keys).fill_null(-1))
    columns, answered = dict(cohort.columns), 0
    for place, name in enumerate(made.ask_fields):
        who = np.flatnonzero((made.ask_first == place) & (there >= 0))
        who = who[completed.known(name)[there[who]]]
        if len(who):
            values = cohort.column(name).copy()
            values[who] = completed.column(name)[there[who]]
            columns[name] = values
            answered += len(who)
    return replace(cohort, columns=columns), int((made.ask_first >= 0).sum()), answered
