"""Which file said anything about a field: the headings of each file, and the fields that none of them gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from roni.fields import Dictionary
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
    among: Collection[str] | None = None,
) -> list[Reading]:
    """Fields that schools are asked for, that could count, and that no column gives: not known for everyone.

    With `among` only those of these fields.
    """
    asked = fields.once("asked of schools", _asked)
    if among is not None:
        asked = {name: told for name, told in asked.items() if name in among}
    telling = {other for told in asked.values() for other in told} & set(columns)
    heard = {
        name: np.bincount(file_index[is_known(fields[name], columns[name])], minlength=len(files)) > 0
        for name in telling
    }
    return [
        Reading(file, "", name, "no column: not known for everyone", "absent")
        for name, told in asked.items()
        for place, file in enumerate(files)
        if name not in headings[place] and not any(heard[other][place] for other in told if other in heard)
    ]


def _asked(fields: Dictionary) -> dict[str, list[str]]:
    """The fields that schools are asked for and that could count; each with those that would tell of it."""
    return {
        name: [name, *(other for other, fed in fields.items() if any(name in way.inputs for way in fed.routes))]
        for name, item in fields.items()
        if item.scored and item.listed and item.family not in ASKED_OF_NOBODY
    }


def inputs(fields: Dictionary) -> frozenset[str]:
    """The fields that others may be worked out from."""
    return fields.once(
        "inputs", lambda fields: frozenset(name for fed in fields.values() for way in fed.routes for name in way.inputs)
    )
