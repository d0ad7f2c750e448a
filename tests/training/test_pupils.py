"""Whom a model learns from, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from roni.cohort import Cohort
from roni.errors import RoniError, TrainingError
from roni.outcomes import Outcome, Spells, label_outcomes
from roni.scorecard import load_scorecard
from roni.training.pupils import Pupils, followed, known_as, shifted, usual_outcome
from tests.leavers import LOST, NEET, SIXTH_FORM, became, keys_of, year_11

CARD = load_scorecard("oxfordshire")
MARCH = Outcome.neet_on(date(2027, 3, 1))


def follow(cohort: Cohort, spells: Spells, caseloaded: tuple[str, ...] = ()) -> Pupils:
    return followed(cohort, spells, MARCH, CARD, (11,), caseloaded)


def test_a_pupil_is_labelled_by_their_destination_and_not_known_is_no_label() -> None:
    cohort = year_11({"attendance": [90.0] * 4})
    found = follow(cohort, became(keys_of(3), [NEET, SIXTH_FORM, LOST]))
    assert found.label.tolist() == [1, -1, 0, 0]
    assert (found.neet, found.no_record) == (1, 1)
    assert "4 pupils, of whom 1 became NEET, 1 did not and 2 are not known" in found.words


def test_only_the_year_groups_asked_for_are_learnt_from() -> None:
    cohort = year_11({"year_group": [11, 10, 11, None]})
    found = follow(cohort, became(keys_of(4), [SIXTH_FORM] * 4))
    assert found.cohort.keys.to_pylist() == ["PUPIL00000", "PUPIL00002"]
    with pytest.raises(TrainingError, match="no pupil of Year 9"):
        followed(cohort, became(keys_of(4), [NEET] * 4), MARCH, CARD, (9,), ())


def test_pupils_whose_information_is_restricted_are_not_learnt_from() -> None:
    cohort = year_11({"restricted_sharing": [True, False, None]})
    found = follow(cohort, became(keys_of(3), [NEET] * 3))
    assert (len(found), found.unlisted) == (2, 1)
    assert len(found.register) == 2


def test_nobody_followed_up_is_an_error() -> None:
    with pytest.raises(RoniError, match="have a destination: too few"):
        follow(year_11({"attendance": [90.0] * 4}), became(["SOMEBODY"], [NEET]))


def test_a_destination_under_a_former_upn_or_a_uln_is_the_pupils() -> None:
    cohort = year_11(
        {
            "upn": ["A100000000001", "A100000000002", "A100000000003"],
            "former_upn": ["A100000000009", None, None],
            "uln": [None, "1000000003", None],
        }
    )
    spells = became(["A100000000009", "1000000003", "A100000000003"], [NEET, NEET, SIXTH_FORM])
    assert follow(cohort, spells).label.tolist() == [1, 1, -1]


def test_an_identifier_that_two_pupils_have_names_neither() -> None:
    cohort = year_11({"uln": ["1000000003", "1000000003"]})
    assert known_as(cohort, pa.array(["1000000003", "PUPIL00001"])).to_pylist() == ["1000000003", "PUPIL00001"]


def test_labels_worked_out_before_can_be_given_instead_of_destinations() -> None:
    cohort = year_11({"uln": ["1000000003", None]})
    labels = label_outcomes(became(["1000000003", "PUPIL00001"], [NEET, SIXTH_FORM]), MARCH)
    assert followed(cohort, labels, MARCH, CARD, (11,), ()).label.tolist() == [1, -1]


def test_pupils_who_were_given_help_are_known_by_any_identifier() -> None:
    cohort = year_11({"uln": ["1000000003", None]})
    found = follow(cohort, became(keys_of(2), [NEET] * 2), (" 1000000003 ", "NOBODY"))
    assert found.caseloaded.tolist() == [True, False]


def test_the_usual_outcome_is_neet_on_the_march_after_year_11() -> None:
    assert usual_outcome(year_11({"attendance": [90.0]}, 2025)) == MARCH


def test_earlier_leavers_are_asked_about_their_own_year() -> None:
    window = Outcome.persistently_neet(date(2027, 9, 1), date(2028, 2, 29))
    earlier = shifted(window, 1)
    assert (earlier.start, earlier.end, earlier.months) == (date(2026, 9, 1), date(2027, 2, 28), 4)


def test_the_frame_has_the_types_that_the_classifier_takes() -> None:
    cohort = year_11(
        {"attendance": [90.0, None], "suspensions": [1, None], "fsm": [True, None], "english_grade": ["4", None]}
    )
    frame = follow(cohort, became(keys_of(2), [NEET] * 2)).frame(["attendance", "suspensions", "fsm", "english_grade"])
    assert frame.dtypes.astype(str).tolist() == ["float64", "Int32", "boolean", "category"]
    assert frame.isna().sum().tolist() == [1, 1, 1, 1]


def test_some_of_the_pupils_keep_what_is_theirs() -> None:
    found = follow(year_11({"attendance": [80.0, 99.0]}), became(keys_of(2), [NEET, SIXTH_FORM]), ("PUPIL00001",))
    second = found.take(np.array([1]))
    assert (second.label.tolist(), second.caseloaded.tolist()) == ([-1], [True])
    assert second.register.rules_band.tolist() == found.register.rules_band[1:].tolist()
    assert replace(second, unlisted=3).unlisted == 3
