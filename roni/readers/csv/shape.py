"""The shape of a CSV whose quotation marks are in order: where its records end, and how many cells each has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roni.errors import FileRefusedError
from roni.readers.csv.quotes import CACHE, QUOTE, unclosed_quote
from roni.readers.limits import (
    MAX_CELLS,
    MAX_LINES_IN_CELL,
    MAX_RECORD_BYTES,
    MAX_SPARE_CELLS,
    MIN_DELIMITERS_OF_A_ROW,
)

_CHUNK = 8 << 20


@dataclass(frozen=True)
class Lines:
    """How many lines there are: at most, and for sure; `sure` is 0 where a lone carriage return leaves it in doubt."""

    most: int
    sure: int


def count_lines(text: bytes, start: int) -> Lines:
    """Count the lines from `start`, whether they end with \\n, \\r\\n or \\r."""
    buffer = np.frombuffer(text, dtype=np.uint8)
    feeds = returns = pairs = 0
    for place in range(start, len(buffer), CACHE):
        piece = buffer[place : place + CACHE + 1]
        feed, back = piece == ord("\n"), piece[:CACHE] == ord("\r")
        feeds += int(np.count_nonzero(feed[:CACHE]))
        returns += int(np.count_nonzero(back))
        pairs += int(np.count_nonzero(back[: len(feed) - 1] & feed[1:]))
    last = int(start < len(text) and not text.endswith((b"\n", b"\r")))
    return Lines(feeds + returns - pairs + last, feeds + last if returns == pairs else 0)


@dataclass(frozen=True)
class Shape:
    """Line by line: where it ends, how many delimiters it has, and how many of them part cells; which end a record."""

    line_ends: NDArray[np.int64]
    delimiters: NDArray[np.int64]
    parting: NDArray[np.int64]
    last_of_record: NDArray[np.bool_]

    @property
    def ends(self) -> NDArray[np.int64]:
        """Where each record ends: the place of its line end."""
        return self.line_ends[self.last_of_record]

    @property
    def first_lines(self) -> NDArray[np.int64]:
        """The place of each record's first line."""
        lasts = np.flatnonzero(self.last_of_record)
        return np.concatenate([[0], lasts[:-1] + 1]).astype(np.int64)

    @property
    def cells(self) -> NDArray[np.int64]:
        """How many cells each record has; a blank line has one."""
        return np.add.reduceat(self.parting, self.first_lines) + 1


def shape_of(text: bytes, delimiter: bytes, *, quoted: bool) -> Shape:
    """Measure text whose lines all end with \\n. Time and memory grow with its size only."""
    buffer = np.frombuffer(text, dtype=np.uint8)
    parts: list[tuple[NDArray[np.int64], ...]] = []
    odd, seen_all, seen_parting = np.uint8(0), 0, 0
    for start in range(0, len(buffer), _CHUNK):
        chunk = buffer[start : start + _CHUNK]
        inside = _inside_quotes(chunk, odd) if quoted else np.zeros(len(chunk), dtype=np.uint8)
        odd = inside[-1]
        marks = chunk == delimiter[0]
        ends = np.flatnonzero(chunk == ord("\n"))
        every = np.cumsum(marks, dtype=np.int64) + seen_all
        parting = np.cumsum(marks & (inside == 0), dtype=np.int64) + seen_parting
        parts.append((ends + start, every[ends], parting[ends], inside[ends].astype(np.int64)))
        seen_all, seen_parting = int(every[-1]), int(parting[-1])
    line_ends, every, parting, inside_end = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Shape(line_ends, np.diff(every, prepend=0), np.diff(parting, prepend=0), inside_end == 0)


def _inside_quotes(chunk: NDArray[np.uint8], odd: np.uint8) -> NDArray[np.uint8]:
    """1 for each byte with an odd number of marks up to it, `odd` being the count before the chunk."""
    return np.asarray(np.bitwise_xor.accumulate((chunk == QUOTE).view(np.uint8)) ^ odd)


def refuse_swallowed_rows(shape: Shape, width: int, file: str, first_row: int) -> None:
    """Raise FileRefusedError where a cell over several lines holds what must be rows.

    A swallowed row leaves one of these traces: a whole line inside the cell with as many delimiters as a row has; a
    record whose every line could be a row and whose number of cells is wrong; more lines than any cell has.
    """
    if shape.last_of_record.all():
        return
    firsts = shape.first_lines
    lines = np.diff(np.append(firsts, len(shape.line_ends)))
    inner = ~shape.last_of_record & (shape.parting == 0)
    inner[firsts] = False
    row_like = inner & (shape.delimiters >= max(width - 1, MIN_DELIMITERS_OF_A_ROW))
    least = np.minimum.reduceat(shape.delimiters, firsts)
    swallowed = np.logical_or.reduceat(row_like, firsts) | (lines > MAX_LINES_IN_CELL)
    swallowed |= (lines > 1) & (shape.cells != width) & (least >= max(width - 1, 1))
    if swallowed.any():
        raise unclosed_quote(file, first_row + int(swallowed.argmax()))


def even_out(text: bytes, shape: Shape, delimiter: bytes, width: int, file: str, first_row: int) -> tuple[bytes, int]:
    """The text with every record of the same number of cells, and that number: `width`, or the longest record's.

    Raises FileRefusedError for records that are far too long, in cells or in letters.
    """
    cells, ends = shape.cells, shape.ends
    _refuse_long_records(cells, ends, width, file, first_row)
    widest = max(int(cells.max()), width)
    if widest * len(cells) > MAX_CELLS:
        raise too_many_cells(file)
    missing = widest - cells
    if not missing.any():
        return text, widest
    buffer = np.frombuffer(text, dtype=np.uint8)
    return np.insert(buffer, np.repeat(ends, missing), delimiter[0]).tobytes(), widest


def _refuse_long_records(
    cells: NDArray[np.int64], ends: NDArray[np.int64], width: int, file: str, first_row: int
) -> None:
    too_long = np.diff(ends, prepend=-1) > MAX_RECORD_BYTES
    if too_long.any():
        row = first_row + int(too_long.argmax())
        sentence = f"Row {row} is longer than any row of a list of pupils. Shorten its cells, or export the list again."
        raise FileRefusedError("cell_too_long", file, sentence)
    too_wide = cells > width + MAX_SPARE_CELLS
    if too_wide.any():
        row = first_row + int(too_wide.argmax())
        sentence = f"Row {row} has {int(cells.max()):,} cells, but there are {width} headings. Correct the row."
        raise FileRefusedError("row_too_wide", file, sentence)


def too_many_cells(file: str) -> FileRefusedError:
    """The refusal of a table that would not fit into memory."""
    sentence = "The table has too many rows and columns to be read at once. Split it by school or year group."
    return FileRefusedError("too_large", file, sentence)
