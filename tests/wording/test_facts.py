"""A fact says the raw value and the boundary, and the one never contradicts the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.cohort import Cohort
from roni.indicator.condition import AllOf, AnyOf, AtLeast, Below, Condition, IsTrue, Not, OneOf
from roni.wording.facts import facts, known_value, percent
from tests.strategies import cohort_of, cohorts, pupil
from tests.test_indicator import conditions


def fact(condition: Condition, **values: object) -> str:
    return facts(condition, pupil(**values), np.array([0])).one


@pytest.mark.parametrize(
    ("condition", "values", "said"),
    [
        (Below("attendance", 85), {"attendance": 84.2}, "attendance 84.2 % (below 85 %)"),
        (Below("attendance", 90), {"attendance": 89.96}, "attendance 89.96 % (below 90 %)"),
        (AtLeast("attendance", 90), {"attendance": 90.0}, "attendance 90.0 % (90 % or more)"),
        (Not(Below("attendance", 90)), {"attendance": 90.0}, "attendance 90.0 % (90 % or more)"),
        (Not(AtLeast("attendance", 90)), {"attendance": 89.9}, "attendance 89.9 % (below 90 %)"),
        (AtLeast("suspensions", 1), {"suspensions": 1}, "1 suspension"),
        (AtLeast("suspensions", 3), {"suspensions": 4}, "4 suspensions (3 or more)"),
        (Below("hours_of_provision", 25), {"hours_of_provision": 1}, "1 hour of provision a week (fewer than 25)"),
        (IsTrue("young_carer"), {"young_carer": True}, "young carer"),
        (IsTrue("suspended"), {"suspended": True, "suspensions": 3}, "3 suspensions"),
        (IsTrue("suspended"), {"suspended": True}, "suspended"),
        (Not(IsTrue("young_carer")), {"young_carer": False}, "not a young carer"),
        (Not(Not(IsTrue("young_carer"))), {"young_carer": True}, "young carer"),
        (
            OneOf("leaving_destination", ("college",)),
            {"leaving_destination": "college"},
            "where the pupil went: a college",
        ),
        (
            AnyOf((IsTrue("young_carer"), IsTrue("looked_after"))),
            {"young_carer": None, "looked_after": True},
            "looked after",
        ),
        (
            AllOf((IsTrue("young_carer"), AtLeast("suspensions", 2))),
            {"young_carer": True, "suspensions": 2},
            "young carer and 2 suspensions (2 or more)",
        ),
        (
            Not(AnyOf((IsTrue("young_carer"), IsTrue("looked_after")))),
            {"young_carer": False, "looked_after": False},
            "not a young carer and not looked after",
        ),
        (
            Not(AllOf((IsTrue("young_carer"), IsTrue("looked_after")))),
            {"young_carer": True, "looked_after": False},
            "not looked after",
        ),
    ],
)
def test_a_met_condition_says_its_value(condition: Condition, values: dict[str, object], said: str) -> None:
    assert fact(condition, **values) == said


@given(st.floats(0, 100), st.sampled_from([70.0, 85.0, 90.0, 92.5]))
def test_a_printed_per_cent_stands_on_its_own_side_of_the_boundary(value: float, threshold: float) -> None:
    printed = float(percent(value, [threshold]).removesuffix(" %"))
    assert (printed < threshold) == (value < threshold)
    assert abs(printed - value) <= 0.05 + 1e-9


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8), st.sampled_from([85.0, 90.0]))
def test_the_facts_of_many_are_the_facts_of_each(values: list[float], threshold: float) -> None:
    cohort = cohort_of({"attendance": values})
    condition = Below("attendance", threshold)
    places = np.flatnonzero(condition.judge(cohort) > 0)
    texts, which = facts(condition, cohort, places)
    assert [texts[one] for one in which] == [facts(condition, cohort, np.array([place])).one for place in places]


NAMES = ("attendance", "suspensions", "suspended", "young_carer", "sen_provision", "ks2_maths")


@settings(deadline=None)
@given(st.sampled_from([AnyOf, AllOf]), st.lists(conditions(), min_size=1, max_size=4), cohorts(NAMES))
def test_the_fact_of_several_conditions_is_the_facts_of_those_met(
    kind: type[AnyOf | AllOf], parts: list[Condition], cohort: Cohort
) -> None:
    whole = kind(tuple(parts))
    places = np.flatnonzero(whole.judge(cohort) > 0)
    met = [[part for part in parts if part.judge(cohort)[place] > 0] for place in places]
    texts, which = facts(whole, cohort, places)
    assert [texts[one] for one in which] == [
        " and ".join(facts(part, cohort, np.array([place])).one for part in each)
        for place, each in zip(places, met, strict=True)
    ]


def test_any_known_value_can_be_said_and_an_unknown_one_is_none() -> None:
    cohort = pupil(young_carer=False, attendance=91.25, suspensions=0, leaving_destination="college", looked_after=None)
    names = ("young_carer", "attendance", "suspensions", "leaving_destination", "looked_after")
    assert [known_value(cohort, name, 0) for name in names] == [
        "not a young carer",
        "attendance 91.2 %",
        "0 suspensions",
        "where the pupil went: a college",
        None,
    ]
