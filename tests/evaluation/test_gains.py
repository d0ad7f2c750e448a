"""What a list of any length holds: worked by hand, against scikit-learn, and as properties."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from roni.evaluation.gains import Steps, gains
from roni.evaluation.ranking import NEVER, Ranking, ranking_of_scores


class Case(NamedTuple):
    ranking: Ranking
    label: NDArray[np.int8]
    weight: NDArray[np.float64]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    size = draw(st.integers(2, 25))
    place = draw(st.lists(st.integers(NEVER, 6), min_size=size, max_size=size))
    label = draw(st.lists(st.sampled_from([1, -1, -1, 0]), min_size=size, max_size=size))
    weight = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    return Case(
        Ranking("any", "baseline", np.array(place, np.int64)), np.array(label, np.int8), np.array(weight, np.float64)
    )


def totals(case: Case, weight: NDArray[np.float64] | None = None):  # type: ignore[no-untyped-def]
    found = Steps(case.ranking, case.label > 0, case.label != 0)
    return found.gains(np.ones(len(case.label)) if weight is None else weight)


# One pupil first, three tied, two after. NEET: the first, one of the tied, the last.
SCORES = ranking_of_scores("by hand", np.array([5.0, 4.0, 4.0, 4.0, 1.0, 0.0]))
BECAME_NEET = np.array([True, True, False, False, False, True])
KNOWN = np.ones(6, np.bool_)


@pytest.mark.parametrize(
    ("length", "neet", "others"), [(0, 0, 0), (1, 1, 0), (2, 4 / 3, 2 / 3), (3, 5 / 3, 4 / 3), (4, 2, 2), (6, 3, 3)]
)
def test_a_cut_through_a_tie_holds_its_expected_share(length: int, neet: float, others: float) -> None:
    found = gains(SCORES, BECAME_NEET, KNOWN).at(np.array([length]))
    assert np.allclose(np.ravel(found), [neet, others])


def test_the_area_counts_a_tie_as_half() -> None:
    # the first NEET pupil is before all three others, the tied one before one and level with two, the last before none
    assert gains(SCORES, BECAME_NEET, KNOWN).area == pytest.approx((3 + 2 + 0) / 9)


def test_a_pupil_whose_outcome_is_not_known_takes_a_place_and_counts_in_no_rate() -> None:
    known = np.array([True, False, True])
    found = gains(ranking_of_scores("r", np.array([3.0, 2.0, 1.0])), np.array([True, True, False]), known)
    neet, others = found.at(np.array([1, 2, 3]))
    assert (neet.tolist(), others.tolist()) == ([1, 1, 1], [0, 0, 1])


def test_a_pupil_who_is_never_listed_is_missed_however_long_the_list() -> None:
    ranking = Ranking("r", "scorecard", np.array([NEVER, 0]))
    neet, others = gains(ranking, np.array([True, False]), np.array([True, True])).at(np.array([1, 2]))
    assert (neet.tolist(), others.tolist()) == ([0, 0], [1, 1])


def test_a_ranking_that_lists_nobody_catches_nobody() -> None:
    found = gains(Ranking("r", "scorecard", np.array([NEVER, NEVER])), np.array([True, False]), np.array([True, True]))
    assert found.at(np.array([2]))[0].tolist() == [0]
    assert found.area == 0.5


def test_without_neet_pupils_there_is_no_area() -> None:
    found = gains(SCORES, np.zeros(6, np.bool_), KNOWN)
    assert np.isnan(found.area)
    assert np.isnan(found.average_precision)


@settings(deadline=None)
@given(cases())
def test_area_and_average_precision_are_scikit_learns(case: Case) -> None:
    score = np.where(case.ranking.place < 0, -100, -case.ranking.place)
    judged = (case.label != 0) & (case.weight > 0)
    assume({1, -1} <= set(case.label[judged].tolist()))
    neet, weight = case.label[judged] > 0, case.weight[judged]
    found = totals(case, case.weight)
    assert found.area == pytest.approx(roc_auc_score(neet, score[judged], sample_weight=weight))
    expected = average_precision_score(neet, score[judged], sample_weight=weight)
    assert found.average_precision == pytest.approx(expected)


@given(cases())
def test_a_longer_list_never_holds_fewer(case: Case) -> None:
    neet, others = totals(case, case.weight).at(np.arange(30))
    assert (np.diff(neet) >= -1e-9).all()
    assert (np.diff(others) >= -1e-9).all()


@given(cases())
def test_a_weight_is_as_many_pupils(case: Case) -> None:
    repeated = np.repeat(np.arange(len(case.label)), case.weight.astype(int))
    assume(len(repeated))
    many = Case(case.ranking.take(repeated), case.label[repeated], np.ones(len(repeated)))
    lengths = np.arange(len(repeated) + 1)
    assert np.allclose(totals(case, case.weight).at(lengths), totals(many).at(lengths))


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_in_which_pupils_stand_in_a_file_changes_nothing(case: Case, random: object) -> None:
    order = list(range(len(case.label)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = Case(case.ranking.take(np.array(order)), case.label[order], case.weight[order])
    lengths = np.arange(len(order) + 1)
    assert np.array_equal(totals(case).at(lengths), totals(shuffled).at(lengths))


@given(cases(), st.integers(0, 25))
def test_the_chance_of_being_listed_adds_up_to_what_the_list_holds(case: Case, length: int) -> None:
    listed = case.ranking.listed(length)
    neet, others = totals(case).at(np.array([length]))
    assert listed[case.label > 0].sum() == pytest.approx(neet[0])
    assert listed[case.label < 0].sum() == pytest.approx(others[0])
