"""Who is held out, and that what is said of them owes nothing to what became of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from roni.errors import RoniError, TrainingError
from roni.fields import national
from roni.scorecard import load_scorecard
from roni.training.fitting import Recipe
from roni.training.pupils import Pupils, followed, usual_outcome
from roni.training.trial import AS_IT_IS, Trial, hold_trial, splits_of, usual_split
from tests.leavers import NEET, SIXTH_FORM, became, keys_of, year_11

CARD = load_scorecard("oxfordshire")
RECIPE = Recipe(national(), ("attendance",), "smooth", bags=0, calibrate=False)
SIZE = 300


def pupils(start: int, events: int = 60) -> Pupils:
    """Leavers of four schools, the first ones of low attendance and NEET."""
    random = np.random.default_rng(start)
    attendance = np.round(np.where(np.arange(SIZE) < events, 82, 93) + random.normal(0, 4, SIZE), 1).clip(0, 100)
    columns = {
        "attendance": attendance.tolist(),
        "school_name": [f"School {place % 4}" for place in range(SIZE)],
        "district": [None if place % 4 == 3 else f"District {place % 2}" for place in range(SIZE)],
    }
    cohort = year_11(columns, start)
    spells = became(keys_of(SIZE), [NEET] * events + [SIXTH_FORM] * (SIZE - events), date(start + 1, 9, 1))
    found = followed(cohort, spells, usual_outcome(cohort), CARD, (11,), ())
    keys = pa.array([f"{key}-{start}" for key in keys_of(SIZE)])
    return replace(found, cohort=replace(found.cohort, keys=keys))


def trial(*groups: Pupils, split: str | None = None) -> Trial:
    return hold_trial("ours", groups, RECIPE, {}, split, None, None, lambda *_: None)


def test_over_time_where_the_earlier_leavers_have_events_enough_else_by_lot() -> None:
    assert usual_split([pupils(2024, 50), pupils(2025, 10)]) == "time"
    assert usual_split([pupils(2024, 49), pupils(2025, 10)]) == "random"
    assert usual_split([pupils(2024, 50), pupils(2025, 9)]) == "random"
    assert usual_split([pupils(2025)]) == "random"


def test_over_time_all_earlier_leavers_are_learnt_from_together_and_the_last_are_tested() -> None:
    groups = [pupils(2023), pupils(2024), pupils(2025)]
    learners, (split,) = splits_of(groups, "time", 0)
    assert learners == tuple(groups[:2])
    assert split.train.tolist() == list(range(2 * SIZE))
    assert split.test.tolist() == list(range(SIZE))
    assert "learnt from November 2023" in split.words
    assert "learnt from November 2024" in split.words


def test_a_pupil_of_two_summers_is_tested_and_not_learnt_from() -> None:
    first, last = pupils(2024), pupils(2025)
    again = replace(last, cohort=replace(last.cohort, keys=first.cohort.keys))
    with pytest.raises(RoniError, match="Every pupil to learn from is also among those to test on"):
        splits_of([first, again], "time", 0)


def test_over_time_needs_two_summers_and_events_enough_in_the_earlier() -> None:
    with pytest.raises(TrainingError, match="needs the leavers of two summers"):
        splits_of([pupils(2025)], "time", 0)
    with pytest.raises(TrainingError, match="49 of 300 pupils"):
        splits_of([pupils(2024, 49), pupils(2025)], "time", 0)


def test_one_school_or_district_after_the_other_can_be_held_out() -> None:
    _, schools = splits_of([pupils(2025)], "school", 0)
    assert len(schools) == 4
    assert all(set(split.train % 4).isdisjoint(split.test % 4) for split in schools)
    _, districts = splits_of([pupils(2025)], "district", 0)
    assert len(districts) == 2


def test_by_lot_everybody_is_tested_once_by_what_was_learnt_without_them() -> None:
    _, folds = splits_of([pupils(2025)], "random", 0)
    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(SIZE))
    assert all(len(fold.train) + len(fold.test) == SIZE for fold in folds)
    said = trial(pupils(2025)).said[AS_IT_IS].probability
    assert not np.isnan(said).any()


def test_what_is_said_of_later_leavers_owes_nothing_to_what_became_of_them() -> None:
    first, last = pupils(2024), pupils(2025)
    otherwise = replace(last, label=-last.label)
    said = [trial(first, each, split="time").said[AS_IT_IS].probability for each in (last, otherwise)]
    assert (said[0] == said[1]).all()


def test_the_list_is_a_tenth_of_the_pupils_unless_a_capacity_is_given() -> None:
    assert trial(pupils(2024), pupils(2025)).capacity == SIZE // 10


def test_the_register_of_a_trial_takes_the_higher_band_and_orders_by_probability_within_it() -> None:
    found = trial(pupils(2024), pupils(2025))
    register = found.register
    assert register.model_name == "model ours"
    assert (register.band >= found.tested.register.rules_band).all()
    assert [ranking.name for ranking in found.rankings] == [
        "model ours",
        "oxfordshire with model ours",
        "oxfordshire",
        "attendance alone",
        "count of flags",
    ]
