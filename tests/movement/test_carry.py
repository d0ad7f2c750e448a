"""January updates November field by field; nothing falls only because a cell is blank."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings

from roni.cohort import Cohort, Reading
from roni.fields import national
from roni.movement.carry import carry_over
from roni.scorecard import load_scorecard
from roni.scoring import score
from tests.strategies import FILE, cohort_of, cohorts


def january(columns: dict[str, list[object]], **more: object) -> Cohort:
    size = max((len(values) for values in columns.values()), default=1)
    return cohort_of(columns, size=size, check="january", **more)  # type: ignore[arg-type]


def values(cohort: Cohort, name: str) -> list[object]:
    return [cohort.value(name, place) for place in range(len(cohort))]


def asked(cohort: Cohort) -> list[tuple[int | None, str]]:
    return [(problem.row, problem.column) for problem in cohort.problems if problem.code == "would_fall"]


def test_an_absent_column_leaves_the_november_value_standing() -> None:
    found = carry_over(january({"surname": ["Ashdown"]}), cohort_of({"fsm": [True]}))
    assert values(found, "fsm") == [True]
    source = found.source_of("fsm", 0)
    assert source is not None
    assert (source.name, source.as_at, source.kind) == ("November 2026", date(2026, 11, 1), "carried")


def test_what_january_states_is_kept() -> None:
    found = carry_over(january({"fsm": [False]}), cohort_of({"fsm": [True]}))
    assert values(found, "fsm") == [False]
    assert found.source_of("fsm", 0) is None
    assert asked(found) == []


@pytest.mark.parametrize(
    "name", ["attendance", "recent_attendance", "suspensions", "leaving_destination", "year_group"]
)
def test_figures_of_a_period_and_places_on_a_roll_never_stand_over(name: str) -> None:
    value = {"leaving_destination": "college", "year_group": 11}.get(name, 3)
    assert values(carry_over(january({"fsm": [True]}), cohort_of({name: [value]})), name) == [None]


def test_a_value_that_would_fall_because_of_a_blank_stays_and_is_listed() -> None:
    found = carry_over(january({"looked_after": [None, None, True]}), cohort_of({"looked_after": [True, False, True]}))
    assert values(found, "looked_after") == [True, False, True]
    assert asked(found) == [(2, "")]


def test_a_blank_that_the_reading_took_for_no_is_still_a_blank() -> None:
    reading = Reading(FILE, "In care", "looked_after", "blank read as no", "used", {"blank": "no"})
    now = january({"looked_after": [False, True]}, readings=[reading])
    found = carry_over(now, cohort_of({"looked_after": [True, True]}))
    assert values(found, "looked_after") == [True, True]
    assert asked(found) == [(2, "In care")]


def test_a_stated_no_is_an_answer() -> None:
    reading = Reading(FILE, "In care", "looked_after", "blank not known", "used", {"blank": "not known"})
    found = carry_over(january({"looked_after": [False]}, readings=[reading]), cohort_of({"looked_after": [True]}))
    assert values(found, "looked_after") == [False]


def test_a_code_falls_only_from_another_than_none() -> None:
    found = carry_over(january({"fsm": [True, True]}), cohort_of({"sen_provision": ["K", "N"]}))
    assert values(found, "sen_provision") == ["K", "N"]
    assert asked(found) == [(2, "")]


@pytest.mark.parametrize(
    ("name", "value", "listed"),
    [
        ("hours_of_provision", 18, True),
        ("hours_of_provision", 0, True),
        ("ks2_maths", 80, True),
        ("attendance_last_year", 99.5, True),
        ("school_moves", 1, True),
        ("school_moves", 0, False),
        ("missing_education", False, False),
        ("sen_need", "SLD", True),
        ("ethnicity", "WBRI", False),
        ("middle_names", "Bo", False),
        ("uln", "1000000043", False),
    ],
)
def test_what_is_listed_is_what_a_scorecard_could_lose(name: str, value: object, listed: bool) -> None:
    found = carry_over(january({"surname": ["Ashdown"]}), cohort_of({name: [value]}))
    assert values(found, name) == [value]
    assert len(asked(found)) == listed


DIED = {"leaving_destination": ["died"], "leaving_date": [date(2026, 10, 5)], "leaving_reason": ["deceased"]}


@pytest.mark.parametrize("states", [{"surname": ["Ashdown"]}, {name: [None] for name in DIED}])
def test_a_pupil_who_has_died_stays_in_no_list(states: dict[str, list[object]]) -> None:
    card = load_scorecard("oxfordshire")
    november = cohort_of({**DIED, "young_carer": [True]})
    found = carry_over(january({**states, "young_carer": [True]}), november)
    assert [values(found, name) for name in DIED] == list(DIED.values())
    now = score(found, card)
    assert now.to_table()["section"].to_pylist() == ["not listed"]
    assert now.since(score(november, card)).counts() == {"not compared": 1}
    assert asked(found) == [(2, "")]


def test_a_later_word_on_where_a_pupil_went_goes_before_a_death() -> None:
    found = carry_over(january({"leaving_destination": ["college"]}), cohort_of(DIED))
    assert [values(found, name) for name in DIED] == [["college"], [None], [None]]
    assert asked(found) == []


def test_a_pupil_who_had_left_and_is_on_the_roll_again_has_not_left() -> None:
    gone = {"leaving_destination": ["college"], "leaving_date": [date(2026, 10, 5)], "leaving_reason": ["moved"]}
    found = carry_over(january({"surname": ["Ashdown"]}), cohort_of(gone))
    assert [values(found, name) for name in gone] == [[None]] * 3


def test_what_november_itself_carried_keeps_its_older_date() -> None:
    spring = cohort_of({"fsm": [True]}, check="january")
    november = carry_over(cohort_of({"looked_after": [True]}), spring)
    found = carry_over(january({"surname": ["Ashdown"]}), november)
    names = [source.name for name in ("fsm", "looked_after") if (source := found.source_of(name, 0))]
    assert names == ["January 2027", "November 2026"]


def test_joiners_have_nothing_to_carry_and_leavers_are_not_brought_back() -> None:
    november = cohort_of({"fsm": [True, True]}).take(np.array([1]))
    found = carry_over(january({"surname": ["Ashdown"]}), november)
    assert values(found, "fsm") == [None]


def test_texts_are_carried_too() -> None:
    now = january({"preferred_name": [None, "Bó"]})
    found = carry_over(now, cohort_of({"preferred_name": ["Ash", "Ash"]}))
    assert values(found, "preferred_name") == ["Ash", "Bó"]


NAMES = ["attendance", "looked_after", "sen_provision", "suspensions", "preferred_name", "young_carer", "entry_date"]


@settings(max_examples=25, deadline=None)
@given(cohorts(NAMES, size=4), cohorts(NAMES, size=4))
def test_nothing_stated_is_lost_and_nothing_is_invented(now: Cohort, previous: Cohort) -> None:
    found = carry_over(now, previous)
    for name in NAMES:
        carried = national()[name].carried and name != "entry_date"
        for here, then, result in zip(values(now, name), values(previous, name), values(found, name), strict=True):
            assert result == (here if here is not None or not carried else then)


def test_what_comes_of_several_columns_is_worked_out_again() -> None:
    november = cohort_of({"parent": [True, False], "pregnant": [False, False], "pregnant_or_parent": [True, False]})
    found = carry_over(january({"pregnant": [False, True], "pregnant_or_parent": [False, True]}), november)
    assert values(found, "parent") == [True, False]
    assert values(found, "pregnant_or_parent") == [True, True]
