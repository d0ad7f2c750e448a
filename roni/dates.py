"""Dates as people and spreadsheets write them, read with the day first unless the column shows otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: place for place, name in enumerate(MONTH_NAMES, start=1)}
TIME = r"(?:[t ]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:z|[ap]m|[+-]\d\d:?\d\d)?)?"
YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}}|[a-z]{{3,9}})[-/.](\d{{1,2}}){TIME}")
NUMBERS = re.compile(rf"(\d{{1,2}})[-/. ](\d{{1,2}})[-/. ](\d{{4}}|\d{{2}}){TIME}")
NAMED = re.compile(
    rf"(?:[a-z]{{3,9}},?\s+)?(\d{{1,2}})(?:st|nd|rd|th)?[-/. ]*([a-z]{{3,9}})[-/., ]*(\d{{4}}|\d{{2}}){TIME}"
)
NAMED_FIRST = re.compile(rf"([a-z]{{3,9}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}){TIME}")
MONTH = re.compile(r"(\d{1,2}|[a-z]{3,9})[-/. ](\d{4})")
MONTH_SHORT = re.compile(r"([a-z]{3,9})[-/. ](\d{2})")  # Excel shows 02/2011 as Feb-11
MONTH_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})")
COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
# Excel counts days from here (it believes that 1900 was a leap year); 20000 is 1954, 60000 is 2064.
SERIAL_ORIGIN, SERIAL_FIRST, SERIAL_LAST = date(1899, 12, 30), 20_000, 60_000
# Two-digit years: 00-49 are this century. No pupil was born, and no event happened, outside.
PIVOT = 50


@dataclass(frozen=True)
class Dates:
    """Each text as a date, None where it is none; which are known only to the month; the order that was used."""

    values: list[date | None]
    month_only: list[bool]
    order: str | None


def parse_dates(texts: Sequence[str], order: str | None = None) -> Dates:
    """Read each text. `order` is "uk" (day first) or "us"; by default the day is first, unless no date of the column
    can be read so and all can be read with the month first.

    >>> parse_dates(["17/07/2011", "2011-07-17", "17th July 2011", "40741"]).values == [date(2011, 7, 17)] * 4
    True
    """
    cleaned = [" ".join(text.casefold().split()) for text in texts]
    numbers = [match for match in map(NUMBERS.fullmatch, cleaned) if match]
    order = order or _order(numbers)
    found = [_parse(text, order == "us") for text in cleaned]
    return Dates([day for day, _ in found], [month for _, month in found], order if numbers else None)


def _order(numbers: list[re.Match[str]]) -> str:
    day_first = any(int(match[1]) > 12 for match in numbers)
    month_first = any(int(match[2]) > 12 for match in numbers)
    return "us" if month_first and not day_first else "uk"


def _parse(text: str, month_first: bool) -> tuple[date | None, bool]:
    if match := NUMBERS.fullmatch(text):
        first, second = int(match[1]), int(match[2])
        day, month = (second, first) if month_first else (first, second)
        return _day(_year(match[3]), month, day), False
    if match := YEAR_FIRST.fullmatch(text):
        return _day(int(match[1]), _month(match[2]), int(match[3])), False
    if match := NAMED.fullmatch(text):
        return _day(_year(match[3]), _month(match[2]), int(match[1])), False
    if match := NAMED_FIRST.fullmatch(text):
        return _day(int(match[3]), _month(match[1]), int(match[2])), False
    if match := COMPACT.fullmatch(text):
        return _day(int(match[1]), int(match[2]), int(match[3])), False
    if match := SERIAL.fullmatch(text):
        days = int(match[1])
        return (SERIAL_ORIGIN + timedelta(days) if SERIAL_FIRST <= days <= SERIAL_LAST else None), False
    if match := MONTH.fullmatch(text):
        return _day(int(match[2]), _month(match[1]), 1), True
    if match := MONTH_SHORT.fullmatch(text):
        return _day(_year(match[2]), _month(match[1]), 1), True
    if match := MONTH_YEAR_FIRST.fullmatch(text):
        return _day(int(match[1]), int(match[2]), 1), True
    return None, False


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < PIVOT else 1900)


def _month(text: str) -> int:
    return int(text) if text.isdigit() else MONTHS.get(text[:3], 0)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
