"""Invented pupils: seconds for a typed cohort and for a big CSV file, beside a plain numpy copy and a bare write.

Run as `python tests/benchmarks/bench_synthetic.py [ROWS]`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from roni.synthetic import make_authority, make_cohort, write_big_csv, write_files
from roni.synthetic.process import solved

ROWS = 1_000_000


def seconds(work: Callable[[], Any]) -> float:
    """CPU seconds of one run."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main(rows: int) -> None:
    """Print one line a piece of work."""
    print(f"the process solved on its reference population: {seconds(solved):.2f} s, once")
    cohort = make_cohort(rows)
    numbers = [values for values in cohort.columns.values() if isinstance(values, np.ndarray)]
    copy = seconds(lambda: [values.copy() for values in numbers])
    made = seconds(lambda: make_cohort(rows, seed=1))
    print(f"{rows:,} typed pupils: {made:.2f} s, {made / copy:.0f} times a copy of the same columns")
    with tempfile.TemporaryDirectory() as folder:
        written = seconds(lambda: write_big_csv(Path(folder) / "big.csv", rows))
        size = (Path(folder) / "big.csv").stat().st_size / 1e6
        print(f"{rows:,} rows of 30 columns ({size:.0f} MB) as CSV: {written:.2f} s")
        authority = make_authority()
        check = authority.checks()[0]
        print(f"an authority of {len(authority):,}: {seconds(make_authority):.2f} s")
        print(f"its schools' files: {seconds(lambda: write_files(authority, check, folder)):.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
