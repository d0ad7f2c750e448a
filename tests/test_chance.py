"""Probabilities in words: for one pupil and for all at once the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.chance import chances, one_in


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.0, "fewer than 1 in 1,000"),
        (0.000999, "fewer than 1 in 1,000"),
        (0.001, "about 1 in 1,000"),
        (0.2, "about 1 in 5"),
        (0.33, "about 1 in 3"),
        (0.366, "about 1 in 3"),
        (0.367, "about 2 in 5"),
        (0.849, "about 4 in 5"),
        (0.851, "about 9 in 10"),
        (1.0, "about 9 in 10"),
    ],
)
def test_a_probability_is_never_said_as_a_certainty(probability: float, said: str) -> None:
    assert one_in(probability) == said


@settings(deadline=None)
@given(st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), max_size=8))
def test_all_at_once_say_the_same_as_one_by_one(probabilities: list[float]) -> None:
    found = chances(np.array(probabilities, np.float64), "like this").to_pylist()
    assert found == [None if np.isnan(each) else f"{one_in(each)} like this" for each in probabilities]


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_probability_is_never_said_to_be_rarer(one: float, other: float) -> None:
    def share(text: str) -> float:
        part, whole = text.replace(",", "").split()[-3::2]
        return float(part) / float(whole) * (0.5 if text.startswith("fewer") else 1)

    low, high = sorted((one, other))
    assert share(one_in(low)) <= share(one_in(high))
