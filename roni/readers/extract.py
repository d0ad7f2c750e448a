"""A CSV that a system wrote, its columns by plain headings, and its texts as numbers and days."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from roni.dates import parse_dates
from roni.errors import FileRefusedError, ProblemBlock
from roni.readers.csv import read_csv

HEADING_BYTES = 1 << 16  # a heading row is never longer
DELIMITERS = ",;\t|"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
NO_DAY = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Extract:
    """Columns as stripped text, null where empty. `columns[i]` stands under `headings[i]`, which is plain."""

    file: str
    headings: tuple[str, ...]
    columns: tuple[Any, ...]
    rows: NDArray[np.int64]
    digest: str
    problems: tuple[ProblemBlock, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, heading: str) -> Any:
        """The first column under this heading that has a value in a row, row by row; null where there is none."""
        found = self.all(heading)
        return pc.coalesce(*found) if found else pa.nulls(len(self), pa.string())

    def all(self, heading: str) -> list[Any]:
        """Every column under this heading: a heading may repeat."""
        return [column for name, column in zip(self.headings, self.columns, strict=True) if name == heading]


def plain(heading: str) -> str:
    """A heading in small letters and digits only.

    >>> plain("Pupil_OnRoll TableID"), plain("NCyearActual")
    ('pupilonrolltableid', 'ncyearactual')
    """
    return re.sub(r"[^a-z0-9]", "", heading.casefold())


def headings_of(path: Path) -> list[str]:
    """The first row, plain; nothing where there is no file. Headings of such files are plain letters."""
    try:
        with path.open("rb") as file:
            start = file.read(HEADING_BYTES)
    except OSError:
        return []
    encoding = "utf-16" if start[:2] in UTF16_MARKS else "utf-8-sig"
    lines = start.decode(encoding, "replace").splitlines() or [""]
    delimiter = max(DELIMITERS, key=lines[0].count)
    try:
        return [plain(heading) for heading in next(csv.reader(lines[:1], delimiter=delimiter), [])]
    except csv.Error:  # a first line that no table has: not one of ours
        return []


def read_extract(path: Path, wanted: Container[str], *, may_be_empty: bool = False) -> Extract:
    """Read the columns whose plain headings are `wanted`. Raises FileRefusedError, naming the file.

    A table of exclusions with headings and nothing under them says that there were none: it `may_be_empty`.
    """
    if not path.is_file():
        raise FileRefusedError("unreadable_file", path.name, "the file cannot be opened.")
    try:
        (table,) = read_csv(path, lambda heading: plain(heading) in wanted)
    except FileRefusedError as refused:
        if may_be_empty and refused.code == "no_rows":
            return _empty(path, wanted)
        raise
    kept = [(plain(heading), column) for heading, column in zip(table.headings, table.columns, strict=True)]
    kept = [(heading, column) for heading, column in kept if heading in wanted]
    headings, columns = zip(*kept, strict=True) if kept else ((), ())
    return Extract(path.name, headings, columns, table.rows, table.digest, table.problems)


def _empty(path: Path, wanted: Container[str]) -> Extract:
    headings = tuple(heading for heading in headings_of(path) if heading in wanted)
    columns = tuple(pa.array([], pa.string()) for _ in headings)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Extract(path.name, headings, columns, np.zeros(0, np.int64), digest)


def numbers(texts: Any) -> NDArray[np.float64]:
    """Whole numbers, 0 or more; NaN where a cell is blank or something else. "133.0" is 133."""
    return each_distinct(texts, lambda found: np.array([_number(text) for text in found], dtype=np.float64), np.nan)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return np.nan
    return value if 0 <= value < 1e6 and value.is_integer() else np.nan


def days(texts: Any) -> NDArray[Any]:
    """Dates as datetime64[D]; NaT where a cell is blank or no date."""
    return each_distinct(texts, lambda found: np.array(parse_dates(found).values, dtype="datetime64[D]"), NO_DAY)


def each_distinct(texts: Any, read: Callable[[list[str]], NDArray[Any]], blank: Any) -> NDArray[Any]:
    """Read each different text once; `blank` for empty cells."""
    encoded = texts.dictionary_encode()
    values = read(encoded.dictionary.to_pylist())
    with_blank = np.append(values, np.asarray(blank, dtype=values.dtype))
    return np.asarray(with_blank[np.asarray(encoded.indices.fill_null(-1))])
