"""Whence one pupil's value: the period it was measured over, how much of it, and who says so as at when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from roni.plural import counted
from roni.wording.facts import amount
from roni.wording.roll import day

if TYPE_CHECKING:
    from roni.cohort import Cohort

SUSPENSIONS = frozenset({"suspended", "suspensions", "suspension_sessions", "suspension_days"})
ATTENDANCE = frozenset({"attendance", "absence"})


def details(cohort: Cohort, names: Iterable[str], index: int) -> str:
    """What stands behind the values of these fields: “12 of 76 sessions missed, 2 Sep to 23 Oct”; often nothing."""
    read, parts = set(names), []
    if read & ATTENDANCE:
        parts += [_sessions(cohort, index), _period(cohort, "attendance", index)]
    if "recent_attendance" in read:
        parts.append(_period(cohort, "recent_attendance", index))
    if read & SUSPENSIONS and (window := _code(cohort, "suspensions_window", index)):
        parts.append(f"window: {window}")
    if "permanently_excluded" in read:
        excluded = cohort.value("permanent_exclusion_date", index)
        parts += [day(excluded) if excluded else "", _code(cohort, "permanent_exclusion_status", index)]
    return ", ".join(part for part in parts if part)


def source(cohort: Cohort, names: Iterable[str], index: int) -> str:
    """Who says so: “school, roll.csv, as at 1 Nov 2026”; where nothing is recorded, nothing."""
    found = dict.fromkeys(cohort.source_of(name, index) for name in names)
    return "; ".join(
        ", ".join([WORDS.get(item.kind, item.kind), item.name, *([f"as at {day(item.as_at)}"] if item.as_at else [])])
        for item in found
        if item
    )


WORDS = {"carried": "from an earlier check", "council": "council list"}


def _sessions(cohort: Cohort, index: int) -> str:
    possible, missed = cohort.value("sessions_possible", index), _missed(cohort, index)
    if not possible:
        return ""
    return (
        f"of {amount(cohort.fields['sessions_possible'], possible)}"
        if missed is None
        else (f"{missed} of {counted(possible, 'session')} missed")
    )


def _missed(cohort: Cohort, index: int) -> int | None:
    """Sessions missed, by whichever way the file says it."""
    possible, attended, absent, authorised, unauthorised = (
        cohort.value(f"sessions_{name}", index)
        for name in ("possible", "attended", "absent", "authorised", "unauthorised")
    )
    if absent is not None:
        return int(absent)
    if attended is not None and possible is not None and attended <= possible:
        return int(possible - attended)
    return None if authorised is None or unauthorised is None else int(authorised + unauthorised)


def _period(cohort: Cohort, name: str, index: int) -> str:
    start, end = (cohort.value(f"{name}_{side}", index) for side in ("from", "to"))
    if start and end:
        return f"{_day(start, cohort)} to {_day(end, cohort)}"
    return f"from {_day(start, cohort)}" if start else f"to {_day(end, cohort)}" if end else ""


def _day(when: date, cohort: Cohort) -> str:
    """A day; without its year where that is the calendar year of the check."""
    return day(when).rpartition(" ")[0] if when.year == cohort.check.on.year else day(when)


def _code(cohort: Cohort, name: str, index: int) -> str:
    value = cohort.value(name, index)
    return cohort.fields[name].codes[value] if value else ""
