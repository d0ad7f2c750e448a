"""Excel workbooks: the sheets that hold pupils, each as a table; values as they were last worked out."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

import numpy as np

from roni.errors import FileRefusedError
from roni.readers.assemble import assemble, no_pupils
from roni.readers.heading_row import Known, find_heading_row, no_headings, trim_headings
from roni.readers.limits import HEAD_RECORDS, MAX_COLUMNS
from roni.readers.raw import RawTable
from roni.readers.xlsx.sheet import Row, SheetRows
from roni.readers.xlsx.workbook import Sheet, Workbook

ALIKE = 0.75  # sheets that share this many of their headings are one list cut up, for example by year group
_BATCH = 5_000
# What zipfile, zlib, expat and a part that is not there raise for a damaged or forged workbook.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, ExpatError, ParseError, EOFError, OSError, KeyError, IndexError, ValueError,
    OverflowError, NotImplementedError, RuntimeError, TypeError,
)  # fmt: skip


@dataclass(frozen=True)
class _Head:
    """The headings of one sheet, their row number, and how many are known."""

    sheet: Sheet
    headings: tuple[str, ...]
    row: int
    known: int

    @property
    def names(self) -> frozenset[str]:
        return frozenset(heading.casefold() for heading in self.headings if heading)


def read_xlsx(path: Path, known: Known) -> list[RawTable]:
    """The tables of a workbook: the sheet with most known headings, and every visible sheet like it.

    Hidden sheets are not read; hidden rows and columns are, and `how` says so. Raises FileRefusedError.
    """
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    try:
        book = Workbook(path)
        try:
            return _read(book, known, digest)
        finally:
            book.close()
    except FileRefusedError:
        raise
    except _DAMAGE as error:
        sentence = "The workbook is damaged and cannot be read whole. Open it in Excel and save it again."
        raise FileRefusedError("broken_workbook", path.name, sentence) from error


def _read(book: Workbook, known: Known, digest: str) -> list[RawTable]:
    heads = [head for sheet in book.sheets if sheet.visible and (head := _head_of(book, sheet, known))]
    if not heads:
        hidden = [sheet.name for sheet in book.sheets if not sheet.visible]
        raise no_headings(book.file, " on any visible sheet" if hidden else "")
    best = max(heads, key=lambda head: head.known)
    chosen = [head for head in heads if _alike(head, best)]
    said = _sheets_left_out(book, chosen)
    tables = []
    for head in chosen:
        table = _table(book, head, digest, said, several=len(chosen) > 1)
        tables += [table] if table else []
    if not tables:
        raise no_pupils(book.file)
    return tables


def _head_of(book: Workbook, sheet: Sheet, known: Known) -> _Head | None:
    rows = list(islice(SheetRows(book, sheet), HEAD_RECORDS))
    texts = [_cells(cells) for _, cells in rows]
    found = find_heading_row(texts, known)
    if not found:
        return None
    return _Head(sheet, trim_headings(found.cells, book.file), rows[found.place][0], found.known)


def _cells(cells: Mapping[int, str]) -> list[str]:
    """A row as a list; a stray cell far to the right must not make the list long."""
    last = max((column for column in cells if column <= MAX_COLUMNS), default=-1)
    return [cells.get(column, "") for column in range(last + 1)]


def _alike(head: _Head, best: _Head) -> bool:
    shared = len(head.names & best.names)
    return shared >= ALIKE * max(len(head.names), len(best.names))


def _sheets_left_out(book: Workbook, chosen: Sequence[_Head]) -> dict[str, str]:
    read = {head.sheet for head in chosen}
    left = [sheet.name for sheet in book.sheets if sheet.visible and sheet not in read]
    hidden = [sheet.name for sheet in book.sheets if not sheet.visible]
    said = {"sheets not read": ", ".join(left), "hidden sheets not read": ", ".join(hidden)}
    return {name: names for name, names in said.items() if names}


def _table(book: Workbook, head: _Head, digest: str, said: Mapping[str, str], *, several: bool) -> RawTable | None:
    """The rows under the headings; None for one empty sheet among several."""
    rows = SheetRows(book, head.sheet)
    columns, numbers = _columns(rows, head)
    file = f"{book.file} ({head.sheet.name})" if several else book.file
    if several and not len(numbers):
        return None
    how = {"format": "XLSX", "sheet": head.sheet.name, "headings": f"row {head.row}", **said, **_hidden(rows, head)}
    return assemble(file, head.headings, columns, numbers, digest, how)


def _hidden(rows: SheetRows, head: _Head) -> dict[str, str]:
    names = [
        heading
        for place, heading in enumerate(head.headings)
        if heading and any(low <= place <= high for low, high in rows.hidden_columns)
    ]
    said = {"hidden columns, read": ", ".join(names)} if names else {}
    return said | ({"hidden rows, read": str(rows.hidden_rows)} if rows.hidden_rows else {})


def _columns(rows: SheetRows, head: _Head) -> tuple[list[Any], Any]:
    """Text columns, some spare for cells right of the headings, and row numbers; rows without any cell are left out."""
    import pyarrow as pa

    width = len(head.headings)
    pieces: list[list[Any]] = [[] for _ in range(width + 1)]
    numbers: list[int] = []
    below = (row for row in rows if row[0] > head.row and row[1])
    for batch in _batches(below):
        numbers += [number for number, _ in batch]
        for place in range(width):
            pieces[place].append(pa.array([cells.get(place) for _, cells in batch], pa.string()))
        pieces[width].append(pa.array([_spare(cells, width) for _, cells in batch], pa.string()))
    columns = [pa.concat_arrays(piece) if piece else pa.array([], pa.string()) for piece in pieces]
    return columns, np.array(numbers, dtype=np.int64)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _spare(cells: Mapping[int, str], width: int) -> str | None:
    """Something, if the row has a cell right of the headings."""
    return "x" if any(column >= width and text.strip() for column, text in cells.items()) else None
