"""HSLS:09, default settings, three seeds of five folds, against logistic regression and boosting: paired intervals.

Run as `python tests/benchmarks/bench_hsls.py`; needs the folder `../shared/data/hsls` beside the project. The targets:
AUC at least .843, average precision at least .200, not behind either by the paired 95 % interval, expected calibration
error under .01.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.hsls import boosting, calibration_error, held_out, logistic, ours, read_hsls  # noqa: E402  needs ROOT

SEEDS = 3
DRAWS = 500  # of the people, with replacement
Measure = Callable[[np.ndarray, np.ndarray], float]
MEASURES: dict[str, Measure] = {"AUC": roc_auc_score, "average precision": average_precision_score}


def mean_of(measure: Measure, outcome: np.ndarray, scores: list[np.ndarray], rows: np.ndarray) -> float:
    return float(np.mean([measure(outcome[rows], each[rows]) for each in scores]))


def main() -> None:
    folder = ROOT.parent / "shared" / "data"
    if not (folder / "hsls").is_dir():
        print("skipped: the HSLS file is not beside this project")
        return
    values, outcome = read_hsls(folder)
    models = {"additive": ours, "logistic": logistic, "boosting": boosting}
    with threadpool_limits(1):
        scores = {
            name: [held_out(model, values, outcome, seed) for seed in range(SEEDS)] for name, model in models.items()
        }
    everybody = np.arange(len(outcome))
    for name, found in scores.items():
        auc, precision = (mean_of(measure, outcome, found, everybody) for measure in MEASURES.values())
        error = np.mean([calibration_error(outcome, each) for each in found])
        print(f"{name:10s} AUC {auc:.4f}   average precision {precision:.4f}   calibration error {error:.4f}")
    random = np.random.default_rng(0)
    draws = [random.integers(0, len(outcome), len(outcome)) for _ in range(DRAWS)]
    for other in ("logistic", "boosting"):
        for label, measure in MEASURES.items():
            gains = [
                mean_of(measure, outcome, scores["additive"], rows) - mean_of(measure, outcome, scores[other], rows)
                for rows in draws
            ]
            low, high = np.quantile(gains, [0.025, 0.975])
            print(f"additive less {other}, {label}: {np.mean(gains):+.4f} (95 % interval {low:+.4f} to {high:+.4f})")


if __name__ == "__main__":
    main()
