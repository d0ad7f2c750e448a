"""January updates November, field by field: what is not stated again stands as last confirmed.

An absent column or a blank cell leaves the earlier value standing, marked with the check it comes from. Attendance and
other figures of a period never stand over (`Field.carried`), nor does a place on a roll, but a death does. A value that
may count in a score and would be lost only because a cell is blank is also listed, so that the school can answer; until
then it stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from roni.cohort import Cohort, Reading, Source, Values, is_known, not_known
from roni.errors import ProblemBlock, Problems
from roni.fields import Field
from roni.matching import match_pupils
from roni.routes import overruled, route
from roni.wording import roll

# On whose roll a pupil is, and since or until when, is a fact of today: a pupil who came back has not left.
ROLL = frozenset({
    "school_name", "urn", "laestab", "establishment_type", "registration_status", "admission_number", "entry_date",
    "leaving_date", "leaving_reason", "leaving_destination", "leaving_school", "year_group", "registration_group",
})  # fmt: skip
# A death is not a fact of one day: whoever is in no list stays in none until a school says otherwise.
DEATH = frozenset({"leaving_destination", "leaving_date", "leaving_reason"})


def carry_over(now: Cohort, previous: Cohort) -> Cohort:
    """The later cohort with what only the earlier one knows of the same pupils; `would_fall` lists what to answer.

    Joiners and leavers are as in `now`. Carried cells have a Source of kind “carried”. What comes from several columns
    (pregnant or parent) is worked out again with what was carried.
    """
    match = _Match.of(now, previous)
    columns, origin, given = dict(now.columns), dict(now.origin), dict(now.given)
    blocks: list[ProblemBlock] = []
    for name in previous.columns:
        item = now.fields.get(name)
        if item is None or not item.carried or name in ROLL - DEATH:
            continue
        stands = match.stands(item) & (match.died if name in DEATH else True)
        if stands.any():
            columns[name] = match.filled(item, stands)
            if name in now.given or name in previous.given:
                given[name] = match.given(item, stands)
            origin[name] = match.origin(name, stands)
            if match.was_stated(item) and (item.scored or name == "leaving_destination"):
                blocks += match.would_fall(item, stands)
    problems = now.problems + Problems(blocks)
    routed = route(now.fields, columns, match.supplied(columns), len(now)).columns
    given = overruled(columns, routed) | given
    return replace(now, columns=routed, origin=origin, given=given, problems=problems, sources=match.sources)


@dataclass(frozen=True)
class _Match:
    """The pupils of both checks: `here[k]` is the place now of the pupil at `there[k]` before."""

    now: Cohort
    previous: Cohort
    here: NDArray[np.int64]
    there: NDArray[np.int64]

    @classmethod
    def of(cls, now: Cohort, previous: Cohort) -> _Match:
        found = match_pupils(now, previous)
        here = np.flatnonzero(found >= 0)
        return cls(now, previous, here, found[here])

    @property
    def sources(self) -> tuple[Source, ...]:
        """Those of now, the earlier check itself, and those that the earlier cohort names."""
        earlier = Source(str(self.previous.check), self.previous.check.on, "carried")
        return (*self.now.sources, earlier, *self.previous.sources)

    def stands(self, item: Field) -> NDArray[np.bool_]:
        """Of the matched pupils: whose earlier value is not stated again [m]."""
        stated = self.now.known(item.name) & ~blank_read_as_none(self.now, item)
        return np.asarray(~stated[self.here] & self.previous.known(item.name)[self.there])

    @property
    def died(self) -> NDArray[np.bool_]:
        """Of the matched pupils: of whom the earlier check says that they have died, and this one nothing else [m]."""
        return np.asarray(roll.died(self.previous)[self.there] & ~self.now.known("leaving_destination")[self.here])

    def filled(self, item: Field, stands: NDArray[np.bool_]) -> Values:
        values, earlier = self.now.column(item.name), self.previous.column(item.name)
        return _put(item, values, self.here[stands], earlier, self.there[stands])

    def given(self, item: Field, stands: NDArray[np.bool_]) -> Values:
        """What files and lists themselves said, of carried cells at the earlier check."""
        values, earlier = (
            cohort.as_given.get(item.name, not_known(item, len(cohort))) for cohort in (self.now, self.previous)
        )
        return _put(item, values, self.here[stands], earlier, self.there[stands])

    def origin(self, name: str, stands: NDArray[np.bool_]) -> NDArray[np.int8]:
        """As now, but carried cells come from the earlier check, or from a still earlier one where that says so."""
        result = self.now.origin.get(name, np.full(len(self.now), -1, np.int8)).copy()
        this_check = len(self.now.sources)
        result[self.here[stands]] = this_check
        before = self.previous.origin.get(name)
        if before is not None:
            kinds = np.array([source.kind == "carried" for source in self.previous.sources] + [False])
            earlier = before[self.there]  # -1, no source, meets the False at the end
            older = stands & kinds[earlier]
            result[self.here[older]] = this_check + 1 + earlier[older]
        return result

    def was_stated(self, item: Field) -> bool:
        """Whether the earlier check had a column or a list for the field, and not only another field that gives it."""
        readings = any(reading.field == item.name and reading.state == "used" for reading in self.previous.readings)
        return readings or item.name in self.previous.origin or not self.previous.readings

    def supplied(self, columns: Mapping[str, Values]) -> dict[str, NDArray[np.bool_]]:
        """For each column, the pupils of whom either check had it."""
        return {
            name: is_known(self.now.fields[name], values) | (name in self.now.columns)
            for name, values in columns.items()
        }

    def would_fall(self, item: Field, stands: NDArray[np.bool_]) -> Iterator[ProblemBlock]:
        positive = stands & is_positive(item, self.previous.column(item.name))[self.there]
        places = self.here[positive]
        for number, file in enumerate(self.now.files):
            rows = self.now.row[places[self.now.file_index[places] == number]]
            says = {"label": item.label, "check": str(self.previous.check)}
            yield ProblemBlock("would_fall", file, _heading(self.now, file, item), np.sort(rows), says)


def is_positive(item: Field, values: Values) -> NDArray[np.bool_]:
    """Which cells state what a scorecard could give points for, and would give none for if it were lost.

    Carrying knows no card, so this goes by the field. A flag: yes. A code: any but the one that blank means. A count of
    events, of which blank means 0: any above 0. Another figure (hours of provision, a scaled score, last year's
    attendance): any that is known, for there the low one may be the one that counts.
    """
    if item.type == "code":
        none = [*item.codes, item.blank_means].index(item.blank_means)  # past the last code where blank means none
        return np.asarray((values >= 0) & (values != none))
    if item.type == "flag" or (item.type == "count" and item.blank_means == "0"):
        return np.asarray(values > 0)
    return is_known(item, values) & (item.type in ("count", "percent"))


def blank_read_as_none(cohort: Cohort, item: Field) -> NDArray[np.bool_]:
    """Which cells say no, or none, only because the reading took blank for it: nobody stated them.

    A reading takes blank for no only in a column that never states a no, so every no in such a column was a blank.
    """
    files = [cohort.files.index(reading.file) for reading in _readings(cohort, item) if _blank_was_no(reading)]
    if not files or item.type not in ("flag", "count", "code"):
        return np.zeros(len(cohort), np.bool_)
    values = cohort.column(item.name)
    return np.asarray(np.isin(cohort.file_index, files) & is_known(item, values) & ~is_positive(item, values))


def _blank_was_no(reading: Reading) -> bool:
    return reading.choices.get("blank") == "no"


def _readings(cohort: Cohort, item: Field) -> list[Reading]:
    """How the field's own column was read, or any column that it may come from by another route."""
    names = {item.name, *(name for route in item.routes for name in route.inputs)}
    return [reading for reading in cohort.readings if reading.field in names and reading.file in cohort.files]


def _heading(cohort: Cohort, file: str, item: Field) -> str:
    found = [reading.heading for reading in _readings(cohort, item) if reading.file == file and reading.heading]
    return found[0] if found else ""


def _put(item: Field, values: Values, here: NDArray[np.int64], others: Values, there: NDArray[np.int64]) -> Values:
    """The values, with those of another column of the same field at the places `here`."""
    if item.type != "text":
        result = values.copy()
        result[here] = others[there]
        return result
    import pyarrow as pa

    takes = np.arange(len(values))
    takes[here] = len(values) + there
    return pa.concat_arrays([values, others]).take(pa.array(takes))
