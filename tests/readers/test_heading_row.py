"""Headings are found below titles, on one row or on two."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roni.calendar import AcademicYear, get_check
from roni.fields import national
from roni.headings import Headings
from roni.readers.files import read_cohort
from roni.readers.heading_row import count_known, find_heading_row

KNOWN = Headings(national(), AcademicYear(2026))
PUPIL = ["H801200001001", "Example", "11", "128", "96", "75", "2", "N"]


def headings(*rows: list[str]) -> tuple[tuple[str, ...], int] | None:
    found = find_heading_row(rows, KNOWN.__contains__)
    return None if found is None else (found.cells, found.place)


def test_groups_above_and_parts_below_are_read_together() -> None:
    groups = ["Pupil", "", "", "Attendance", "", "", "Suspensions", ""]
    parts = ["UPN", "Surname", "Year", "Possible", "Attended", "%", "Sessions", "PEX"]
    assert headings(["Year 11 return"], groups, parts, PUPIL) == (
        (
            "Pupil UPN", "Pupil Surname", "Pupil Year", "Attendance Possible", "Attended", "Attendance %",
            "Suspensions Sessions", "PEX",
        ),
        2,
    )  # fmt: skip


def test_headings_that_stand_over_both_rows_are_kept() -> None:
    groups = ["UPN", "Surname", "Year", "Attendance", "", "", "Suspensions", "PEX"]
    parts = ["", "", "", "Possible", "Attended", "%", "", ""]
    assert headings(groups, parts, PUPIL) == (
        ("UPN", "Surname", "Year", "Attendance Possible", "Attended", "Attendance %", "Suspensions", "PEX"), 1,
    )  # fmt: skip


@pytest.mark.parametrize("below", [PUPIL, ["", "", "", "128", "96"], ["H801200001001", "Attendance"]])
def test_a_pupil_below_the_headings_is_no_part_of_them(below: list[str]) -> None:
    one = ["UPN", "Surname", "Year", "Possible", "Attended"]
    assert headings(one, below) == (tuple(one), 0)


def test_a_title_above_the_headings_changes_nothing() -> None:
    one = ["UPN", "Surname", "Year", "Suspensions"]
    assert headings(["School", "Example High", "Attendance to", "06/11/2026"], one, PUPIL) == (tuple(one), 1)


def test_a_file_with_headings_on_two_rows_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(
        "UPN,Forename,Year,Attendance,,\n,,,Possible,Attended,%\nH801200001001,Ann,11,128,96,75\n", "utf-8"
    )
    found = read_cohort(tmp_path / "f.csv", get_check("november", "2026/27"))
    assert (found.rows_read, len(found), int(found.row[0])) == (1, 1, 3)
    assert found.value("attendance", 0) == 75
    assert not found.problems


@given(st.lists(st.sampled_from(["UPN", "Surname", "Year", "Example", "11", "", " UPN "])), st.integers(-1, 4))
def test_a_row_that_cannot_beat_another_need_not_be_counted_out(cells: list[str], beat: int) -> None:
    count = count_known(cells, KNOWN.__contains__)
    assert count == len({cell.strip() for cell in cells} & {"UPN", "Surname", "Year"})
    least = count_known(cells, KNOWN.__contains__, beat)
    assert least == count or max(least, count) <= beat


def test_the_delimiter_that_shows_most_headings_is_right_however_many_others_stand_in_the_cells(tmp_path: Path) -> None:
    file = tmp_path / "roll.csv"
    file.write_text(f"UPN;Surname;Year\n{PUPIL[0]};a,b,c,d,e,f|g|h;11\n", "utf-8")
    found = read_cohort(file, get_check("november", "2026/27"))
    assert found.value("surname", 0) == "a,b,c,d,e,f|g|h"
