"""Quotation marks in a CSV: are they all in order, which lines are not, and what those lines must mean.

A mark opens a cell only at its start and closes it only at its end; a doubled mark inside is a mark; any other mark
(`5" pipe`, `O"Neill`) is a letter. A mark that opens a cell and never closes it would swallow the rows after it: such a
file is refused, with the row, and never read in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from roni.errors import FileRefusedError
from roni.readers.limits import MAX_UNTIDY_BYTES

QUOTE = ord('"')
_NEWLINE = ord("\n")
_CHUNK = 8 << 20
CACHE = 1 << 18  # small enough to stay in the processor's cache while it is looked at several times


def unclosed_quote(file: str, row: int) -> FileRefusedError:
    """The refusal of a file in which a quotation mark would swallow rows."""
    sentence = (
        f"A quotation mark opens a cell in row {row} and is never closed, so the rows after it would be lost. "
        "Delete the mark, or close it, and try again."
    )
    return FileRefusedError("unclosed_quote", file, sentence)


@cache
def _cell(delimiter: bytes) -> bytes:
    """One cell: quoted in order; or quoted, and the first mark before an edge closes it; or bare, up to the edge."""
    edge = rb"[" + re.escape(delimiter) + rb"\r\n]"
    strict = rb'"(?:[^"]++|"")*+"(?=' + edge + rb"|\Z)"
    loose = rb'"(?:[^"]++|"(?!' + edge + rb'|\Z))*+"'
    return rb"(?:" + strict + rb"|" + loose + rb'|(?!")[^' + edge[1:-1] + rb"]*+)"


@cache
def record_pattern(delimiter: bytes) -> re.Pattern[bytes]:
    """One record with its line end."""
    cell = _cell(delimiter)
    return re.compile(cell + rb"(?:" + re.escape(delimiter) + cell + rb")*+(?:\r\n|\n|\r|\Z)")


@cache
def _strict_pattern(delimiter: bytes) -> re.Pattern[bytes]:
    """The same where every mark is in order."""
    edge = re.escape(delimiter) + rb"\r\n"
    cell = rb'(?:"(?:[^"]++|"")*+"|[^"' + edge + rb"]*+)"
    return re.compile(cell + rb"(?:" + re.escape(delimiter) + cell + rb")*+(?:\r\n|\n|\r|\Z)")


@cache
def _cells_pattern(delimiter: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:\A|" + re.escape(delimiter) + rb")(" + _cell(delimiter) + rb")")


@cache
def _opening_inside(delimiter: bytes) -> re.Pattern[bytes]:
    """A lone mark that looks like the start of another cell."""
    edge = re.escape(delimiter) + rb"\r\n"
    return re.compile(rb"(?<=[" + edge + rb'])"(?!["' + edge + rb"])")


def split_record(record: bytes, delimiter: bytes) -> list[bytes]:
    """The cells of one record, without their quotation marks.

    >>> split_record(b'5" pipe,"Smith, ""Jo"" A",', b",")
    [b'5" pipe', b'Smith, "Jo" A', b'']
    """
    if b'"' not in record:
        return record.rstrip(b"\r\n").split(delimiter)
    return [_unquote(cell) for cell in _cells_pattern(delimiter).findall(record.rstrip(b"\r\n"))]


def _unquote(cell: bytes) -> bytes:
    return cell[1:-1].replace(b'""', b'"') if cell.startswith(b'"') else cell


def in_order(text: bytes, start: int, delimiter: bytes) -> bool:
    """Whether every mark from `start` opens or closes a cell at its edge, or is doubled inside one.

    Marks alternate between opening and closing; a doubled mark closes and opens again with nothing between.
    """
    buffer = np.frombuffer(text, dtype=np.uint8)
    inside = False  # whether the last mark was an opening one
    for place in range(start, len(buffer), CACHE):
        piece = buffer[place : place + CACHE]
        marks = piece == QUOTE
        within = np.logical_xor.accumulate(marks) ^ inside
        opens, closes = _at_edges(buffer, place, len(piece), start, delimiter)
        if (marks & ((within & ~opens) | (~within & ~closes))).any():
            return False
        inside = bool(within[-1])
    return not inside


def _at_edges(
    buffer: NDArray[np.uint8], place: int, size: int, start: int, delimiter: bytes
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each of `size` bytes from `place`: whether it may open a cell (an edge before it), and close one (after)."""
    around = buffer[max(place - 1, start) : place + size + 1]
    edge = (around == delimiter[0]) | (around == _NEWLINE) | (around == ord("\r")) | (around == QUOTE)
    if place == start:
        edge = np.concatenate([[True], edge])
    if len(edge) < size + 2:
        edge = np.concatenate([edge, [True]])
    return edge[:size], edge[2:]


def none_opens(text: bytes, start: int, delimiter: bytes) -> bool:
    """Whether no cell from `start` begins with a mark: then every mark is a letter, as in `5" pipe` or `="0123"`."""
    buffer = np.frombuffer(text, dtype=np.uint8)
    edge = _edges(delimiter)
    edge[QUOTE] = False
    for place in range(start, len(buffer), _CHUNK):
        marks = np.flatnonzero(buffer[place : place + _CHUNK] == QUOTE) + place
        if (marks[:1] == start).any() or edge[buffer[marks[marks > start] - 1]].any():
            return False
    return True


def _edges(delimiter: bytes) -> NDArray[np.bool_]:
    """What may stand outside a mark: a delimiter, a line end, another mark."""
    return np.isin(np.arange(256), [*delimiter, *b'\r\n"'])


def put_in_order(text: bytes, delimiter: bytes, file: str, first_row: int) -> bytes:
    """The same cells with every mark in order; only lines that need it are touched. Lines end with \\n.

    `first_row` is the row number of the first line. Raises FileRefusedError where a mark is never closed.
    """
    pieces: list[bytes] = []
    copied = place = touched = 0
    strict, lenient = _strict_pattern(delimiter), record_pattern(delimiter)
    for start in _untidy_lines(text, delimiter):
        if start < place:
            continue  # inside the record before
        found = strict.match(text, start)
        if found:
            place = found.end()
            continue
        found = lenient.match(text, start)
        touched += found.end() - start if found else 0
        mended = _mend(found.group(), delimiter) if found else None
        if found is None or mended is None:
            raise unclosed_quote(file, first_row + _records_before(text, start, delimiter))
        if touched > MAX_UNTIDY_BYTES:
            sentence = "Too many rows have quotation marks inside their cells. Export the list again as CSV UTF-8."
            raise FileRefusedError("untidy_quotes", file, sentence)
        place = found.end()
        pieces += (text[copied:start], mended)
        copied = place
    return b"".join([*pieces, text[copied:]]) if pieces else text


def _mend(record: bytes, delimiter: bytes) -> bytes | None:
    """The record with every cell that needs it quoted; None where a cell was swallowed by an unclosed mark."""
    cells = _cells_pattern(delimiter).findall(record.rstrip(b"\n"))
    for place, cell in enumerate(cells):
        if cell.startswith(b'"') and _opening_inside(delimiter).search(cell):
            return None
        if b'"' in cell:
            cells[place] = b'"' + _unquote(cell).replace(b'"', b'""') + b'"'
    return delimiter.join(cells) + b"\n"


def _records_before(text: bytes, place: int, delimiter: bytes) -> int:
    """How many records end before `place`; only for a refusal's sentence."""
    pattern = record_pattern(delimiter)
    start = count = 0
    while start < place and (found := pattern.match(text, start)):
        start, count = found.end(), count + 1
    return count


def _untidy_lines(text: bytes, delimiter: bytes) -> Iterator[int]:
    """Where lines start that, taken alone, have a mark out of order."""
    start = 0
    while start < len(text):
        end = text.find(b"\n", min(start + _CHUNK, len(text) - 1)) + 1 or len(text)
        chunk = np.frombuffer(text, dtype=np.uint8, count=end - start, offset=start)
        yield from (_untidy_in(chunk, _edges(delimiter)) + start).tolist()
        start = end


def _untidy_in(chunk: NDArray[np.uint8], edge: NDArray[np.bool_]) -> NDArray[np.int64]:
    ends = np.flatnonzero(chunk == _NEWLINE)
    begins = np.concatenate([[0], ends + 1])
    marks = np.flatnonzero(chunk == QUOTE)
    line = np.searchsorted(ends, marks)
    closing = (np.arange(len(marks)) - np.searchsorted(marks, begins)[line]) % 2 == 1
    outside = np.where(closing, np.minimum(marks + 1, len(chunk) - 1), np.maximum(marks - 1, 0))
    out_of_order = ~edge[chunk[outside]] & (outside != marks)
    odd = np.flatnonzero(np.bincount(line, minlength=len(begins)) % 2)
    return np.asarray(begins[np.union1d(line[out_of_order], odd)])
