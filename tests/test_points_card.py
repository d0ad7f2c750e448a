"""A learnt card of whole points, run by the rules engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import roni
from roni.additive import AdditiveClassifier
from roni.errors import ScorecardError
from roni.fields import national
from roni.indicator import Band
from roni.model.card import TRAINED_ON_INVENTED
from roni.points_card import card_of_model, card_toml
from roni.scorecard import Scorecard
from tests.models import INVENTED, SUSPENSIONS, YOUNG_CARER, model_of
from tests.strategies import cohort_of
from tests.test_additive import FRAME, MONOTONE, OUTCOME

BANDS = (Band("high", 4, "Talk to the pupil."), Band("low", 0, "No more than for everybody."))


def written(folder: Path, points: dict[str, Any], **how: Any) -> Scorecard:
    usual = {
        "name": "learnt", "title": "A learnt card", "version": "1", "on": date(2027, 6, 1), "bands": BANDS,
        "source": "invented leavers",
    }  # fmt: skip
    path = folder / "learnt.toml"
    path.write_text(card_toml(points, national(), **{**usual, **how}), "utf-8")
    return roni.load_scorecard(path)


def of_field(name: str, kind: str, *tiers: dict[str, Any]) -> dict[str, Any]:
    return {"fields": [{"name": name, "kind": kind, "tiers": list(tiers)}]}


def between(points: int, low: float | None, high: float | None) -> dict[str, Any]:
    return {"points": points, "at_least": low, "below": high}


@pytest.mark.parametrize("monotone", [MONOTONE, None])
def test_the_rules_engine_gives_each_pupil_the_classifiers_points(
    tmp_path: Path, monotone: dict[str, int] | None
) -> None:
    frame = FRAME.drop(columns="district")
    grids = {"attendance": 0.5}
    model = AdditiveClassifier("smooth", integer=True, monotone=monotone, grids=grids, random_state=0, bags=0)
    model.fit(frame, OUTCOME)
    columns = {name: frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame}
    card = written(tmp_path, model.to_points())
    known = frame.notna().all(axis=1).to_numpy()
    summed = np.round(model.contributions(frame).sum(axis=1) / model.to_points()["unit"])
    shift = summed[known] - card.assess(cohort_of(columns)).points[known]
    stated = [line for line in card.sources if line.startswith("The lowest points of each field were made 0")]
    assert set(shift) == {int(stated[0].split(" lower")[0].split()[-1]) if stated else 0}


def test_falling_points_are_thresholds_one_within_the_other(tmp_path: Path) -> None:
    card = written(tmp_path, of_field("attendance", "number", between(3, None, 80.0), between(1, 80.0, 90.0)))
    (indicator,) = card.indicators
    assert [(tier.points, tier.when.words(national())) for tier in indicator.tiers] == [
        (3, "attendance below 80 %"),
        (1, "attendance below 90 %"),
    ]
    assert indicator.source == "Whole points learnt from invented leavers by AdditiveClassifier(integer=True)."
    assert card.assess(cohort_of({"attendance": [79.9, 80.0, 89.9, 90.0, None]})).points.tolist() == [3, 1, 1, 0, 0]


def test_points_that_rise_and_fall_keep_both_bounds(tmp_path: Path) -> None:
    card = written(
        tmp_path, of_field("suspensions", "number", between(2, 0.5, 1.5), between(1, 1.5, 3.0), between(2, 5.0, None))
    )
    assert card.assess(cohort_of({"suspensions": [0, 1, 2, 3, 4, 5, 9]})).points.tolist() == [0, 2, 1, 0, 0, 2, 2]


def test_the_lowest_points_of_a_field_are_made_0_and_the_card_says_so(tmp_path: Path) -> None:
    card = written(tmp_path, of_field("attendance", "number", between(3, None, 80.0), between(1, 80.0, None)))
    assert card.assess(cohort_of({"attendance": [79.9, 80.0, None]})).points.tolist() == [2, 0, 0]
    assert "the sum is 1 lower than the classifier’s" in card.sources[1]


def test_a_flag_scores_whichever_way_it_was_learnt(tmp_path: Path) -> None:
    asked = cohort_of({"young_carer": [True, False, None]})
    for tiers, points in (
        ([{"points": 2, "is": True}], [2, 0, 0]),
        ([{"points": 2, "is": False}], [0, 2, 0]),
        ([{"points": 3, "is": True}, {"points": 1, "is": False}], [2, 0, 0]),
    ):
        assert written(tmp_path, of_field("young_carer", "flag", *tiers)).assess(asked).points.tolist() == points


def test_a_protected_field_has_its_justification_and_asks_for_agreement(tmp_path: Path) -> None:
    card = written(tmp_path, of_field("sen_provision", "category", {"points": 1, "one_of": ["K", "E"]}))
    assert "agree on one before the card is used" in card.indicators[0].justification
    assert card.assess(cohort_of({"sen_provision": ["N", "K", "E", None]})).points.tolist() == [0, 1, 1, 0]


def test_a_card_that_cannot_be_run_is_refused(tmp_path: Path) -> None:
    carer = of_field("young_carer", "flag", {"points": 1, "is": True})
    with pytest.raises(ScorecardError, match="“sex” may not be scored"):
        written(tmp_path, of_field("sex", "category", {"points": 1, "one_of": ["F"]}))
    with pytest.raises(ScorecardError, match="“shoe_size” is not a field"):
        written(tmp_path, of_field("shoe_size", "number", between(1, 40.0, None)))
    with pytest.raises(ScorecardError, match="no field has points"):
        written(tmp_path, of_field("young_carer", "flag"))
    with pytest.raises(ScorecardError, match="the lowest band must begin at 0"):
        written(tmp_path, carer, bands=BANDS[:1])


def made_of(folder: Path, *tables: Any, **how: Any) -> Scorecard:
    path = folder / "of-model.toml"
    path.write_text(card_of_model(model_of(*tables, **how), national(), roni.load_scorecard("oxfordshire")), "utf-8")
    return roni.load_scorecard(path)


def test_a_saved_model_gives_whole_points_of_what_each_field_adds_above_its_least(tmp_path: Path) -> None:
    # the field that moves most, attendance, by 2.0 in 5 points: one point is 0.4
    card = made_of(tmp_path)
    cohort = cohort_of(
        {
            "attendance": [79.9, 80.0, 90.0, 90.0, 90.0, 90.0, None],
            "suspensions": [0, 0, 0, 1, 3, 0, None],
            "young_carer": [False, False, False, False, False, True, None],
            "sen_provision": ["N", "N", "N", "N", "N", "E", None],
        }
    )
    assert card.assess(cohort).points.tolist() == [5, 2, 0, 2, 3, 2 + 2, 0]


def test_bands_begin_where_all_that_is_known_reaches_the_models_probabilities(tmp_path: Path) -> None:
    # base -2, less 0.25 and 0.125 for the lowest of both fields: -2.375, and 0.25 a point
    def starts(*edges: float) -> list[int]:
        return [band.at_least for band in made_of(tmp_path, SUSPENSIONS, YOUNG_CARER, edges=edges).bands]

    at_4_points = 1 / (1 + np.exp(2.375 - 4 * 0.25))
    assert starts(at_4_points - 1e-9, 0.3, 0.4)[1] == 4
    assert starts(at_4_points + 1e-9, 0.3, 0.4)[1] == 5


def test_bands_of_a_model_stand_a_point_apart_and_one_that_nobody_reaches_is_out_of_reach(tmp_path: Path) -> None:
    card = made_of(tmp_path, edges=(0.05, 0.05000001, 1.0))
    assert [band.at_least for band in card.bands] == [0, 1, 2, card.most + 1]


def test_the_card_of_a_model_says_which_and_on_whom_it_was_learnt(tmp_path: Path) -> None:
    card = made_of(tmp_path, card=INVENTED)
    assert card.version == model_of(card=INVENTED).digest[:12]
    assert "invented pupils of the model “trial” by rounding its tables" in card.indicators[0].source
    assert TRAINED_ON_INVENTED in card.sources
    assert TRAINED_ON_INVENTED not in made_of(tmp_path).sources


def test_a_model_of_other_bands_than_the_scorecards_makes_no_card(tmp_path: Path) -> None:
    with pytest.raises(ScorecardError, match="it knows 3 bands and the scorecard “oxfordshire” has 4"):
        made_of(tmp_path, edges=(0.1, 0.2))
