"""What a page's form sent: its texts by name, and days typed in three boxes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import Depends, Request

from service.etags import STALE
from service.problems import Refusal


async def _typed(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).multi_items() if isinstance(value, str)}


async def _ticked(request: Request) -> dict[str, list[str]]:
    form = await request.form()
    return {name: [value for value in form.getlist(name) if isinstance(value, str)] for name in form}


Typed = Annotated[dict[str, str], Depends(_typed)]
Ticked = Annotated[dict[str, list[str]], Depends(_ticked)]  # boxes of one name: all that were ticked


def boxes(typed: Mapping[str, str], name: str) -> dict[str, str]:
    """The three boxes of a day as they were typed, for showing them again."""
    return {part: typed.get(f"{name}-{part}", "").strip() for part in ("day", "month", "year")}


def day_of(typed: Mapping[str, str], name: str) -> date | None:
    """The day in the three boxes; None where all are empty. Raises ValueError where it is no day.

    >>> day_of({"on-day": "1", "on-month": "9", "on-year": "2026"}, "on"), day_of({}, "on")
    (datetime.date(2026, 9, 1), None)
    """
    parts = boxes(typed, name)
    if not any(parts.values()):
        return None
    return date(int(parts["year"]), int(parts["month"]), int(parts["day"]))


def require_version(typed: Mapping[str, str], version: int) -> None:
    """Refuse a form about what has changed since it was opened (412)."""
    if typed.get("version") != str(version):
        raise Refusal(412, "stale", STALE)
