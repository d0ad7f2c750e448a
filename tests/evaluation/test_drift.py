"""How far pupils of two checks differ, field by field."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from roni.evaluation.drift import Drift, chance, drift, stability_index
from tests.strategies import cohort_of

COUNTS = st.lists(st.integers(0, 200), min_size=2, max_size=8).filter(any)


def of(field: str, before: list[Any], now: list[Any]) -> Drift:
    (row,) = drift(cohort_of({field: before}), cohort_of({field: now}, check="january"))
    return row


def test_the_index_is_that_of_the_formula() -> None:
    # shares .5 and .5 against .4 and .6, without smoothing .1 ln(.6/.5) - .1 ln(.4/.5)
    big = stability_index(np.array([500_000, 500_000]), np.array([400_000, 600_000]))
    assert big == pytest.approx(0.1 * np.log(1.2) - 0.1 * np.log(0.8), abs=1e-5)


@given(COUNTS)
def test_the_same_pupils_have_not_drifted(counts: list[int]) -> None:
    assert stability_index(np.array(counts), np.array(counts)) == 0


@given(st.data(), COUNTS)
def test_the_index_is_never_below_nothing_and_the_same_both_ways(data: st.DataObject, counts: list[int]) -> None:
    now = data.draw(st.lists(st.integers(0, 200), min_size=len(counts), max_size=len(counts)))
    forth, back = (stability_index(np.array(a), np.array(b)) for a, b in ((counts, now), (now, counts)))
    assert forth >= 0
    assert forth == pytest.approx(back)


@pytest.mark.parametrize("bins", [2, 3, 6, 11, 21])
def test_chance_is_the_percentile_of_chi_squared(bins: int) -> None:
    each = np.full(bins, 100)
    expected = chi2.ppf(0.95, bins - 1) * 2 / (100 * bins)
    assert chance(each, each) == pytest.approx(expected, rel=0.03)


def test_resampled_pupils_of_an_unchanged_field_stay_under_chance_19_times_in_20() -> None:
    random = np.random.default_rng(7)
    shares = [0.1, 0.2, 0.3, 0.4]
    pairs = [(random.multinomial(800, shares), random.multinomial(1200, shares)) for _ in range(400)]
    under = np.mean([stability_index(*pair) <= chance(*pair) for pair in pairs])
    assert under == pytest.approx(0.95, abs=0.035)


def test_not_known_is_a_bin_of_its_own() -> None:
    found = of("fsm", [True] * 50 + [False] * 50, [True] * 25 + [False] * 25 + [None] * 50)
    assert found.words == "large"
    assert (found.known_before, found.known_now) == (1.0, 0.5)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("attendance", [60.0, 85.0, 90.0, 99.9, None]), ("suspensions", [0, 0, 1, 7, None]),
        ("sen_provision", ["N", "K", "E", None]), ("fsm", [True, False, None]),
    ],
)  # fmt: skip
def test_every_type_of_field_compares_with_itself(field: str, values: list[Any]) -> None:
    assert of(field, values * 20, values * 20).index == 0


def test_attendance_that_falls_is_seen() -> None:
    before = [float(value) for value in np.linspace(80, 99.9, 200).round(1)]
    assert of("attendance", before, [value - 10 for value in before]).words == "large"


def test_a_column_that_only_one_check_has_is_compared_as_not_known() -> None:
    (row,) = drift(cohort_of({}, size=40), cohort_of({"fsm": [True] * 40}, check="january"))
    assert (row.known_before, row.known_now, row.words) == (0.0, 1.0, "large")


def test_what_neither_knows_and_texts_and_dates_are_not_compared() -> None:
    columns: dict[str, list[Any]] = {"surname": ["A"], "date_of_birth": ["2011-01-01"], "fsm": [None]}
    assert drift(cohort_of(columns), cohort_of(columns)) == []


def test_the_largest_index_comes_first() -> None:
    before = cohort_of({"fsm": [True] * 50, "eal": [True] * 50})
    now = cohort_of({"fsm": [True] * 50, "eal": [False] * 50}, check="january")
    assert [row.field for row in drift(before, now)] == ["eal", "fsm"]


def test_a_break_in_the_series_between_the_checks_is_named() -> None:
    from dataclasses import replace

    from roni.calendar import get_check

    columns = {"fsm": [True, False]}
    before = replace(cohort_of(columns), check=get_check("november", "2025/26"))
    (row,) = drift(before, cohort_of(columns))
    assert row.breaks[0].startswith("2026-09-01: Every household on universal credit")
    assert drift(cohort_of(columns), cohort_of(columns, check="january"))[0].breaks == ()
