"""The upload template: what a school opens, and what comes back."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from roni.calendar import Check, get_check
from roni.errors import RoniError
from roni.fields import Dictionary, national
from roni.headings import Headings, normalise
from roni.readers.files import read_cohort
from roni.writers.template import MOST_PUPILS, choices, heading, what_a_blank_says, write_template

FIELDS = national()
LISTED = [item for item in FIELDS.values() if item.listed]
NOVEMBER = get_check("november", "2026/27")
LOCAL = """
[minutes_late]
label = "minutes late"
type = "count"
definition = "Minutes late this term."
source = "Council panel"
use = "Council panel"
headings = ["Minutes late"]
"""


def template(folder: Path, fields: Dictionary = FIELDS, check: Check | None = NOVEMBER, **options: Any) -> Any:
    write_template(folder / "template.xlsx", fields, check, **options)
    return load_workbook(folder / "template.xlsx")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return template(tmp_path_factory.mktemp("template"))


def column_of(sheet: Any, name: str) -> str:
    wanted = heading(FIELDS[name])
    return str(next(cell.column_letter for cell in sheet[1] if cell.value == wanted))


def rule_for(sheet: Any, name: str) -> Any:
    cells = f"{column_of(sheet, name)}2:{column_of(sheet, name)}{MOST_PUPILS + 1}"
    return next(rule for rule in sheet.data_validations.dataValidation if str(rule.sqref) == cells)


def page_of(book: Any) -> str:
    rows = book["How to fill this in"].iter_rows(values_only=True)
    return "\n".join(f"{term}: {words}" for term, words in rows)


def test_it_opens_on_the_sheet_to_fill_in_and_hides_the_lists(book: Any) -> None:
    assert book.sheetnames == ["Pupils", "How to fill this in", "Fields", "Lists"]
    assert book.active.title == "Pupils"
    assert book["Lists"].sheet_state == "hidden"


def test_every_listed_field_has_one_column_in_reading_order(book: Any) -> None:
    assert [cell.value for cell in book["Pupils"][1]] == [heading(item) for item in LISTED]


def test_every_heading_finds_its_own_field_again(book: Any) -> None:
    known = Headings(FIELDS)
    assert [known.find(cell.value) for cell in book["Pupils"][1]] == [item.name for item in LISTED]


def test_the_other_sheets_cannot_be_taken_for_pupils(book: Any) -> None:
    known = Headings(FIELDS)
    needed = sum(item.required for item in LISTED)
    for sheet in book.worksheets[1:]:
        for row in sheet.iter_rows(values_only=True):
            assert sum(text is not None and text in known for text in row) < needed


def test_columns_that_every_pupil_needs_are_marked_in_words_too(book: Any) -> None:
    needed = [cell for cell in book["Pupils"][1] if cell.value.endswith("*")]
    assert [normalise(cell.value) for cell in needed] == ["upn", "surname", "forename", "dateofbirth", "yeargroup"]
    assert all(cell.comment.text.startswith("Needed for every pupil.") for cell in needed)
    assert "Needed for every pupil: UPN, Surname, Forename, Date of birth and Year group." in page_of(book)


@pytest.mark.parametrize("name", ["upn", "uln", "admission_number"])
def test_identifiers_are_text_so_that_a_leading_zero_stays(book: Any, name: str) -> None:
    sheet = book["Pupils"]
    assert sheet.column_dimensions[column_of(sheet, name)].number_format == "@"


@pytest.mark.parametrize(
    ("name", "number_format"),
    [("attendance", "0.0"), ("suspensions", "0"), ("date_of_birth", "DD/MM/YYYY"), ("hours_of_provision", "0.0")],
)
def test_numbers_and_dates_have_their_formats(book: Any, name: str, number_format: str) -> None:
    sheet = book["Pupils"]
    assert sheet.column_dimensions[column_of(sheet, name)].number_format == number_format


@pytest.mark.parametrize(("name", "expected"), [("looked_after", ["yes", "no"]), ("sex", ["F - female", "M - male"])])
def test_a_drop_down_offers_what_the_reader_reads(book: Any, name: str, expected: list[str]) -> None:
    rule = rule_for(book["Pupils"], name)
    offered = [cell.value for (cell,) in book["Lists"][rule.formula1.split("!")[1].replace("$", "")]]
    assert (rule.type, offered) == ("list", expected)


def test_every_answer_is_offered_once() -> None:
    for item in LISTED:
        assert len(set(choices(item))) == len(item.answers)


@pytest.mark.parametrize(
    ("name", "kind", "low", "high"),
    [
        ("attendance", "decimal", "0", "100"),
        ("suspensions", "whole", "0", "200"),
        ("hours_of_provision", "decimal", "0", "60"),
        ("year_group", "whole", "9", "12"),
    ],
)
def test_a_number_out_of_range_is_warned_of(book: Any, name: str, kind: str, low: str, high: str) -> None:
    rule = rule_for(book["Pupils"], name)
    assert (rule.type, rule.formula1, rule.formula2) == (kind, low, high)


def test_a_warning_never_refuses_a_value(book: Any) -> None:
    assert {rule.errorStyle for rule in book["Pupils"].data_validations.dataValidation} == {"warning"}


def test_a_note_says_what_a_blank_says_who_knows_and_since_when(book: Any) -> None:
    sheet = book["Pupils"]
    notes = {
        name: sheet[f"{column_of(sheet, name)}1"].comment.text for name in ("attendance", "care_leaver", "ks2_maths")
    }
    assert "A blank says: Not known." in notes["attendance"]
    assert "19 August 2024: New attendance codes" in notes["attendance"]
    assert "Usually known to: social care. If you are not told, leave the whole column blank." in notes["care_leaver"]
    assert "Held since 1 May 2016." in notes["ks2_maths"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("attendance", "Not known."),
        ("looked_after", "Not known, if the column says “no” for anybody; “no”, if it never does."),
        ("suspensions", "Not known, if the column says “0” for anybody; “0”, if it never does."),
        ("sen_provision", "“no special educational need”, if it never does."),
    ],
)
def test_a_blank_is_explained_as_the_reader_reads_it(name: str, words: str) -> None:
    assert what_a_blank_says(FIELDS[name]).endswith(words)


def test_the_page_names_the_check_and_the_years(book: Any) -> None:
    assert "November 2026 check: facts as at 1 November 2026, returned by 30 November 2026." in page_of(book)
    assert "Every pupil on roll in Years 9, 10, 11 and 12" in page_of(book)


def test_years_asked_for_narrow_the_page_and_the_warning(tmp_path: Path) -> None:
    book = template(tmp_path, years=[11])
    rule = rule_for(book["Pupils"], "year_group")
    assert (rule.formula1, rule.formula2) == ("11", "11")
    assert "Every pupil on roll in Year 11," in page_of(book)


def test_without_a_check_nothing_is_said_of_one(tmp_path: Path) -> None:
    book = template(tmp_path, check=None)
    assert "check:" not in page_of(book)
    assert rule_for(book["Pupils"], "year_group").formula2 == "14"


def test_the_dictionary_page_describes_every_listed_field(book: Any) -> None:
    rows = list(book["Fields"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == [heading(item) for item in LISTED]
    assert all(row[1] and row[2] and row[7] and row[8] for row in rows)


def test_a_councils_field_has_a_column_too(tmp_path: Path) -> None:
    (tmp_path / "local.toml").write_text(LOCAL, "utf-8")
    sheet = template(tmp_path, FIELDS.with_local(tmp_path / "local.toml"))["Pupils"]
    rules = [rule for rule in sheet.data_validations.dataValidation if rule.operator == "greaterThanOrEqual"]
    assert sheet[1][-1].value == "Minutes late"
    assert [(rule.formula1, rule.formula2) for rule in rules] == [("0", None)]


def test_a_filled_template_reads_back_as_it_was_filled_in(tmp_path: Path) -> None:
    book = template(tmp_path)
    sheet = book["Pupils"]
    row = {
        "upn": "A123456789012", "surname": "Null", "forename": "Zoë", "date_of_birth": date(2011, 2, 3),
        "year_group": 11, "attendance": 87.5, "suspensions": 2, "sen_provision": "K - SEN support",
        "looked_after": "no", "parent": "yes", "english_grade": "5 - grade 5", "admission_number": "00123",
        "intended_destination": "further education college", "registration_status": "single registration",
        "hours_of_provision": 24.5, "sex": "F - female",
    }  # fmt: skip
    for name, value in row.items():
        sheet[f"{column_of(sheet, name)}2"] = value
    book.save(tmp_path / "filled.xlsx")
    cohort = read_cohort(tmp_path / "filled.xlsx", NOVEMBER)
    read = {**row, "sen_provision": "K", "looked_after": False, "parent": True, "english_grade": "5"}
    read |= {
        "intended_destination": "fe_college",
        "registration_status": "single",
        "hours_of_provision": 24,
        "sex": "F",
    }
    assert len(cohort) == 1
    assert {name: cohort.value(name, 0) for name in row} == read
    assert cohort.value("fsm", 0) is None


def test_an_earlier_template_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "template.xlsx").write_bytes(b"an earlier file")
    template(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["template.xlsx"]


def test_a_place_that_cannot_be_written_to_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "template.xlsx").mkdir()
    with pytest.raises(RoniError, match=r"template\.xlsx: it could not be written"):
        template(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["template.xlsx"]


def test_the_template_is_written_to_a_stream() -> None:
    stream = io.BytesIO()
    write_template(stream, FIELDS, NOVEMBER)
    assert load_workbook(stream).sheetnames[0] == "Pupils"
