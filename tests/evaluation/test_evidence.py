"""Figures: what they rest on, when there is none, and their intervals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roni.evaluation.evidence import (
    FEWEST_NEET,
    FEWEST_PUPILS,
    Figure,
    percentiles,
    plain,
    resampled,
    share,
    share_of_neet,
    wilson,
)


def test_wilson_gives_the_published_interval_of_sefton_care_leavers() -> None:
    low, high = wilson(11, 34)
    assert (round(low, 3), round(high, 3)) == (0.191, 0.492)


@given(st.integers(1, 500), st.data())
def test_wilson_holds_the_share_and_stays_between_nothing_and_all(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    low, high = wilson(part, whole)
    assert 0 <= low <= part / whole + 1e-12
    assert part / whole - 1e-12 <= high <= 1


def test_none_of_twenty_is_no_proof_of_none() -> None:
    assert wilson(0, 20)[1] == pytest.approx(0.161, abs=0.001)


@pytest.mark.parametrize(("pupils", "shown"), [(FEWEST_PUPILS - 1, False), (FEWEST_PUPILS, True)])
def test_a_share_of_too_few_pupils_is_not_shown(pupils: int, shown: bool) -> None:
    found = share(1, pupils, 1)
    assert found.shown is shown
    assert ("too small to say" in found.why) is not shown


@pytest.mark.parametrize(("neet", "shown"), [(FEWEST_NEET - 1, False), (FEWEST_NEET, True)])
def test_a_share_of_too_few_neet_pupils_is_not_shown(neet: int, shown: bool) -> None:
    assert share_of_neet(0, neet).shown is shown
    assert resampled(np.array([0.5, 0.4, 0.6]), neet, 100).shown is shown


def test_a_figure_that_is_withheld_says_why_and_nothing_else() -> None:
    found = share_of_neet(3, 4)
    assert plain(found) == {
        "value": None, "low": None, "high": None, "events": None, "pupils": None,
        "why": "too small to say: fewer than 10 NEET pupils",
    }  # fmt: skip


def test_the_interval_is_that_of_the_resamples_and_the_value_that_of_the_cohort() -> None:
    found = resampled(np.concatenate([[0.5], np.arange(1001) / 1000]), 50, 500)
    assert (found.value, found.low, found.high) == (0.5, 0.025, 0.975)


def test_resamples_without_a_value_do_not_count() -> None:
    assert percentiles(np.array([np.nan, 2.0, np.nan])) == (2.0, 2.0)


def test_an_endless_end_of_an_interval_is_no_number() -> None:
    found = resampled(np.array([4.0, 3.0, np.inf]), 50, 500)
    assert (found.value, found.low, found.high) == (4.0, 3.0, None)


def test_an_endless_figure_is_a_sentence() -> None:
    assert resampled(np.array([np.inf, 3.0]), 50, 500).why == "nobody in the list became NEET"


def test_plain_data_is_json_whatever_it_came_from() -> None:
    found = plain(
        {1: (np.float64(0.5), np.int8(3), float("nan")), "array": np.array([1, 2]), "figure": Figure.withheld("so")}
    )
    assert json.loads(json.dumps(found, allow_nan=False))["1"] == [0.5, 3, None]
