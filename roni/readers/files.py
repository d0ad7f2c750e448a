"""`read_cohort`: files as schools send them, and council lists, to one cohort with an account of every row."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from roni.calendar import AcademicYear, Check
from roni.cohort import Cohort
from roni.errors import RoniError
from roni.fields import Dictionary
from roni.readers.listed import ListedPupils
from roni.readers.opening import Opening
from roni.readers.supplements import Supplement
from roni.readers.whole import cohort_of

Paths = str | Path | Iterable[str | Path]


def read_cohort(
    paths: Paths,
    check: Check | str | None = None,
    academic_year: AcademicYear | str | None = None,
    *,
    mapping: Any = None,
    supplements: Supplement | str | Iterable[Supplement | str] = (),
    fields: Dictionary | str | Path | None = None,
    years: int | Iterable[int] | None = None,
) -> Cohort:
    """Read one or several files, or a folder, as the cohort of one check.

    `mapping` is a dict heading -> field, a path to a saved mapping, or `Heading=field` texts; `fields` a dictionary
    or a council's file of local fields; `years` narrows to some year groups. Rows = pupils + `not_kept`.
    Raises RoniError naming each file that cannot be read, MappingError, CalendarError.
    """
    opening = Opening.of(check, academic_year, mapping, fields)
    given = _supplements(supplements)
    raws = opening.raws(_paths(paths))
    lists = [
        ListedPupils.of(item, [opening.read(raw) for raw in opening.raws([Path(item.path)])], opening.fields)
        for item in given
    ]
    return cohort_of(raws, opening, lists, years)


def _paths(paths: Paths) -> list[Path]:
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not given:
        raise RoniError("No file was given.")
    return [Path(path) for path in given]


def _supplements(given: Supplement | str | Iterable[Supplement | str]) -> list[Supplement]:
    each = [given] if isinstance(given, (str, Supplement)) else list(given)
    return [Supplement.parse(item) if isinstance(item, str) else item for item in each]
