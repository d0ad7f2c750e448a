"""Instants in UTC, and due dates that end at midnight in England."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ENGLAND = ZoneInfo("Europe/London")


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Today's date in England."""
    return now().astimezone(ENGLAND).date()


def end_of(day: date) -> datetime:
    """The first instant after a day in England, in UTC.

    >>> end_of(date(2026, 7, 1)).isoformat()
    '2026-07-01T23:00:00+00:00'
    """
    return datetime.combine(day + timedelta(days=1), time(), ENGLAND).astimezone(UTC)
