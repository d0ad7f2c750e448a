"""Whom an evaluation is about, and the policy for those of whom nothing is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from roni.errors import RoniError
from roni.evaluation.population import follow_up, is_invented, relabelled
from roni.outcomes import Outcome, Outcomes
from tests.strategies import cohort_of

ON = Outcome.neet_on(date(2028, 3, 1))


def outcomes(labels: dict[int, int]) -> Outcomes:
    keys = pa.array([f"PUPIL{place:05}" for place in labels], pa.string())
    return Outcomes(keys, np.array(list(labels.values()), np.int8), ON)


def test_only_year_groups_that_were_followed_up_are_judged() -> None:
    cohort = cohort_of({"year_group": [11, 11, 10, 11, None]})
    found = follow_up(cohort, outcomes({0: 1, 1: -1, 3: 0}))
    assert found.places.tolist() == [0, 1, 3]
    assert found.label.tolist() == [1, -1, 0]
    assert dict(found.left_out) == {-1: 1, 10: 1}
    assert (found.neet, found.not_neet, found.not_known, found.known, found.no_record) == (1, 1, 1, 2, 0)


@pytest.mark.parametrize(("recorded", "judged"), [(1, False), (2, True)])
def test_a_year_group_is_followed_up_where_half_have_a_record(recorded: int, judged: bool) -> None:
    cohort = cohort_of({"year_group": [11] * 4 + [12]})
    found = follow_up(cohort, outcomes({4: 1} | dict.fromkeys(range(recorded), -1)))
    assert (11 not in found.left_out) is judged


def test_a_pupil_without_a_record_is_not_known_and_counted_apart() -> None:
    found = follow_up(cohort_of({"year_group": [11, 11]}), outcomes({0: 1}))
    assert found.label.tolist() == [1, 0]
    assert (found.not_known, found.no_record) == (1, 1)


def test_a_cohort_without_year_groups_is_judged_whole() -> None:
    assert len(follow_up(cohort_of({}, size=2), outcomes({0: 1, 1: -1}))) == 2


def test_destinations_of_other_pupils_are_refused() -> None:
    with pytest.raises(RoniError, match="0 of 2 pupils have a destination"):
        follow_up(cohort_of({"year_group": [11, 11]}), outcomes({7: 1}))


def test_an_outcome_that_was_over_before_the_check_is_refused_with_that_reason() -> None:
    cohort = cohort_of({"year_group": [11, 11]})
    on_the_day, before = (
        replace(outcomes({0: 1, 1: -1}), outcome=Outcome.neet_on(day)) for day in (cohort.check.on, date(2026, 10, 1))
    )
    assert len(follow_up(cohort, on_the_day)) == 2
    with pytest.raises(RoniError, match="“NEET on 2026-10-01” was over before the November 2026 check"):
        follow_up(cohort, before)


@pytest.mark.parametrize(
    ("policy", "label"), [("excluded", [1, 0]), ("counted as NEET", [1, 1]), ("counted as not NEET", [1, -1])]
)
def test_the_not_known_can_be_counted_either_way(policy: str, label: list[int]) -> None:
    found = follow_up(cohort_of({"year_group": [11, 11]}), outcomes({0: 1, 1: 0}))
    assert relabelled(found, policy).label.tolist() == label


def test_invented_pupils_are_known_by_an_authority_number_not_in_use() -> None:
    cohort = cohort_of({}, size=2)
    invented = replace(cohort, keys=pa.array(["N100000018001", "A199000018002"]))
    real = replace(cohort, keys=pa.array(["N201000018001", "A302000018002"]))
    assert is_invented(invented)
    assert not is_invented(real)
    assert not is_invented(cohort)
