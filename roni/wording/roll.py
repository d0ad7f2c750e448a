"""A pupil's place on the roll: who has left and where to, who is in no list, and what else a list marks beside a name.

Leaving a school's roll never takes a pupil off the list; a death does, and the pupil is then in no list at all.
"""

from __future__ import annotations

from datetime import date
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roni.tally import marked
from roni.wording.lines import Lines, distinct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from roni.cohort import Cohort

TWO_REGISTRATIONS = ("main_dual", "subsidiary")


def died(cohort: Cohort) -> NDArray[np.bool_]:
    """Which pupils are in no list, because their leaving destination says that they have died."""
    return _has_code(cohort, "leaving_destination", ("died",))


def left(cohort: Cohort) -> NDArray[np.bool_]:
    """Which pupils have left the school: a leaving date on or before the check, or a leaving destination."""
    gone = np.zeros(len(cohort), np.bool_)
    if "leaving_date" in cohort.columns:
        gone |= cohort.column("leaving_date") <= np.datetime64(cohort.check.on, "s")
    if "leaving_destination" in cohort.columns:
        gone |= cohort.known("leaving_destination")
    return gone


def marks(cohort: Cohort, fields: Iterable[str]) -> Lines:
    """What stands beside each name.

    `fields` are those that the score rests on; where any of them is carried from an earlier check, the mark says so.
    """
    fields = tuple(fields)
    lines = Lines(len(cohort))
    say_left(lines, cohort)
    if "registration_status" in cohort.columns:
        lines.say(np.flatnonzero(_has_code(cohort, "registration_status", TWO_REGISTRATIONS)), ["two registrations"])
    if "also_registered_at" in cohort.columns:
        places = np.flatnonzero(cohort.known("also_registered_at"))
        schools = cohort.column("also_registered_at").take(places).to_pylist()
        lines.say(places, [f"also registered at {school}" for school in schools], np.arange(len(places)))
    if "sessions_possible" in cohort.columns and "attendance" in fields:
        lines.say(np.flatnonzero(few_sessions(cohort)), ["few sessions"])
    _say_carried(lines, cohort, fields)
    _say_disagreements(lines, cohort)
    return lines


def few_sessions(cohort: Cohort) -> NDArray[np.bool_]:
    """Whose attendance rests on fewer possible sessions than the check asks for."""
    possible = cohort.column("sessions_possible")
    return np.asarray((possible > 0) & (possible < cohort.check.few_sessions))


def carried(cohort: Cohort, name: str) -> NDArray[np.bool_]:
    """Whose value of a field stands from an earlier check."""
    origin = cohort.origin.get(name)
    from_earlier = [place for place, source in enumerate(cohort.sources) if source.kind == "carried"]
    return np.zeros(len(cohort), np.bool_) if origin is None else np.isin(origin, from_earlier)


def day(when: date) -> str:
    """A date as people write it.

    >>> day(date(2026, 9, 2))
    '2 Sep 2026'
    """
    return f"{when.day} {when:%b %Y}"


def say_left(lines: Lines, cohort: Cohort) -> None:
    """Of those who have left: when and where to, as far as it is known."""
    places = np.flatnonzero(left(cohort))
    if not len(places):
        return
    date_left, destination = (cohort.column(name)[places] for name in ("leaving_date", "leaving_destination"))
    first, which = distinct(date_left, destination)
    lines.say(places, [_left_words(cohort, int(places[place])) for place in first], which)


def _left_words(cohort: Cohort, index: int) -> str:
    when, code = cohort.value("leaving_date", index), cohort.value("leaving_destination", index)
    on = f" on {day(when)}" if when else ""
    return f"left{on}" + (f", to {cohort.fields['leaving_destination'].codes[code]}" if code else "")


def _say_carried(lines: Lines, cohort: Cohort, fields: Iterable[str]) -> None:
    for place, source in enumerate(cohort.sources):
        if source.kind == "carried":
            standing = np.zeros(len(cohort), np.bool_)
            for name in fields:
                if name in cohort.origin:
                    standing |= cohort.origin[name] == place
            lines.say(np.flatnonzero(standing), [f"facts as at {source.name}"])


def _say_disagreements(lines: Lines, cohort: Cohort) -> None:
    """Where a school and a council list disagree both are shown to whoever opens the pupil; the list points there."""
    lines.say(np.flatnonzero(marked(cohort, "sources_disagree")), ["school and council disagree"])


def _has_code(cohort: Cohort, name: str, codes: Iterable[str]) -> NDArray[np.bool_]:
    if name not in cohort.columns:
        return np.zeros(len(cohort), np.bool_)
    column, declared = cohort.column(name), list(cohort.fields[name].codes)
    places = [declared.index(code) for code in codes if code in declared]
    return reduce(np.logical_or, [column == place for place in places], np.zeros(len(cohort), np.bool_))
