"""Workbooks as schools send them: each cell as people see it, each row accounted for."""

from __future__ import annotations

import datetime
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from roni.errors import FileRefusedError
from roni.readers.raw import RawTable
from roni.readers.table import read_tables
from roni.readers.xlsx.sheet import number_text

HEADINGS = ("UPN", "Surname", "Attendance")
KNOWN = {"upn", "surname", "attendance", "year group"}
Fill = Callable[[Worksheet], None]


def known(heading: str) -> bool:
    return heading.casefold() in KNOWN


def write(path: Path, **sheets: Sequence[Sequence[Any]] | Fill) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, content in sheets.items():
        sheet = book.create_sheet(title)
        if callable(content):
            content(sheet)
        else:
            for row in content:
                sheet.append(row)
    book.save(path)
    return path


def rewrite(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The same workbook with its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: change(name, archive.read(name)) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def rows_of(table: RawTable) -> list[tuple[str | None, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def read(path: Path) -> RawTable:
    (table,) = read_tables(path, known)
    return table


def one_cell(folder: Path, value: Any, number_format: str = "General") -> str | None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(HEADINGS)
        sheet.append(["A1", "Smith", value])
        sheet["C2"].number_format = number_format

    return rows_of(read(write(folder / "one.xlsx", Pupils=fill)))[0][2]


def test_titles_blank_rows_and_row_numbers(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet["A1"] = "Prepared for the council"
        sheet.merge_cells("A1:C1")
        for row in (3, HEADINGS), (4, ("A1", "Smith", 90)), (7, ("B2", None, 91.5)), (9, (" ", " ", None)):
            for column, value in enumerate(row[1], 1):
                sheet.cell(row[0], column, value)

    table = read(write(tmp_path / "pupils.xlsx", Pupils=fill))
    assert rows_of(table) == [("A1", "Smith", "90"), ("B2", None, "91.5")]
    assert table.rows.tolist() == [4, 7]
    assert table.how == {"format": "XLSX", "sheet": "Pupils", "headings": "row 3"}


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (11, "General", "11"),
        (1234567890, "General", "1234567890"),
        (0.1 + 0.2, "General", "0.3"),
        (84.2, "0.0", "84.2"),
        (1e20, "General", "100000000000000000000"),
        (True, "General", "TRUE"),
        (False, "General", "FALSE"),
        (datetime.date(2011, 7, 17), "dd/mm/yyyy", "2011-07-17"),
        (datetime.datetime(2011, 7, 17, 0, 0), "d mmm yy", "2011-07-17"),
        (datetime.datetime(2011, 7, 17, 9, 30), "dd/mm/yyyy hh:mm", "2011-07-17 09:30:00"),
        (datetime.time(9, 30), "hh:mm", "09:30:00"),
        (0.875, "0%", "87.5%"),
        (0.899, "0.0%", "89.9%"),
        (5, '0" %"', "5"),
        ("#N/A", "General", "#N/A"),
        ("  spaced ", "General", "spaced"),
        ("'=1+1", "General", "=1+1"),
        ("0123", "@", "0123"),
        (-1e9, "dd/mm/yyyy", "#VALUE!"),
    ],
)
def test_a_cell_reads_as_people_see_it(tmp_path: Path, value: Any, number_format: str, text: str) -> None:
    assert one_cell(tmp_path, value, number_format) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_number_reads_back_to_fifteen_digits(number: float) -> None:
    assert float(number_text(number, "")) == pytest.approx(number, rel=1e-14, abs=0)


def test_a_formula_that_was_never_worked_out_is_an_error_and_no_blank(tmp_path: Path) -> None:
    assert one_cell(tmp_path, "=90+1") == "#CALC!"


def test_a_formula_reads_as_its_stored_result(tmp_path: Path) -> None:
    path = write(tmp_path / "pupils.xlsx", Pupils=[HEADINGS, ("A1", "=1", "=2"), ("B2", "x", "=3")])

    def work_out(_: str, content: bytes) -> bytes:
        content = content.replace(b"<f>1</f><v />", b"<f>1</f><v>91</v>").replace(b"<f>1</f><v/>", b"<f>1</f><v>91</v>")
        for empty in (b"<v />", b"<v/>", b"<v></v>"):
            content = content.replace(b'<c r="C2"><f>2</f>' + empty, b'<c r="C2" t="str"><f>2</f><v></v>')
            content = content.replace(b"<f>3</f>" + empty, b"<f>3</f><v>#DIV/0!</v>")
        return content.replace(b'<c r="C3">', b'<c r="C3" t="e">')

    assert rows_of(read(rewrite(path, work_out))) == [("A1", "91", None), ("B2", "x", "#DIV/0!")]


def test_a_sheet_for_each_year_group_is_a_table_each(tmp_path: Path) -> None:
    path = write(
        tmp_path / "pupils.xlsx",
        **{
            "Year 10": [HEADINGS, ("A1", "Smith", 90)],
            "Year 11": [("Title",), HEADINGS, ("B2", "Jones", 91)],
            "Year 12": [HEADINGS],
            "Codes": [("UPN", "Shoe"), (1, 2)],
            "Summary": [("Year group", "Attendance", "Pupils", "Staff"), (10, 90, 5, 6)],
        },
    )
    ten, eleven = read_tables(path, known)
    assert (ten.file, eleven.file) == ("pupils.xlsx (Year 10)", "pupils.xlsx (Year 11)")
    assert (rows_of(ten), rows_of(eleven)) == ([("A1", "Smith", "90")], [("B2", "Jones", "91")])
    assert (ten.how["headings"], eleven.how["headings"]) == ("row 1", "row 2")
    assert ten.how["sheets not read"] == "Codes, Summary"


def test_hidden_sheets_are_not_read_and_hidden_columns_and_rows_are(tmp_path: Path) -> None:
    def hidden(sheet: Worksheet) -> None:
        sheet.append((*HEADINGS, "Year group"))
        sheet.append(("X", "Old", 1, 11))
        sheet.sheet_state = "hidden"

    def shown(sheet: Worksheet) -> None:
        sheet.append(HEADINGS)
        sheet.append(("A1", "Smith", 90))
        sheet.column_dimensions["B"].hidden = True
        sheet.row_dimensions[2].hidden = True

    table = read(write(tmp_path / "pupils.xlsx", Last=hidden, Now=shown))
    assert rows_of(table) == [("A1", "Smith", "90")]
    assert table.how["hidden sheets not read"] == "Last"
    assert (table.how["hidden columns, read"], table.how["hidden rows, read"]) == ("Surname", "1")


def test_a_workbook_with_only_hidden_pupils_is_refused(tmp_path: Path) -> None:
    def hidden(sheet: Worksheet) -> None:
        sheet.append(HEADINGS)
        sheet.sheet_state = "hidden"

    path = write(tmp_path / "pupils.xlsx", Front=[("Hello",)], Data=hidden)
    with pytest.raises(FileRefusedError, match="No row of headings was found on any visible sheet"):
        read(path)


def test_cells_right_of_the_headings_are_reported(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(HEADINGS)
        sheet.append(("A1", "Smith", 90))
        sheet.append(("B2", "Jones", 91))
        sheet["XFD3"] = "far"
        sheet["XFD1"] = "far"

    table = read(write(tmp_path / "pupils.xlsx", Pupils=fill))
    assert table.headings == HEADINGS
    assert [(problem.code, problem.row) for block in table.problems for problem in block] == [("row_ragged", 3)]


def test_texts_of_other_programs_are_read(raw_workbook: Callable[..., Path]) -> None:
    """Strict workbooks with prefixes, cells without reference, rich text, phonetic guides, ISO dates."""
    strings = (
        '<x:sst xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:si><x:t>UPN</x:t></x:si>'
        "<x:si><x:r><x:t>Sm</x:t></x:r><x:r><x:t>ith</x:t></x:r><x:rPh sb='0' eb='1'><x:t>no</x:t></x:rPh></x:si>"
        "<x:si><x:t>a_x000D_b_xD83D_</x:t></x:si></x:sst>"
    )
    sheet = (
        '<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData>'
        '<x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="inlineStr"><x:is><x:t>Surname</x:t></x:is></x:c></x:row>'
        '<x:row><x:c t="s"><x:v>1</x:v></x:c><x:c t="d"><x:v>2011-07-17T00:00:00</x:v></x:c></x:row>'
        '<x:row r="5"><x:c r="B5" t="s"><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    table = read(raw_workbook(sheet, strings))
    assert rows_of(table) == [("Smith", "2011-07-17"), (None, "a\rb_xD83D_")]
    assert table.rows.tolist() == [2, 5]


def test_the_example_workbook_is_read_whole_and_quickly(shared_data: Path) -> None:
    words = {"upn", "legalsurname", "legalforename", "dateofbirth"}
    path = shared_data / "schools" / "bromcom_y10.xlsx"
    read_tables(path, lambda heading: heading.casefold() in words)  # imports
    start = time.process_time()
    (table,) = read_tables(path, lambda heading: heading.casefold() in words)
    assert time.process_time() - start < 0.5
    assert (len(table), table.how["sheets not read"]) == (210, "Lookups")


CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=6).map(str.strip)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_any_text_reads_back(tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]) -> None:
    cells = [(a, b) for a, b in cells if not (a + " " + b).startswith("'") and not {"_x", "\ufffe", "\uffff"} & {a, b}]
    rows = [(f"P{place}", *pair) for place, pair in enumerate(cells)] or [("P", "a", "b")]

    def fill(sheet: Worksheet) -> None:
        sheet.append(HEADINGS)
        for number, row in enumerate(rows, 2):
            for column, text in enumerate(row, 1):
                sheet.cell(number, column).value = text
                sheet.cell(number, column).data_type = "s"

    path = write(tmp_path_factory.getbasetemp() / "any.xlsx", Pupils=fill)
    assert rows_of(read(path)) == [tuple(cell or None for cell in row) for row in rows]
