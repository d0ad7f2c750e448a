"""Who is learnt from and who is tested on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roni.cohort import KEY_KINDS, Cohort
from roni.errors import RoniError
from roni.evaluation.splits import (
    as_it_stands,
    at_random,
    leave_one_district_out,
    leave_one_school_out,
    over_time,
    predict_held_out,
)
from tests.strategies import cohort_of


def cohort(size: int, check: str, first: int = 0) -> Cohort:
    found = cohort_of({}, size=first + size, check=check).take(np.arange(first, first + size))
    return replace(found, key_kind=np.full(size, KEY_KINDS.index("upn"), np.int8))


def test_over_time_learns_from_the_earlier_check_and_tests_on_all_of_the_later() -> None:
    found = over_time(cohort(3, "november"), cohort(2, "january", first=3))
    assert (found.train.tolist(), found.test.tolist()) == ([0, 1, 2], [0, 1])
    assert found.words == ("Split over time: learnt from November 2026, tested on January 2027; no pupil is in both.")


def test_a_pupil_of_both_checks_is_only_tested() -> None:
    found = over_time(cohort(3, "november"), cohort(3, "january", first=2))
    assert found.train.tolist() == [0, 1]
    assert "(not learnt from because they were: 1)" in found.words


def test_pupils_without_an_identifier_are_said_to_be_unchecked() -> None:
    named = cohort_of({}, size=2)
    unnamed = replace(named, key_kind=np.full(2, KEY_KINDS.index("reference"), np.int8))
    assert "without an identifier to look for: 2" in over_time(unnamed, cohort(1, "january", 5)).words


def test_the_future_teaches_nothing() -> None:
    with pytest.raises(RoniError, match="must be of an earlier check than November 2026, not January 2027"):
        over_time(cohort(2, "january"), cohort(2, "november"))
    with pytest.raises(RoniError, match="must be of an earlier check"):
        over_time(cohort(2, "november"), cohort(2, "november", first=9))


def test_the_same_pupils_twice_are_no_split() -> None:
    with pytest.raises(RoniError, match="also among those to test on"):
        over_time(cohort(2, "november"), cohort(3, "january"))


def test_one_school_is_left_out_at_a_time_and_a_pupil_without_one_is_in_no_part() -> None:
    found = leave_one_school_out(cohort_of({"school_name": ["B", "A", "B", None]}))
    assert [(item.train.tolist(), item.test.tolist()) for item in found] == [([0, 2], [1]), ([1], [0, 2])]
    assert "in no part because their school is not known: 1" in found[0].words


def test_schools_whose_files_name_none_are_left_out_file_by_file() -> None:
    found = leave_one_school_out(cohort_of({}, size=3, files=("north.csv", "south.csv"), file_index=[0, 1, 0]))
    assert [item.test.tolist() for item in found] == [[0, 2], [1]]


def test_one_district_is_left_out_at_a_time() -> None:
    found = leave_one_district_out(cohort_of({"district": ["N", "S", "N"]}))
    assert [item.test.tolist() for item in found] == [[0, 2], [1]]
    assert found[0].name == "leave one district out"


def test_one_school_alone_cannot_be_left_out() -> None:
    with pytest.raises(RoniError, match="there must be two or more; this cohort names 1"):
        leave_one_school_out(cohort_of({"school_name": ["A", None]}))


@given(st.lists(st.sampled_from([1, -1, -1, 0]), min_size=2, max_size=60), st.integers(2, 5))
def test_a_random_split_tests_everybody_once_and_spreads_the_neet_pupils(labels: list[int], folds: int) -> None:
    label = np.array(labels, np.int8)
    found = at_random(label, folds)
    assert sorted(place for item in found for place in item.test.tolist()) == list(range(len(label)))
    for item in found:
        assert not set(item.train.tolist()) & set(item.test.tolist())
        assert (label[item.train] != 0).all()
    neet = [int((label[item.test] == 1).sum()) for item in found]
    assert max(neet) - min(neet) <= 1


def test_a_random_split_says_that_it_is_random_and_what_that_means() -> None:
    (first, *_) = at_random(np.array([1, -1] * 10, np.int8))
    assert first.name == "random"
    assert first.words.startswith("Random split (5 folds, seed 0)")
    assert "a later cohort will do worse" in first.words


def test_one_fold_is_no_split() -> None:
    with pytest.raises(ValueError, match="two folds or more"):
        at_random(np.array([1, -1], np.int8), folds=1)


def test_held_out_pupils_are_predicted_by_what_was_learnt_without_them() -> None:
    splits = leave_one_school_out(cohort_of({"school_name": ["A", "A", "B", None]}))
    found = predict_held_out(splits, 4, lambda train, test: np.full(len(test), len(train) / 10))
    assert found[:3].tolist() == [0.1, 0.1, 0.2]
    assert np.isnan(found[3])


def test_a_scorecard_as_it_stands_is_fitted_to_nobody() -> None:
    found = as_it_stands(cohort_of({}, size=3))
    assert (len(found.train), found.test.tolist()) == (0, [0, 1, 2])
    assert "nothing was fitted to these pupils" in found.words
