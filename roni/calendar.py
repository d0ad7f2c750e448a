"""Academic years and checks. The dates and year groups are data: `calendars/*.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from roni.errors import CalendarError

FIRST_MONTH = 9  # an academic year runs from 1 September to 31 August
EARLIEST, LATEST = 2000, 2100  # years that a person may mean; beyond them a year is a slip of the keyboard


@dataclass(frozen=True, order=True)
class AcademicYear:
    """The school year that starts in September of `start`.

    >>> str(AcademicYear(2026)), AcademicYear.parse("2026/27").start, AcademicYear(2026).for_file_name
    ('2026/27', 2026, '2026-27')
    """

    start: int

    def __str__(self) -> str:
        return f"{self.start}/{(self.start + 1) % 100:02d}"

    @property
    def for_file_name(self) -> str:
        return str(self).replace("/", "-")

    @classmethod
    def parse(cls, text: str) -> AcademicYear:
        """Read `2026/27`, `2026-27`, `2026/2027` or `2026`, from 2000 to 2100. Raises CalendarError."""
        match = re.fullmatch(r"\s*(\d{4})(?:\s*[/-]\s*(\d{2}|\d{4}))?\s*", text)
        if not match:
            raise CalendarError(f"“{text}” is not an academic year. Write it as 2026/27.")
        start = int(match[1])
        if not EARLIEST <= start <= LATEST:
            raise CalendarError(f"“{text}” is no academic year from {cls(EARLIEST)} to {cls(LATEST)}.")
        if match[2] and int(match[2]) % 100 != (start + 1) % 100:
            raise CalendarError(f"“{text}” is not one academic year. Write it as {cls(start)}.")
        return cls(start)

    @classmethod
    def containing(cls, day: date) -> AcademicYear:
        return cls(day.year if day.month >= FIRST_MONTH else day.year - 1)

    def birth_year_starts(self, year_group: int) -> date:
        """1 September on which the youngest-possible range of birth dates of a year group begins.

        >>> AcademicYear(2026).birth_year_starts(11)
        datetime.date(2010, 9, 1)
        """
        return date(self.start - year_group - 5, FIRST_MONTH, 1)

    def leavers(self, year_group: int) -> int:
        """The summer in which this year group finishes Year 11: the leaving cohort, which never changes.

        >>> AcademicYear(2026).leavers(11), AcademicYear(2026).leavers(12), AcademicYear(2026).leavers(9)
        (2027, 2026, 2029)
        """
        return self.start + 1 + (11 - year_group)


@dataclass(frozen=True)
class Check:
    """One look at the cohort: the November check, the January check.

    `on` is the day as at which facts are taken; `due` the end of the day by which schools return, Europe/London.
    """

    name: str
    label: str
    year: AcademicYear
    on: date
    due: date
    accepted_years: tuple[int, ...]
    focus_years: tuple[int, ...]
    few_sessions: int

    def __str__(self) -> str:
        return f"{self.label} {self.on.year}"

    @property
    def order(self) -> tuple[int, date]:
        return (self.year.start, self.on)


@cache
def _calendar(name: str) -> dict[str, Any]:
    text = (resources.files("roni") / "calendars" / f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def check_names(calendar: str = "england") -> list[str]:
    """The checks of a calendar, in the order of the academic year."""
    return list(_calendar(calendar)["check"])


def get_check(name: str | None = None, year: AcademicYear | str | None = None, *, today: date | None = None) -> Check:
    """The named check of an academic year; without a name the check whose season `today` falls in.

    Raises CalendarError, listing the names there are.
    """
    today = today or date.today()
    if isinstance(year, str):
        year = AcademicYear.parse(year)
    year = year or AcademicYear.containing(today)
    checks = _calendar("england")["check"]
    if name is None:
        name = _season(checks, today)
    key = name.strip().lower()
    if key not in checks:
        raise CalendarError(f"There is no check called “{name}”. The checks are: {', '.join(checks)}.")
    row = checks[key]
    return Check(
        name=key,
        label=row["label"],
        year=year,
        on=_in_year(year, row["on"]),
        due=_in_year(year, row["due"]),
        accepted_years=tuple(row["accepted_years"]),
        focus_years=tuple(row["focus_years"]),
        few_sessions=row["few_sessions"],
    )


def _in_year(year: AcademicYear, month_day: str) -> date:
    month, day = (int(part) for part in month_day.split("-"))
    return date(year.start if month >= FIRST_MONTH else year.start + 1, month, day)


def _season(checks: dict[str, Any], today: date) -> str:
    year = AcademicYear.containing(today)
    begun = [name for name, row in checks.items() if _in_year(year, row["season_starts"]) <= today]
    return begun[-1] if begun else next(iter(checks))
