"""Six rankings of 10,000 pupils on 1,000 resamples, intervals and paired differences with them.

Run as `python tests/benchmarks/bench_evaluation.py`. Prints CPU seconds, and how many times scikit-learn's AUC alone,
on as many resamples of one ranking, takes as long for each ranking.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from roni.evaluation.capacity import at_length, curve_lengths, differences
from roni.evaluation.draws import draw
from roni.evaluation.ranking import ranking_of_probability, ranking_of_scores
from roni.evaluation.resamples import weights

PUPILS, RESAMPLES, CAPACITY, RATE = 10_000, 1_000, 800, 0.03
TARGET = 5.0  # CPU seconds


def main() -> int:
    random = np.random.default_rng(1)
    said = random.beta(0.5, 15, PUPILS)
    label = np.where(random.random(PUPILS) < said * RATE / said.mean(), 1, -1).astype(np.int8)
    models = [
        ranking_of_probability(f"model {noise}", said * random.normal(1, noise, PUPILS)) for noise in (0.1, 0.2, 0.4)
    ]
    cards = [ranking_of_scores(f"card {bins}", np.floor(said * bins)) for bins in (8, 18, 40)]
    start = time.process_time()
    found = draw([*models, *cards], label, curve_lengths(PUPILS, CAPACITY), RESAMPLES)
    at_length(found, CAPACITY)
    differences(found, CAPACITY)
    ours = time.process_time() - start
    start = time.process_time()
    for weight in weights(len(label), RESAMPLES // 10, 1):
        roc_auc_score(label > 0, said, sample_weight=weight)
    theirs = (time.process_time() - start) * 10
    print(f"six rankings, {PUPILS:,} pupils, {RESAMPLES:,} resamples: {ours:.1f} CPU s")
    print(f"scikit-learn's AUC alone, for each ranking: {theirs * 6 / ours:.2f} times as long")
    return int(ours > TARGET)


if __name__ == "__main__":
    sys.exit(main())
