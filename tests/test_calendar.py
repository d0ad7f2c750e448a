"""Academic years as people write them."""

from __future__ import annotations

import pytest

from roni.calendar import AcademicYear
from roni.errors import CalendarError


@pytest.mark.parametrize(
    ("text", "year"),
    [("2026/27", 2026), ("2026-27", 2026), (" 2026 / 2027 ", 2026), ("2026", 2026), ("2000", 2000), ("2100/01", 2100)],
)
def test_an_academic_year_is_read_however_it_is_written(text: str, year: int) -> None:
    assert AcademicYear.parse(text) == AcademicYear(year)


@pytest.mark.parametrize("text", ["0000", "1999/00", "2101/02", "9999"])
def test_a_year_that_nobody_can_mean_is_refused(text: str) -> None:
    with pytest.raises(CalendarError, match=f"“{text}” is no academic year from 2000/01 to 2100/01"):
        AcademicYear.parse(text)


@pytest.mark.parametrize("text", ["soon", "", "26/27", "2026/27/28", "year 2026"])
def test_what_is_no_academic_year_is_refused(text: str) -> None:
    with pytest.raises(CalendarError, match="is not an academic year"):
        AcademicYear.parse(text)


def test_two_years_that_do_not_follow_each_other_are_refused() -> None:
    with pytest.raises(CalendarError, match=r"is not one academic year\. Write it as 2026/27"):
        AcademicYear.parse("2026/28")
