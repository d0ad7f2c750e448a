"""Rules only: 25 indicators in three answers, against a plain numpy copy of the same columns, in one process.

Run as `python tests/benchmarks/bench_rules.py`. Prints, for each size, the ratio to the copy and the cost per pupil;
the target is a ratio of at most 8 at 1 million pupils, and a cost per pupil that stays flat.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from roni.cohort import Cohort
from roni.fields import national
from roni.indicator import AtLeast, Below, Indicator, IsTrue, OneOf, Tier
from roni.scorecard import Band, Scorecard
from tests.strategies import cohort_of

SIZES = (10_000, 100_000, 1_000_000, 2_000_000)
TARGET = 8.0
ROUNDS = 7

FLAGS = (
    "permanently_excluded", "eal", "fsm", "fsm_ever6", "looked_after", "previously_looked_after", "care_leaver",
    "child_in_need", "child_protection_plan", "early_help", "youth_justice", "custody", "young_carer",
    "pregnant_or_parent", "refugee_or_asylum_seeker", "substance_misuse", "homeless", "alternative_provision",
    "elective_home_education", "missing_education",
)  # fmt: skip


def card() -> Scorecard:
    """25 indicators: four with two tiers, as cards have them, and flags."""
    graded = {
        "attendance": (Tier(2, Below("attendance", 85.0)), Tier(1, Below("attendance", 90.0))),
        "attendance_last_year": (
            Tier(2, Below("attendance_last_year", 85.0)),
            Tier(1, Below("attendance_last_year", 90.0)),
        ),
        "suspensions": (Tier(2, AtLeast("suspensions", 5)), Tier(1, AtLeast("suspensions", 1))),
        "sen_provision": (Tier(2, OneOf("sen_provision", ("E",))), Tier(1, OneOf("sen_provision", ("K",)))),
        "hours_of_provision": (Tier(1, Below("hours_of_provision", 25)),),
    }
    tiers = graded | {name: (Tier(1, IsTrue(name)),) for name in FLAGS}
    return Scorecard(
        name="benchmark",
        title="Benchmark",
        version="1",
        on=date(2026, 11, 1),
        years=(11,),
        checks=("november",),
        settings=("mainstream",),
        sources=("invented",),
        bands=(Band("none", 0, ""), Band("green", 1, ""), Band("amber", 2, ""), Band("red", 4, "")),
        indicators=tuple(Indicator(name, name, "benchmark", tier, "invented") for name, tier in tiers.items()),
        inclusions=(),
        digest="",
        dictionary=national(),
    )


def cohort(size: int) -> Cohort:
    """Invented columns, every one supplied, with about one in ten not known."""
    random = np.random.default_rng(1)
    columns: dict[str, Any] = {
        "attendance": random.uniform(60, 100, size),
        "attendance_last_year": random.uniform(60, 100, size),
        "suspensions": random.integers(-1, 8, size, np.int32),
        "hours_of_provision": random.integers(-1, 31, size, np.int32),
        "sen_provision": random.integers(-1, 3, size, np.int16),
    }
    columns["attendance"][::10] = np.nan
    columns |= {name: random.integers(-1, 2, size, np.int8) for name in FLAGS}
    few = cohort_of({}, size=1)
    many = {
        "key_kind": np.zeros(size, np.int8),
        "file_index": np.zeros(size, np.int16),
        "row": np.arange(size, dtype=np.int64),
    }
    return replace(few, columns=columns, **many)


def best(work: Callable[[], object]) -> float:
    """Seconds of the quickest of several rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> int:
    rules = card()
    assert len(rules.active) == 25
    ratios = {}
    print(f"{'pupils':>10} {'copy ms':>9} {'assess ms':>10} {'ratio':>6} {'ns a pupil':>11} {'ask ms':>8}")
    for size in SIZES:
        pupils = cohort(size)
        copy = best(lambda pupils=pupils: [np.copy(values) for values in pupils.columns.values()])
        assess = best(lambda pupils=pupils: rules.assess(pupils))
        ask = best(lambda pupils=pupils: rules.assess(pupils).ask_first) - assess
        ratios[size] = assess / copy
        print(
            f"{size:>10,} {copy * 1e3:>9.2f} {assess * 1e3:>10.2f} {ratios[size]:>6.2f} "
            f"{assess / size * 1e9:>11.1f} {ask * 1e3:>8.1f}"
        )
    return int(ratios[1_000_000] > TARGET)


if __name__ == "__main__":
    sys.exit(main())
