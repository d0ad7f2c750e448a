"""Which census a file's name states, and which days' absence that census collects."""

from __future__ import annotations

import re
from datetime import date, timedelta

Term = tuple[int, str]  # 2024, "autumn"


def census_term(name: str) -> Term | None:
    """The census that a file's name states, as 2024_autumn or autumn 2024; None where it does not.

    >>> census_term("2024_autumn_pupilonroll.csv"), census_term("spring-2025.csv"), census_term("2024-25 spring.csv")
    ((2024, 'autumn'), (2025, 'spring'), None)
    """
    if re.search(r"20\d\d[-_/ ]?\d\d(?!\d)", name):  # an academic year: which calendar year is meant is not stated
        return None
    year = re.search(r"(?<!\d)(20\d\d)(?!\d)", name)
    season = re.search(r"autumn|spring|summer", name.casefold())
    return (int(year[1]), season[0]) if year and season else None


def absence_period(term: Term) -> tuple[date, date]:
    """First and last day of the absence that a census collects (DfE, absence statistics methodology, table 6).

    >>> [str(day) for day in absence_period((2024, "autumn"))], str(absence_period((2025, "spring"))[0])
    (['2024-04-01', '2024-05-26'], '2024-08-01')
    """
    year, season = term
    if season == "spring":
        return date(year - 1, 8, 1), date(year - 1, 12, 31)
    if season == "summer":
        return date(year, 1, 1), _easter_sunday(year)
    last_of_may = date(year, 5, 31)
    return _easter_sunday(year) + timedelta(1), last_of_may - timedelta(last_of_may.weekday() + 1)


def _easter_sunday(year: int) -> date:
    """Gregorian Easter (Meeus, Jones and Butcher).

    >>> str(_easter_sunday(2024)), str(_easter_sunday(2025))
    ('2024-03-31', '2025-04-20')
    """
    century, of_century = divmod(year, 100)
    skipped = century - century // 4 - (century - (century + 8) // 25 + 1) // 3
    moon = (19 * (year % 19) + skipped + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (year % 19 + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
