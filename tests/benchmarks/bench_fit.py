"""Fitting 100,000 pupils x 25 fields with one engine and no bagging, against LightGBM, both on two threads.

Run as `python tests/benchmarks/bench_fit.py`; lightgbm must be importable, which this project does not need otherwise.
Prints CPU seconds, their ratio (target: at most 5) and the AUC on pupils made by the same known process (target: at
most .002 below boosting without constraints).
"""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from roni.additive import AdditiveClassifier
from roni.tables import probability_of

PUPILS, THREADS = 100_000, 2
MONOTONE = {"x0": -1, "x1": -1, "x2": 1}


def invented(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Percents, counts and flags; log-odds that bend, jump and, a little, interact."""
    random = np.random.default_rng(seed)
    percents = np.round(100 - random.gamma(1.5, 6, (size, 5)).clip(0, 80), 1)
    counts = random.poisson(0.6, (size, 5))
    flags = random.random((size, 15)) < np.linspace(0.02, 0.4, 15)
    log_odds = (
        -5.0
        + np.minimum((98 - percents[:, 0]) / 7, 4)
        + 0.8 * (percents[:, 1] < 85)
        + 0.5 * np.minimum(counts[:, 0], 4)
        + flags @ np.linspace(1.2, 0.0, 15)
        + 0.3 * flags[:, 14] * (counts[:, 1] > 1)
    )
    values = np.column_stack([percents, counts, flags]).astype(np.float64)
    values[random.random(values.shape) < 0.03] = np.nan
    return values, (random.random(size) < probability_of(log_odds)).astype(int)


def fit(name: str, model: Any, train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]) -> float:
    """CPU seconds of a fit; prints them with the AUC on other pupils."""
    start = time.process_time()
    model.fit(*train)
    taken = time.process_time() - start
    print(f"{name:34s}{taken:8.2f} CPU s   AUC {roc_auc_score(test[1], model.predict_proba(test[0])[:, 1]):.4f}")
    return taken


def main() -> None:
    train, test = invented(PUPILS, 1), invented(PUPILS, 2)
    with threadpool_limits(THREADS):
        fit("boosting without constraints", HistGradientBoostingClassifier(random_state=0), train, test)
        taken = {
            engine: fit(
                f"additive, {engine}",
                AdditiveClassifier(engine, bags=0, calibrate=False, monotone=MONOTONE, random_state=0),
                train,
                test,
            )
            for engine in ("boosted", "smooth")
        }
        if importlib.util.find_spec("lightgbm") is None:
            print("skipped the ratio: lightgbm cannot be imported")
            return
        from lightgbm import LGBMClassifier

        theirs = fit("LightGBM", LGBMClassifier(n_jobs=THREADS, verbose=-1), train, test)
    for engine, ours in taken.items():
        print(f"{engine}: {ours / theirs:.1f} times LightGBM (target for one engine: at most 5)")


if __name__ == "__main__":
    main()
