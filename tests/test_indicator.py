"""Conditions judge, say themselves and name their edges, all from the same threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.cohort import Cohort
from roni.errors import ScorecardError
from roni.fields import Dictionary, Field, national
from roni.indicator import AllOf, AnyOf, AtLeast, Below, Condition, IsTrue, Not, OneOf, parse_condition
from tests.strategies import cohort_of, cohorts, pupil

FIELDS = ("attendance", "suspensions", "sen_provision", "looked_after", "fsm")


def leaves() -> st.SearchStrategy[Condition]:
    return st.one_of(
        st.floats(1, 100).map(lambda threshold: Below("attendance", round(threshold, 1))),
        st.floats(1, 100).map(lambda threshold: AtLeast("attendance", round(threshold, 1))),
        st.integers(1, 30).map(lambda threshold: AtLeast("suspensions", threshold)),
        st.integers(1, 30).map(lambda threshold: Below("suspensions", threshold)),
        st.sampled_from([("E",), ("K",), ("E", "K")]).map(lambda codes: OneOf("sen_provision", codes)),
        st.sampled_from(["looked_after", "fsm"]).map(IsTrue),
    )


def conditions() -> st.SearchStrategy[Condition]:
    return st.recursive(leaves(), _compound, max_leaves=5)


def _compound(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(parts.map(AnyOf), parts.map(AllOf), inner.map(Not))


def verdict(condition: Condition, **values: Any) -> int:
    return int(condition.judge(pupil(**values))[0])


# ---- both sides of every boundary


@pytest.mark.parametrize(
    ("condition", "field", "met", "not_met"),
    [
        (Below("attendance", 85.0), "attendance", 84.9, 85.0),
        (Below("attendance", 85.0), "attendance", np.nextafter(85.0, 0), 85.0),
        (AtLeast("attendance", 85.0), "attendance", 85.0, 84.9),
        (AtLeast("attendance", 85.0), "attendance", 85.0, np.nextafter(85.0, 0)),
        (AtLeast("suspensions", 1), "suspensions", 1, 0),
        (AtLeast("suspensions", 3), "suspensions", 3, 2),
        (Below("hours_of_provision", 25), "hours_of_provision", 24, 25),
        (Below("hours_of_provision", 1), "hours_of_provision", 0, 1),
        (OneOf("sen_provision", ("E",)), "sen_provision", "E", "K"),
        (OneOf("sen_provision", ("E", "K")), "sen_provision", "K", "N"),
        (OneOf("sen_provision", ("N",)), "sen_provision", "N", "K"),
        (IsTrue("looked_after"), "looked_after", True, False),
        (Not(IsTrue("looked_after")), "looked_after", False, True),
        (Not(Below("attendance", 85.0)), "attendance", 85.0, 84.9),
        (Not(OneOf("sen_provision", ("N",))), "sen_provision", "E", "N"),
    ],
)
def test_a_boundary_has_two_sides_and_a_blank_stands_on_neither(
    condition: Condition, field: str, met: Any, not_met: Any
) -> None:
    judged = condition.judge(cohort_of({field: [met, not_met, None]}))
    assert judged.tolist() == [1, -1, 0]
    assert judged.dtype == np.int8


@given(leaves())
def test_the_edges_of_a_condition_stand_on_both_of_its_sides(condition: Condition) -> None:
    ((field, values),) = condition.edges(national()).items()
    assert set(condition.judge(cohort_of({field: values})).tolist()) == {1, -1}


@given(conditions(), cohorts(FIELDS))
def test_every_verdict_is_also_reached_by_edge_values_alone(condition: Condition, cohort: Cohort) -> None:
    """Edges are all that matters: what no edge value can reach, no value can."""
    one = condition.fields[0]
    others = {name: values for name, values in cohort.columns.items() if name != one}
    reached = set()
    for value in condition.edges(national())[one]:
        columns = others | {one: cohort_of({one: [value] * len(cohort)}).columns[one]}
        found = np.broadcast_to(condition.verdict(columns, cohort.fields), len(cohort))
        reached |= set(enumerate(found))
    known = cohort.known(one)
    judged = condition.judge(cohort)
    assert {(place, judged[place]) for place in np.flatnonzero(known)} <= reached


# ---- three answers


@given(conditions(), conditions(), cohorts(FIELDS))
@settings(max_examples=50)
def test_any_of_is_the_maximum_all_of_the_minimum_not_the_negation(a: Condition, b: Condition, cohort: Cohort) -> None:
    first, second = a.judge(cohort), b.judge(cohort)
    assert np.array_equal(AnyOf((a, b)).judge(cohort), np.maximum(first, second))
    assert np.array_equal(AllOf((a, b)).judge(cohort), np.minimum(first, second))
    assert np.array_equal(Not(a).judge(cohort), -first)


@given(conditions(), cohorts(FIELDS, size=1))
def test_an_answer_never_turns_a_known_verdict(condition: Condition, cohort: Cohort) -> None:
    before = condition.judge(cohort)[0]
    for field, values in condition.edges(national()).items():
        if not cohort.known(field)[0]:
            for value in values:
                answered = cohort_of({**plain(cohort), field: [value]}, size=1)
                assert before in (0, condition.judge(answered)[0])


def plain(cohort: Cohort) -> dict[str, list[Any]]:
    return {name: [cohort.value(name, place) for place in range(len(cohort))] for name in cohort.columns}


def test_a_flag_is_judged_by_its_own_column_uncopied() -> None:
    cohort = cohort_of({"looked_after": [True, False, None]})
    assert np.shares_memory(IsTrue("looked_after").judge(cohort), cohort.columns["looked_after"])


def test_an_absent_column_is_not_known_for_anybody_and_costs_no_pass() -> None:
    cohort = cohort_of({"fsm": [True, False, None]})
    assert Below("attendance", 85.0).verdict(cohort.columns, cohort.fields).ndim == 0
    assert Below("attendance", 85.0).judge(cohort).tolist() == [0, 0, 0]
    assert AnyOf((IsTrue("fsm"), IsTrue("looked_after"))).judge(cohort).tolist() == [1, 0, 0]
    assert AllOf((IsTrue("fsm"), IsTrue("looked_after"))).judge(cohort).tolist() == [0, -1, 0]


def test_a_per_cent_that_may_be_negative_is_known_below_nought() -> None:
    change = Field("change", "change", "percent", "local", "d", "s", "u", minimum=-100, maximum=100)
    cohort = cohort_of({"change": [-5.1, -5.0, 0.0, None]}, fields=Dictionary([change]))
    assert Below("change", -5.0).judge(cohort).tolist() == [1, -1, -1, 0]


# ---- words


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"field": "attendance", "below": 85}, "attendance below 85 %"),
        ({"field": "attendance", "at_least": 92.5}, "attendance 92.5 % or more"),
        ({"field": "suspensions", "at_least": 3}, "3 or more suspensions"),
        ({"field": "hours_of_provision", "below": 25}, "fewer than 25 hours of provision a week"),
        ({"field": "ks2_maths", "below": 100}, "KS2 maths scaled score below 100"),
        ({"field": "ks2_maths", "at_least": 100}, "KS2 maths scaled score 100 or more"),
        ({"field": "looked_after", "is_true": True}, "looked after"),
        ({"field": "english_grade", "one_of": ["3"]}, "English grade: grade 3"),
        ({"field": "english_grade", "one_of": ["3", "2", "U"]}, "English grade: grade 3, grade 2 or ungraded"),
        ({"not": {"field": "attendance", "below": 85}}, "attendance 85 % or more"),
        ({"not": {"field": "attendance", "at_least": 85}}, "attendance below 85 %"),
        ({"not": {"field": "suspensions", "at_least": 3}}, "fewer than 3 suspensions"),
        ({"not": {"field": "looked_after", "is_true": True}}, "not looked after"),
        ({"not": {"field": "english_grade", "one_of": ["3", "2"]}}, "English grade: not grade 3 or grade 2"),
        ({"not": {"not": {"field": "fsm", "is_true": True}}}, "free school meals"),
    ],
)
def test_the_words_come_from_the_condition(row: dict[str, Any], words: str) -> None:
    assert parse_condition(row, "card", national()).words(national()) == words


def test_words_of_several_conditions_say_and_or_with_brackets_where_they_mix() -> None:
    low, many, fsm = Below("attendance", 85.0), AtLeast("suspensions", 3), IsTrue("fsm")
    assert AnyOf((low, many)).words(national()) == "attendance below 85 % or 3 or more suspensions"
    assert AllOf((low, AnyOf((many, fsm)))).words(national()) == (
        "attendance below 85 % and (3 or more suspensions or free school meals)"
    )
    assert Not(AllOf((low, AnyOf((many, fsm))))).words(national()) == (
        "attendance 85 % or more or (fewer than 3 suspensions and no free school meals)"
    )
    assert Not(Not(AnyOf((low, many)))).words(national()) == AnyOf((low, many)).words(national())


def test_one_code_needs_no_brackets_and_several_do() -> None:
    fsm, one, two = IsTrue("fsm"), OneOf("english_grade", ("3",)), OneOf("english_grade", ("3", "2"))
    assert AllOf((fsm, one)).words(national()) == "free school meals and English grade: grade 3"
    assert AllOf((fsm, two)).words(national()) == "free school meals and (English grade: grade 3 or grade 2)"


def test_a_flag_without_words_of_its_own_is_denied_by_not() -> None:
    moved = Field("moved", "moved", "flag", "local", "d", "s", "u")
    assert Not(IsTrue("moved")).words(Dictionary([moved])) == "not moved"


def test_codes_with_words_of_their_own_stand_alone() -> None:
    said = Field(
        "plan", "plan", "code", "local", "d", "s", "u", codes={"E": "EHC plan", "K": "SEN support"},
        said={"E": "EHC plan", "K": "SEN support"},
    )  # fmt: skip
    assert OneOf("plan", ("E", "K")).words(Dictionary([said])) == "EHC plan or SEN support"
    assert OneOf("plan", ("E",)).words(Dictionary([said])) == "EHC plan"


# ---- how a card writes conditions


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("attendance", "a condition is a table such as"),
        ({"below": 85}, "a condition names its field"),
        ({"field": 7}, "a condition names its field"),
        ({"field": "attendence", "below": 85}, "“attendence” is not a field. Did you mean “attendance”?"),
        ({"field": "zzz", "below": 85}, "“zzz” is not a field."),
        ({"field": "attendance"}, "“attendance” is of type percent; allowed is one of “below”, “at_least”, not none"),
        ({"field": "attendance", "is_true": True}, "allowed is one of “below”, “at_least”, not “is_true”"),
        ({"field": "attendance", "below": 85, "at_least": 80}, "not “below”, “at_least”"),
        ({"field": "looked_after", "at_least": 1}, "of type flag; allowed is one of “is_true”, not “at_least”"),
        ({"field": "sen_provision", "is_true": True}, "of type code; allowed is one of “one_of”, not “is_true”"),
        ({"field": "looked_after", "is_true": False}, "“is_true” of “looked_after” can only be true"),
        ({"field": "looked_after", "is_true": 1}, "“is_true” of “looked_after” can only be true"),
        ({"field": "sen_provision", "one_of": ["Z"]}, "“Z” is not a code of “sen_provision”. Allowed are: N, K, E."),
        ({"field": "sen_provision", "one_of": []}, "needs a list of codes, each once"),
        ({"field": "sen_provision", "one_of": "E"}, "needs a list of codes, each once"),
        ({"field": "sen_provision", "one_of": ["E", "E"]}, "needs a list of codes, each once"),
        ({"field": "attendance", "below": 100.1}, "must be a number above 0 and at most 100"),
        ({"field": "attendance", "below": 0}, "must be a number above 0 and at most 100"),
        ({"field": "attendance", "below": "85"}, "must be a number above 0"),
        ({"field": "attendance", "below": True}, "must be a number above 0"),
        ({"field": "attendance", "below": float("nan")}, "must be a number above 0"),
        ({"field": "attendance", "below": 84.96}, "“below” of “attendance” must be a multiple of 0.1"),
        ({"field": "suspensions", "at_least": 1.5}, "“at_least” of “suspensions” must be a multiple of 1"),
        ({"field": "suspensions", "at_least": 0}, "must be a number above 0 and at most 200"),
        ({"field": "suspensions", "at_least": 201}, "must be a number above 0 and at most 200"),
        ({"field": "ks2_maths", "below": 80}, "must be a number above 80 and at most 120"),
        ({"field": "date_of_birth", "below": 85}, "“date_of_birth” may not be scored"),
        ({"field": "surname", "one_of": ["x"]}, "“surname” may not be scored"),
        ({"field": "ethnicity", "one_of": ["WBRI"]}, "“ethnicity” may not be scored"),
        ({"any_of": [{"field": "fsm", "is_true": True}]}, "any_of: this needs a list of two or more conditions"),
        ({"all_of": "fsm"}, "all_of: this needs a list of two or more conditions"),
        ({"any_of": [], "field": "fsm"}, "“field” is not allowed beside “any_of”"),
        ({"not": {"field": "fsm", "is_true": True}, "all_of": []}, "“not” is not allowed beside “all_of”"),
        ({"not": [1]}, "card, not: a condition is a table such as"),
    ],
)  # fmt: skip
def test_a_condition_that_cannot_be_read_says_what_is_allowed(row: Any, sentence: str) -> None:
    with pytest.raises(ScorecardError, match=r"^card") as error:
        parse_condition(row, "card", national())
    assert sentence in str(error.value)


def test_a_count_without_a_maximum_is_bounded_below_only() -> None:
    visits = Dictionary([Field("visits", "visits", "count", "local", "d", "s", "u")])
    assert parse_condition({"field": "visits", "at_least": 1000}, "card", visits) == AtLeast("visits", 1000)
    with pytest.raises(ScorecardError, match=r"“at_least” of “visits” must be a number above 0\.$"):
        parse_condition({"field": "visits", "at_least": 0}, "card", visits)


@pytest.mark.parametrize("threshold", [0.1, 84.9, 85, 100])
def test_a_threshold_on_the_grid_and_within_the_range_is_read(threshold: float) -> None:
    assert parse_condition({"field": "attendance", "below": threshold}, "card", national()) == Below(
        "attendance", threshold
    )


def test_everything_wrong_with_a_nested_condition_is_said_at_once() -> None:
    row = {"any_of": [{"field": "x", "below": 1}, {"all_of": [{"field": "fsm", "below": 1}, {"field": "y"}]}]}
    with pytest.raises(ScorecardError, match="“x” is not a field") as error:
        parse_condition(row, "card", national())
    assert [line.split(":")[0] for line in str(error.value).splitlines()] == [
        "card, any_of",
        "card, any_of, all_of",
        "card, any_of, all_of",
    ]


def test_nested_conditions_are_read() -> None:
    row = {"all_of": [{"field": "attendance", "below": 90}, {"not": {"field": "fsm", "is_true": True}}]}
    condition = parse_condition(row, "card", national())
    assert condition == AllOf((Below("attendance", 90.0), Not(IsTrue("fsm"))))
    assert condition.fields == ("attendance", "fsm")
    assert verdict(condition, attendance=89.9, fsm=False) == 1
    assert verdict(condition, attendance=89.9, fsm=True) == -1
    assert verdict(condition, attendance=89.9) == 0
    assert verdict(condition, attendance=90.0) == -1
