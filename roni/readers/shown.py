"""Cells as they stand in a file: to show a person beside what is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from roni.calendar import AcademicYear, Check
from roni.readers.opening import Opening

LONGEST = 200  # characters of a cell that are shown


def show_rows(
    path: str | Path,
    rows: Collection[int],
    check: Check | str | None = None,
    academic_year: AcademicYear | str | None = None,
    *,
    mapping: Any = None,
) -> dict[int, Mapping[str, str]]:
    """By row number, the cells of some rows of a file's first table, by heading and as written; empty cells are "".

    Rows that are not there are left out. Raises as `read_cohort` does.
    """
    raw = Opening.of(check, academic_year, mapping, None).raws([Path(path)])[0]
    places = np.flatnonzero(np.isin(raw.rows, list(rows)))
    columns = [[(cell or "")[:LONGEST] for cell in column.take(places).to_pylist()] for column in raw.columns]
    numbers = raw.rows[places].tolist()
    return {
        number: {heading: column[place] for heading, column in zip(raw.headings, columns, strict=True)}
        for place, number in enumerate(numbers)
    }
