"""Real young people (HSLS:09): with default settings the classifier is no worse than the usual two, and calibrated.

One seed and looser floors here, to be quick; `benchmarks/bench_hsls.py` has the three seeds and the paired intervals.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.hsls import calibration_error, held_out, ours, read_hsls


@pytest.fixture(scope="module")
def held_out_scores(shared_data: Path) -> tuple[np.ndarray, np.ndarray]:
    if not (shared_data / "hsls").is_dir():
        pytest.skip("the HSLS file is not beside this project")
    values, outcome = read_hsls(shared_data)
    return outcome, held_out(ours, values, outcome, seed=0)


def test_it_ranks_real_young_people(held_out_scores: tuple[np.ndarray, np.ndarray]) -> None:
    outcome, probability = held_out_scores
    assert roc_auc_score(outcome, probability) >= 0.843
    assert average_precision_score(outcome, probability) >= 0.195


def test_its_probabilities_hold_for_real_young_people(held_out_scores: tuple[np.ndarray, np.ndarray]) -> None:
    assert calibration_error(*held_out_scores) < 0.01
