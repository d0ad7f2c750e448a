"""What a trained model says of a pupil, in the shape of the rules' reasons: “attendance 71.0 %: raises”.

The contributions are the model's own look-ups: with the base they sum to the log-odds that the probability comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roni.chance import one_in
from roni.tables import Table, blocks_of, probability_of
from roni.tables.axis import Floats
from roni.wording.facts import amount
from roni.wording.lines import Lines, distinct

if TYPE_CHECKING:
    from roni.cohort import Cohort
    from roni.model import Model

MOST_SAID = 3  # fields on a pupil's line in the list; an explanation has them all
LEAST_SAID = 0.2  # of log-odds on that line: odds about a fifth higher
DECIMALS = 2  # of log-odds, as printed
LEAST_PRINTED = 10**-DECIMALS / 2  # less would be printed as nothing


@dataclass(frozen=True)
class ModelReason:
    """One field's contribution to a pupil's log-odds."""

    field: str
    fact: str
    log_odds: float

    @property
    def text(self) -> str:
        return f"{self.fact}: {effect(self.log_odds)} ({self.log_odds:+.{DECIMALS}f})"


@dataclass(frozen=True)
class ModelAccount:
    """How a model comes to one pupil's probability: base + reasons = log_odds. The largest reason stands first.

    `low` and `high` are the ends of the probability's 95 % interval, where the model has one.
    """

    base: float
    reasons: tuple[ModelReason, ...]
    log_odds: float
    probability: float
    pupils_like: str
    low: float | None = None
    high: float | None = None

    @property
    def lines(self) -> list[str]:
        """The account in lines; fields that change nothing worth printing are left to the sum."""
        said = [reason.text for reason in self.reasons if round(reason.log_odds, DECIMALS)]
        start = f"It starts from {one_in(float(probability_of(np.array(self.base))))} (log-odds {self.base:+.2f})."
        moved = f"Altogether {self.log_odds - self.base:+.2f}, which makes {self.log_odds:+.2f}: "
        return [start, *said, f"{moved}{one_in(self.probability)} {self.pupils_like}.", *self._interval]

    @property
    def raising(self) -> list[ModelReason]:
        """What raises the chance by as much as is printed."""
        return [reason for reason in self.reasons if reason.log_odds >= LEAST_PRINTED]

    @property
    def _interval(self) -> list[str]:
        if self.low is None or self.high is None or one_in(self.low) == one_in(self.high):
            return []
        return [
            f"Trained on other pupils of the same kind it could have been {one_in(self.low)} to {one_in(self.high)}."
        ]


def effect(log_odds: float) -> str:
    """Which way a contribution goes."""
    return "raises" if log_odds > 0 else "lowers" if log_odds < 0 else "changes nothing"


def account_of(model: Model, cohort: Cohort, index: int) -> ModelAccount | None:
    """The account of the pupil at `index`; None where the model could not score."""
    alone = cohort.take(np.array([index]))
    if not model.can_score(alone)[0]:
        return None
    found, log_odds = model.tables.explain(model.columns(alone))
    reasons = [
        ModelReason(table.name, fact_of(table, alone, 0), float(value))
        for table, value in zip(model.tables.tables, found[0], strict=True)
    ]
    reasons.sort(key=lambda reason: -abs(reason.log_odds))
    chance = float(probability_of(log_odds)[0])
    ends = [float(end[0]) for end in model.interval(alone)] if model.bags else []
    return ModelAccount(model.tables.base, tuple(reasons), float(log_odds[0]), chance, model.pupils_like, *ends)


def say_raising(
    model: Model, cohort: Cohort, lines: Lines, raised: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Add what raises each pupil's probability most, for all pupils at once: “attendance 71.0 %: raises”.

    Of those whose band the model raised (`raised`, bool [n]) also what raises it by less, where nothing raises it by
    more: nobody is raised without a reason. Returns of whom something was said, bool [n].
    """
    said = np.zeros(len(cohort), np.bool_)
    _say_from(LEAST_SAID, model, cohort, lines, said, np.arange(len(cohort)))
    quiet = np.flatnonzero(raised & ~said) if raised is not None else np.zeros(0, np.int64)
    if len(quiet):
        _say_from(LEAST_PRINTED, model, cohort.take(quiet), lines, said, quiet)
    return said


def say_raised(
    bands: Sequence[str], rules: NDArray[np.int8], model: NDArray[np.int8], chance: Any, said: Any, lines: Lines
) -> None:
    """Add “the model raises none to amber” where it did, after the chance itself where no field was said to raise it.

    `rules` and `model` are places in `bands`, int8 [n]; `chance` pyarrow strings [n]; `said` bool [n].
    """
    import pyarrow.compute as pc

    raised = raised_by(rules, model)
    for_chance = np.flatnonzero(raised & ~said)
    texts = pc.binary_join_element_wise("chance ", chance.take(for_chance), ": raises", "").dictionary_encode()
    lines.say(for_chance, texts.dictionary.to_pylist(), np.asarray(texts.indices))
    places = np.flatnonzero(raised)
    pairs = rules[places] * np.int32(len(bands)) + model[places]
    lines.say(places, [f"the model raises {one} to {other}" for one in bands for other in bands], pairs)


def raised_by(rules: NDArray[np.int8], model: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Whose band the model raised above the scorecard's; nobody without one of both."""
    return np.asarray((model > rules) & (rules >= 0))


def _say_from(
    floor: float,
    model: Model,
    cohort: Cohort,
    lines: Lines,
    said: NDArray[np.bool_],
    at: NDArray[np.int64],
) -> None:
    """Say what adds `floor` of log-odds or more; pupil k of the cohort is the one at `at[k]` of lines and `said`."""
    columns = model.columns(cohort)
    tables = [table for table in model.tables.tables if _most(table) >= floor]
    least = _least_said(tables, columns, len(cohort), floor)
    least[~model.can_score(cohort)] = np.inf
    for table in sorted(tables, key=_most, reverse=True):
        places = np.flatnonzero(table.contribution(columns[table.name]) >= least)
        first, which = distinct(_as_printed(table, cohort.column(table.name)[places]))
        few = replace(cohort, columns={table.name: cohort.column(table.name)[places[first]]})
        lines.say(at[places], [f"{fact_of(table, few, each)}: raises" for each in range(len(first))], which)
        said[at[places]] = True


def fact_of(table: Table, cohort: Cohort, index: int) -> str:
    """One pupil's value of a field as a person would say it, on its own side of every edge of the table."""
    item, value = cohort.fields[table.name], cohort.value(table.name, index)
    if value is None:
        return f"{item.label} not known"
    if item.type in ("percent", "count"):
        return amount(item, value, table.edges)
    if item.type == "flag":
        return item.said.get("yes", item.label) if value else item.said.get("no", f"not {item.label}")
    return item.said.get(value, f"{item.label}: {item.codes[value]}")


def _most(table: Table) -> float:
    return max((*table.values, table.missing))


def _least_said(tables: list[Table], columns: dict[str, Any], size: int, floor: float) -> Floats:
    """The contribution from which one is said of each pupil: the highest MOST_SAID, and none under the floor."""
    least = np.full(size, floor)
    for rows in blocks_of(size):
        highest = np.full((MOST_SAID, len(least[rows])), floor)
        for table in tables:
            rest = table.contribution(columns[table.name][rows])
            for place in highest:
                higher = np.maximum(place, rest)
                np.minimum(place, rest, out=rest)
                place[:] = higher
        least[rows] = highest[-1]
    return least


def _as_printed(table: Table, values: NDArray[Any]) -> NDArray[Any]:
    """Per cents to one decimal where that stays in the same bin, so that few different texts are made."""
    if values.dtype.kind != "f":
        return values
    rounded = np.round(values, 1)
    return np.where(table.bins(rounded) == table.bins(values), rounded, values)
