"""The account of a reading: rows, pupils, rows not kept and problems, in words and as plain values for JSON."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from roni.cohort import Cohort

# Why a row is no pupil of the cohort: cohort.NOT_KEPT_CODES, in words.
NOT_KEPT_WORDS = {
    "duplicate": "the same row a second time",
    "merged": "another row of a pupil who is kept",
    "registered_elsewhere": "the pupil stands under another, main school",
    "outside_years": "a year group outside this check",
    "not_a_pupil": "a total, a repeated heading, or no pupil at all",
}


OF_COLUMNS = ("used", "empty", "unmapped")  # the readings that are of a column of a file


# Whom a list is about. A school's file is of its own roll, a client caseload return of the council's residents.
EDUCATED = "educated at the schools of these files, wherever they live"
RESIDENT = "resident in the area of the council whose caseload return this is"


def population(cohort: Cohort) -> str:
    """Whom a list of this cohort is about: pupils educated in, resident in, or either."""
    formats = {item.file: item.reading for item in cohort.readings if item.state == "file"}
    of_residents = {formats.get(file, "").startswith("NCCIS") for file in cohort.files}
    who = {False: EDUCATED, True: RESIDENT}
    return f"Pupils {', or '.join(who[kind] for kind in sorted(of_residents)) or EDUCATED}"


def is_clean(cohort: Cohort) -> bool:
    """Whether every row was kept and nothing needs a look."""
    return not len(cohort.not_kept) and not len(cohort.problems)


def account(cohort: Cohort) -> dict[str, Any]:
    """Every row not kept, every problem, every column's reading; how each file was read, and what none of it says."""
    return {
        "files": list(cohort.files),
        "rows": cohort.rows_read,
        "pupils": len(cohort),
        "not_kept": [{"file": item.file, "row": item.row, "code": item.code} for item in cohort.not_kept],
        "problems": [
            {"file": item.file, "row": item.row, "column": item.column, "code": item.code, "message": item.message}
            for item in cohort.problems
        ],
        "columns": [
            {"file": item.file, "heading": item.heading, "field": item.field, "reading": item.reading}
            for item in cohort.readings
            if item.state in OF_COLUMNS
        ],
        "read_as": [{"file": item.file, "how": item.reading} for item in cohort.readings if item.state == "file"],
        "absent": [{"file": item.file, "field": item.field} for item in cohort.readings if item.state == "absent"],
    }


def account_in_numbers(cohort: Cohort) -> dict[str, Any]:
    """The same, with how many of each code."""
    return {
        "files": list(cohort.files),
        "rows": cohort.rows_read,
        "pupils": len(cohort),
        "not_kept": not_kept_counts(cohort),
        "problems": cohort.problems.counts(),
    }


def not_kept_counts(cohort: Cohort) -> dict[str, int]:
    """How many rows were not kept for each reason."""
    return dict(Counter(item.code for item in cohort.not_kept))


def marked(cohort: Cohort, code: str, label: str | None = None) -> NDArray[np.bool_]:
    """Which pupils' rows have a problem of this code [n]; with a label only one about the field of that label.

    Problems stay those of the reading, so it is the same for any subset of the pupils.
    """
    import numpy as np

    found = np.zeros(len(cohort), np.bool_)
    for block in cohort.problems.blocks:
        if block.code == code and block.rows is not None and label in (None, block.says.get("label")):
            files = [place for place, file in enumerate(cohort.files) if file == block.file]
            found |= np.isin(cohort.file_index, files) & np.isin(cohort.row, block.rows)
    return found
