"""Rankings: ties, who can never be listed, and the baselines."""

from __future__ import annotations

import numpy as np
import pytest

from roni.evaluation.ranking import (
    NEVER,
    attendance_alone,
    check_alike,
    count_of_flags,
    ranking_of_probability,
    ranking_of_register,
    ranking_of_scores,
)
from roni.scorecard import load_scorecard
from roni.scoring import score
from tests.strategies import cohort_of


class Says:
    """A model that says what it is told to."""

    name = "told"

    def __init__(self, *probability: float) -> None:
        self.says = np.array(probability)

    def probability(self, cohort: object) -> np.ndarray:  # noqa: ARG002 - the form of every model
        return self.says

    def band(self, probability: np.ndarray, card: object) -> np.ndarray:  # noqa: ARG002
        return np.where(np.isnan(probability), -1, 0).astype(np.int8)


def test_equal_scores_are_tied_and_not_known_stands_last() -> None:
    assert ranking_of_scores("r", np.array([1.0, np.nan, 3.0, 1.0])).place.tolist() == [1, 2, 0, 1]


def test_who_cannot_be_listed_has_no_place() -> None:
    found = ranking_of_probability("m", np.array([0.9, 0.1]), listable=np.array([False, True]))
    assert found.place.tolist()[0] == NEVER
    assert found.probability is not None


def test_a_registers_ties_are_those_that_only_the_key_tells_apart() -> None:
    cohort = cohort_of({"attendance": [95.0, 80.0, 80.0, 87.0], "fsm": [False] * 4})
    found = ranking_of_register("card", score(cohort, "oxfordshire"))
    assert found.place.tolist() == [2, 0, 0, 1]
    assert found.kind == "scorecard"


def test_another_points_max_is_no_tie() -> None:
    cohort = cohort_of({"attendance": [80.0, 80.0], "fsm": [None, False]})
    assert ranking_of_register("card", score(cohort, "oxfordshire")).place.tolist() == [0, 1]


def test_a_restricted_pupil_has_no_place_no_band_and_no_points() -> None:
    cohort = cohort_of({"attendance": [50.0, 95.0], "restricted_sharing": [True, False]})
    found = ranking_of_register("card", score(cohort, "oxfordshire"))
    assert found.band is not None
    assert found.points is not None
    assert (found.place.tolist(), found.band[0], found.points[0]) == ([NEVER, 0], NEVER, NEVER)


def test_with_a_model_the_probability_parts_pupils_of_a_band_and_not_scored_stands_first() -> None:
    cohort = cohort_of({"attendance": [95.0, 95.0, 95.0]})
    found = ranking_of_register("both", score(cohort, "oxfordshire", Says(0.1, 0.4, np.nan)))
    assert found.place.tolist() == [2, 1, 0]
    assert found.kind == "combined"


def test_the_lowest_attendance_is_first_and_not_known_last() -> None:
    assert attendance_alone(cohort_of({"attendance": [95.0, None, 60.0]})).place.tolist() == [1, 2, 0]


def test_a_count_of_flags_counts_each_indicator_once_whatever_its_points() -> None:
    cohort = cohort_of({"attendance": [80.0, 89.0, 95.0], "eal": [False, True, False], "fsm": [False, False, True]})
    made = load_scorecard("oxfordshire").assess(cohort)
    assert count_of_flags(made).place.tolist() == [1, 0, 1]


def test_a_list_holds_those_tied_at_its_cut_in_part() -> None:
    ranking = ranking_of_scores("r", np.array([9.0, 5.0, 5.0, 1.0]))
    assert ranking.listed(2).tolist() == [1.0, 0.5, 0.5, 0.0]


def test_rankings_of_other_pupils_or_of_one_name_are_refused() -> None:
    one = ranking_of_scores("r", np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="one entry for each pupil"):
        check_alike([one], 3)
    with pytest.raises(ValueError, match="have one name"):
        check_alike([one, one], 2)
