"""A council-held list as a person names it: which file, what being on it means, as at when, complete for whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from roni.errors import MappingError


@dataclass(frozen=True)
class Supplement:
    """A council-held list: its file, what it lists, as at when, whether it is complete and for which year groups.

    `field` is the flag that being on the list means; None where the file has columns of its own for what it says.
    """

    path: str | Path
    field: str | None = None
    as_at: date | None = None
    complete: bool = False
    years: tuple[int, ...] = ()
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Supplement:
        """Read `FILE[,field=looked_after][,as-at=2026-10-31][,complete][,years=10-11]`. Raises MappingError."""
        path, *parts = (part.strip() for part in text.split(","))
        options = {key.strip(): value.strip() for key, _, value in (part.partition("=") for part in parts)}
        if unknown := sorted(set(options) - {"field", "as-at", "complete", "years", "name"}):
            raise MappingError(
                f"{path}: “{unknown[0]}” is not allowed. Allowed are: field, as-at, complete, years, name."
            )
        return cls(
            path,
            field=options.get("field") or None,
            as_at=_date(path, options.get("as-at")),
            complete=_complete(path, options),
            years=_years(path, options.get("years", "")),
            name=options.get("name", ""),
        )


def _date(path: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise MappingError(f"{path}: as-at is a date such as 2026-10-31.") from None


def _complete(path: str, options: Mapping[str, str]) -> bool:
    said = options.get("complete", "no")
    if said not in ("", "yes", "no"):
        raise MappingError(f"{path}: complete is yes or no.")
    return said != "no"


def _years(path: str, text: str) -> tuple[int, ...]:
    if not text:
        return ()
    found = re.fullmatch(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?", text)
    years = tuple(range(int(found[1]), int(found[2] or found[1]) + 1)) if found else ()
    if not years:
        raise MappingError(f"{path}: years is a year group such as 11, or a range such as 9-11.")
    return years
