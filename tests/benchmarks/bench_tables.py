"""Exact contributions and probability of a million pupils x 25 fields, against interpret's EBM and shap, in one run.

Run as `python tests/benchmarks/bench_tables.py`; interpret, shap and lightgbm must be importable, which this project
does not need otherwise: what is not there is skipped. Seconds are CPU seconds of one thread; the targets are ratios per
pupil: 3 against the EBM's terms, 300 against shap's TreeExplainer on a boosted model.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from roni.tables import Table, Tables, probability_of

PUPILS = 1_000_000
NUMBERS, COUNTS, FLAGS, CODES = 8, 4, 10, 3
ROUNDS = 5


def fields_of(size: int) -> tuple[Tables, dict[str, Any]]:
    """A model of 25 fields as a cohort has them, and invented pupils with one value in twenty not known."""
    random = np.random.default_rng(1)
    tables, columns = [], {}
    for place in range(NUMBERS):
        edges = tuple((np.sort(random.choice(np.arange(600, 1000), 40, replace=False)) / 10).tolist())
        name = f"percent_{place}"
        tables.append(Table(name, "number", edges, (), tuple(random.normal(size=41).tolist()), 0.1))
        columns[name] = np.round(random.uniform(50, 100, size), 1)
        columns[name][::20] = np.nan
    for place in range(COUNTS):
        name = f"count_{place}"
        tables.append(Table(name, "number", (1.0, 2.0, 4.0, 8.0), (), (-0.1, 0.2, 0.4, 0.6, 0.9), 0.0))
        columns[name] = random.integers(-1, 12, size, dtype=np.int32)
    for place in range(FLAGS):
        name = f"flag_{place}"
        tables.append(Table(name, "flag", values=(-0.1, 0.8), missing=0.1))
        columns[name] = random.integers(-1, 2, size, dtype=np.int8)
    for place in range(CODES):
        name = f"code_{place}"
        tables.append(Table(name, "category", (), ("N", "K", "E"), (-0.2, 0.3, 0.8), 0.1))
        columns[name] = random.integers(-1, 3, size, dtype=np.int16)
    return Tables(-3.0, tuple(tables)), columns


def ours(model: Tables, columns: Mapping[str, Any]) -> None:
    _, log_odds = model.explain(columns)
    probability_of(log_odds)


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds, the best of several rounds."""
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def as_numbers(columns: Mapping[str, Any]) -> np.ndarray:
    """The same pupils as the peers take them: float64, NaN not known."""
    return np.column_stack([np.where(c < 0, np.nan, c) if c.dtype.kind == "i" else c for c in columns.values()])


def absent(*modules: str) -> list[str]:
    return [name for name in modules if importlib.util.find_spec(name) is None]


def bench_ebm(numbers: np.ndarray, outcome: np.ndarray, per_pupil: float) -> None:
    """interpret's terms and probability, mains only, on the same pupils."""
    from interpret.glassbox import ExplainableBoostingClassifier

    ebm = ExplainableBoostingClassifier(interactions=0, outer_bags=1, max_rounds=50, n_jobs=1, random_state=0)
    ebm.fit(numbers[:20_000], outcome[:20_000])
    theirs = seconds(lambda: probability_of(ebm.eval_terms(numbers).sum(axis=1) + ebm.intercept_)) / len(numbers)
    print(f"interpret EBM, mains      {1e6 * theirs:8.3f} s a million   ratio {theirs / per_pupil:8.1f}   target 3")


def bench_shap(numbers: np.ndarray, outcome: np.ndarray, per_pupil: float) -> None:
    """shap's TreeExplainer on a boosted model, a part of the pupils."""
    import shap
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(n_estimators=100, n_jobs=1, verbose=-1).fit(numbers[:50_000], outcome[:50_000])
    explainer, some = shap.TreeExplainer(model), numbers[:2_000]
    theirs = seconds(lambda: explainer.shap_values(some)) / len(some)
    print(f"shap TreeExplainer        {1e6 * theirs:8.1f} s a million   ratio {theirs / per_pupil:8.0f}   target 300")


def main() -> None:
    model, columns = fields_of(PUPILS)
    taken = seconds(lambda: ours(model, columns))
    print(f"tables, {len(model)} fields        {taken:8.3f} s a million")
    outcome = (np.random.default_rng(2).random(PUPILS) < model.probability(columns)).astype(int)
    numbers = as_numbers(columns)
    for needs, bench in ((("interpret",), bench_ebm), (("shap", "lightgbm"), bench_shap)):
        if missing := absent(*needs):
            print(f"{bench.__name__}: skipped, {' and '.join(missing)} cannot be imported")
        else:
            bench(numbers, outcome, taken / PUPILS)


if __name__ == "__main__":
    main()
