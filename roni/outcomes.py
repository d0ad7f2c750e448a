"""What became of young people: activity codes as EET, NEET or not known; spells; labels that a model may learn from.

Not known is neither a good outcome nor a bad one: it is its own answer, and a pupil of whom it is true has no label.
Codes and their meaning are data: `codes/nccis_activities.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roni.errors import ProblemBlock

NEET, EET, NEITHER = 1, -1, 0
# What an activity counts as. Compulsory school age, re-engagement and custody are published neither as EET nor as NEET.
STATUS = {"NEET": NEET, "EET": EET, "NK": NEITHER, "school": NEITHER, "apart": NEITHER}
NO_CODE = -1
NO_DAY = np.datetime64("NaT", "D")
FIRST_DAY, LAST_DAY = np.datetime64("1900-01-01", "D"), np.datetime64("2200-01-01", "D")

Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity code. `tells`: a field that it states as true; `intends`: what it is as an intended destination."""

    code: int
    label: str
    counts_as: str
    tells: str | None = None
    intends: str | None = None
    unverified: bool = False

    @property
    def status(self) -> int:
        """1 NEET, -1 EET, 0 neither or not known."""
        return STATUS[self.counts_as]


@cache
def activities() -> Mapping[int, Activity]:
    """Every activity code by its number.

    >>> activities()[550].counts_as, activities()[540].counts_as
    ('EET', 'NEET')
    """
    return {int(code): Activity(int(code), **row) for code, row in _codes()["activity"].items()}


@cache
def _codes() -> Mapping[str, Any]:
    return tomllib.loads((resources.files("roni") / "codes" / "nccis_activities.toml").read_text("utf-8"))


@cache
def _words() -> Mapping[str, int]:
    """Destinations in words, folded, and their status."""
    words = {text: STATUS[kind] for kind, texts in _codes()["words"].items() for text in texts}
    return words | {activity.label.casefold(): activity.status for activity in activities().values()}


def read_activity(text: str) -> tuple[int, int] | None:
    """The code (-1 where only words are given) and status that a cell states; None where it states no activity.

    >>> read_activity("550"), read_activity("Sixth Form"), read_activity("545")
    ((550, -1), (-1, -1), None)
    """
    folded = " ".join(text.casefold().split())
    number = folded.removesuffix(".0")
    if number.isdigit():
        activity = activities().get(int(number))
        return (activity.code, activity.status) if activity else None
    status = _words().get(folded)
    return None if status is None else (NO_CODE, status)


@dataclass(frozen=True)
class Spells:
    """Activities with their dates, one row each; a person may have several, in any order.

    keys: pyarrow strings (UPN where there is one); code: int16, -1 where none is given; status: int8, 1 NEET, -1 EET,
    0 neither or not known; days: datetime64[D], NaT not stated. `end` is the last day. `lapse` is the last day on which
    an activity still counts as current; `as_at` the last day to which the record can speak.
    """

    keys: Any
    code: NDArray[np.int16]
    status: NDArray[np.int8]
    start: Days
    end: Days
    ascertained: Days
    verified: Days
    lapse: Days
    as_at: Days
    problems: tuple[ProblemBlock, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.code)

    @classmethod
    def of(cls, keys: Any, texts: Any, **days: Days) -> Spells:
        """Spells from activity codes or destinations in words (pyarrow strings); a day not given is not stated.

        An activity that cannot be read is not known; `unread` says which.
        """
        encoded = texts.dictionary_encode()
        read = [read_activity(text) or (NO_CODE, NEITHER) for text in encoded.dictionary.to_pylist()]
        pairs = np.array([*read, (NO_CODE, NEITHER)], dtype=np.int16).reshape(-1, 2)
        cells = pairs[np.asarray(encoded.indices.fill_null(-1))]
        none = np.full(len(cells), NO_DAY)
        start, end, ascertained, verified, lapse, as_at = (
            days.get(name, none).astype("datetime64[D]")
            for name in ("start", "end", "ascertained", "verified", "lapse", "as_at")
        )
        status = cells[:, 1].astype(np.int8)
        return cls(keys, cells[:, 0], status, start, end, ascertained, verified, lapse, as_at)

    def __add__(self, other: Spells) -> Spells:
        """Both together: for example the returns of several months."""
        import pyarrow as pa

        columns = {
            name: np.concatenate([getattr(self, name), getattr(other, name)])
            for name in self.__dataclass_fields__
            if name not in _NOT_ROWS
        }
        keys = pa.concat_arrays([self.keys, other.keys])
        return Spells(keys, problems=self.problems + other.problems, **columns)


_NOT_ROWS = ("keys", "problems")


def unread(texts: Any) -> NDArray[np.bool_]:
    """Which cells state something that is no activity."""
    encoded = texts.dictionary_encode()
    wrong = np.array([*(read_activity(text) is None for text in encoded.dictionary.to_pylist()), False])
    return np.asarray(wrong[np.asarray(encoded.indices.fill_null(-1))])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is asked of each person: NEET for at least so many calendar months (0: a day) from `start` to `end`."""

    start: date
    end: date
    months: int = 0

    @classmethod
    def neet_on(cls, day: date) -> Outcome:
        """NEET on one day."""
        return cls(day, day)

    @classmethod
    def ever_neet(cls, start: date, end: date) -> Outcome:
        """NEET on any day of the window, first and last day included."""
        return cls(start, end)

    @classmethod
    def persistently_neet(cls, start: date, end: date, months: int = 4) -> Outcome:
        """NEET without a break for `months` calendar months within the window."""
        return cls(start, end, months)

    @property
    def words(self) -> str:
        """The outcome in English.

        >>> Outcome.neet_on(date(2027, 3, 1)).words
        'NEET on 2027-03-01'
        """
        if self.months:
            return f"NEET for {self.months} months or more without a break from {self.start} to {self.end}"
        return f"NEET on {self.start}" if self.start == self.end else f"ever NEET from {self.start} to {self.end}"


# The policy on what is not known, said with every set of labels.
POLICY = (
    "1 where it is so; -1 only where it is not so whatever the days that are not known were; otherwise 0, not known, "
    "which is never trained on as “not NEET”. Education, employment and training count until they lapse; a NEET spell "
    "goes on, lapsed or not, until the person progresses. Re-engagement provision, custody and compulsory school age "
    "are neither."
)


@dataclass(frozen=True)
class Outcomes:
    """A label for each person. keys: pyarrow strings, unique; label: int8, 1 NEET, -1 not NEET, 0 not known."""

    keys: Any
    label: NDArray[np.int8]
    outcome: Outcome
    policy: str = POLICY

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each."""
        return {
            "NEET": int((self.label == NEET).sum()),
            "not NEET": int((self.label == EET).sum()),
            "not known": int((self.label == NEITHER).sum()),
        }

    def for_keys(self, keys: Any) -> NDArray[np.int8]:
        """The labels of these people (pyarrow strings), in this order; 0 where there is no record of somebody."""
        import pyarrow.compute as pc

        places = np.asarray(pc.index_in(keys, value_set=self.keys).fill_null(-1))
        return np.asarray(np.append(self.label, np.int8(NEITHER))[places])


def label_outcomes(spells: Spells, outcome: Outcome) -> Outcomes:
    """Label each person of whom there is a spell."""
    encoded = spells.keys.dictionary_encode()
    size = len(encoded.dictionary)
    timeline = _timeline(spells, np.asarray(encoded.indices.fill_null(-1)).astype(np.int64))
    window = np.datetime64(outcome.start, "D"), np.datetime64(outcome.end, "D") + 1
    label = np.full(size, EET, dtype=np.int8)
    label[_possibly_neet(timeline.only(EET, window), window, outcome.months, size)] = NEITHER
    label[_certainly_neet(timeline.only(NEET, window), outcome.months)] = NEET
    return Outcomes(encoded.dictionary, label, outcome)


@dataclass(frozen=True)
class _Timeline:
    """Who did what from `start` until before `stop`: ordered by person and day, nothing at the same time."""

    person: NDArray[np.int64]
    status: NDArray[np.int8]
    start: Days
    stop: Days

    def only(self, status: int, window: tuple[np.datetime64, np.datetime64]) -> _Timeline:
        """The days of one status within the window."""
        start, stop = np.maximum(self.start, window[0]), np.minimum(self.stop, window[1])
        kept = (self.status == status) & (stop > start)
        return _Timeline(self.person[kept], self.status[kept], start[kept], stop[kept])


def _timeline(spells: Spells, person: NDArray[np.int64]) -> _Timeline:
    """Each activity until the next one starts. Of those that start on one day, what was recorded last is true.

    Without a start, an activity is taken as true all along.
    """
    start = _or(spells.start, FIRST_DAY)
    recorded = [_or(days, FIRST_DAY) for days in (spells.verified, spells.ascertained, spells.as_at)]
    order = np.lexsort((*recorded, start, person))
    person, start, status = person[order], start[order], spells.status[order]
    following = np.full(len(order), LAST_DAY)
    following[:-1] = np.where(person[1:] == person[:-1], start[1:], LAST_DAY)
    lapse = np.where(status == EET, spells.lapse[order], NO_DAY)
    stops = [_or(last + 1, LAST_DAY) for last in (spells.end[order], spells.as_at[order], lapse)]
    stop = np.minimum.reduce([following, *stops])
    kept = (person >= 0) & (stop > start)
    return _Timeline(person[kept], status[kept], start[kept], stop[kept])


def _or(days: Days, otherwise: np.datetime64) -> Days:
    return np.where(np.isnat(days), otherwise, days)


def _certainly_neet(neet: _Timeline, months: int) -> NDArray[np.int64]:
    """Persons with an unbroken run of NEET spells of that length."""
    if not len(neet.person):
        return neet.person
    goes_on = (neet.person[1:] == neet.person[:-1]) & (neet.start[1:] <= neet.stop[:-1])
    first = np.r_[True, ~goes_on]
    last = np.r_[~goes_on, True]
    return neet.person[first][_lasts(neet.start[first], neet.stop[last], months)]


def _possibly_neet(
    eet: _Timeline, window: tuple[np.datetime64, np.datetime64], months: int, size: int
) -> NDArray[np.int64]:
    """Persons with a stretch of the window, of that length, in which they are not known to be EET."""
    person = np.concatenate([eet.person, np.arange(size)])  # the end of the window closes everybody's last stretch
    start = np.concatenate([eet.start, np.full(size, window[1])])
    stop = np.concatenate([eet.stop, np.full(size, window[1])])
    order = np.lexsort((start, person))
    person, start, stop = person[order], start[order], stop[order]
    since = np.full(len(order), window[0])
    since[1:] = np.where(person[1:] == person[:-1], stop[:-1], window[0])
    return person[_lasts(since, start, months)]


def _lasts(start: Days, stop: Days, months: int) -> NDArray[np.bool_]:
    """Whether the days from `start` until before `stop` make that many calendar months (0: at least a day).

    From 1 October to 31 January is four months; from 31 October it is four at the end of February.
    """
    if not months:
        return np.asarray(stop > start)
    month = start.astype("datetime64[M]")
    target = (month + months).astype("datetime64[D]")
    longest = (month + months + 1).astype("datetime64[D]") - target - 1
    return np.asarray(stop >= target + np.minimum(start - month.astype("datetime64[D]"), longest))
