"""Workbooks that a person would print: tables and pages of words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil
from typing import Any

from roni.errors import RoniError
from roni.writers.destination import Destination, name_of, replacing
from roni.writers.escaping import escaped, is_text

MOST_ROWS = 1_048_576  # of a worksheet: Excel specifications and limits
NOT_IN_XML = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"  # characters that XML 1.0 forbids
PAPER_A4 = 9  # ECMA-376 part 1, 18.3.1.63
MARGIN, MARGIN_ABOVE = 0.4, 0.6  # inches
LINE_HEIGHT = 15.0  # points, of a line in the font used
WORDS_BREAK_EARLY = 1.05  # a line of words fills this much less than its width, for words are not broken
USUAL_WIDTH = 12.0  # characters
PAGE_WIDTHS = (26.0, 84.0)  # of a page of words
HEADING_LINES = 2
HEADING_COLOUR = "FFE7EBEE"
LINE_COLOUR, HAIR_COLOUR = "FF5A6670", "FFC4CBD1"


@dataclass(frozen=True)
class Sheet:
    """A pyarrow table as a worksheet, with how it is shown.

    `widths` are in characters. `wrapped` columns break their lines; `bold` ones stand out; `hidden` ones are there but
    not shown. A line is drawn above the rows in `lines_above` (counted from 0). Columns after `printed_to` are not
    printed.
    """

    title: str
    table: Any
    widths: Mapping[str, float] = field(default_factory=dict)
    wrapped: Collection[str] = ()
    bold: Collection[str] = ()
    hidden: Collection[str] = ()
    formats: Mapping[str, str] = field(default_factory=dict)
    lines_above: Collection[int] = ()
    printed_to: str | None = None


@dataclass(frozen=True)
class Page:
    """A worksheet of words: each line is a heading, or a term and what it means."""

    title: str
    lines: Sequence[tuple[str, str]]


def write_xlsx(content: Any, path: Destination) -> None:
    """Write a pyarrow table, or a sequence of Sheet and Page, as one workbook.

    Replaces an existing file whole. Raises RoniError when there are too many rows for a worksheet, or when the file
    cannot be written.
    """
    from openpyxl import Workbook

    sheets = content if isinstance(content, (list, tuple)) else [Sheet("Sheet1", content)]
    for sheet in sheets:
        if isinstance(sheet, Sheet) and sheet.table.num_rows >= MOST_ROWS:
            raise RoniError(
                f"{name_of(path)}: a worksheet holds at most {MOST_ROWS - 1:,} rows and this has "
                f"{sheet.table.num_rows:,}. Write .csv or .parquet instead."
            )
    book = Workbook(write_only=True)
    for sheet in sheets:
        _add_table(book, sheet) if isinstance(sheet, Sheet) else _add_page(book, sheet)
    with replacing(path) as part:
        book.save(part)


def _add_table(book: Any, sheet: Sheet) -> None:
    from openpyxl.utils import get_column_letter

    names = sheet.table.column_names
    target = _new(book, sheet.title, landscape=True)
    for place, name in enumerate(names, start=1):
        column = target.column_dimensions[get_column_letter(place)]
        column.width = sheet.widths.get(name, USUAL_WIDTH)
        column.hidden = name in sheet.hidden
    target.freeze_panes = "A2"
    target.print_title_rows = "1:1"
    last_row = sheet.table.num_rows + 1
    target.auto_filter.ref = f"A1:{get_column_letter(len(names))}{last_row}"
    if sheet.printed_to:
        target.print_area = f"A1:{get_column_letter(names.index(sheet.printed_to) + 1)}{last_row}"
    heading = _Look(bold=True, wrap=True, fill=True)
    _append(target, 1, _StyledCells(target, [heading] * len(names)).row(names), HEADING_LINES)
    for place, (cells, lines) in enumerate(_rows(target, sheet), start=2):
        _append(target, place, cells, lines)


def _append(target: Any, row: int, cells: list[Any], lines: int) -> None:
    """A row as high as its lines: no program works the height of a wrapped cell out for a file that states none."""
    target.row_dimensions[row].height = LINE_HEIGHT * lines
    target.append(cells)


def _add_page(book: Any, page: Page) -> None:
    target = _new(book, page.title, landscape=False)
    for letter, width in zip("AB", PAGE_WIDTHS, strict=True):
        target.column_dimensions[letter].width = width
    for row, (term, words) in enumerate(page.lines, start=1):
        looks = [_Look(bold=True, large=not words, wrap=bool(words)), _Look(wrap=True)]
        lines = max(_lines(term, PAGE_WIDTHS[0]), _lines(words, PAGE_WIDTHS[1])) if words else HEADING_LINES
        _append(target, row, _StyledCells(target, looks).row([term, words or None]), lines)


def _new(book: Any, title: str, *, landscape: bool) -> Any:
    target = book.create_sheet(title)
    target.sheet_properties.pageSetUpPr.fitToPage = True
    target.page_setup.orientation = "landscape" if landscape else "portrait"
    target.page_setup.paperSize = PAPER_A4
    target.page_setup.fitToWidth, target.page_setup.fitToHeight = 1, 0
    target.page_margins.left = target.page_margins.right = MARGIN
    target.page_margins.top = target.page_margins.bottom = MARGIN_ABOVE
    target.page_margins.header = target.page_margins.footer = MARGIN_ABOVE / 2
    target.oddFooter.left.text = "&A"
    target.oddFooter.center.text = "Page &P of &N"
    target.oddFooter.right.text = "Confidential: information about children"
    return target


@dataclass(frozen=True)
class _Look:
    bold: bool = False
    wrap: bool = False
    fill: bool = False
    large: bool = False
    line: bool = False
    hair: bool = False
    centred: bool = False
    number_format: str = "General"


def _rows(target: Any, sheet: Sheet) -> Iterator[tuple[list[Any], int]]:
    """The table's rows as cells, each kind of cell styled once and copied; and how many lines each row needs."""
    table = _printable(escaped(sheet.table))
    looks = [_look(sheet, table, name) for name in table.column_names]
    below = [_StyledCells(target, looks), _StyledCells(target, [replace(look, line=True) for look in looks])]
    columns = [table.column(name).to_pylist() for name in table.column_names]
    wrapped = [(place, sheet.widths.get(name, USUAL_WIDTH)) for place, name in _wrapped(sheet)]
    for place, values in enumerate(zip(*columns, strict=True)):
        lines = max((_lines(values[column], width) for column, width in wrapped), default=1)
        yield below[place in sheet.lines_above].row(values), lines


def _wrapped(sheet: Sheet) -> list[tuple[int, str]]:
    return [(place, name) for place, name in enumerate(sheet.table.column_names) if name in sheet.wrapped]


def _lines(text: str | None, width: float) -> int:
    return 1 if text is None else max(1, ceil(len(text) * WORDS_BREAK_EARLY / width))


def _look(sheet: Sheet, table: Any, name: str) -> _Look:
    text, wrap = is_text(table.column(name)), name in sheet.wrapped
    number_format = sheet.formats.get(name, "@" if text and not wrap else "General")
    return _Look(bold=name in sheet.bold, wrap=wrap, hair=True, centred=not text, number_format=number_format)


class _StyledCells:
    """Makes the cells of a row. A style is worked out once per column, not for each cell: that takes the most time."""

    def __init__(self, target: Any, looks: Sequence[_Look]) -> None:
        from openpyxl.cell import WriteOnlyCell

        self.new: Callable[..., Any] = partial(WriteOnlyCell, target)
        self.styles = [_pattern(self.new(), look)._style for look in looks]

    def row(self, values: Iterable[Any]) -> list[Any]:
        return [self._cell(value, style) for value, style in zip(values, self.styles, strict=True)]

    def _cell(self, value: Any, style: Any) -> Any:
        cell = self.new(value)
        cell._style = style
        if isinstance(value, str):
            cell.data_type = "s"  # otherwise "#N/A" is an error and "=" a formula
        return cell


def _pattern(cell: Any, look: _Look) -> Any:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    cell.font = Font(name="Calibri", size=14 if look.large else 11, bold=look.bold)
    cell.alignment = Alignment(
        "center" if look.centred else None, "bottom" if look.large else "top", wrap_text=look.wrap
    )
    cell.number_format = look.number_format
    if look.fill:
        cell.fill = PatternFill("solid", start_color=HEADING_COLOUR)
    if look.line or look.hair:
        above = Side("medium", color=LINE_COLOUR) if look.line else Side()
        cell.border = Border(top=above, bottom=Side("hair", color=HAIR_COLOUR))
    return cell


def _printable(table: Any) -> Any:
    import pyarrow.compute as pc

    for place, name in enumerate(table.column_names):
        column = table.column(place)
        if is_text(column):
            table = table.set_column(place, name, pc.replace_substring_regex(column, NOT_IN_XML, ""))
    return table
