"""One sheet of a workbook, row by row, every cell as text. Memory does not grow with the sheet."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from roni.errors import FileRefusedError
from roni.readers.heading_row import too_many_columns
from roni.readers.limits import MAX_CELL_CHARACTERS, MAX_DEPTH, MAX_ELEMENTS, MAX_WORKBOOK_CELLS
from roni.readers.xlsx.workbook import Sheet, Walker, Workbook, unescaped

Row = tuple[int, dict[int, str]]  # row number, and the text by column, the first being 0

NOT_WORKED_OUT = "#CALC!"  # a formula without a stored result: an error to report, never a blank
_PIECE = 1 << 18
_LAST_COLUMN = 16_384  # XFD


class SheetRows:
    """The rows of a sheet. Iterate once; `hidden_columns` and `hidden_rows` are known after that."""

    def __init__(self, book: Workbook, sheet: Sheet) -> None:
        self.book, self.sheet = book, sheet
        self.hidden_columns: list[tuple[int, int]] = []
        self.hidden_rows = 0
        self._ready: list[Row] = []
        self._number = 0
        self._cells: dict[int, str] = {}
        self._column = -1
        self._letters: dict[str, int] = {}
        self._texts: dict[tuple[str, str], str] = {}
        self._kind = self._style = ""
        self._parts: list[str] = []
        self._formula = self._has_value = self._listening = self._phonetic = self._over = False
        self._length = self._count = self._depth = 0
        self._elements = book.elements  # all sheets together share one limit

    def __iter__(self) -> Iterator[Row]:
        walker = Walker(self._start, self._end, self._text)
        with self.book.open(self.sheet.part) as stream:
            while piece := stream.read(_PIECE):
                if self._over:
                    continue  # merged cells, drawings, notes: read only so that damage is found
                walker.feed(piece)
                self.book.elements = self._elements
                yield from self._ready
                self._ready.clear()
            if not self._over:
                walker.feed(b"")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        self._elements += 1
        self._depth += 1
        if name == "c":
            self._start_cell(attributes)
        elif name in ("v", "t"):
            self._listening = not self._phonetic
            self._has_value = True
        elif name == "f":
            self._formula = True
        elif name == "row":
            self._start_row(attributes)
        elif name == "rPh":
            self._phonetic = True
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            self.hidden_columns.append((int(attributes["min"]) - 1, int(attributes["max"]) - 1))
        if self._elements > MAX_ELEMENTS or self._count > MAX_WORKBOOK_CELLS or self._depth > MAX_DEPTH:
            sentence = f"The sheet has more than {MAX_WORKBOOK_CELLS:,} cells, or is damaged. Export the list as CSV."
            raise FileRefusedError("too_large", self.book.file, sentence)

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._number = int(attributes["r"]) if "r" in attributes else self._number + 1
        self._column = -1
        self._cells = {}
        self.hidden_rows += attributes.get("hidden") in ("1", "true")

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._count += 1
        reference = attributes.get("r")
        self._column = self._place(reference) if reference else self._column + 1
        self._kind = attributes.get("t", "n")
        self._style = attributes.get("s", "")
        self._formula = self._has_value = False

    def _place(self, reference: str) -> int:
        """The column of `AB12`, the first being 0."""
        letters = reference.rstrip("0123456789")
        if letters not in self._letters:
            number = 0
            for letter in letters.upper()[:8]:
                number = number * 26 + ord(letter) - 64
            if not 0 < number <= _LAST_COLUMN:
                raise too_many_columns(self.book.file)
            self._letters[letters] = number - 1
        return self._letters[letters]

    def _text(self, text: str) -> None:
        if not self._listening:
            return
        self._length += len(text)
        if self._length > MAX_CELL_CHARACTERS:
            raise _too_long(self.book.file, self._number)
        self._parts.append(text)

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        self._depth -= 1
        if name in ("v", "t"):
            self._listening = False
        elif name == "c":
            self._end_cell()
        elif name == "row":
            self._ready.append((self._number, self._cells))
        elif name == "rPh":
            self._phonetic = False
        elif name == "sheetData":
            self._over = True

    def _end_cell(self) -> None:
        raw = "".join(self._parts) if self._parts else ""
        self._parts.clear()
        self._length = 0
        if raw:
            text = self._as_text(raw)
        elif self._formula and not (self._kind == "str" and self._has_value):
            text = NOT_WORKED_OUT
        else:
            return
        if text:
            self._cells[self._column] = text

    def _as_text(self, raw: str) -> str:
        if self._kind == "s":
            text = self.book.strings[int(raw)]
            if len(text) > MAX_CELL_CHARACTERS:
                raise _too_long(self.book.file, self._number)
            return text
        if self._kind == "n":
            return self._number_text(raw)
        if self._kind == "b":
            return "TRUE" if raw.strip() in ("1", "true") else "FALSE"
        return raw.removesuffix("T00:00:00") if self._kind == "d" else unescaped(raw)

    def _number_text(self, raw: str) -> str:
        kind = self.book.kinds[int(self._style)] if self._style and self.book.kinds else ""
        if not kind and raw.isdigit():
            return raw
        known = self._texts.get((kind, raw))
        if known is None:
            known = self._texts[kind, raw] = number_text(float(raw), kind, self.book.from_1904)
        return known


def _too_long(file: str, row: int) -> FileRefusedError:
    sentence = f"A cell in row {row} is longer than Excel allows. Shorten it, or export the list again."
    return FileRefusedError("cell_too_long", file, sentence)


def number_text(number: float, kind: str, from_1904: bool = False) -> str:
    """A number as its cell shows it: at most 15 digits, as Excel keeps; per cents and dates as such.

    >>> number_text(0.1 + 0.2, ""), number_text(0.875, "percent"), number_text(40741.0, "date")
    ('0.3', '87.5%', '2011-07-17')
    """
    if kind == "percent":
        return f"{_plain(number * 100)}%"
    if kind in ("date", "duration"):
        return _date_text(number, kind, from_1904)
    return _plain(number)


def _plain(number: float) -> str:
    text = f"{number:.15g}"
    return f"{number:.0f}" if "e+" in text and abs(number) < 1e21 else text


def _date_text(number: float, kind: str, from_1904: bool) -> str:
    from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

    try:
        value = from_excel(number, MAC_EPOCH if from_1904 else WINDOWS_EPOCH, timedelta=kind == "duration")
    except (OverflowError, ValueError):
        return "#VALUE!"  # what Excel shows as #######: no such date
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        value = value.date()
    return value.isoformat(sep=" ") if isinstance(value, datetime.datetime) else str(value)
