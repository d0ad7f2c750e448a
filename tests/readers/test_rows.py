"""One row a pupil; every other row is accounted for, and what differs is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.calendar import get_check
from roni.cohort import Cohort
from roni.readers.files import read_cohort

NOVEMBER = get_check("november", "2026/27")
ANN, BOB, CAT = "H801200001001", "B801200005001", "X00180001701A"


def cohort(folder: Path, *lines: str, name: str = "school.csv") -> Cohort:
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    return read_cohort(folder / name, NOVEMBER)


def accounts(found: Cohort) -> list[tuple[int, str]]:
    assert found.rows_read == len(found) + len(found.not_kept)
    return [(row.row, row.code) for row in found.not_kept]


def codes(found: Cohort) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.row) for problem in found.problems]


HEAD = "UPN,Surname,Forename,DOB,Year,% Attendance,Young carer"


def test_an_identical_row_is_a_duplicate(tmp_path: Path) -> None:
    found = cohort(
        tmp_path, HEAD, f"{ANN},Example,Ann,01/02/2011,11,88,Y", f" {ANN.lower()} ,Example,Ann,1/2/2011,Y11,88%,yes"
    )
    assert accounts(found) == [(3, "duplicate")]
    assert codes(found) == []


def test_rows_of_one_pupil_that_differ_are_merged_and_the_cell_is_not_known(tmp_path: Path) -> None:
    found = cohort(tmp_path, HEAD, f"{ANN},Example,Ann,01/02/2011,11,88,Y", f"{ANN},Example,Ann,01/02/2011,11,70,Y")
    assert accounts(found) == [(3, "merged")]
    assert found.value("attendance", 0) is None
    assert found.value("young_carer", 0) is True
    (problem,) = found.problems
    assert (problem.code, problem.row, problem.column) == ("merged", 2, "% Attendance")
    assert "rows 2 and 3" in problem.message


def test_a_cell_that_only_one_of_the_rows_fills_is_kept(tmp_path: Path) -> None:
    found = cohort(
        tmp_path,
        HEAD,
        f"{ANN},Example,Ann,01/02/2011,11,,N",
        f"{ANN},Example,Ann,01/02/2011,11,70,N",
        f"{BOB},B,B,,11,,Y",
    )
    assert accounts(found) == [(3, "merged")]
    assert found.value("attendance", 0) == 70
    assert codes(found) == []


def test_two_children_under_one_upn_are_two_pupils(tmp_path: Path) -> None:
    found = cohort(tmp_path, HEAD, f"{ANN},Example,Ann,01/02/2011,11,88,Y", f"{ANN},Other,Bo,05/06/2011,11,70,N")
    assert accounts(found) == []
    assert len(found) == 2
    assert codes(found) == [("upn_shared", 2), ("upn_shared", 3)]


@pytest.mark.parametrize("upn", ["", "not known", "H80120000100", "?"])
def test_a_blank_or_badly_formed_upn_never_makes_two_rows_one_pupil(tmp_path: Path, upn: str) -> None:
    found = cohort(tmp_path, HEAD, f"{upn},Example,Ann,01/02/2011,11,88,Y", f"{upn},Example,Ann,01/02/2011,11,88,Y")
    assert len(found) == 2
    assert accounts(found) == []


def test_totals_remarks_and_repeated_headings_are_no_pupils(tmp_path: Path) -> None:
    found = cohort(
        tmp_path, HEAD, f"{ANN},Total,Ann,01/02/2011,11,88,Y", HEAD, f"{BOB},Null,Bo,01/02/2011,11,88,N",
        "Total,2,,,,88%,", "End of report,,,,,,",
    )  # fmt: skip
    assert accounts(found) == [(3, "not_a_pupil"), (5, "not_a_pupil"), (6, "not_a_pupil")]
    assert len(found) == 2


@pytest.mark.parametrize(
    "row",
    [
        "Total,180,60,,,88%,", "11A average,,,,,88%,", "Grand Total:,,,,,,", ",,Total,,,,", "Average,3,4,5,11,88%,1",
        "Number of pupils,,,2,,,",
        "upn,SURNAME,Forename,dob,Year,%  attendance,Young carer", "* as at census day,,,,,,",
        ",,,dd/mm/yyyy,,%,Y/N", "Printed by:,Ms Example,,,,,", ",,End of report,,,,", "Exported,06/11/2026,,,,,",
    ],
)  # fmt: skip
def test_a_row_that_names_nobody_and_sums_up_or_remarks_is_no_pupil(tmp_path: Path, row: str) -> None:
    found = cohort(tmp_path, HEAD, f"{ANN},Example,Ann,01/02/2011,11,88,Y", row)
    assert accounts(found) == [(3, "not_a_pupil")]
    assert codes(found) == []


@pytest.mark.parametrize(
    "row", [",Total,Ann,,11,88,Y", "Total,Example,,02/03/2011,11,88,Y", "not known,Sum,Mary Mean,,,,"]
)
def test_a_row_that_names_somebody_is_a_pupil_whatever_it_is_called(tmp_path: Path, row: str) -> None:
    assert len(cohort(tmp_path, HEAD, row)) == 1


def test_nobody_is_asked_to_correct_a_row_outside_the_check(tmp_path: Path) -> None:
    found = cohort(tmp_path, HEAD, f"{ANN},A,Ann,,8,<50,Y", f"{BOB},B,Bo,,9,<50,N")
    assert codes(found) == [("unreadable", 3)]


def test_years_outside_the_check_are_not_kept_and_unreadable_ones_are(tmp_path: Path) -> None:
    found = cohort(
        tmp_path, HEAD, f"{ANN},A,Ann,,8,88,Y", f"{BOB},B,Bo,,9,88,N", f"{CAT},C,Cy,,eleven,88,N", ",D,Di,,13,88,N",
    )  # fmt: skip
    assert accounts(found) == [(2, "outside_years"), (5, "outside_years")]
    assert ("year_group_unreadable", 4) in codes(found)


def test_years_can_be_narrowed(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(f"{HEAD}\n{ANN},A,Ann,,11,88,Y\n{BOB},B,Bo,,12,88,N\n", "utf-8")
    found = read_cohort(tmp_path / "f.csv", NOVEMBER, years=[11])
    assert accounts(found) == [(3, "outside_years")]


def test_a_pupil_of_two_schools_is_one_pupil_under_the_main_one(tmp_path: Path) -> None:
    head = "UPN,Surname,Forename,School,Enrol status,Sessions possible,Sessions attended,Young carer"
    (tmp_path / "a.csv").write_text(
        f"{head}\n{ANN},Example,Ann,Unit Example,S,20,10,\n{BOB},B,Bo,Unit Example,C,20,10,Y\n", "utf-8"
    )
    (tmp_path / "b.csv").write_text(
        f"{head}\n{ANN},Example,Ann,Main Example,M,60,60,N\n{CAT},C,Cy,Main Example,C,20,10,Y\n", "utf-8"
    )
    found = read_cohort([tmp_path / "a.csv", tmp_path / "b.csv"], NOVEMBER)
    assert [(row.file, row.row, row.code) for row in found.not_kept] == [("a.csv", 2, "registered_elsewhere")]
    ann = found.index_of(ANN)
    assert found.value("school_name", ann) == "Main Example"
    assert found.value("attendance", ann) == 100 * 70 / 80
    assert found.value("also_registered_at", ann) == "Unit Example"


def test_attendance_at_two_schools_is_never_combined_from_per_cents(tmp_path: Path) -> None:
    head = "UPN,Surname,Forename,School,% Attendance"
    (tmp_path / "a.csv").write_text(f"{head}\n{ANN},Example,Ann,First Example,90\n", "utf-8")
    (tmp_path / "b.csv").write_text(f"{head}\n{ANN},Example,Ann,Second Example,50\n", "utf-8")
    found = read_cohort([tmp_path / "a.csv", tmp_path / "b.csv"], NOVEMBER)
    assert len(found) == 1
    assert found.value("attendance", 0) == 90


LINE = st.builds(
    lambda upn, name, born, year, attendance: f"{upn},{name},{name},{born},{year},{attendance},Y",
    st.sampled_from([ANN, BOB, CAT, "", "nonsense", ANN.lower()]),
    st.sampled_from(["Example", "Null", "", "Total"]),
    st.sampled_from(["01/02/2011", "", "05/06/2011"]),
    st.sampled_from(["11", "9", "8", "M", ""]),
    st.sampled_from(["88", "", "101", "x"]),
)


@settings(max_examples=60)
@given(lines=st.lists(LINE, min_size=1, max_size=12))
def test_rows_are_pupils_and_rows_not_kept(lines: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    found = cohort(tmp_path_factory.mktemp("rows"), HEAD, *lines)
    accounts(found)
    assert found.rows_read == len([line for line in lines if line.strip(",")])
    assert len(set(found)) == len(found)


def test_three_rows_of_one_pupil_are_compared_with_each_other(tmp_path: Path) -> None:
    rows = [f"{ANN},Example,Ann,01/02/2011,11,{attendance},Y" for attendance in ("", "80", "60")]
    found = cohort(tmp_path, HEAD, *rows, f"{BOB},B,Bo,,11,90,N")
    assert accounts(found) == [(3, "merged"), (4, "merged")]
    assert found.value("attendance", 0) is None
    (problem,) = found.problems
    assert "rows 2, 3 and 4" in problem.message


def test_other_names_under_one_upn_are_two_pupils_unless_the_birth_date_says_otherwise(tmp_path: Path) -> None:
    two = cohort(tmp_path, HEAD, f"{ANN},Example,Ann,,11,88,Y", f"{ANN},Other,Bo,,11,70,N")
    assert len(two) == 2
    one = cohort(tmp_path, HEAD, f"{ANN},Example,Ann,01/02/2011,11,88,Y", f"{ANN},Other,Bo,01/02/2011,11,88,Y")
    assert len(one) == 1


def test_a_blank_school_on_a_repeated_row_is_not_another_school(tmp_path: Path) -> None:
    head = "UPN,Surname,Forename,School,Young carer"
    found = cohort(
        tmp_path, head, f"{ANN},Example,Ann,Hill Example,Y", f"{ANN},Example,Ann,,Y", f"{BOB},B,Bo,Hill Example,N"
    )
    assert accounts(found) == [(3, "merged")]


@pytest.mark.parametrize("names", [("hill.csv", "dale.csv"), ("dale.csv", "hill.csv")])
def test_a_pupil_who_moved_is_under_the_new_school_whatever_the_order_of_files(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    head = "UPN,Surname,Forename,School,Leaving date,Young carer"
    (tmp_path / "hill.csv").write_text(f"{head}\n{ANN},Example,Ann,Hill Example,01/10/2026,Y\n", "utf-8")
    (tmp_path / "dale.csv").write_text(f"{head}\n{ANN},Example,Ann,Dale Example,,\n", "utf-8")
    found = read_cohort([tmp_path / name for name in names], NOVEMBER)
    assert [(row.file, row.code) for row in found.not_kept] == [("hill.csv", "registered_elsewhere")]
    assert found.value("school_name", 0) == "Dale Example"
    assert found.value("leaving_date", 0) is None
    assert found.value("young_carer", 0) is True


def test_sessions_of_three_schools_add_up(tmp_path: Path) -> None:
    head = "UPN,Surname,Forename,School,Enrol status,Sessions possible,Sessions attended"
    for place, (status, attended) in enumerate((("M", 10), ("S", 6), ("S", 2))):
        line = f"{ANN},Example,Ann,Example {place},{status},20,{attended}"
        (tmp_path / f"{place}.csv").write_text(f"{head}\n{line}\n", "utf-8")
    found = read_cohort(tmp_path, NOVEMBER)
    assert found.value("attendance", 0) == 100 * 18 / 60
    assert found.value("also_registered_at", 0) == "Example 1, Example 2"


def test_two_files_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    for folder, name in (("a", "Ann"), ("b", "Bob")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "roll.csv").write_text(f"Surname,Forename,Young carer\nExample,{name},Y\n", "utf-8")
    found = read_cohort([tmp_path / "a" / "roll.csv", tmp_path / "b" / "roll.csv"], NOVEMBER)
    assert list(found) == ["a/roll.csv row 2", "b/roll.csv row 2"]
    assert found.files == ("a/roll.csv", "b/roll.csv")
