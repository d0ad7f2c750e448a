"""Headings find their fields whatever their case, spacing and punctuation; nothing is guessed in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roni.calendar import AcademicYear
from roni.errors import DictionaryError
from roni.fields import national
from roni.headings import Headings, normalise

KNOWN = Headings(national(), AcademicYear(2026))


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("UPN", "upn"),
        (" u.p.n. ", "upn"),
        ("% Attendance", "attendance"),
        ("ATTENDANCE %", "attendance"),
        ("Attendance (%)", "attendance"),
        ("PercentageAttendance", "attendance"),
        ("Percentage_Attendance", "attendance"),
        ("absence %", "absence"),
        ("Number of Suspensions", "suspensions"),
        ("No. of suspensions", "suspensions"),
        ("moth/year of birth", "birth_month"),
        ("Pregnant/Parent", "pregnant_or_parent"),
        ("YOT", "youth_justice"),
        ("supervised_by_yots", "youth_justice"),
        ("Attendance % as at 6/11/2026", "attendance"),
        ("Attendance 2026/27", "attendance"),
    ],
)
def test_a_heading_is_known_in_any_dress(heading: str, field: str) -> None:
    assert KNOWN.find(heading) == field


def test_last_years_attendance_is_its_own_field() -> None:
    assert KNOWN.find("Attendance 2025/26") == "attendance_last_year"


@pytest.mark.parametrize(
    "heading", ["Attendance (last 3 weeks)", "SEN (Y/N)", "Attendance (auth)", "Attendance (previous)"]
)
def test_a_bracket_that_changes_the_meaning_is_not_dropped(heading: str) -> None:
    assert KNOWN.find(heading) not in ("attendance", "sen_provision")


def test_a_local_field_may_not_take_a_heading_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "local.toml").write_text(
        '[mine]\nlabel = "mine"\ntype = "flag"\ndefinition = "d"\nsource = "s"\nuse = "u"\n'
        'headings = ["Young carer"]\n',
        "utf-8",
    )
    with pytest.raises(DictionaryError, match="already that of “young_carer”"):
        Headings(national().with_local(tmp_path / "local.toml"))


def test_the_attendance_of_another_year_is_no_field() -> None:
    assert KNOWN.find("Attendance 2023/24") is None


def test_an_unknown_heading_is_not_guessed_but_suggested() -> None:
    assert KNOWN.find("Attendence persentage") is None
    assert KNOWN.nearest("Attendence persentage") == "attendance"
    assert KNOWN.nearest("Comments on the quality of lunch") is None


@given(st.sampled_from(sorted(national())), st.sampled_from([" ", "_", "-", "  ", "."]), st.booleans())
def test_a_fields_own_name_is_always_a_heading(name: str, gap: str, upper: bool) -> None:
    heading = name.replace("_", gap)
    assert KNOWN.find(heading.upper() if upper else heading) == name


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing_and_never_fails(heading: str) -> None:
    once = normalise(heading)
    assert " " not in once
    assert "_" not in once
