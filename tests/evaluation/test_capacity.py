"""Lists of a length that can be served: figures by hand, intervals, paired differences, planning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.evaluation.capacity import (
    at_length,
    curve_lengths,
    differences,
    orderings,
    paired,
    plan,
    planned_lengths,
    thresholds,
)
from roni.evaluation.draws import draw
from roni.evaluation.ranking import Ranking, ranking_of_probability, ranking_of_scores

# 100 pupils, 20 of them NEET: the ranking has 10 of these first, then the 80 others, then the other 10.
LABEL = np.array([1] * 10 + [-1] * 80 + [1] * 10, np.int8)
GOOD_START = ranking_of_scores("good start", -np.arange(100.0))
BACKWARDS = ranking_of_scores("backwards", np.arange(100.0))


def test_the_figures_of_a_list_are_those_worked_by_hand() -> None:
    (row,) = at_length(draw([GOOD_START], LABEL, [40], 100), 40)
    assert (row.caught, row.missed) == (10, 10)
    assert (row.recall.value, row.precision.value) == (0.5, 0.25)
    assert (row.to_see.value, row.lift.value) == (4.0, 1.25)
    assert (row.recall.events, row.recall.pupils) == (20, 100)


def test_the_interval_holds_the_figure() -> None:
    (row,) = at_length(draw([GOOD_START], LABEL, [40], 300), 40)
    for figure in (row.recall, row.precision, row.to_see, row.lift):
        assert figure.value is not None
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low < figure.value < figure.high


def test_the_interval_of_a_list_by_lot_is_as_wide_as_theory_says() -> None:
    # 2,000 pupils in an order that says nothing, 400 NEET, half listed: recall .5, standard error about sqrt(.25/400)
    random = np.random.default_rng(5)
    label = np.where(random.permutation(2000) < 400, 1, -1).astype(np.int8)
    (row,) = at_length(draw([ranking_of_scores("lot", random.random(2000))], label, [1000], 400), 1000)
    assert row.recall.low is not None
    assert row.recall.high is not None
    assert (row.recall.high - row.recall.low) / (2 * 1.96) == pytest.approx(0.025 * np.sqrt(0.8), rel=0.25)


def test_too_few_neet_pupils_give_no_figure_and_no_count() -> None:
    (row,) = at_length(
        draw([ranking_of_scores("r", np.arange(50.0))], np.array([1] * 9 + [-1] * 41, np.int8), [10], 100), 10
    )
    assert (row.caught, row.missed) == (None, None)
    assert row.recall.why == row.precision.why == "too small to say: fewer than 10 NEET pupils"


def test_a_list_with_nobody_who_became_neet_has_no_number_to_see() -> None:
    label = np.array([-1] * 50 + [1] * 20, np.int8)
    (row,) = at_length(draw([ranking_of_scores("r", -np.arange(70.0))], label, [5], 100), 5)
    assert (row.recall.value, row.precision.value) == (0.0, 0.0)
    assert row.to_see.why == "nobody in the list became NEET"


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=30, max_size=60), st.integers(1, 60))
def test_a_ranking_has_exactly_nothing_over_itself(scores: list[int], capacity: int) -> None:
    label = np.where(np.arange(len(scores)) % 2, 1, -1).astype(np.int8)
    one = ranking_of_scores("one", np.array(scores, np.float64))
    for row in paired(one, replace(one, name="other"), label, capacity, 100):
        assert (row.figure.value, row.figure.low, row.figure.high, row.clear) == (0.0, 0.0, 0.0, False)


def test_a_better_ranking_is_clearly_better_and_the_other_way_round_clearly_worse() -> None:
    better = ranking_of_scores("better", LABEL.astype(np.float64))
    forth = {row.measure: row for row in paired(better, BACKWARDS, LABEL, 20, 200)}
    back = {row.measure: row for row in paired(BACKWARDS, better, LABEL, 20, 200)}
    assert forth["recall"].clear
    assert forth["recall"].figure.value == 0.5
    assert back["recall"].figure.value == -0.5
    assert back["recall"].figure.low == -(forth["recall"].figure.high or 0)


def test_a_paired_difference_is_narrower_than_two_intervals_would_say() -> None:
    random = np.random.default_rng(1)
    label = np.where(random.random(1000) < 0.1, 1, -1).astype(np.int8)
    signal = random.normal(size=1000) + (label > 0)
    rankings = [ranking_of_scores("a", signal), ranking_of_scores("b", signal + 0.2 * random.normal(size=1000))]
    found = draw(rankings, label, [150], 300)
    (row,) = (row for row in differences(found, 150) if row.measure == "recall")
    width = (row.figure.high or 0) - (row.figure.low or 0)
    assert width < min((at.recall.high or 0) - (at.recall.low or 0) for at in at_length(found, 150))


def test_every_pair_of_rankings_is_compared_once() -> None:
    found = draw([GOOD_START, BACKWARDS, replace(BACKWARDS, name="again")], LABEL, [40], 100)
    pairs = {(row.first, row.second) for row in differences(found, 40)}
    assert pairs == {("good start", "backwards"), ("good start", "again"), ("backwards", "again")}


def test_only_a_ranking_with_probabilities_has_a_brier_score() -> None:
    said = np.where(LABEL > 0, 0.5, 0.1)
    said[0] = np.nan
    with_model, without = orderings(draw([ranking_of_probability("m", said), GOOD_START], LABEL, [40], 100))
    assert with_model.brier.value == pytest.approx((19 * 0.25 + 80 * 0.01) / 99)
    assert without.brier.why == "there is nobody to work it out from"
    assert without.area.value == 0.5


def test_lengths_hold_the_capacity_and_end_with_everybody() -> None:
    found = curve_lengths(1000, 137)
    assert 137 in found
    assert found[-1] == 1000
    assert found == sorted(set(found))
    assert min(curve_lengths(3, 1)) >= 1


def test_a_plan_never_asks_for_more_pupils_than_there_are() -> None:
    assert planned_lengths(120, 100)[-1] == 120


def test_a_plan_counts_schools_and_hours() -> None:
    school = np.array([0] * 50 + [1] * 50)
    found = draw([GOOD_START], LABEL, [20, 60], 100)
    rows = plan(GOOD_START, found, [20, 60], school, hours=1.5)
    assert [(row.length, row.schools, row.hours) for row in rows] == [(20, 1, 30), (60, 2, 90)]


def test_schools_of_pupils_tied_at_the_cut_count_by_their_chance() -> None:
    tied = ranking_of_scores("tied", np.zeros(100))
    found = draw([tied], LABEL, [50], 100)
    (row,) = plan(tied, found, [50], np.arange(100), hours=None)
    assert row.schools == pytest.approx(50)
    assert row.hours is None


def test_a_threshold_lists_everybody_at_or_above_it() -> None:
    points = np.where(LABEL > 0, 4, 0).astype(np.int16)
    points[40:60] = 2
    rows = thresholds(Ranking("card", "scorecard", np.zeros(100, np.int64), points=points), LABEL)
    assert [(row.points, row.listed, row.recall.value, row.precision.value) for row in rows] == [
        (4, 20, 1.0, 1.0), (2, 40, 1.0, 0.5),
    ]  # fmt: skip


def test_a_ranking_without_points_has_no_thresholds() -> None:
    assert thresholds(GOOD_START, LABEL) == []
