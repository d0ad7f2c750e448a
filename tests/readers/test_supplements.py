"""Council lists joined to the cohort: on a list is met; off it is no only where the list is complete."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from roni.calendar import get_check
from roni.cohort import Cohort
from roni.errors import MappingError
from roni.readers.files import read_cohort
from roni.readers.supplements import Supplement
from roni.scoring import score

NOVEMBER = get_check("november", "2026/27")
ANN, BOB, CAT = "H801200001001", "B801200005001", "X00180001701A"
SCHOOL = (
    "UPN,Surname,Forename,DOB,Year,ULN,Young carer",
    f"{ANN},Example,Ann,01/02/2011,11,,Y",
    f"{BOB},Sample,Bob,03/04/2012,10,,N",
    f"{CAT},Model,Cat,05/06/2011,11,1000000043,",
)


def joined(folder: Path, lines: tuple[str, ...], **options: object) -> Cohort:
    (folder / "school.csv").write_text("\n".join(SCHOOL) + "\n", "utf-8")
    (folder / "list.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return read_cohort(folder / "school.csv", NOVEMBER, supplements=[Supplement(folder / "list.csv", **options)])  # type: ignore[arg-type]


def codes(found: Cohort) -> list[tuple[str, str, int | None]]:
    return [(problem.code, problem.file, problem.row) for problem in found.problems]


def test_a_pupil_on_an_incomplete_list_is_met_and_the_others_stay_unknown(tmp_path: Path) -> None:
    found = joined(tmp_path, ("UPN,Surname", f"{ANN.lower()},Example"), field="looked_after", as_at=date(2026, 10, 1))
    assert found.column("looked_after").tolist() == [1, 0, 0]
    source = found.source_of("looked_after", 0)
    assert source is not None
    assert (source.name, source.as_at, source.kind) == ("list.csv", date(2026, 10, 1), "council")
    assert found.source_of("looked_after", 1) is None


def test_off_a_complete_list_is_no(tmp_path: Path) -> None:
    found = joined(tmp_path, ("UPN,Surname", f"{ANN},Example"), field="looked_after", complete=True)
    assert found.column("looked_after").tolist() == [1, -1, -1]


def test_off_a_complete_list_of_some_years_is_no_only_there(tmp_path: Path) -> None:
    found = joined(tmp_path, ("UPN,Surname", f"{ANN},Example"), field="looked_after", complete=True, years=(11,))
    assert found.column("looked_after").tolist() == [1, 0, -1]


def test_where_school_and_council_disagree_it_counts_as_met_and_is_said(tmp_path: Path) -> None:
    found = joined(tmp_path, ("UPN,Surname", f"{BOB},Sample"), field="young_carer", complete=True)
    assert found.column("young_carer").tolist() == [1, 1, -1]
    assert codes(found) == [("sources_disagree", "school.csv", 2), ("sources_disagree", "school.csv", 3)]


def test_a_disagreement_is_marked_in_the_list_and_said_of_the_pupil(tmp_path: Path) -> None:
    found = joined(tmp_path, ("UPN,Surname", f"{BOB},Sample"), field="young_carer", complete=True, name="Carers list")
    register = score(found, "oxfordshire")
    marks = dict(zip(register.to_table()["upn"].to_pylist(), register.to_table()["marks"].to_pylist(), strict=True))
    assert [("disagree" in (marks[key] or "")) for key in (ANN, BOB, CAT)] == [True, True, False]
    text = register.explain(BOB).text
    assert "Carers list" in text
    assert "young carer: the school says no" in text


def test_a_lists_own_columns_say_what_they_say(tmp_path: Path) -> None:
    lines = ("UPN,Surname,SEN status,Suspensions", f"{ANN},Example,E,4", f"{ANN},Example,K,2", f"{BOB},Sample,K,0")
    found = joined(tmp_path, lines)
    assert [found.value("sen_provision", place) for place in range(3)] == ["E", "K", None]
    assert found.column("suspensions").tolist() == [4, 0, -1]
    assert found.column("suspended").tolist() == [1, -1, 0]


def test_a_pupil_is_found_by_uln_too(tmp_path: Path) -> None:
    found = joined(tmp_path, ("ULN,Surname,Forename", "1000000043,Model,Cat"), field="custody")
    assert found.column("custody").tolist() == [0, 0, 1]


def test_rows_that_match_nobody_are_said_and_names_only_propose(tmp_path: Path) -> None:
    lines = (
        "UPN,Surname,Forename,DOB",
        "Z330418811002,Nobody,Nan,01/01/2011",
        ",Absent,Al,02/02/2011",
        ",Sample,bob,03/04/2012",
    )
    found = joined(tmp_path, lines, field="looked_after")
    assert found.column("looked_after").tolist() == [0, 0, 0]
    assert sorted(codes(found)) == [
        ("link_proposed", "list.csv", 4), ("not_on_roll", "list.csv", 2), ("supplement_no_key", "list.csv", 3),
    ]  # fmt: skip


def test_a_list_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"list\.csv: say what being on this list means"):
        joined(tmp_path, ("UPN,Surname", f"{ANN},Example"))
    with pytest.raises(MappingError, match="not a yes-or-no field"):
        joined(tmp_path, ("UPN,Surname", f"{ANN},Example"), field="attendance")


def test_a_supplement_is_read_from_the_command_line_form() -> None:
    assert Supplement.parse("care.csv, field=looked_after, as-at=2026-10-31, complete, years=10-11") == Supplement(
        "care.csv", "looked_after", date(2026, 10, 31), True, (10, 11)
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a.csv,colour=red", "“colour” is not allowed"),
        ("a.csv,as-at=31/10/2026", "as-at is a date"),
        ("a.csv,years=ten", "years is"),
    ],
)
def test_a_bad_form_says_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(MappingError, match=says):
        Supplement.parse(text)


def test_of_a_lists_per_cents_the_one_of_more_concern_counts(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(f"UPN,Surname,% Attendance\n{ANN},Example,90\n{BOB},Sample,60\n", "utf-8")
    (tmp_path / "l.csv").write_text(f"UPN,% Attendance\n{ANN},80\n{ANN},70\n{BOB},95\n", "utf-8")
    found = read_cohort(tmp_path / "s.csv", NOVEMBER, supplements=[Supplement(tmp_path / "l.csv")])
    assert found.column("attendance").tolist() == [70.0, 60.0]
    assert [code for code, _, _ in codes(found)] == ["sources_disagree", "sources_disagree"]


def test_a_upn_that_two_pupils_share_joins_neither(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(
        f"UPN,Surname,Forename,DOB\n{ANN},Example,Ann,01/02/2011\n{ANN},Other,Bo,05/06/2011\n", "utf-8"
    )
    (tmp_path / "l.csv").write_text(f"UPN,Surname,Forename,DOB\n{ANN},Other,Bo,05/06/2011\n", "utf-8")
    found = read_cohort(tmp_path / "s.csv", NOVEMBER, supplements=[Supplement(tmp_path / "l.csv", "looked_after")])
    assert found.column("looked_after").tolist() == [0, 0]
    assert ("not_one_pupil", "l.csv", 2) in codes(found)


@pytest.mark.parametrize("text", ["a.csv,years=11-9", "a.csv,complete=maybe"])
def test_a_form_that_would_be_read_as_something_else_is_refused(text: str) -> None:
    with pytest.raises(MappingError, match=r"years is a year group|complete is yes or no"):
        Supplement.parse(text)


def test_a_pupil_on_a_complete_list_of_whom_it_says_nothing_stays_unknown(tmp_path: Path) -> None:
    lines = ("UPN,Looked after,Custody", f"{ANN},Yes,not known", f"{BOB},Yes,No")
    found = joined(tmp_path, lines, complete=True)
    assert found.column("custody").tolist() == [0, -1, -1]


def test_two_lists_that_disagree_are_both_named(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(f"UPN,Surname\n{ANN},Example\n{BOB},Sample\n", "utf-8")
    (tmp_path / "one.csv").write_text(f"UPN,Young carer\n{ANN},Y\n{BOB},N\n", "utf-8")
    (tmp_path / "two.csv").write_text(f"UPN,Young carer\n{ANN},N\n{BOB},N\n", "utf-8")
    lists = [Supplement(tmp_path / f"{name}.csv", name=name.title()) for name in ("one", "two")]
    found = read_cohort(tmp_path / "s.csv", NOVEMBER, supplements=lists)
    assert found.column("young_carer").tolist() == [1, -1]
    assert "young carer: Two says no, One says yes" in score(found, "oxfordshire").explain(ANN).text
