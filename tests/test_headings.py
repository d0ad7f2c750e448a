"""Headings find their fields whatever their case, spacing and punctuation; nothing is guessed in silence."""

from __future__ import annotations

import difflib
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
        ("% Attendance to 06/11/2026*", "attendance"),
    ],
)
def test_a_heading_is_known_in_any_dress(heading: str, field: str) -> None:
    assert KNOWN.find(heading) == field


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Pupil's Legal Surname", "surname"),
        ("First Name(s)", "forename"),
        ("NumberOfSuspensions", "suspensions"),
        ("No. of Suspensions", "suspensions"),
        ("Suspensions - count", "suspensions"),
        ("Sessions attended to date", "sessions_attended"),
        ("YTD % Attendance", "attendance"),
        ("Attendance % (academic year to date)", "attendance"),
        ("IsLookedAfter", "looked_after"),
        ("Is a young carer", "young_carer"),
        ("Under YOT", "youth_justice"),
        ("Known to be a young carer", "young_carer"),
        ("Surname of pupil", "surname"),
        ("SEN status at census", "sen_provision"),
        ("Currently FSM eligible", "fsm"),
        ("DoB dd/mm/yyyy", "date_of_birth"),
    ],
)
def test_what_changes_nothing_for_a_field_of_that_kind_is_no_part_of_its_heading(heading: str, field: str) -> None:
    assert KNOWN.find(heading) == field


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("SEN (N/K/E)", "sen_provision"),
        ("SEN support or EHCP", "sen_provision"),
        ("FSM Y/N", "fsm"),
        ("Young carer (tick if yes)", "young_carer"),
        ("Exclusions (Y/N)", "suspensions"),
    ],
)
def test_a_heading_may_list_what_may_stand_below_it(heading: str, field: str) -> None:
    assert KNOWN.find(heading) == field


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("LAC/CIC", "looked_after"),
        ("UPN (Unique Pupil Number) *", "upn"),
        ("Youth Offending Team (YOT)", "youth_justice"),
        ("Pregnant or teenage parent", "pregnant_or_parent"),
        ("LAC/PLAC", None),
        ("Suspensions/PEX", None),
        ("Attendance - AP", None),
        ("Absence (authorised)", None),
    ],
)
def test_two_names_in_one_heading_must_mean_one_field(heading: str, field: str | None) -> None:
    assert KNOWN.find(heading) == field


@pytest.mark.parametrize(
    "heading",
    [
        "Pupil parent", "Student carer", "Has carer", "Parent of pupil", "School place", "No EHCP", "Attendance +/-",
        "% Authorised absence", "At risk of PEX", "AP attendance %", "YOT end date", "Suspension reason",
        "Previous suspensions", "Persistent absence", "Attendance code", "Attendance Y10", "Lesson attendance",
        "Attendance - Maths", "Parent in custody", "FSM start date", "UPN of sibling", "Year joined",
    ],
)  # fmt: skip
def test_what_means_something_else_is_never_taken(heading: str) -> None:
    assert KNOWN.find(heading) is None


@pytest.mark.parametrize("heading", ["Attendance 2025/26", "Attendance 25/26", "Attendance % (2025-26)"])
def test_last_years_attendance_is_its_own_field(heading: str) -> None:
    assert KNOWN.find(heading) == "attendance_last_year"


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Attendance Autumn Term 2026", "attendance"),
        ("attendance_%_autumn_2026", "attendance"),
        ("Attendance % since September 2026", "attendance"),
        ("Suspensions 26/27", "suspensions"),
        ("Attendance (Autumn)", "attendance"),
        ("Attendance % 01/09/2026 - 06/11/2026", "attendance"),
        ("Attendance 1 Sept - 6 Nov", "attendance"),
        ("Attendance 01/09/2025 - 06/11/2025", None),
        ("Attendance 1 Oct - 6 Nov", None),
        ("Attendance Autumn 1", None),
        ("Attendance September", None),
        ("Attendance Autumn 2025", None),
        ("Attendance Spring 2026", None),
        ("Attendance since September 2025", None),
        ("Suspensions 2025/26", None),
    ],
)
def test_a_term_must_be_of_this_year_and_its_first(heading: str, field: str | None) -> None:
    assert KNOWN.find(heading) == field


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


@given(
    st.one_of(st.sampled_from([text[:-2] + "x" for item in national().values() for text in item.headings]), st.text())
)
def test_the_nearest_field_is_that_of_the_most_alike_of_all_headings(heading: str) -> None:
    known = {normalise(text): name for name, item in national().items() for text in (name, item.label, *item.headings)}
    near = difflib.get_close_matches(normalise(heading), known, n=1, cutoff=0.75)
    found = KNOWN.nearest(heading)
    assert (found is None) == (not near)
    assert found is None or normalise(heading) in known or found == KNOWN.find(near[0]) or found == known[near[0]]


def test_the_headings_of_a_dictionary_are_worked_out_once_and_what_was_looked_up_is_not_kept() -> None:
    one, other = (Headings(national(), AcademicYear(year)) for year in (2025, 2026))
    assert one._known is other._known
    assert one.find("Attendance 2025/26") == "attendance"
    assert other.find("Attendance 2025/26") == "attendance_last_year"
    assert not Headings(national())._found
