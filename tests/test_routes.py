"""Values by several routes: the first known is used for each pupil, and known routes that disagree are said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.cohort import Cohort, Values
from roni.fields import national
from roni.routes import Routed, route
from tests.strategies import cohorts

FIELDS = national()
NAN = float("nan")
DTYPES = {"percent": "float64", "count": "int32", "flag": "int8", "code": "int16"}


def routed(**columns: list[Any]) -> Routed:
    typed: dict[str, Values] = {}
    for name, cells in columns.items():
        item = FIELDS[name]
        if item.type == "text":
            typed[name] = pa.array(cells, pa.string())
        elif item.type == "code":
            codes = list(item.codes)
            typed[name] = np.array([-1 if cell is None else codes.index(cell) for cell in cells], dtype=np.int16)
        elif item.type == "date":
            typed[name] = np.array([cell or "NaT" for cell in cells], dtype="datetime64[s]")
        else:
            typed[name] = np.array(cells, dtype=DTYPES[item.type])
    size = len(next(iter(columns.values())))
    return route(FIELDS, typed, {name: np.ones(size, dtype=bool) for name in columns}, size)


def code(name: str, result: Routed) -> list[str | None]:
    codes = list(FIELDS[name].codes)
    return [None if place < 0 else codes[place] for place in result.columns[name]]


def test_attendance_by_sessions_where_no_per_cent_is_given() -> None:
    result = routed(
        attendance=[84.0, NAN, NAN, NAN], sessions_attended=[1, 115, -1, 5], sessions_possible=[2, 128, 128, 0]
    )
    assert result.columns["attendance"][:2].tolist() == [84.0, 100 * 115 / 128]
    assert np.isnan(result.columns["attendance"][2:]).all()  # not attended known; no possible session
    assert result.used["attendance"].tolist() == [0, 1, -1, -1]


def test_routes_to_attendance_come_in_order() -> None:
    result = routed(
        sessions_authorised=[10, 10], sessions_unauthorised=[5, -1], sessions_possible=[100, 100], absence=[15.0, 20.0]
    )
    assert result.columns["attendance"].tolist() == [85.0, 80.0]


def test_absence_is_taken_from_a_hundred_without_dust() -> None:
    absences = [10.0, 10.1, 15.0, 15.1, 0.1]
    assert routed(absence=absences).columns["attendance"].tolist() == [90.0, 89.9, 85.0, 84.9, 99.9]


@pytest.mark.parametrize(("given_", "disagree"), [(89.6, False), (90.5, False), (90.6, True), (89.4, True)])
def test_routes_that_differ_by_more_than_rounding_disagree(given_: float, disagree: bool) -> None:
    result = routed(attendance=[given_], sessions_attended=[90], sessions_possible=[100])
    assert result.columns["attendance"].tolist() == [given_]
    assert result.conflict["attendance"].tolist() == [disagree]


def test_more_sessions_attended_than_possible_is_impossible_and_not_clipped() -> None:
    result = routed(sessions_attended=[101, 100], sessions_possible=[100, 100])
    assert np.isnan(result.columns["attendance"][0])
    assert result.columns["attendance"][1] == 100
    assert result.impossible["attendance"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("ehcp", "support", "expected"),
    [(1, -1, "E"), (1, 0, "E"), (-1, 1, "K"), (0, 1, "K"), (-1, -1, "N"), (-1, 0, None), (0, -1, None), (0, 0, None)],
)
def test_sen_from_two_flags(ehcp: int, support: int, expected: str | None) -> None:
    assert code("sen_provision", routed(ehcp=[ehcp], sen_support=[support])) == [expected]


def test_the_sen_code_comes_before_the_flags() -> None:
    result = routed(sen_provision=["K", None], ehcp=[1, 1])
    assert code("sen_provision", result) == ["K", "E"]
    assert result.conflict["sen_provision"].tolist() == [True, False]


def test_eal_from_the_first_language() -> None:
    languages = [
        "ENG",
        "ENB",
        "English",
        "Believed to be English",
        "POL",
        "Polish",
        "OTH",
        "REF",
        "NOT",
        "refused",
        None,
    ]
    eal = routed(first_language=languages).columns["eal"].tolist()
    assert eal == [-1, -1, -1, -1, 1, 1, 1, 0, 0, 0, 0]


def test_a_language_in_two_wordings_is_read_where_both_say_the_same() -> None:
    languages = [
        "English/Believed to be English",
        "ENG (English)",
        "Refused (REF)",
        "Polish/English",
        "Creole, English",
    ]
    assert routed(first_language=languages).columns["eal"].tolist() == [-1, -1, 0, 1, 1]


def test_the_eal_flag_comes_before_the_language() -> None:
    assert routed(eal=[-1, 0], first_language=["POL", "POL"]).columns["eal"].tolist() == [-1, 1]


def test_suspended_by_number_sessions_or_flag() -> None:
    result = routed(
        suspensions=[0, 2, -1, -1, -1], suspension_sessions=[0, 4, 0, 3, -1], ever_suspended=[0, 0, 0, 0, 1]
    )
    assert result.columns["suspended"].tolist() == [-1, 1, -1, 1, 1]


@pytest.mark.parametrize(
    ("pregnant", "parent", "expected"), [(1, -1, 1), (-1, 1, 1), (-1, -1, -1), (-1, 0, 0), (0, 0, 0), (1, 0, 1)]
)
def test_pregnant_or_parent_is_no_only_where_every_column_says_no(pregnant: int, parent: int, expected: int) -> None:
    assert routed(pregnant=[pregnant], parent=[parent]).columns["pregnant_or_parent"].tolist() == [expected]


def test_a_column_that_no_file_has_does_not_keep_pregnant_or_parent_unknown() -> None:
    assert routed(parent=[-1, 1]).columns["pregnant_or_parent"].tolist() == [-1, 1]


def test_any_yes_of_pregnant_or_parent_outweighs_its_own_columns_no() -> None:
    result = routed(pregnant_or_parent=[-1, -1], parent=[1, -1])
    assert result.columns["pregnant_or_parent"].tolist() == [1, -1]


def test_a_rescinded_or_reinstated_permanent_exclusion_does_not_count() -> None:
    result = routed(
        permanently_excluded=[1, 1, 1, 1],
        permanent_exclusion_status=["rescinded", "reinstated", "in_force", None],
    )
    assert result.columns["permanently_excluded"].tolist() == [-1, -1, 1, 1]
    assert not result.conflict["permanently_excluded"].any()


def test_a_date_of_permanent_exclusion_says_that_there_was_one() -> None:
    result = routed(permanent_exclusion_date=["2026-10-01", None])
    assert result.columns["permanently_excluded"].tolist() == [1, 0]


def test_surname_and_forename_from_one_column() -> None:
    result = routed(full_name=["O'Example, Ann-Marie", "Solo", None, "Blank,"])
    assert result.columns["surname"].to_pylist() == ["O'Example", None, None, "Blank"]
    assert result.columns["forename"].to_pylist() == ["Ann-Marie", None, None, None]


@given(st.lists(st.tuples(st.integers(-1, 130), st.integers(-1, 128)), min_size=1, max_size=20))
def test_attendance_from_sessions_is_a_per_cent_or_not_known(pairs: list[tuple[int, int]]) -> None:
    attended, possible = (list(column) for column in zip(*pairs, strict=True))
    found = routed(sessions_attended=attended, sessions_possible=possible).columns["attendance"]
    for value, (some, whole) in zip(found, pairs, strict=True):
        known = some >= 0 and whole > 0 and some <= whole
        assert np.isnan(value) != known
        assert not known or value == 100 * some / whole


ROUTED = [item.name for item in FIELDS.values() if item.routes]
SOURCES = [name for item in FIELDS.values() for way in item.routes for name in way.inputs]


@settings(deadline=None)
@given(cohorts([*ROUTED, *SOURCES]), st.sets(st.sampled_from(ROUTED)))
def test_a_few_fields_are_worked_out_as_they_are_among_all(cohort: Cohort, few: set[str]) -> None:
    supplied = {name: np.ones(len(cohort), dtype=bool) for name in cohort.columns}
    among_all = route(FIELDS, cohort.columns, supplied, len(cohort))
    alone = route(FIELDS, cohort.columns, supplied, len(cohort), few)
    for name in few & among_all.columns.keys():
        assert [str(cell) for cell in alone.columns[name]] == [str(cell) for cell in among_all.columns[name]]
