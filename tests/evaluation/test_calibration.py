"""Probabilities and bands against what happened."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from roni.evaluation.calibration import band_rates, calibration, equal_bins
from roni.evaluation.draws import draw
from roni.evaluation.ranking import Ranking, ranking_of_probability, ranking_of_scores

# 100 pupils of whom 0.2 was said, 30 NEET; 100 of whom 0.4 was said, 40 NEET.
SAID = np.repeat([0.2, 0.4], 100)
LABEL = np.array([1] * 30 + [-1] * 70 + [1] * 40 + [-1] * 60, np.int8)


def test_errors_are_those_worked_by_hand() -> None:
    found = calibration(ranking_of_probability("m", SAID), LABEL, 200)
    assert found is not None
    assert [(row.said, row.observed.value) for row in found.bins] == [
        (pytest.approx(0.2), 0.3), (pytest.approx(0.4), 0.4),
    ]  # fmt: skip
    assert found.expected_error.value == pytest.approx(0.05)
    assert found.maximum_error.value == pytest.approx(0.1)
    assert found.too_high.value == pytest.approx(-0.05)


def test_pupils_without_a_probability_or_a_known_outcome_are_left_out() -> None:
    said = np.concatenate([SAID, [0.99, np.nan]])
    found = calibration(ranking_of_probability("m", said), np.append(LABEL, np.array([0, 1], np.int8)), 100)
    assert found is not None
    assert found.too_high.pupils == 200
    assert found.maximum_error.value == pytest.approx(0.1)


def test_right_probabilities_show_no_more_error_than_chance_does() -> None:
    random = np.random.default_rng(3)
    said = random.beta(1, 15, 4000)
    right = calibration(
        ranking_of_probability("m", said), np.where(random.random(4000) < said, 1, -1).astype(np.int8), 200
    )
    wrong = calibration(
        ranking_of_probability("m", said), np.where(random.random(4000) < said / 2, 1, -1).astype(np.int8), 200
    )
    assert right is not None
    assert wrong is not None
    assert right.expected_error.value == pytest.approx(right.by_chance, rel=0.8)
    assert (wrong.expected_error.value or 0) > 3 * (wrong.by_chance or 1)
    assert right.too_high.low is not None
    assert right.too_high.high is not None
    assert right.too_high.low < 0 < right.too_high.high


def test_too_few_neet_pupils_are_not_judged() -> None:
    found = calibration(ranking_of_probability("m", np.full(50, 0.1)), np.array([1] * 9 + [-1] * 41, np.int8), 100)
    assert found is not None
    assert (found.bins, found.by_chance) == ((), None)
    assert "fewer than 10 NEET" in found.expected_error.why


def test_a_ranking_without_probabilities_has_no_calibration() -> None:
    assert calibration(ranking_of_scores("r", SAID), LABEL, 100) is None


@given(st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]), min_size=1, max_size=40))
def test_equal_probabilities_share_a_bin_and_bins_rise(said: list[float]) -> None:
    values = np.array(said)
    bins = equal_bins(values)
    assert all(len(set(bins[values == value].tolist())) == 1 for value in said)
    assert (np.diff(bins[np.argsort(values)]) >= 0).all()


def test_different_probabilities_fall_into_bins_of_one_size() -> None:
    values = np.random.default_rng(0).permutation(np.arange(1000) / 1000)
    assert np.bincount(equal_bins(values)).tolist() == [100] * 10


def test_brier_is_scikit_learns() -> None:
    found = draw([ranking_of_probability("m", SAID)], LABEL, [10], 2)
    assert found.brier[0, 0] == pytest.approx(brier_score_loss(LABEL > 0, SAID))


def test_a_band_is_said_as_people_say_it_highest_first() -> None:
    band = np.repeat([0, 1], 100).astype(np.int8)
    ranking = Ranking("card", "scorecard", np.zeros(200, np.int64), bands=("none", "red"), band=band)
    red, none = band_rates(ranking, LABEL)
    assert (red.band, red.pupils, red.observed.value, red.words) == ("red", 100, 0.4, "about 2 in 5 (1 in 3 to 1 in 2)")
    assert none.words == "about 1 in 3 (1 in 5 to 2 in 5)"


def test_a_band_of_few_pupils_is_too_small_and_one_without_neet_is_not_called_none_at_all() -> None:
    band = np.array([0] * 80 + [1] * 19, np.int8)
    label = np.array([-1] * 80 + [1] * 19, np.int8)
    ranking = Ranking("card", "scorecard", np.zeros(99, np.int64), bands=("none", "red"), band=band)
    red, none = band_rates(ranking, label)
    assert red.words == "too small to say: fewer than 20 pupils"
    assert none.words == "none seen (none to 1 in 22)"


def test_a_ranking_without_bands_has_no_band_rates() -> None:
    assert band_rates(ranking_of_scores("r", SAID), LABEL) == []
