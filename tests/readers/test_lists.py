"""A council list read by itself and joined later says what it would have said if it had been joined at once."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.calendar import get_check
from roni.cohort import Cohort
from roni.errors import MappingError, RoniError
from roni.movement.carry import carry_over
from roni.readers.files import read_cohort
from roni.readers.listed import ListedPupils
from roni.readers.lists import join_list, match_list, read_supplement
from roni.readers.supplements import Supplement
from roni.scoring import score
from roni.stored import cohort_from_dict, cohort_to_dict
from tests.strategies import cohort_of
from tests.test_stored import same

NOVEMBER = get_check("november", "2026/27")
ANN, BOB, CAT, DEE = "H801200001001", "B801200005001", "X00180001701A", "Z330418811002"
PEOPLE = ((ANN, "Example,Ann,01/02/2011,11"), (BOB, "Sample,Bob,03/04/2012,10"), (CAT, "Model,Cat,05/06/2011,11"))

# A heading and what may stand below it; between them every kind of route.
CELLS = {
    "% Attendance": ["84.5", "0", "100", "oops", ""],
    "Possible sessions": ["0", "100", ""],
    "Attended sessions": ["90", "0", ""],
    "% Absence": ["5", "12.5", ""],
    "Suspensions": ["0", "2", ""],
    "Ever suspended": ["Y", "N", ""],
    "SEN status": ["N", "K", "E", ""],
    "EHCP": ["Y", "N", ""],
    "SEN support": ["Y", "N", ""],
    "EAL": ["Y", "N", ""],
    "First language": ["English", "Polish", ""],
    "Pregnant": ["Y", "N", ""],
    "Pregnant or parent": ["Y", "N", ""],
    "FSM": ["Y", "N", ""],
    "Looked after": ["Y", "N", ""],
    "Permanently excluded": ["Y", "N", ""],
    "Permanent exclusion status": ["Rescinded", "In force", ""],
    "Young carer": ["Y", "N", ""],
}
FLAGS = ["looked_after", "young_carer", "ehcp", "parent", "pregnant_or_parent", "suspended", "permanently_excluded"]


@st.composite
def tables(draw: st.DrawFn, who: st.SearchStrategy[str], least: int) -> str:
    """A CSV of pupils and some columns."""
    headings = draw(st.lists(st.sampled_from(list(CELLS)), unique=True, min_size=least, max_size=7))
    rows = [",".join(["UPN,Surname,Forename,DOB,Year", *headings])]
    rows += [
        ",".join([person, *(draw(st.sampled_from(CELLS[heading])) for heading in headings)])
        for person in draw(st.lists(who, min_size=1, max_size=4))
    ]
    return "\n".join(rows) + "\n"


PUPILS = st.sampled_from([f"{upn},{who}" for upn, who in PEOPLE])
LISTED = st.one_of(
    PUPILS, st.sampled_from([f"{DEE},Nobody,Nan,01/01/2011,11", f",{PEOPLE[1][1]}", ",Absent,Al,02/02/2011,11"])
)
FACTS = st.fixed_dictionaries(
    {"field": st.sampled_from(FLAGS), "complete": st.booleans(), "years": st.sampled_from([(), (11,)])}
)


def kept_in(folder: Path, **texts: str) -> dict[str, Path]:
    paths = {name: folder / f"{name}.csv" for name in texts}
    for name, path in paths.items():
        path.write_text(texts[name], "utf-8")
    return paths


def assert_alike(left: Cohort, right: Cohort) -> None:
    """The same columns, sources and problems; the readings tell the same of each field."""
    assert set(left.columns) == set(right.columns)
    for one, other in ((left.columns, right.columns), (left.origin, right.origin), (left.given, right.given)):
        assert {name for name in one if not same(one[name], other.get(name))} == set()
    assert left.sources == right.sources
    assert Counter(map(_problem, left.problems)) == Counter(map(_problem, right.problems))
    assert Counter(map(_reading, left.readings)) == Counter(map(_reading, right.readings))


def _problem(found: Any) -> tuple[Any, ...]:
    return found.code, found.file, found.row, found.column, found.message


def _reading(found: Any) -> tuple[Any, ...]:
    return found.file, found.heading, found.field, found.state


@settings(max_examples=60, deadline=None)
@given(tables(PUPILS, 0), tables(PUPILS, 0), st.lists(st.tuples(tables(LISTED, 0), FACTS), min_size=1, max_size=2))
def test_a_list_joined_later_says_the_same_as_one_joined_at_once(
    first: str, second: str, lists: list[tuple[str, dict[str, Any]]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = kept_in(Path(folder), first=first, second=second)
        items = []
        for place, (text, facts) in enumerate(lists):
            name = f"list{place}"
            items.append(Supplement(kept_in(Path(folder), **{name: text})[name], name=name.title(), **facts))
        at_once = read_cohort(paths.values(), NOVEMBER, supplements=items)
        later = read_cohort(paths.values(), NOVEMBER)
        for item in items:
            listed = read_supplement(item, NOVEMBER)
            listed = ListedPupils.from_dict(json.loads(json.dumps(listed.to_dict())))
            later = join_list(cohort_from_dict(json.loads(json.dumps(cohort_to_dict(later)))), listed)
    assert_alike(later, at_once)
    assert score(later, "oxfordshire").to_table().equals(score(at_once, "oxfordshire").to_table())


def test_a_wording_that_says_something_of_another_field_still_says_it_once_a_list_is_joined(tmp_path: Path) -> None:
    lines = ["Looked after", "Previously looked after", "Y", "N"]
    roll = "\n".join(f"{line},{more}" for line, more in zip(ROLL.splitlines(), lines, strict=True))
    paths = kept_in(tmp_path, roll=roll, care=f"UPN,Surname\n{BOB},Sample\n")
    care = Supplement(paths["care"], "previously_looked_after")
    later = join_list(read_cohort(paths["roll"], NOVEMBER), read_supplement(care, NOVEMBER))
    assert later.column("previously_looked_after").tolist() == [1, 1, 0]
    assert_alike(later, read_cohort(paths["roll"], NOVEMBER, supplements=[care]))


@settings(max_examples=40, deadline=None)
@given(tables(LISTED, 1))
def test_a_list_comes_back_from_plain_values_as_it_was(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = kept_in(Path(folder), care=text)["care"]
        listed = read_supplement(Supplement(path, "looked_after", date(2026, 10, 1), True, (10, 11), "Care"), NOVEMBER)
    back = ListedPupils.from_dict(json.loads(json.dumps(listed.to_dict())))
    assert list(back.columns) == list(listed.columns)
    assert all(same(back.columns[name], listed.columns[name]) for name in listed.columns)
    for name in ("name", "field", "as_at", "complete", "years", "files", "readings", "not_kept"):
        assert getattr(back, name) == getattr(listed, name)
    assert same(back.row, listed.row)
    assert list(back.problems) == list(listed.problems)


ROLL = "\n".join(["UPN,Surname,Forename,DOB,Year", *(f"{upn},{who}" for upn, who in PEOPLE)]) + "\n"


def test_each_row_of_a_list_says_whom_it_matches(tmp_path: Path) -> None:
    care = f"UPN,Surname,Forename,DOB\n{CAT},Model,Cat,05/06/2011\n{DEE},Nobody,Nan,\n,Sample,bob,03/04/2012\n"
    paths = kept_in(tmp_path, roll=ROLL, care=care)
    listed = read_supplement(f"{paths['care']},field=looked_after", NOVEMBER)
    places, problems = match_list(read_cohort(paths["roll"], NOVEMBER), listed)
    assert places.tolist() == [2, -1, -1]
    assert [(problem.code, problem.row) for problem in problems] == [("link_proposed", 4), ("not_on_roll", 3)]


def test_a_row_whose_identifier_stands_for_several_pupils_matches_none_of_them(tmp_path: Path) -> None:
    roll = f"UPN,Surname,Forename,DOB\n{ANN},Example,Ann,01/02/2011\n{ANN},Other,Bo,05/06/2011\n"
    paths = kept_in(tmp_path, roll=roll, care=f"UPN,Surname\n{ANN},Other\n")
    listed = read_supplement(Supplement(paths["care"], "looked_after"), NOVEMBER)
    places, problems = match_list(read_cohort(paths["roll"], NOVEMBER), listed)
    assert places.tolist() == [-2]
    assert [problem.code for problem in problems] == ["not_one_pupil"]


def test_a_row_of_a_list_is_plain_values_of_what_is_known(tmp_path: Path) -> None:
    paths = kept_in(tmp_path, care=f"UPN,Surname,Custody\n{ANN},Example,Y\n{BOB},,\n{CAT},,N\n")
    listed = read_supplement(Supplement(paths["care"], as_at=date(2026, 10, 1)), NOVEMBER)
    assert listed.to_dict()["rows"][:2] == [
        {"row": 2, "file": 0, "values": {"upn": ANN, "surname": "Example", "custody": True}},
        {"row": 3, "file": 0, "values": {"upn": BOB}},
    ]
    assert (listed.name, listed.as_at, listed.row.tolist()) == ("care.csv", date(2026, 10, 1), [2, 3, 4])
    assert repr(listed) == "<ListedPupils of 3 rows, care.csv>"


def test_a_mapped_heading_that_the_list_does_not_have_is_said(tmp_path: Path) -> None:
    paths = kept_in(tmp_path, care=f"UPN,Placement\n{ANN},Y\n")
    mapping = {"Placement": "looked_after", "Order": "custody"}
    listed = read_supplement(Supplement(paths["care"]), NOVEMBER, mapping=mapping)
    assert listed.columns["looked_after"].tolist() == [1]
    assert [(problem.code, problem.column) for problem in listed.problems] == [("heading_not_there", "Order")]


EXCLUDED = ("Permanent exclusion date", "02/10/2026", "02/10/2026", "02/10/2026")


def test_what_stands_from_an_earlier_check_stays_when_a_list_is_joined(tmp_path: Path) -> None:
    january = get_check("january", "2026/27")
    before = kept_in(
        tmp_path, before="\n".join(f"{line},{more}" for line, more in zip(ROLL.splitlines(), EXCLUDED, strict=True))
    )
    listed = kept_in(tmp_path, now=ROLL, out=f"UPN,Permanent exclusion status\n{ANN},Rescinded\n")
    stands = carry_over(read_cohort(listed["now"], january), read_cohort(before["before"], NOVEMBER))
    found = join_list(stands, read_supplement(Supplement(listed["out"]), january))
    assert stands.column("permanently_excluded").tolist() == [1, 1, 1]
    assert found.column("permanently_excluded").tolist() == [-1, 1, 1]


def test_a_list_that_says_nothing_of_anybody_is_refused(tmp_path: Path) -> None:
    paths = kept_in(tmp_path, care=f"UPN,Surname\n{ANN},Example\n")
    with pytest.raises(MappingError, match=r"care\.csv: say what being on this list means"):
        read_supplement(Supplement(paths["care"]), NOVEMBER)
    with pytest.raises(MappingError, match="not a yes-or-no field"):
        read_supplement(Supplement(paths["care"], "attendance"), NOVEMBER)


def test_a_stored_list_of_another_form_is_refused() -> None:
    with pytest.raises(RoniError, match="stored in a form that is not known"):
        ListedPupils.from_dict({"schema": 9})
    with pytest.raises(RoniError, match="This is no stored list"):
        ListedPupils.from_dict({"schema": 1})


def test_a_list_is_joined_to_a_cohort_that_no_file_was_read_for(tmp_path: Path) -> None:
    cohort = cohort_of({"upn": [ANN, BOB], "suspensions": [2, None], "fsm": [True, None]})
    paths = kept_in(tmp_path, care=f"UPN,Ever suspended\n{BOB},Y\n")
    found = join_list(cohort, read_supplement(Supplement(paths["care"]), NOVEMBER))
    assert found.column("suspended").tolist() == [1, 1]
    assert found.column("fsm").tolist() == [1, 0]
    assert np.array_equal(found.row, cohort.row)
