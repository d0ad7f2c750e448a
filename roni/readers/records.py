"""Rows of JSON, as programs send them, through the same reading as a file of text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from roni.calendar import AcademicYear, Check
from roni.cohort import Cohort
from roni.errors import RoniError
from roni.fields import Dictionary
from roni.readers.assemble import assemble, no_pupils
from roni.readers.csv.shape import too_many_cells
from roni.readers.heading_row import ENOUGH_KNOWN, Known, as_heading, count_known, no_headings, too_many_columns
from roni.readers.limits import MAX_CELLS, MAX_COLUMNS, MAX_TEXT_BYTES
from roni.readers.opening import Opening
from roni.readers.raw import RawTable
from roni.readers.whole import cohort_of

TEXT = {str, type(None)}
PLAIN = (str, int, float, bool, type(None))


def read_rows(
    rows: Sequence[Mapping[str, Any]],
    check: Check | str | None = None,
    academic_year: AcademicYear | str | None = None,
    *,
    mapping: Any = None,
    fields: Dictionary | str | Path | None = None,
    years: int | Iterable[int] | None = None,
    name: str = "rows",
) -> Cohort:
    """Read rows of JSON as the cohort of one check: each maps headings, or names of fields, to single values.

    They are read as a file of text called `name` would be: true is TRUE, 11.0 is 11, null or a missing key is an empty
    cell. The first row is row 1; a row with nothing in it keeps its number and is no row. The rest is as in
    `read_cohort`. Raises RoniError naming the row and the key of what is no single value, FileRefusedError.
    """
    opening = Opening.of(check, academic_year, mapping, fields)
    return cohort_of([raw_rows(rows, name, opening.known)], opening, years=years)


def raw_rows(rows: Sequence[Mapping[str, Any]], name: str, known: Known) -> RawTable:
    """The rows as text, nothing understood yet. Raises RoniError, FileRefusedError."""
    keys = _keys(rows, name)
    if not rows:
        raise no_pupils(name)
    if len(keys) > MAX_COLUMNS:
        raise too_many_columns(name)
    if len(keys) * len(rows) > MAX_CELLS:
        raise too_many_cells(name)
    headings = [as_heading(key) for key in keys]
    if count_known(headings, known) < min(ENOUGH_KNOWN, len(keys)):
        raise no_headings(name)
    columns, digest, room = [], hashlib.sha256(), MAX_TEXT_BYTES
    for key in keys:
        columns.append(_texts([row.get(key) for row in rows], key, name))
        digest.update(key.encode("utf-8") + b"\0")
        room -= _measure(columns[-1], digest)
        if room < 0:
            raise too_many_cells(name)
    numbers = np.arange(1, len(rows) + 1, dtype=np.int64)
    return assemble(name, headings, columns, numbers, digest.hexdigest(), {"format": "JSON"})


def _keys(rows: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    """Every key of any row, in the order of appearance."""
    try:
        keys = list(dict.fromkeys(chain.from_iterable(rows)))
        "".join(keys).encode("utf-8")
        if all(isinstance(row, Mapping) for row in rows):
            return keys
    except (TypeError, UnicodeEncodeError):
        pass
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping) or not all(isinstance(key, str) and _is_sound(key) for key in row):
            raise RoniError(f"{name}: row {number} is not a mapping of headings to values.")
    raise RoniError(f"{name}: the rows are not a list of mappings of headings to values.")


def _texts(cells: list[Any], key: str, name: str) -> Any:
    """One column as a pyarrow string array."""
    import pyarrow as pa

    if not {*map(type, cells)} <= TEXT:
        cells = [cell if type(cell) in TEXT else _text(cell, number, key, name) for number, cell in enumerate(cells, 1)]
    try:
        return pa.array(cells, pa.string())
    except UnicodeEncodeError:
        number = next(number for number, cell in enumerate(cells, 1) if cell and not _is_sound(cell))
        raise RoniError(f"{name}: row {number}: “{key}” holds half a character. Send the text as UTF-8.") from None


def _text(cell: Any, number: int, key: str, name: str) -> str | None:
    """A single value as the text that a file would hold."""
    if not isinstance(cell, PLAIN):
        raise RoniError(
            f"{name}: row {number}: “{key}” is no single value. Give a text, a number, true, false or null."
        )
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return None if cell != cell else repr(cell).removesuffix(".0")
    return str(cell)


def _is_sound(text: str) -> bool:
    """Whether a text can be written at all: JSON can hold half of a character that takes two."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _measure(column: Any, digest: Any) -> int:
    """Take a column into the digest; its size in bytes."""
    _, offsets, data = column.buffers()
    size = int(np.frombuffer(offsets, np.int32)[len(column)])
    digest.update(memoryview(offsets)[: 4 * (len(column) + 1)])
    if data is not None:
        digest.update(memoryview(data)[:size])
    return size
