"""The reasons in a pupil's line add up to the pupil's points, and what is not known is said where it belongs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.cohort import Cohort, Reading
from roni.indicator import Inclusion
from roni.indicator.condition import IsTrue
from roni.scorecard import Scorecard, load_scorecard
from roni.wording import reasons
from tests.strategies import cohort_of, cohorts

OXFORDSHIRE, OURS = load_scorecard("oxfordshire"), load_scorecard("roni")


def lines(cohort: Cohort, said: object = reasons.reasons, card: Scorecard = OXFORDSHIRE) -> list[str]:
    assert callable(said)
    return list(said(cohort, card.assess(cohort)).joined().to_pylist())


@settings(max_examples=40, deadline=None)
@given(cohorts([*OURS.fields, "restricted_sharing", "suspensions"]), st.sampled_from([OXFORDSHIRE, OURS]))
def test_the_points_in_the_reasons_sum_to_the_points(cohort: Cohort, card: Scorecard) -> None:
    sums = [sum(int(found) for found in re.findall(r" \+(\d+)(?:;|$)", line)) for line in lines(cohort, card=card)]
    assert sums == card.assess(cohort).points.tolist()


def test_reasons_stand_most_points_first() -> None:
    cohort = cohort_of({"attendance": [87.0], "young_carer": [True], "suspensions": [3], "suspended": [True]})
    assert lines(cohort) == ["young carer +2; attendance 87.0 % (below 90 %) +1; 3 suspensions +1"]


@pytest.mark.parametrize(
    ("attendance", "said"),
    [
        (90.0, ""),
        (89.96, "attendance 89.96 % (below 90 %) +1"),
        (85.0, "attendance 85.0 % (below 90 %) +1"),
        (84.9, "attendance 84.9 % (below 85 %) +2"),
        (None, ""),
    ],
)
def test_only_the_tier_that_pays_is_said(attendance: float | None, said: str) -> None:
    assert lines(cohort_of({"attendance": [attendance]})) == [said]


def test_an_automatic_inclusion_is_said_with_its_band() -> None:
    assert "looked after: at least amber" in lines(cohort_of({"looked_after": [True]}), card=OURS)[0]


def test_nothing_is_said_of_a_restricted_pupil() -> None:
    cohort = cohort_of({"restricted_sharing": [True, False], "young_carer": [True, None], "looked_after": [None, True]})
    assert lines(cohort)[0] == ""
    assert lines(cohort, reasons.not_known) == ["", "young carer"]
    assert lines(cohort, reasons.ask_first)[0] == ""


def test_what_is_not_known_of_a_pupil_is_named() -> None:
    cohort = cohort_of({"attendance": [None, 95.0], "young_carer": [None, False]})
    assert lines(cohort, reasons.not_known) == ["attendance; young carer", ""]


def test_what_a_whole_file_lacks_is_said_once_and_not_on_each_line() -> None:
    cohort = cohort_of(
        {"attendance": [95.0, None], "looked_after": [None, None]},
        files=("a.csv", "b.csv"),
        file_index=[0, 1],
        readings=[Reading("b.csv", "Attendance", "attendance", "no value at all", "empty")],
    )
    assert lines(cohort, reasons.not_known) == ["looked after", "looked after"]
    once = reasons.said_once(cohort, OXFORDSHIRE.assess(cohort))
    assert "b.csv says nothing about attendance: not known, up to 2 points for 1 pupil." in once
    assert not any(line.startswith("a.csv says nothing about attendance") for line in once)


def test_a_field_that_only_includes_is_said_to_raise_the_band() -> None:
    carers = Inclusion("carers", "young carers", "red", IsTrue("homeless"), "invented for this test")
    card = replace(OXFORDSHIRE, inclusions=(carers,))
    cohort = cohort_of({"young_carer": [True, None]})
    once = reasons.said_once(cohort, card.assess(cohort))
    label = cohort.fields["homeless"].label
    assert f"invented.csv says nothing about {label}: not known, and could raise the band of each of 2 pupils." in once


def test_an_unknown_that_could_change_nothing_is_not_named() -> None:
    cohort = cohort_of({"permanently_excluded": [True, False], "suspended": [None, True]})
    assert lines(cohort, reasons.not_known) == ["", ""]


def test_who_supplies_the_first_thing_to_ask_is_named() -> None:
    cohort = cohort_of({"looked_after": [None, False], "attendance": [95.0, 95.0]})
    assert lines(cohort, reasons.ask_first)[0] == "looked after (virtual school)"
