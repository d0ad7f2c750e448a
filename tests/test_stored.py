"""A cohort as plain values and exactly back."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from roni.calendar import get_check
from roni.cohort import Cohort, Reading, Source, Values
from roni.errors import CalendarError, Problem, ProblemBlock, Problems, RoniError
from roni.fields import national
from roni.readers.files import read_cohort
from roni.readers.supplements import Supplement
from roni.scoring import score
from roni.stored import check_from_dict, check_to_dict, cohort_from_dict, cohort_to_dict
from tests.strategies import cohort_of, cohorts

ANN, BOB, CAT = "H801200001001", "B801200005001", "X00180001701A"
ROLL = (
    "UPN,Surname,Forename,DOB,Year,% Attendance,Possible sessions,SEN status,EHCP,Young carer,House,Suspensions",
    f"{ANN},Example,Ann,01/02/2011,11,84.25,100,K,,Y,Red,2",
    f"{BOB},Sample,Bob,03/04/2012,Year 10,oops,0,,Y,N,Blue,",
    f"{BOB},Sample,Bob,03/04/2012,Year 10,oops,0,,Y,N,Blue,",
    ",Model,Cat,05/06/2011,,,,N,,,,0",
    "Total,,,,,,,,,,,",
)


def through_json(cohort: Cohort) -> Cohort:
    return cohort_from_dict(json.loads(json.dumps(cohort_to_dict(cohort), allow_nan=False)), cohort.fields)


def same(left: Values | None, right: Values | None) -> bool:
    if left is None or right is None:
        return left is right
    if not isinstance(left, np.ndarray):
        return bool(left.type == right.type and left.equals(right))
    return bool(left.dtype == right.dtype and left.tobytes() == right.tobytes())


def assert_the_same(left: Cohort, right: Cohort) -> None:
    for one, other in ((left.columns, right.columns), (left.origin, right.origin), (left.given, right.given)):
        assert list(one) == list(other)
        assert all(same(one[name], other[name]) for name in one)
    for name in ("keys", "key_kind", "file_index", "row"):
        assert same(getattr(left, name), getattr(right, name))
    for name in ("fields", "check", "files", "rows_read", "digests", "sources", "readings"):
        assert getattr(left, name) == getattr(right, name)
    assert tuple(left.not_kept) == tuple(right.not_kept)
    assert list(left.problems) == list(right.problems)


@pytest.fixture
def roll(tmp_path: Path) -> Cohort:
    (tmp_path / "roll.csv").write_text("\n".join(ROLL) + "\n", "utf-8")
    (tmp_path / "list.csv").write_text(f"UPN,Surname\n{BOB},Sample\n{CAT},Model\n", "utf-8")
    carers = Supplement(tmp_path / "list.csv", "young_carer", date(2026, 10, 1), complete=True, name="Carers")
    return read_cohort(tmp_path / "roll.csv", get_check("november", "2026/27"), supplements=[carers])


@settings(max_examples=40, deadline=None)
@given(cohorts())
def test_any_cohort_comes_back_as_it_was(cohort: Cohort) -> None:
    assert_the_same(cohort, through_json(cohort))


def test_what_was_read_comes_back_with_its_account_and_sources(roll: Cohort) -> None:
    assert roll.given
    assert roll.origin
    assert roll.not_kept
    assert_the_same(roll, through_json(roll))
    assert score(through_json(roll), "oxfordshire").to_table().equals(score(roll, "oxfordshire").to_table())


def test_each_pupil_is_plain_values_of_what_is_known(roll: Cohort) -> None:
    ann, bob, _ = cohort_to_dict(roll)["pupils"]
    assert (ann["key"], ann["kind"], ann["file"], ann["row"]) == (ANN, "upn", 0, 2)
    expected = {
        "attendance": 84.25,
        "suspensions": 2,
        "ehcp": False,
        "sen_provision": "K",
        "date_of_birth": "2011-02-01",
    }
    assert {name: ann["values"][name] for name in expected} == expected
    assert "attendance" not in bob["values"]
    assert bob["origin"] == {"young_carer": 0}
    assert bob["given"]["sen_provision"] is None


def test_pupils_may_be_kept_apart_and_put_together_in_another_order(roll: Cohort) -> None:
    data = cohort_to_dict(roll)
    data["pupils"] = [data["pupils"][2], data["pupils"][0]]
    assert_the_same(roll.take(np.array([2, 0])), cohort_from_dict(data))


def test_a_check_keeps_dates_and_year_groups_of_its_own() -> None:
    check = replace(
        get_check("january", "2025/26"),
        on=date(2026, 1, 20),
        due=date(2026, 2, 2),
        accepted_years=(7, 8),
        few_sessions=5,
    )
    assert check_from_dict(json.loads(json.dumps(check_to_dict(check)))) == check
    assert check_from_dict({"name": "november", "year": "2026/27"}) == get_check("november", "2026/27")


def test_a_whole_number_is_a_per_cent() -> None:
    data = cohort_to_dict(cohort_of({"attendance": [90.0]}))
    data["pupils"][0]["values"]["attendance"] = 90
    assert cohort_from_dict(data).column("attendance").tolist() == [90.0]


def test_a_cohort_of_nobody_comes_back() -> None:
    assert_the_same(cohort_of({"fsm": [], "surname": []}, size=0), through_json(cohort_of({"fsm": [], "surname": []})))


def test_problems_about_a_whole_column_and_in_words_come_back() -> None:
    blocks = [
        ProblemBlock("heading_unknown", "a.csv", "House", None, {"nearest": "Say which."}),
        ProblemBlock("unreadable", "a.csv", "FSM", np.array([4, 9]), {"expects": "yes or no"}),
    ]
    made = replace(
        cohort_of({"fsm": [True]}),
        problems=Problems(blocks),
        sources=(Source("Care", None, "council"),),
        readings=(Reading("a.csv", "FSM", "fsm", "1 blank, read as no", "used", {"blank": "no"}),),
    )
    assert_the_same(made, through_json(made))
    assert [type(problem) for problem in through_json(made).problems] == [Problem] * 3


Spoil = Callable[[dict[str, Any]], None]


def _put(*path: Any, value: Any) -> Spoil:
    def spoil(data: dict[str, Any]) -> None:
        *most, last = path
        for step in most:
            data = data[step]
        data[last] = value

    return spoil


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_put("schema", value=2), "stored in a form that is not known"),
        (_put("columns", value=["fsm", "sen_provision", "shoe_size"]), "“shoe_size” is not a field"),
        (_put("columns", value=["fsm"]), "which is not among the columns"),
        (_put("pupils", 0, "values", "shoe_size", value=4), "“shoe_size” is not a field"),
        (_put("pupils", 0, "values", "sen_provision", value="Q"), "“sen_provision” holds a code that"),
        (_put("pupils", 0, "values", "fsm", value=1), "“fsm” holds what is no flag"),
        (_put("pupils", 0, "values", "suspensions", value=2**40), "“suspensions” holds what is no count"),
        (_put("pupils", 0, "values", "suspensions", value=-4), "“suspensions” holds what is no count"),
        (_put("pupils", 0, "values", "date_of_birth", value="some day"), "“date_of_birth” holds what is no date"),
        (_put("pupils", 0, "origin", value={"shoe_size": 0}), "“shoe_size” is not a field"),
        (_put("pupils", 0, "origin", value={"fsm": 7}), "This is no stored cohort"),
        (_put("pupils", 0, "file", value=3), "This is no stored cohort"),
        (_put("pupils", 0, "kind", value="nickname"), "This is no stored cohort"),
        (_put("pupils", 1, "key", value="PUPIL00000"), "have the same key"),
        (_put("files", value=None), "This is no stored cohort"),
        (_put("not_kept", value=[{"file": "a", "row": 1, "code": "bored"}]), "“bored” is not a reason"),
        (_put("problems", value=[{"code": "x", "file": "", "column": "", "rows": None, "says": {}}]), "“x” is not a"),
    ],
)
def test_what_is_no_longer_known_is_refused_with_the_reason(spoil: Spoil, says: str) -> None:
    columns: dict[str, list[Any]] = {"fsm": [True, None], "sen_provision": ["K", "E"], "suspensions": [1, None]}
    data = cohort_to_dict(cohort_of(columns | {"date_of_birth": [date(2011, 2, 1), None]}))
    spoiled = copy.deepcopy(data)
    spoil(spoiled)
    with pytest.raises(RoniError, match=says):
        cohort_from_dict(spoiled)


def test_a_check_that_does_not_exist_is_refused() -> None:
    data = cohort_to_dict(cohort_of({"fsm": [True]}))
    with pytest.raises(CalendarError, match="There is no check called “may”"):
        cohort_from_dict(data | {"check": {"name": "may", "year": "2026/27"}})


def test_a_large_cohort_takes_seconds() -> None:
    names = [name for name, item in national().items() if item.type != "text"][:30]
    small = cohort_of({name: _some(name) for name in names})
    large = replace(small.take(np.arange(20_000) % 10), row=np.arange(20_000), keys=_numbered(20_000))
    began = time.process_time()
    assert_the_same(large, cohort_from_dict(cohort_to_dict(large)))
    assert time.process_time() - began < 5


def _some(name: str) -> list[Any]:
    item = national()[name]
    known = {
        "percent": 91.2, "count": 9, "flag": True, "code": next(iter(item.codes), ""), "date": date(2011, 2, 1),
    }[item.type]  # fmt: skip
    return [known] * 9 + [None]


def _numbered(size: int) -> Any:
    import pyarrow as pa

    return pa.array([f"P{place}" for place in range(size)], pa.string())
