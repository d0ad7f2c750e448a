"""Fits, and the probabilities from which bands begin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roni.errors import TrainingError
from roni.fields import national
from roni.training.fitting import FEWEST_EVENTS, Material, Recipe, check_events, edges_like, judge

RECIPE = Recipe(national(), ("attendance", "young_carer"), "smooth", bags=0, calibrate=False)


def material(events: int, size: int = 400, lost: int = 0, helped: int = 0) -> Material:
    """So many NEET pupils of low attendance, first; then those not known."""
    random = np.random.default_rng(1)
    label = np.full(size, -1, np.int8)
    label[:events], label[events : events + lost] = 1, 0
    attendance = np.round(np.where(label == 1, 80, 93) + random.normal(0, 5, size), 1)
    frame = pd.DataFrame({"attendance": attendance, "young_carer": pd.array([None, True, False, False] * (size // 4))})
    frame["young_carer"] = frame["young_carer"].astype("boolean")
    return Material(frame, label, np.zeros(size, np.int8), np.arange(size) < helped)


def test_fewer_events_than_can_be_judged_by_are_refused_with_the_reason() -> None:
    check_events(material(FEWEST_EVENTS).label)
    with pytest.raises(TrainingError, match="49 of 390 pupils with a known destination became NEET"):
        check_events(material(FEWEST_EVENTS - 1, lost=10).label)
    with pytest.raises(TrainingError, match="351 of 400"):
        check_events(material(351).label)


def test_pupils_whose_destination_is_not_known_are_left_out_or_counted_as_asked() -> None:
    pupils = material(80, lost=40)
    mean = {}
    for policy in ("exclude", "as_neet", "as_not_neet"):
        recipe = Recipe(national(), ("attendance",), "smooth", policy, bags=0, calibrate=False)
        mean[policy] = recipe.predict(recipe.fit(pupils), pupils.frame).mean()
    assert mean["as_not_neet"] < mean["exclude"] < mean["as_neet"]
    assert mean["as_neet"] == pytest.approx(120 / 400, abs=0.02)


def test_without_the_pupils_who_were_given_help_the_rest_are_learnt_from() -> None:
    recipe = Recipe(national(), ("attendance",), "smooth", helped=False, bags=0, calibrate=False)
    said = recipe.predict(recipe.fit(material(80, helped=40)), material(80).frame[40:])
    assert said.mean() == pytest.approx(40 / 360, abs=0.02)


def test_how_much_is_known_is_counted_among_the_pupils_learnt_from() -> None:
    pupils = material(80, lost=41)
    assert pupils.frame["young_carer"][80:121].isna().sum() == 11
    assert RECIPE.known(pupils) == {"attendance": 1.0, "young_carer": round(1 - 89 / 359, 4)}


def test_more_attendance_never_raises_the_log_odds() -> None:
    table = RECIPE.fit(material(80)).tables_["attendance"]
    assert (np.diff(table.values) <= 0).all()
    assert all(edge == round(edge, 1) for edge in table.edges)


def test_of_a_pupil_of_whom_nothing_is_known_nothing_is_said() -> None:
    learn = material(80)
    frame = pd.DataFrame({"attendance": [np.nan, 90.0], "young_carer": pd.array([None, None], "boolean")})
    test = Material(frame, np.zeros(2, np.int8), np.zeros(2, np.int8), np.zeros(2, bool))
    found = judge(RECIPE, learn, test, 4)
    assert np.isnan(found.probability).tolist() == [True, False]
    assert found.band.tolist() == [-1, 0]


def test_each_band_of_the_model_holds_as_many_as_the_scorecards() -> None:
    band = np.array([0, 0, 0, 0, 1, 1, 2, 3], np.int8)
    probability = np.linspace(0.1, 0.8, 8)[::-1].copy()
    edges = edges_like(probability, band, 4)
    assert edges == pytest.approx((0.5, 0.7, 0.8))
    assert [(probability >= edge).sum() for edge in edges] == [4, 2, 1]


def test_a_band_in_which_the_scorecard_has_nobody_is_reached_by_nobody() -> None:
    edges = edges_like(np.array([0.2, 0.4]), np.zeros(2, np.int8), 3)
    assert edges[-1] == 1.0
    assert edges[0] < edges[1]


@pytest.mark.parametrize(("least", "lowest"), [(0.4, 0.5), (0.55, 0.55), (0.75, 0.75)])
def test_no_band_begins_under_the_share_who_became_neet(least: float, lowest: float) -> None:
    band = np.array([0, 0, 0, 0, 1, 1, 2, 3], np.int8)
    edges = edges_like(np.linspace(0.1, 0.8, 8), band, 4, least)
    assert edges[0] == pytest.approx(lowest)
    assert edges[0] >= least
    assert list(edges) == sorted(set(edges))


def test_the_share_who_became_neet_is_of_the_pupils_learnt_from() -> None:
    assert RECIPE.rate(material(80, lost=40)) == 80 / 360
    assert Recipe(national(), ("attendance",), not_known="as_not_neet").rate(material(80, lost=40)) == 80 / 400
    assert Recipe(national(), ("attendance",), helped=False).rate(material(80, helped=40)) == 40 / 360


def test_a_pupil_less_likely_than_the_average_is_raised_to_no_band() -> None:
    learn = material(80)
    loud = Material(learn.frame, learn.label, np.ones(400, np.int8), learn.caseloaded)
    found = judge(RECIPE, loud, loud, 4)
    assert (found.probability < 80 / 400).any()
    assert (found.band[found.probability < 80 / 400] == 0).all()
    assert (found.band[found.probability >= 80 / 400] > 0).all()


@given(st.lists(st.tuples(st.sampled_from([0.01, 0.1, 0.1001, 0.5, 0.99]), st.integers(0, 3)), min_size=1, max_size=30))
def test_edges_rise_above_0_and_up_to_1_whatever_the_ties(pupils: list[tuple[float, int]]) -> None:
    probability, band = np.array([one for one, _ in pupils]), np.array([rank for _, rank in pupils], np.int8)
    edges = edges_like(probability, band, 4)
    assert list(edges) == sorted(set(edges))
    assert edges[0] > 0
    assert edges[-1] <= 1
    for rank, edge in enumerate(edges, 1):
        assert (probability >= edge).sum() >= (band >= rank).sum() or edge == 1.0 or (band >= rank).sum() == 0
