"""Which file said anything about a field: the headings of each file, and the fields that none of them gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roni.fields import Dictionary, Field
from roni.provenance import Reading
from roni.values import Values, is_known

if TYPE_CHECKING:
    from roni.cohort import Cohort

ASKED_OF_NOBODY = ("identity", "contact", "registration")
OWN_COLUMN = ("used", "empty")  # the readings of a column that has a field


def headings_of(cohort: Cohort) -> tuple[dict[str, str], ...]:
    """For each file of a cohort the heading of each field that it has a column of.

    A column that no reading tells of came with another one's wording: it is that of the files it speaks of.
    Of a cohort without readings every column is every file's. What a council list brought is no file's.
    """
    found: tuple[dict[str, str], ...] = tuple({} for _ in cohort.files)
    places = {file: place for place, file in enumerate(cohort.files)}
    for item in cohort.readings:
        if item.file in places and item.field is not None and item.state in OWN_COLUMN:
            before = found[places[item.file]].get(item.field)
            found[places[item.file]][item.field] = f"{before} / {item.heading}" if before else item.heading
    for name, values in cohort.as_given.items():
        if not any(name in headings for headings in found):
            for place in _speaks(cohort, name, values):
                found[place][name] = ""
    return found


def _speaks(cohort: Cohort, name: str, values: Values) -> list[int]:
    if not cohort.readings:
        return list(range(len(cohort.files)))
    said = is_known(cohort.fields[name], values)
    if name in cohort.origin:
        said &= cohort.origin[name] < 0
    return list(np.unique(cohort.file_index[said]).tolist())


def supplied(headings: Sequence[Mapping[str, str]], file_index: NDArray[np.int16]) -> dict[str, NDArray[np.bool_]]:
    """For each field, the rows whose file has a column for it."""
    names = {name for each in headings for name in each}
    return {name: np.array([name in each for each in headings], dtype=bool)[file_index] for name in names}


def absent(
    fields: Dictionary,
    files: Sequence[str],
    file_index: NDArray[np.int16],
    headings: Sequence[Mapping[str, str]],
    columns: Mapping[str, Values],
) -> list[Reading]:
    """Fields that schools are asked for, that could count, and that no column gives: not known for everyone."""
    known = {name: is_known(fields[name], values) for name, values in columns.items()}
    found = []
    for name, item in fields.items():
        if not (item.scored and item.listed) or item.family in ASKED_OF_NOBODY:
            continue
        told = [name, *(other for other, fed in fields.items() if feeds(name, fed))]
        for place, file in enumerate(files):
            here = file_index == place
            heard = any(other in known and known[other][here].any() for other in told)
            if not heard and name not in headings[place]:
                found.append(Reading(file, "", name, "no column: not known for everyone", "absent"))
    return found


def feeds(name: str, item: Field) -> bool:
    """Whether a field may come from the one of this name."""
    return any(name in way.inputs for way in item.routes)
