"""Whom a model learns from: the pupils of one check who were followed up, joined to what became of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from roni.cohort import Cohort, to_series
from roni.errors import TrainingError
from roni.evaluation.population import follow_up
from roni.order import RANKED
from roni.outcomes import NEET, Outcome, Outcomes, Spells, label_outcomes
from roni.register import Register

if TYPE_CHECKING:
    import pandas as pd

    from roni.scorecard import Scorecard

FOLLOW_UP = (3, 1)  # month and day of the March after Year 11 on which NEET is looked at; this project's choice
IDENTIFIERS = ("upn", "former_upn", "uln")  # by which a destination may know a pupil, beside the key


@dataclass(frozen=True, eq=False)
class Pupils:
    """The pupils of one check who were followed up and may be in a list, as they were confirmed at that check.

    `card`: the scorecard that the model is to stand beside. `label`: int8 [n], 1 NEET, -1 not, 0 not known.
    `caseloaded`: bool [n], who was given help because of a list. `no_record`: those, of the not known, of whom there is
    no record. `unlisted`: pupils left out, for their information is restricted or they are no longer living.
    """

    cohort: Cohort
    card: Scorecard
    outcomes: Outcomes
    label: NDArray[np.int8]
    caseloaded: NDArray[np.bool_]
    no_record: int
    unlisted: int

    def __len__(self) -> int:
        return len(self.label)

    @cached_property
    def register(self) -> Register:
        """The list by the scorecard alone."""
        return Register(self.cohort, self.card.assess(self.cohort))

    @property
    def neet(self) -> int:
        return int((self.label == NEET).sum())

    @property
    def words(self) -> str:
        """Who they are, in a few words."""
        known = int((self.label != 0).sum())
        return (
            f"the {self.cohort.check} check: {len(self):,} pupils, of whom {self.neet:,} became NEET, "
            f"{known - self.neet:,} did not and {len(self) - known:,} are not known"
        )

    def frame(self, names: Sequence[str]) -> pd.DataFrame:
        """These fields as the classifier takes them."""
        import pandas as pd

        index = pd.RangeIndex(len(self))
        fields, column = self.cohort.fields, self.cohort.column
        return pd.DataFrame({name: to_series(fields[name], column(name), index) for name in names}, index=index)  # type: ignore[arg-type]

    def take(self, places: NDArray[np.int64]) -> Pupils:
        """Some of them."""
        return replace(
            self, cohort=self.cohort.take(places), label=self.label[places], caseloaded=self.caseloaded[places]
        )


def followed(
    cohort: Cohort,
    outcomes: Spells | Outcomes,
    outcome: Outcome,
    card: Scorecard,
    years: Collection[int],
    caseloaded: Collection[str],
) -> Pupils:
    """The pupils of these year groups with what became of them. Raises RoniError where nobody was followed up."""
    found = _labels(cohort, outcomes, outcome)
    aged = cohort.take(np.flatnonzero(np.isin(cohort.column("year_group"), list(years))))
    if not len(aged):
        raise TrainingError(f"The {cohort.check} check has no pupil of Year {' or '.join(map(str, sorted(years)))}.")
    people = follow_up(aged, found)
    helped = np.asarray(pc.is_in(people.cohort.keys, value_set=_as_keys(people.cohort, caseloaded)))
    whole = Pupils(people.cohort, card, found, people.label, helped, people.no_record, 0)
    listed = np.flatnonzero(whole.register.section == RANKED)
    return replace(whole.take(listed), unlisted=len(whole) - len(listed)) if len(listed) < len(whole) else whole


def usual_outcome(cohort: Cohort) -> Outcome:
    """NEET on 1 March of the school year after Year 11."""
    return Outcome.neet_on(date(cohort.check.year.start + 2, *FOLLOW_UP))


def shifted(outcome: Outcome, years: int) -> Outcome:
    """The same outcome so many years earlier: leavers of another summer are asked about their own year."""

    def earlier(day: date) -> date:
        day = day.replace(day=28) if (day.month, day.day) == (2, 29) else day
        return day.replace(year=day.year - years)

    return replace(outcome, start=earlier(outcome.start), end=earlier(outcome.end))


def _labels(cohort: Cohort, outcomes: Spells | Outcomes, outcome: Outcome) -> Outcomes:
    """A label for each person, under the cohort's own keys."""
    if isinstance(outcomes, Spells):
        return label_outcomes(replace(outcomes, keys=known_as(cohort, outcomes.keys)), outcome)
    keys = known_as(cohort, outcomes.keys)
    first = np.sort(np.unique(np.asarray(keys.to_pylist(), dtype=object).astype(str), return_index=True)[1])
    return replace(outcomes, keys=keys.take(pa.array(first)), label=outcomes.label[first])


def known_as(cohort: Cohort, keys: Any) -> Any:
    """These keys (pyarrow strings), each pupil of the cohort named by the key that they have there.

    A destination may name a pupil by an earlier UPN, or by a ULN. An identifier that two pupils have names neither.
    """
    columns = [cohort.column(name) for name in IDENTIFIERS if name in cohort.columns]
    names = pa.concat_arrays([cohort.keys, *(_plain(column) for column in columns)])
    owner = np.tile(np.arange(len(cohort)), 1 + len(columns))
    encoded = names.dictionary_encode()
    code = np.asarray(encoded.indices.fill_null(-1))
    size = len(encoded.dictionary)
    first, last = np.full(size, len(cohort)), np.full(size, -1)
    stated = code >= 0
    np.minimum.at(first, code[stated], owner[stated])
    np.maximum.at(last, code[stated], owner[stated])
    at = np.asarray(pc.index_in(keys, value_set=encoded.dictionary).fill_null(-1))
    owners = np.append(np.where(first == last, first, -1), -1)[at]
    theirs = cohort.keys.take(pa.array(np.maximum(owners, 0))) if len(cohort) else keys
    return pc.if_else(pa.array(owners >= 0), theirs, keys)


def _plain(column: Any) -> Any:
    return pc.utf8_upper(pc.utf8_trim_whitespace(column.cast("string")))


def _as_keys(cohort: Cohort, keys: Collection[str]) -> Any:
    return known_as(cohort, pa.array(sorted({key.strip().upper() for key in keys}), pa.string()))
