"""Small invented cohorts of Year 11 and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from roni.calendar import AcademicYear, get_check
from roni.cohort import Cohort
from roni.fields import Dictionary
from roni.outcomes import Spells
from roni.synthetic import make_authority
from tests.strategies import cohort_of

NEET, SIXTH_FORM, LOST = "619", "210", "810"


@dataclass(frozen=True)
class Leavers:
    """Cohorts of two November checks, Year 11 among them, and what became of those."""

    cohorts: tuple[Cohort, Cohort]
    spells: Spells


def invented_leavers() -> Leavers:
    """The leavers of two summers: about as few as a model may be trained on."""
    authority = make_authority(5, 12, 200, AcademicYear(2024), 2)
    first, last = (authority.cohort(get_check("november", AcademicYear(start))) for start in (2024, 2025))
    return Leavers((first, last), authority.spells(2025) + authority.spells(2026))


def year_11(
    columns: Mapping[str, Sequence[Any]], start: int = 2025, size: int | None = None, fields: Dictionary | None = None
) -> Cohort:
    """A cohort of Year 11 at the November check of a school year."""
    size = len(next(iter(columns.values()))) if size is None else size
    found = cohort_of({"year_group": [11] * size, **columns}, size=size, fields=fields)
    return replace(found, check=get_check("november", AcademicYear(start)))


def became(keys: Sequence[str], codes: Sequence[str], since: date = date(2026, 9, 1)) -> Spells:
    """One activity each, from a day on."""
    return Spells.of(pa.array(keys), pa.array(codes), start=np.full(len(keys), np.datetime64(since)))


def keys_of(size: int) -> list[str]:
    """The keys of `year_11`'s pupils."""
    return [f"PUPIL{place:05}" for place in range(size)]
