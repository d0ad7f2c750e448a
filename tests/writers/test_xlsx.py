"""Workbooks that a person would print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

import roni.writers.xlsx as xlsx
from roni.errors import RoniError
from roni.writers.xlsx import Page, Sheet, write_xlsx

Written = Callable[..., Any]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes sheets and gives back the first of them, opened."""

    def write(*sheets: Sheet | Page) -> Any:
        write_xlsx(sheets, tmp_path / "list.xlsx")
        return openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets[0]

    return write


def list_of(**columns: list[Any]) -> pa.Table:
    return pa.table(columns)


def test_headings_stay_in_sight_and_can_be_filtered(written: Written) -> None:
    sheet = written(Sheet("List", list_of(rank=[1, 2], surname=["Ash", "Birch"])))
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:B3")


def test_it_prints_on_landscape_a4_one_page_wide_with_headings_and_page_numbers(written: Written) -> None:
    sheet = written(Sheet("List", list_of(rank=[1])))
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.oddFooter.center.text == "Page &P of &N"


def test_values_come_back_as_they_were(written: Written) -> None:
    sheet = written(Sheet("List", list_of(rank=[1, None], surname=["Núñez", None], share=[0.5, None])))
    assert list(sheet.values) == [("rank", "surname", "share"), (1, "Núñez", 0.5), (None, None, None)]


def test_an_identifier_of_digits_stays_text(written: Written) -> None:
    cell = written(Sheet("List", list_of(uln=["0012345678"])))["A2"]
    assert (cell.value, cell.data_type, cell.number_format) == ("0012345678", "s", "@")


@pytest.mark.parametrize(("text", "shown"), [("=1+1", "'=1+1"), ("-", "'-"), ("#N/A", "#N/A")])
def test_text_is_never_a_formula_nor_an_error(written: Written, text: str, shown: str) -> None:
    cell = written(Sheet("List", list_of(surname=[text])))["A2"]
    assert (cell.value, cell.data_type) == (shown, "s")


def test_a_character_that_a_workbook_cannot_hold_is_left_out(written: Written) -> None:
    assert written(Sheet("List", list_of(surname=["Zo\x0bë\x00"])))["A2"].value == "Zoë"


def test_widths_wrapping_bold_hidden_columns_and_lines_are_as_asked(written: Written) -> None:
    table = list_of(band=["red", "amber"], reasons=["a; b", "c"], probability=[None, None])
    sheet = written(
        Sheet(
            "List", table, widths={"reasons": 50}, wrapped=("reasons",), bold=("band",), hidden=("probability",),
            lines_above=(1,),
        )
    )  # fmt: skip
    assert sheet.column_dimensions["B"].width == 50
    assert sheet["B2"].alignment.wrap_text
    assert sheet["A2"].font.bold
    assert not sheet["B2"].font.bold
    assert sheet.column_dimensions["C"].hidden
    assert (sheet["A2"].border.top.style, sheet["A3"].border.top.style) == (None, "medium")


def test_a_number_can_have_a_format_of_its_own(written: Written) -> None:
    assert written(Sheet("List", list_of(share=[0.5]), formats={"share": "0%"}))["A2"].number_format == "0%"


def test_a_page_of_words_has_headings_and_terms(written: Written) -> None:
    sheet = written(Page("How to read this", [("Bands", ""), ("red", "look first")]))
    assert list(sheet.values) == [("Bands", None), ("red", "look first")]
    assert sheet["A1"].font.size > sheet["A2"].font.size


def test_several_sheets_stand_in_the_order_given(tmp_path: Path) -> None:
    write_xlsx([Page("Words", []), Sheet("List", list_of(rank=[1]))], tmp_path / "list.xlsx")
    assert openpyxl.load_workbook(tmp_path / "list.xlsx").sheetnames == ["Words", "List"]


def test_a_bare_table_is_a_workbook_of_one_sheet(tmp_path: Path) -> None:
    write_xlsx(list_of(rank=[1]), tmp_path / "list.xlsx")
    assert len(openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets) == 1


def test_more_rows_than_a_worksheet_holds_are_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    write_xlsx(list_of(rank=[1, 2]), tmp_path / "fits.xlsx")
    with pytest.raises(RoniError, match=r"a worksheet holds at most 2 rows and this has 3.*\.csv or \.parquet"):
        write_xlsx(list_of(rank=[1, 2, 3]), tmp_path / "list.xlsx")
    assert not (tmp_path / "list.xlsx").exists()


def test_a_row_is_as_high_as_its_longest_wrapped_cell_needs(written: Written) -> None:
    table = list_of(reasons=["short", "a reason that goes on " * 5], note=["x" * 500, ""])
    sheet = written(Sheet("List", table, widths={"reasons": 30}, wrapped=("reasons",)))
    assert sheet.row_dimensions[2].height == 15
    assert sheet.row_dimensions[3].height == 60


def test_columns_after_the_last_printed_one_are_on_the_screen_only(written: Written) -> None:
    sheet = written(Sheet("List", list_of(rank=[1], band=["red"], key=["A"]), printed_to="band"))
    assert sheet.print_area == "'List'!$A$1:$B$2"
