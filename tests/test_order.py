"""The ordering policy at each of its boundaries."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.order import NOT_LISTED, RANKED, RESTRICTED, Standing, higher_band, shortlist

PUPILS = st.lists(
    st.tuples(
        st.sampled_from([RANKED, RANKED, RANKED, RESTRICTED, NOT_LISTED]),
        st.integers(0, 3),
        st.integers(0, 4),
        st.integers(0, 2),
        st.sampled_from([np.nan, 0.0, 0.25, 1.0]),
    ),
    min_size=1,
    max_size=12,
)


def standing(
    points: list[int],
    *,
    band: list[int] | None = None,
    points_max: list[int] | None = None,
    probability: list[float] | None = None,
    section: list[int] | None = None,
    keys: list[str] | None = None,
) -> Standing:
    size = len(points)
    return Standing(
        np.array(section or [RANKED] * size, np.int8),
        np.array(band or [0] * size, np.int8),
        np.array(points, np.int16),
        np.array(points_max or points, np.int16),
        pa.array(keys or [f"P{place:03}" for place in range(size)]),
        None if probability is None else np.array(probability),
    )


def test_the_band_comes_before_everything() -> None:
    assert standing([1, 9], band=[2, 1], points_max=[1, 18], probability=[0.0, 0.9]).order.tolist() == [0, 1]


def test_within_a_band_the_higher_probability_comes_first() -> None:
    assert standing([9, 1], band=[1, 1], probability=[0.2, 0.21]).order.tolist() == [1, 0]


def test_a_pupil_the_model_could_not_score_stands_first_in_the_band() -> None:
    assert standing([9, 1, 5], band=[1, 1, 2], probability=[1.0, np.nan, 0.1]).order.tolist() == [2, 1, 0]


def test_then_points_then_points_max_then_the_key() -> None:
    found = standing([3, 4, 3, 3], points_max=[5, 4, 6, 5], keys=["b", "d", "c", "a"])
    assert found.order.tolist() == [1, 2, 3, 0]


def test_keys_are_compared_as_text() -> None:
    assert standing([1, 1, 1], keys=["P10", "P9", "A2"]).order.tolist() == [2, 0, 1]


def test_restricted_pupils_and_those_in_no_list_stand_at_the_end_in_the_order_of_their_keys() -> None:
    found = standing([9, 8, 0, 7], band=[3, 3, 0, 3], section=[NOT_LISTED, RESTRICTED, RANKED, RESTRICTED])
    assert found.order.tolist() == [2, 1, 3, 0]


@pytest.mark.parametrize(("rules", "model", "higher"), [(1, 2, 2), (2, 1, 2), (1, -1, 1), (-1, 3, -1), (0, 0, 0)])
def test_a_model_may_raise_a_band_and_never_lowers_one(rules: int, model: int, higher: int) -> None:
    assert higher_band(np.array([rules], np.int8), np.array([model], np.int8)).tolist() == [higher]


@settings(max_examples=40, deadline=None)
@given(PUPILS, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_in_which_pupils_came(pupils: list[tuple], random: object) -> None:  # type: ignore[type-arg]
    def ordered(places: list[int]) -> list[str]:
        section, band, points, more, probability = (
            list(column) for column in zip(*(pupils[at] for at in places), strict=True)
        )
        keys = [f"K{at:02}" for at in places]
        points_max = [here + extra for here, extra in zip(points, more, strict=True)]
        found = standing(points, band=band, points_max=points_max, probability=probability, section=section, keys=keys)
        assert sorted(found.order.tolist()) == list(range(len(places)))
        return [keys[at] for at in found.order]

    places = list(range(len(pupils)))
    shuffled = places.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ordered(places) == ordered(shuffled)


def test_the_cut_says_how_many_are_equal() -> None:
    found = shortlist(2, standing([3, 2, 2, 2]), standing([3, 2, 2, 2]))
    assert (found.pupils.tolist(), found.tied, found.tied_in) == ([0, 1], 2, 1)
    assert found.sentence == (
        "2 pupils in the list. At the cut 3 pupils are equal: 1 in the list and 2 not; only their identifiers put them "
        "in that order."
    )


def test_a_cut_between_different_pupils_has_no_tie() -> None:
    found = shortlist(1, standing([3, 2, 2]), standing([3, 2, 2]))
    assert (found.tied, found.tied_in, found.sentence) == (0, 0, "1 pupil in the list.")


def test_another_points_max_is_no_tie() -> None:
    by_most = standing([2, 2], points_max=[3, 2])
    assert shortlist(1, by_most, by_most).tied == 0


def test_whom_the_rules_alone_would_have_listed_is_displaced_not_gone() -> None:
    found = shortlist(1, standing([1, 3], probability=[0.9, 0.1]), standing([1, 3]))
    assert (found.pupils.tolist(), found.displaced.tolist()) == ([0], [1])
    assert found.sentence.endswith("By the scorecard alone 1 pupil more would have been in it: see them too.")


@pytest.mark.parametrize(("count", "listed"), [(0, 0), (2, 2), (3, 2)])
def test_a_list_holds_at_most_the_ranked_pupils(count: int, listed: int) -> None:
    found = standing([1, 2, 3], section=[RANKED, RANKED, RESTRICTED])
    assert len(shortlist(count, found, found)) == listed


def test_a_list_of_fewer_than_none_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold -1 pupils"):
        shortlist(-1, standing([1]), standing([1]))
