"""School Census extracts: what each table says of a pupil, and what it does not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roni.errors import FileRefusedError, Problems
from roni.readers.census import census_tables, read_census
from roni.readers.census.tables import code_table
from roni.readers.census.term import absence_period
from roni.readers.table import RawTable

PUPIL = {"pupilonrolltableid": "p1", "NativeId": "S1", "upn": "H801200001001", "ncyearactual": "11"}
UNKNOWN = "not known"


def write(folder: Path, name: str, rows: Sequence[Mapping[str, str]]) -> Path:
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    lines = [",".join(headings), *(",".join(row.get(heading, "") for heading in headings) for row in rows)]
    path = folder / name
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def pupils(folder: Path, *rows: Mapping[str, str], name: str = "pupils.csv") -> Path:
    return write(folder, name, [PUPIL | dict(row) for row in rows] or [PUPIL])


def sessions(folder: Path, *rows: tuple[str, str, str], school: str = "S1", name: str = "sessions.csv") -> Path:
    """Rows of pupil, code, number of sessions."""
    cells = [
        {"pupilonrolltableid": pupil, "NativeId": school, "sessions": count, "attendancereason": code}
        for pupil, code, count in rows
    ]
    return write(folder, name, cells)


def excluded(folder: Path, *rows: tuple[str, str, str, str]) -> Path:
    """Rows of pupil, category, sessions, start."""
    cells = [
        {"pupilonrolltableid": pupil, "NativeId": "S1", "category": kind, "sessions": count, "startdate": start}
        for pupil, kind, count, start in rows
    ]
    return write(folder, "exclusions.csv", cells)


def meals(folder: Path, *rows: tuple[str, str, str]) -> Path:
    """Rows of pupil, start, end."""
    cells = [
        {"pupilonrolltableid": pupil, "NativeId": "S1", "fsmstartdate": start, "fsmenddate": end}
        for pupil, start, end in rows
    ]
    return write(folder, "meals.csv", cells)


def column(table: RawTable, name: str) -> list[str | None]:
    return list(table.columns[table.headings.index(name)].to_pylist())


def read(folder: Path, **options: Any) -> RawTable:
    (table,) = read_census([folder], **options)
    return table


def codes(table: RawTable) -> dict[str, int]:
    return Problems(table.problems).counts()


# recognition


def test_tables_are_known_by_their_headings_not_by_their_names(tmp_path: Path) -> None:
    one = pupils(tmp_path, name="zz.txt")
    two = sessions(tmp_path, ("p1", "I", "2"), name="aa.csv")
    files = census_tables([tmp_path])
    assert files is not None
    assert files.sets[0].tables == {"pupils": [one], "sessions": [two]}


def test_a_file_that_is_no_census_table_is_left_to_others(tmp_path: Path) -> None:
    pupils(tmp_path)
    other = write(tmp_path, "cohort.csv", [{"UPN": "H801200001001", "Attendance": "90"}])
    assert census_tables([other]) is None
    assert census_tables([tmp_path / "pupils.csv", other]).others == (other,)  # type: ignore[union-attr]


def test_the_second_half_of_summer_and_pupils_who_left_are_not_used_and_named(tmp_path: Path) -> None:
    pupils(tmp_path)
    second = {"summerhalfterm2sessiondetailsonrolltableid": "1", "sessions": "9", "attendancereason": "I"}
    write(tmp_path, "half2.csv", [second | {"pupilonrolltableid": "p1"}])
    write(tmp_path, "left.csv", [{"pupilnolongeronrolltableid": "x", "sessions": "9", "attendancereason": "I"}])
    table = read(tmp_path)
    assert "sessions_authorised" not in table.headings
    assert table.how["not used"] == "half2.csv, left.csv"


def test_tables_without_the_pupil_table_are_refused_by_name(tmp_path: Path) -> None:
    path = sessions(tmp_path, ("p1", "I", "2"))
    with pytest.raises(FileRefusedError, match=r"sessions\.csv: .*without the table of pupils on roll"):
        census_tables([path])


def test_tables_of_two_censuses_are_not_mixed(tmp_path: Path) -> None:
    pupils(tmp_path, {"termlysessionspossible": "100"}, name="2024_autumn_pupils.csv")
    pupils(tmp_path, {"termlysessionspossible": "100"}, name="2025_spring_pupils.csv")
    sessions(tmp_path, ("p1", "I", "5"), name="2024_autumn_sessions.csv")
    autumn, spring = read_census([tmp_path])
    assert column(autumn, "sessions_authorised") == ["5"]
    assert "sessions_authorised" not in spring.headings


def test_a_table_of_a_census_without_pupils_is_reported_as_unused(tmp_path: Path) -> None:
    pupils(tmp_path, name="2025_spring_pupils.csv")
    pupils(tmp_path, name="2025_summer_pupils.csv")
    sessions(tmp_path, ("p1", "I", "5"), name="2024_autumn_sessions.csv")
    first, _ = read_census([tmp_path])
    assert codes(first)["census_table_unused"] == 1


def test_two_pupil_tables_of_one_census_share_the_other_tables(tmp_path: Path) -> None:
    pupils(tmp_path, {}, name="a.csv")
    pupils(tmp_path, {"pupilonrolltableid": "p2"}, name="b.csv")
    excluded(tmp_path, ("p2", "SUSP", "2", "2024-10-01"))
    first, second = read_census([tmp_path])
    assert (column(first, "suspensions"), column(second, "suspensions")) == (["0"], ["1"])


# the pupil table


def test_columns_of_the_pupil_table_become_fields_and_keep_their_rows(tmp_path: Path) -> None:
    pupils(tmp_path, {"dob": "2009-Oct-16 00:00:00", "senprovision": "K", "ncyearactual": "N1"}, {"dob": "rubbish"})
    table = read(tmp_path)
    assert table.rows.tolist() == [2, 3]
    assert column(table, "date_of_birth") == ["2009-10-16", "rubbish"]
    assert column(table, "year_group") == ["N1", "11"]
    assert column(table, "sen_provision") == ["K", None]


def test_an_undeclared_past_in_care_is_not_known_rather_than_no(tmp_path: Path) -> None:
    pupils(tmp_path, {"plaa": "N"}, {"plaa": ""}, {"plaa": "A"}, {"plaa": "?!"})
    assert column(read(tmp_path), "previously_looked_after") == [UNKNOWN, UNKNOWN, "yes", "?!"]


def test_grades_held_are_read_for_the_sixth_form_only(tmp_path: Path) -> None:
    grade = {"englishgcsehighestpriorattainment": "4"}
    pupils(tmp_path, grade | {"ncyearactual": "11"}, grade | {"ncyearactual": "12"})
    table = read(tmp_path)
    assert column(table, "english_grade") == [None, "4"]
    assert column(table, "english_maths_basis") == [None, "actual"]


# attendance


def attended(tmp_path: Path, *rows: tuple[str, str, str], possible: str = "100") -> RawTable:
    pupils(tmp_path, {"termlysessionspossible": possible})
    sessions(tmp_path, *rows)
    return read(tmp_path)


def absences(table: RawTable) -> tuple[list[str | None], list[str | None]]:
    return column(table, "sessions_authorised"), column(table, "sessions_unauthorised")


def test_absence_is_the_sum_of_the_codes_by_their_meaning(tmp_path: Path) -> None:
    table = attended(tmp_path, ("p1", "I", "3.0"), ("p1", "c2", "2"), ("p1", "N", "4"), ("p1", "X", "50"))
    assert column(table, "sessions_possible") == ["100"]
    assert absences(table) == (["5"], ["4"])


@pytest.mark.parametrize("code", list(code_table("attendance_codes")["code"]))
def test_every_attendance_code_counts_as_its_row_says(tmp_path: Path, code: str) -> None:
    treatment = code_table("attendance_codes")["code"][code]["treatment"]
    table = attended(tmp_path, ("p1", code, "7"))
    expected = {"authorised": (["7"], ["0"]), "unauthorised": (["0"], ["7"])}
    assert absences(table) == expected.get(treatment, (["0"], ["0"]))


@pytest.mark.parametrize(("reformed", "withdrawn"), [("J1", "J"), ("Y7", "Y"), ("I", "H")])
def test_codes_withdrawn_in_2024_keep_the_meaning_they_had(reformed: str, withdrawn: str) -> None:
    table = code_table("attendance_codes")["code"]
    assert table[withdrawn]["until"] == date(2024, 8, 18)
    assert table[reformed].get("since", date(2024, 8, 19)) == date(2024, 8, 19)


def test_a_pupil_of_the_school_without_a_code_was_never_absent(tmp_path: Path) -> None:
    pupils(tmp_path, {}, {"pupilonrolltableid": "p2"}, {"pupilonrolltableid": "p3", "NativeId": "S2"})
    sessions(tmp_path, ("p1", "I", "3"))
    table = read(tmp_path)
    assert column(table, "sessions_authorised") == ["3", "0", UNKNOWN]
    assert table.how["sessions, schools"].startswith("1 schools have no row")


def test_as_many_coded_as_possible_sessions_are_kept_one_more_is_not_known(tmp_path: Path) -> None:
    assert absences(attended(tmp_path, ("p1", "I", "60"), ("p1", "N", "40"))) == (["60"], ["40"])
    table = attended(tmp_path, ("p1", "I", "60"), ("p1", "N", "41"))
    assert absences(table) == ([UNKNOWN], [UNKNOWN])
    (problem,) = Problems(table.problems)
    assert (problem.code, problem.file, problem.row) == ("sessions_exceed_possible", "pupils.csv", 2)


@pytest.mark.parametrize(
    ("code", "count", "problem"),
    [
        ("Q9", "1", "attendance_code_unknown"),
        ("", "1", "attendance_code_unknown"),
        ("I", "", "attendance_count_missing"),
        ("I", "-1", "unreadable"),
        ("I", "1.5", "unreadable"),
    ],
)
def test_a_row_that_cannot_be_counted_makes_the_attendance_not_known(
    tmp_path: Path, code: str, count: str, problem: str
) -> None:
    table = attended(tmp_path, ("p1", "N", "2"), ("p1", code, count))
    assert absences(table) == ([UNKNOWN], [UNKNOWN])
    (found,) = Problems(table.problems)
    assert (found.code, found.file, found.row) == (problem, "sessions.csv", 3)


def test_a_count_that_does_not_matter_may_be_blank(tmp_path: Path) -> None:
    assert absences(attended(tmp_path, ("p1", "#", ""), ("p1", "I", "2"))) == (["2"], ["0"])


def test_codes_are_used_and_differing_totals_are_said(tmp_path: Path) -> None:
    pupils(tmp_path, {"termlysessionspossible": "100", "termlysessionsauthorised": "1"})
    sessions(tmp_path, ("p1", "I", "9"))
    table = read(tmp_path)
    assert column(table, "sessions_authorised") == ["9"]
    (problem,) = Problems(table.problems)
    assert "for 1 pupils" in problem.message


def test_totals_are_used_where_there_are_no_codes_and_the_reading_says_so(tmp_path: Path) -> None:
    totals = {"termlysessionspossible": "100.0", "termlysessionsauthorised": "8.0", "termlysessionsunauthorised": "x"}
    pupils(tmp_path, totals)
    table = read(tmp_path)
    assert absences(table) == (["8"], ["x"])
    assert "underestimate" in table.how["attendance"]


def test_codes_that_state_a_fact_state_it_and_their_absence_states_nothing(tmp_path: Path) -> None:
    pupils(tmp_path, {}, {"pupilonrolltableid": "p2"})
    sessions(tmp_path, ("p1", "K", "4"), ("p1", "C2", "2"), ("p2", "B", "9"), ("p2", "C2", "0"))
    table = read(tmp_path)
    assert column(table, "alternative_provision") == ["yes", UNKNOWN]
    assert column(table, "part_time_timetable") == ["yes", UNKNOWN]


@pytest.mark.parametrize(
    ("term", "first", "last"),
    [
        ((2024, "autumn"), date(2024, 4, 1), date(2024, 5, 26)),
        ((2025, "autumn"), date(2025, 4, 21), date(2025, 5, 25)),
        ((2025, "spring"), date(2024, 8, 1), date(2024, 12, 31)),
        ((2025, "summer"), date(2025, 1, 1), date(2025, 4, 20)),
    ],
)
def test_census_absence_is_one_term_back(term: tuple[int, str], first: date, last: date) -> None:
    assert absence_period(term) == (first, last)


def test_the_period_is_stated_only_where_the_name_tells_which_census_it_is(tmp_path: Path) -> None:
    path = pupils(tmp_path, {"termlysessionspossible": "100"}, name="2025_spring_pupils.csv")
    assert column(read(tmp_path), "attendance_to") == ["2024-12-31"]
    path.rename(tmp_path / "2024-25_spring_pupils.csv")
    assert "attendance_to" not in read(tmp_path).headings


# exclusions


def test_suspensions_are_counted_and_lunchtimes_are_not_suspensions(tmp_path: Path) -> None:
    pupils(tmp_path)
    days = ("2024-10-01", "2024-10-08", "2024-10-15")
    kinds = (("FIXD", "4"), ("susp", "3"), ("LNCH", "1"))
    excluded(tmp_path, *(("p1", kind, count, day) for (kind, count), day in zip(kinds, days, strict=True)))
    table = read(tmp_path)
    assert (column(table, "suspensions"), column(table, "suspension_sessions")) == (["2"], ["7"])
    assert column(table, "permanently_excluded") == ["no"]
    assert "1 lunchtime exclusions are not counted" in table.how["exclusions"]


def test_no_row_means_no_suspension_only_where_the_table_was_supplied(tmp_path: Path) -> None:
    pupils(tmp_path, {}, {"pupilonrolltableid": "p2"}, {"pupilonrolltableid": "p3", "NativeId": "S2"})
    assert "suspensions" not in read(tmp_path).headings
    excluded(tmp_path, ("p1", "SUSP", "1", "2024-10-01"))
    assert column(read(tmp_path), "suspensions") == ["1", "0", UNKNOWN]


def test_an_empty_table_says_none_where_there_is_one_school(tmp_path: Path) -> None:
    pupils(tmp_path)
    headings = "pupilonrolltableid,NativeId,category,startdate,sessions\n"
    (tmp_path / "exclusions.csv").write_text(headings, "utf-8")
    assert column(read(tmp_path), "suspensions") == ["0"]
    pupils(tmp_path, {}, {"pupilonrolltableid": "p2", "NativeId": "S2"})
    assert column(read(tmp_path), "suspensions") == [UNKNOWN, UNKNOWN]


def test_a_permanent_exclusion_has_its_last_date(tmp_path: Path) -> None:
    pupils(tmp_path)
    excluded(tmp_path, ("p1", "PERM", "", "2024-10-02"), ("p1", "PERM", "", "2024-Nov-03 00:00:00"))
    table = read(tmp_path)
    assert column(table, "permanently_excluded") == ["yes"]
    assert column(table, "permanent_exclusion_date") == ["2024-11-03"]
    assert column(table, "suspensions") == ["0"]


def test_an_unknown_category_makes_the_count_not_known_and_is_a_problem(tmp_path: Path) -> None:
    pupils(tmp_path)
    excluded(tmp_path, ("p1", "SUSP", "2", "2024-10-02"), ("p1", "OTHER", "2", "2024-10-03"))
    table = read(tmp_path)
    assert column(table, "suspensions") == [UNKNOWN]
    assert column(table, "permanently_excluded") == [UNKNOWN]
    assert codes(table) == {"unreadable": 1}


def test_a_suspension_of_unknown_length_still_counts_as_one(tmp_path: Path) -> None:
    pupils(tmp_path)
    excluded(tmp_path, ("p1", "SUSP", "", "2024-10-02"))
    table = read(tmp_path)
    assert (column(table, "suspensions"), column(table, "suspension_sessions")) == (["1"], [UNKNOWN])


def test_rows_of_nobody_are_reported(tmp_path: Path) -> None:
    pupils(tmp_path)
    excluded(tmp_path, ("p9", "SUSP", "2", "2024-10-02"), ("p1", "SUSP", "2", "2024-10-02"))
    table = read(tmp_path)
    assert column(table, "suspensions") == ["1"]
    (problem,) = Problems(table.problems)
    assert (problem.code, problem.file, problem.row) == ("census_row_unmatched", "exclusions.csv", 2)


# free school meals


@pytest.mark.parametrize(
    ("start", "end", "eligible"),
    [
        ("2024-11-01", "", "yes"),
        ("2024-11-02", "", "no"),
        ("2024-09-01", "2024-11-01", "yes"),
        ("2024-09-01", "2024-10-31", "no"),
        ("2024-11-01", "2024-11-01", "yes"),
        ("2024-09-02", "2024-09-01", UNKNOWN),
        ("2024-09-01", "soon", UNKNOWN),
        ("", "", UNKNOWN),
    ],
)
def test_a_pupil_is_eligible_while_a_period_is_open_both_days_included(
    tmp_path: Path, start: str, end: str, eligible: str
) -> None:
    pupils(tmp_path)
    meals(tmp_path, ("p1", start, end))
    assert column(read(tmp_path, on=date(2024, 11, 1)), "fsm") == [eligible]


def test_without_a_day_a_period_without_an_end_is_open(tmp_path: Path) -> None:
    pupils(tmp_path, {}, {"pupilonrolltableid": "p2"}, {"pupilonrolltableid": "p3"})
    meals(tmp_path, ("p1", "2024-09-01", ""), ("p2", "2024-09-01", "2099-01-01"))
    assert column(read(tmp_path), "fsm") == ["yes", "no", "no"]


# needs


def test_needs_come_in_the_order_of_their_rank(tmp_path: Path) -> None:
    pupils(tmp_path, {}, {"pupilonrolltableid": "p2"})
    rows = [("p1", "2.0", "SLCN"), ("p1", "1.0", "SEMH"), ("p1", "3.0", "ASD")]
    cells = [{"pupilonrolltableid": pupil, "sentyperank": rank, "sentype": need} for pupil, rank, need in rows]
    write(tmp_path, "needs.csv", cells)
    table = read(tmp_path)
    assert column(table, "sen_need") == ["SEMH", None]
    assert column(table, "sen_need_2") == ["SLCN", None]


# properties and the real shapes

COUNTS = st.dictionaries(
    st.sampled_from(["I", "N", "U", "X", "K", "M"]), st.integers(min_value=0, max_value=60), max_size=5
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(COUNTS, min_size=1, max_size=6))
def test_what_a_pupil_gets_depends_on_that_pupil_s_rows_only(
    tmp_path: Path, given_counts: list[dict[str, int]]
) -> None:
    pupils(
        tmp_path, *({"pupilonrolltableid": f"q{k}", "termlysessionspossible": "100"} for k in range(len(given_counts)))
    )
    rows = [(f"q{k}", code, str(n)) for k, each in enumerate(given_counts) for code, n in each.items()]
    sessions(tmp_path, *rows, ("nobody", "I", "1"))
    table = read(tmp_path)
    for k, each in enumerate(given_counts):
        possible = sum(n for code, n in each.items() if code != "X") <= 100
        authorised = str(each.get("I", 0) + each.get("M", 0)) if possible else UNKNOWN
        assert column(table, "sessions_authorised")[k] == authorised


def test_the_example_extract_is_read_whole(shared_data: Path) -> None:
    folder = shared_data / "census"
    table = read(folder, on=date(2024, 11, 1))
    lines = (folder / "2024_autumn_pupilonroll.csv").read_text("utf-8").splitlines()
    assert len(table) == len(lines) - 1
    assert table.rows[-1] == len(lines)
    found = codes(table)
    assert "census_row_unmatched" not in found
    assert "attendance_code_unknown" not in found
    known = sum(cell != UNKNOWN for cell in column(table, "sessions_authorised"))
    assert known == len(table) - column(table, "sessions_authorised").count(UNKNOWN) > 0
