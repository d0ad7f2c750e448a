"""Rows of JSON say what the same rows say in a file."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.calendar import get_check
from roni.cohort import Cohort
from roni.errors import FileRefusedError, RoniError
from roni.readers.files import read_cohort
from roni.readers.records import read_rows
from roni.scoring import score
from tests.readers.test_lists import CELLS
from tests.test_stored import same

NOVEMBER = get_check("november", "2026/27")
ANN, BOB = "H801200001001", "B801200005001"
WHO: dict[str, Any] = {"UPN": ANN, "Surname": "Example", "Forename": "Ann", "DOB": "01/02/2011", "Year": 11}


def codes(cohort: Cohort) -> list[tuple[str, int | None, str]]:
    return [(problem.code, problem.row, problem.column) for problem in cohort.problems]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.fixed_dictionaries({}, optional={name: st.sampled_from(cells) for name, cells in CELLS.items()})))
def test_rows_are_read_as_a_file_of_the_same_text(tmp_path_factory: pytest.TempPathFactory, some: Any) -> None:
    rows = [WHO | {"UPN": f"A{place:012}"} | row for place, row in enumerate([{}, *some])]
    headings = [*WHO, *dict.fromkeys(heading for row in some for heading in row)]
    lines = [",".join(str(row.get(heading, "")) for heading in headings) for row in rows]
    file = tmp_path_factory.mktemp("rows") / "rows"
    file.write_text("\n".join([",".join(headings), *lines]) + "\n", "utf-8")
    there, here = read_cohort(file, NOVEMBER), read_rows(rows, NOVEMBER)
    assert all(same(here.columns[name], there.columns[name]) for name in [*here.columns, *there.columns])
    assert list(here) == list(there)
    assert (here.row + 1).tolist() == there.row.tolist()
    assert here.readings[1:] == there.readings[1:]
    assert [(code, row and row + 1, column) for code, row, column in codes(here)] == codes(there)
    assert score(here, "oxfordshire").to_table()["points"] == score(there, "oxfordshire").to_table()["points"]


def test_keys_are_headings_or_names_of_fields_and_values_of_any_single_kind() -> None:
    row = WHO | {"attendance": 84.5, "Suspensions": 2.0, "looked_after": True, "FSM": False, "ehcp": None}
    found = read_rows([row, {"UPN": BOB, "Year": "Yr 10", "attendance": math.nan, "Suspensions": 1}], NOVEMBER)
    assert found.value("attendance", 0) == 84.5
    assert found.column("suspensions").tolist() == [2, 1]
    assert found.column("year_group").tolist() == [11, 10]
    assert [found.value(name, 0) for name in ("looked_after", "fsm", "ehcp")] == [True, False, None]
    assert found.value("attendance", 1) is None


def test_the_first_row_is_row_1_and_a_row_of_nothing_keeps_its_number() -> None:
    found = read_rows([WHO, {"UPN": None}, {}, WHO | {"UPN": BOB, "Year": "eleven"}], NOVEMBER, name="pupils")
    assert found.row.tolist() == [1, 4]
    assert found.rows_read == 2
    assert codes(found) == [("year_group_unreadable", 4, "Year")]
    assert {problem.file for problem in found.problems} == {"pupils"}
    assert found.files == ("pupils",)


def test_a_mapping_local_names_and_years_are_as_for_a_file() -> None:
    rows = [WHO | {"Placement": "Y"}, WHO | {"UPN": BOB, "Year": 10, "DOB": "01/02/2012", "Placement": "N"}]
    found = read_rows(rows, NOVEMBER, mapping={"Placement": "looked_after"}, years=11)
    assert found.column("looked_after").tolist() == [1]
    assert [(item.row, item.code) for item in found.not_kept] == [(2, "outside_years")]


def test_the_same_rows_have_the_same_digest_and_others_another() -> None:
    one, again, other = ([WHO | {"attendance": value}] for value in (90, 90, 91))
    digests = [read_rows(rows, NOVEMBER).digests["rows"] for rows in (one, again, other)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("value", [["a"], {"a": 1}, 3j, b"x"])
def test_what_is_no_single_value_is_refused_naming_row_and_key_only(value: Any) -> None:
    with pytest.raises(RoniError, match=r"^rows: row 2: “attendance” is no single value\. Give a text, a number, true"):
        read_rows([WHO, {"attendance": value}], NOVEMBER)


def test_half_a_character_is_refused_naming_row_and_key() -> None:
    with pytest.raises(RoniError, match="row 2: “Surname” holds half a character"):
        read_rows([WHO, {"Surname": "\ud800"}], NOVEMBER)


@pytest.mark.parametrize("row", [["UPN"], "UPN", None, {3: "x"}, {"\ud800": "x"}])
def test_a_row_that_is_no_mapping_is_refused_by_its_number(row: Any) -> None:
    with pytest.raises(RoniError, match="row 2 is not a mapping of headings to values"):
        read_rows([WHO, row], NOVEMBER)


def test_rows_that_cannot_be_a_list_of_pupils_are_refused_as_a_file_would_be() -> None:
    for rows, code in (
        ([], "no_rows"),
        ([{}], "no_rows"),
        ([{"UPN": None}], "no_rows"),
        ([{"a": 1, "b": 2}], "no_headings"),
    ):
        with pytest.raises(FileRefusedError, match=r"^rows: ") as refused:
            read_rows(rows, NOVEMBER)
        assert refused.value.code == code
    wide = {f"column {place}": 1 for place in range(1001)}
    with pytest.raises(FileRefusedError, match="more than 1,000 columns"):
        read_rows([WHO | wide], NOVEMBER)


def test_only_identifiers_are_a_list_too() -> None:
    assert list(read_rows([{"upn": ANN}], NOVEMBER)) == [ANN]


def test_rows_are_read_quickly() -> None:
    row = WHO | {heading: cells[0] for heading, cells in CELLS.items()} | {"attendance_last_year": 91.5}
    rows = [row | {"UPN": f"A{place:012}"} for place in range(10_000)]
    began = time.process_time()
    read_rows(rows, NOVEMBER)
    assert len(rows) / (time.process_time() - began) > 20_000
