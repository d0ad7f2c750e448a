"""Look-ups take the floor, agree with a plain search for every float, and survive JSON to the bit."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roni.tables import Table, Tables, probability_of, spread
from roni.tables.axis import MOST_CELLS, Axis

FINITE = st.floats(-1e300, 1e300)
LOG_ODDS = st.floats(-5, 5)

ATTENDANCE = Table("attendance", "number", edges=(85.0, 90.0), values=(1.0, 0.5, -0.25), missing=0.1)
SUSPENSIONS = Table("suspensions", "number", edges=(1.0, 3.0), values=(-0.1, 0.4, 0.9), missing=0.0)
LOOKED_AFTER = Table("looked_after", "flag", values=(-0.1, 1.2), missing=0.3)
SEN = Table("sen_provision", "category", categories=("N", "K", "E"), values=(-0.2, 0.3, 0.8), missing=0.05)
MODEL = Tables(-2.0, (ATTENDANCE, SUSPENSIONS, LOOKED_AFTER, SEN))


def cohort_columns(size: int, seed: int = 0) -> dict[str, Any]:
    """Invented pupils in a cohort's own arrays."""
    rng = np.random.default_rng(seed)
    attendance = np.round(rng.uniform(70, 100, size), 1)
    attendance[rng.random(size) < 0.1] = np.nan
    return {
        "attendance": attendance,
        "suspensions": rng.integers(-1, 6, size).astype(np.int32),
        "looked_after": rng.integers(-1, 2, size).astype(np.int8),
        "sen_provision": rng.integers(-1, 3, size).astype(np.int16),
    }


def test_a_value_just_below_an_edge_stays_below_it() -> None:
    values = np.array([84.99, 85.0, 89.96, np.nextafter(90.0, 0), 90.0, np.nan])
    assert ATTENDANCE.contribution(values).tolist() == [1.0, 0.5, 0.5, 0.5, -0.25, 0.1]


def test_a_count_below_nought_is_not_known_and_nought_is_a_count() -> None:
    assert SUSPENSIONS.contribution(np.array([-1, 0, 1, 2, 3, 400], dtype=np.int32)).tolist() == [
        0.0, -0.1, 0.4, 0.4, 0.9, 0.9,
    ]  # fmt: skip


def test_a_flag_is_yes_no_or_not_known_in_each_way_of_writing_it() -> None:
    assert LOOKED_AFTER.contribution(np.array([1, 0, -1], dtype=np.int8)).tolist() == [1.2, 0.3, -0.1]
    assert LOOKED_AFTER.contribution(np.array([1.0, np.nan, 0.0])).tolist() == [1.2, 0.3, -0.1]
    assert LOOKED_AFTER.contribution(np.array([True, False])).tolist() == [1.2, -0.1]


def test_a_code_outside_the_table_is_not_known() -> None:
    assert SEN.contribution(np.array([0, 2, -1, 3], dtype=np.int16)).tolist() == [-0.2, 0.8, 0.05, 0.05]


def test_bins_have_names_that_people_read() -> None:
    assert ATTENDANCE.labels == ("below 85", "85 to 90", "90 or more")
    assert LOOKED_AFTER.labels == ("no", "yes")
    assert SEN.labels == ("N", "K", "E")
    assert Table("nothing", "number", values=(0.0,)).labels == ("any",)


def test_a_model_reads_as_a_mapping_of_its_fields() -> None:
    assert list(MODEL) == ["attendance", "suspensions", "looked_after", "sen_provision"]
    assert MODEL["sen_provision"] is SEN
    with pytest.raises(KeyError, match="postcode"):
        MODEL["postcode"]


@given(st.lists(FINITE, min_size=0, max_size=40, unique=True), st.lists(FINITE, max_size=20))
def test_an_address_is_always_where_a_search_would_end(edges: list[float], others: list[float]) -> None:
    rising = np.unique(np.array(edges, dtype=np.float64))
    near = [np.nextafter(rising, way) for way in (-np.inf, np.inf)]
    values = np.concatenate([rising, *near, others, [np.inf, -np.inf, np.nan]])
    found = Axis("any", "number", edges=tuple(rising.tolist())).bins(values)
    expected = np.searchsorted(rising, values, side="right")
    expected[np.isnan(values)] = len(rising) + 1
    assert found.tolist() == expected.tolist()


@given(st.sets(st.integers(-2000, 2000), max_size=40), st.sampled_from([0.01, 0.1, 0.5, 1.0, 3.0, 1e7]))
def test_on_a_grid_too_and_for_whole_numbers(steps: set[int], step: float) -> None:
    edges = np.unique(np.round(np.array(sorted(steps)) * step, 9))
    axis = Axis("any", "number", edges=tuple(edges.tolist()))
    values = np.concatenate([edges, np.nextafter(edges, -np.inf), edges + step / 3])
    assert axis.bins(values).tolist() == np.searchsorted(edges, values, side="right").tolist()
    counts = np.arange(0, 3000, 7)
    assert axis.bins(counts).tolist() == np.searchsorted(edges, counts, side="right").tolist()


def test_edges_too_uneven_for_cells_are_searched_for() -> None:
    edges = (0.0, 1.0, 1.0 + 1e-9, 2.0 * MOST_CELLS)
    values = np.array([-1.0, 0.0, 1.0, 1.0 + 2e-9, 1e6, np.nan])
    assert Axis("any", "number", edges=edges).bins(values).tolist() == [0, 1, 2, 3, 4, 5]


@given(st.integers(0, 10_000), st.floats(-10, 10))
def test_contributions_and_the_base_sum_to_the_log_odds(seed: int, base: float) -> None:
    model, columns = Tables(base, MODEL.tables), cohort_columns(50, seed)
    np.testing.assert_allclose(
        model.contributions(columns).sum(axis=1) + base, model.log_odds(columns), rtol=0, atol=1e-9
    )
    np.testing.assert_array_equal(model.probability(columns), probability_of(model.log_odds(columns)))


@settings(max_examples=20)
@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=50))
def test_any_pupils_on_their_own_score_the_same_to_the_bit(places: list[int]) -> None:
    columns = cohort_columns(40_001)
    some = {name: values[places] for name, values in columns.items()}
    np.testing.assert_array_equal(MODEL.log_odds(columns)[places], MODEL.log_odds(some))
    np.testing.assert_array_equal(MODEL.probability(columns)[places], MODEL.probability(some))
    found, log_odds = MODEL.explain(some)
    np.testing.assert_array_equal(found, MODEL.contributions(columns)[places])
    np.testing.assert_array_equal(log_odds, MODEL.log_odds(some))


@given(st.lists(LOG_ODDS, min_size=3, max_size=3), LOG_ODDS, LOG_ODDS)
def test_saved_and_loaded_a_model_is_the_same_to_the_bit(values: list[float], missing: float, base: float) -> None:
    table = Table("attendance", "number", edges=(84.7, 90.1), values=tuple(values), missing=missing)
    model = Tables(base, (table, LOOKED_AFTER, SEN))
    again = Tables.from_json(json.loads(json.dumps(model.to_json())))
    assert again == model
    columns = cohort_columns(100)
    np.testing.assert_array_equal(again.log_odds(columns), model.log_odds(columns))


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(ValueError, match="needs 2 values"):
        Table("attendance", "number", edges=(90.0,), values=(0.1,))
    with pytest.raises(ValueError, match="must rise"):
        Table("attendance", "number", edges=(90.0, 85.0), values=(0.1, 0.2, 0.3))
    with pytest.raises(ValueError, match="kind is one of number, flag, category"):
        Table.from_json({**ATTENDANCE.to_json(), "kind": "pickle"})
    with pytest.raises(ValueError, match="not finite"):
        Table.from_json({**LOOKED_AFTER.to_json(), "missing": float("nan")})


def test_bags_that_agree_leave_no_doubt_and_those_that_differ_do() -> None:
    columns = cohort_columns(5)
    assert spread([MODEL, MODEL], columns, 2.0).tolist() == [0.0] * 5
    other = Tables(MODEL.base + 1.0, MODEL.tables)
    np.testing.assert_allclose(spread([MODEL, other], columns, 2.0), 1.0)
