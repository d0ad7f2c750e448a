"""How a CSV is laid out: which delimiter, which row holds the headings, where the rows begin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from roni.errors import FileRefusedError
from roni.readers.csv.quotes import record_pattern, split_record, unclosed_quote
from roni.readers.heading_row import Known, find_heading_row, no_headings, too_many_columns, trim_headings
from roni.readers.limits import HEAD_BYTES, HEAD_RECORDS, MAX_COLUMNS

DELIMITERS = b",;\t|^~:"  # most usual first: the first wins among equals
_NAMES = {b",": "comma", b";": "semicolon", b"\t": "tab", b"|": "bar", b":": "colon"}
NO_DELIMITER = b"\0"  # stands in no text that is read
_SEPARATOR_LINE = re.compile(rb'"?sep=([^\w\s"]|\t)"?[ ;,\t]*(?:\r\n|\n|\r)', re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """`start` is the byte at which the first row after the headings begins; `row` the row number of the headings."""

    delimiter: bytes
    headings: tuple[str, ...]
    start: int
    row: int

    @property
    def delimiter_name(self) -> str:
        return _NAMES.get(self.delimiter, self.delimiter.decode())


def find_layout(text: bytes, known: Known, file: str) -> Layout:
    """Read the first rows with each delimiter; the one that shows most known headings is right.

    A first line `sep=;` is an instruction to Excel, which obeys it and does not count it as a row. Raises
    FileRefusedError where no row looks like headings.
    """
    told = _SEPARATOR_LINE.match(text)
    begin = told.end() if told else 0
    head = text[begin : begin + HEAD_BYTES]
    whole = begin + HEAD_BYTES >= len(text)
    found: dict[bytes, tuple[int, Layout]] = {}
    delimiters = [bytes([code]) for code in (told[1] if told else DELIMITERS)]
    records = _records(head, delimiters, whole)
    widths = {delimiter: _most_cells(head, spans, delimiter) for delimiter, spans in records.items()}
    for delimiter in sorted(delimiters, key=widths.__getitem__, reverse=True):
        if any(widths[delimiter] < count for count, _ in found.values()):
            break  # no row has as many cells as are known elsewhere
        spans = records[delimiter]
        rows = [[cell.decode("utf-8", "replace") for cell in split_record(head[a:b], delimiter)] for a, b in spans]
        if best := find_heading_row(rows, known):
            headings = trim_headings(best.cells, file)
            found[delimiter] = best.known, Layout(delimiter, headings, begin + spans[best.place][1], best.place + 1)
    if not found:
        raise _no_layout(head, whole, file)
    return max((found[delimiter] for delimiter in delimiters if delimiter in found), key=lambda item: item[0])[1]


def _records(head: bytes, delimiters: Iterable[bytes], whole: bool) -> dict[bytes, list[tuple[int, int]]]:
    """The first records by each delimiter: the same by all, where there is no mark that could hold one together."""
    if b'"' in head:
        return {delimiter: list(_spans(head, delimiter, whole)) for delimiter in delimiters}
    spans = list(_spans(head, NO_DELIMITER, whole))
    return {delimiter: spans for delimiter in delimiters}  # noqa: C420  (nobody changes them)


def _most_cells(head: bytes, spans: Iterable[tuple[int, int]], delimiter: bytes) -> int:
    """At least as many as any of the records has."""
    return max((head.count(delimiter, start, end) + 1 for start, end in spans), default=0)


def _spans(head: bytes, delimiter: bytes, whole: bool) -> Iterator[tuple[int, int]]:
    """Where the first records begin and end; a record cut off by the end of the head is left out."""
    pattern = record_pattern(delimiter)
    place = 0
    for _ in range(HEAD_RECORDS):
        found = pattern.match(head, place) if place < len(head) else None
        if found is None or (found.end() == len(head) and not whole):
            return
        yield place, found.end()
        place = found.end()


def _no_layout(head: bytes, whole: bool, file: str) -> FileRefusedError:
    """Why there are no headings: an unclosed mark above them, far too many columns, or simply none."""
    spans = list(_spans(head, b",", whole))
    end = spans[-1][1] if spans else 0
    if len(spans) < HEAD_RECORDS and end < len(head) and head.startswith(b'"', end):
        return unclosed_quote(file, len(spans) + 1)
    if max(head.count(bytes([code])) for code in DELIMITERS) > MAX_COLUMNS * HEAD_RECORDS:
        return too_many_columns(file)
    return no_headings(file)
