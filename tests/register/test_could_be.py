"""“Could be” counts what is not known of a pupil, and not what a whole file says nothing about."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from roni.cohort import Cohort, Reading
from roni.scorecard import load_scorecard
from roni.scoring import score
from tests.models import FIELDS, model_of
from tests.strategies import FILE, cohort_of, cohorts

OXFORDSHIRE, OURS = load_scorecard("oxfordshire"), load_scorecard("roni")
NAMES = sorted({*OXFORDSHIRE.fields, *OURS.fields, *FIELDS, "restricted_sharing", "leaving_destination"})
KNOWN = {"attendance": [97.0], "young_carer": [False]}


def could_be(columns: dict[str, list[object]], **more: object) -> tuple[int, str]:
    register = score(cohort_of(columns, **more), OXFORDSHIRE)  # type: ignore[arg-type]
    return int(register.could_be.points[0]), OXFORDSHIRE.bands[register.could_be.band[0]].name


@pytest.mark.parametrize(
    ("columns", "points", "band"),
    [
        (KNOWN, 0, "none"),
        ({**KNOWN, "attendance": [None]}, 2, "amber"),
        ({**KNOWN, "attendance": [86.0]}, 1, "green"),
        ({**KNOWN, "attendance": [None], "young_carer": [None]}, 4, "red"),
        ({**KNOWN, "suspended": [False]}, 0, "none"),  # no file says who was permanently excluded
        ({**KNOWN, "suspended": [None]}, 1, "green"),
    ],
)
def test_what_no_file_says_of_anybody_is_not_counted(columns: dict[str, list[object]], points: int, band: str) -> None:
    assert could_be(columns) == (points, band)


def test_a_column_with_no_value_at_all_counts_as_lacking_in_that_file_only() -> None:
    empty = Reading(FILE, "Carer", "young_carer", "no value", "empty")
    columns: dict[str, list[object]] = {"young_carer": [None, None], "attendance": [97.0, 97.0]}
    cohort = cohort_of(columns, files=(FILE, "b.csv"), file_index=[0, 1], readings=[empty])
    assert score(cohort, OXFORDSHIRE).could_be.points.tolist() == [0, 2]


@settings(max_examples=40, deadline=None)
@given(cohorts(NAMES))
def test_it_lies_between_what_is_and_what_is_if_all_were_met(cohort: Cohort) -> None:
    for card in (OXFORDSHIRE, OURS):
        register = score(cohort, card, model_of())
        made, found = register.assessment, register.could_be
        assert (made.points <= found.points).all()
        assert (found.points <= made.points_max).all()
        assert (register.band <= found.band).all()
        assert (found.band <= register.band_max).all()


@settings(max_examples=40, deadline=None)
@given(cohorts(NAMES))
def test_where_no_column_is_lacking_it_is_what_is_if_all_were_met(cohort: Cohort) -> None:
    for name in NAMES:
        cohort.columns[name] = cohort.column(name)  # type: ignore[index]
    for card in (OXFORDSHIRE, OURS):
        register = score(cohort, card)
        assert np.array_equal(register.could_be.points, register.assessment.points_max)
        assert np.array_equal(register.could_be.band, register.band_max)


@settings(max_examples=20, deadline=None)
@given(cohorts(NAMES))
def test_it_says_more_only_of_pupils_whose_line_names_something_not_known(cohort: Cohort) -> None:
    register = score(cohort, OXFORDSHIRE)
    more = (register.could_be.points > register.assessment.points)[register.order]
    named = np.array([bool(text) for text in register.to_table()["not_known"].to_pylist()])
    assert (named | ~(more & (register.section[register.order] == 0))).all()
