"""Figures for a model's card: those of the evaluation, with what they rest on."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from roni.evaluation import Evaluation, attendance_alone, evaluate, ranking_of_probability
from roni.evaluation.measured import measured
from roni.outcomes import Outcome, Outcomes
from tests.strategies import cohort_of

SIZE = 80


@pytest.fixture(scope="module")
def found() -> Evaluation:
    """80 pupils, the first 20 NEET and given the higher probabilities; 9 of these are girls, 11 boys."""
    columns = {"attendance": [90.0] * SIZE, "sex": ["F"] * 9 + ["M"] * (SIZE - 9)}
    cohort = cohort_of(columns)
    label = np.where(np.arange(SIZE) < 20, 1, -1).astype(np.int8)
    outcomes = Outcomes(pa.array(list(cohort)), label, Outcome.neet_on(date(2028, 3, 1)))
    said = ranking_of_probability("m", np.where(label > 0, 0.6, 0.1))
    return evaluate(cohort, outcomes, [said, attendance_alone(cohort)], 40, resamples=100)


def test_a_card_has_the_figures_of_its_ranking_with_interval_events_and_split(found: Evaluation) -> None:
    figures = {(item.name, item.of): item for item in measured(found, "m")}
    recall = figures["recall in a list of 40", ""]
    assert (recall.value, recall.pupils, recall.events, recall.split) == (1.0, 80, 20, found.split)
    assert figures["area under the ROC curve", ""].value == 1.0
    assert figures["expected calibration error", ""].value == pytest.approx((20 * 0.4 + 60 * 0.1) / 80)


def test_a_group_too_small_stands_on_the_card_as_too_small(found: Evaluation) -> None:
    figures = {item.of: item for item in measured(found, "m")}
    assert figures["sex: male"].value == 1.0
    girls = figures["sex: female"]
    assert (girls.value, girls.pupils, girls.events) == (None, 0, 0)
    assert girls.text == "not printed: too small to say: fewer than 10 NEET pupils"


def test_a_list_without_probabilities_has_no_calibration_on_its_card(found: Evaluation) -> None:
    assert not {"Brier score", "expected calibration error"} & {
        item.name for item in measured(found, "attendance alone")
    }


def test_what_was_not_judged_has_no_figures(found: Evaluation) -> None:
    with pytest.raises(KeyError, match="nobody"):
        measured(found, "nobody")
