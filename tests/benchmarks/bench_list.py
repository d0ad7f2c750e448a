"""A million rows of CSV to a ranked, explained Parquet file with every check, against pyarrow's bare all-text read.

    python tests/benchmarks/bench_list.py [rows]

Each runs in a process of its own, three times in turn; medians of CPU and wall seconds, and the highest memory.
The target is a ratio of at most 8, and less than 2.5 GiB.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGET = 8.0
MOST_MEMORY = 2.5  # GiB
ROUNDS = 3
BARE = """
import sys, pyarrow as pa, pyarrow.csv as csv
with open(sys.argv[1], encoding="utf-8") as file:
    names = file.readline().strip().split(",")
csv.read_csv(sys.argv[1], convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())))
"""
WHOLE = """
import sys, roni
register = roni.score(roni.read_cohort(sys.argv[1], "november", "2026/27"), roni.load_scorecard("oxfordshire"))
roni.write_register(register, sys.argv[2], 200)
"""
START = "import pyarrow, pyarrow.csv"


def measured(code: str, *arguments: str) -> tuple[float, float]:
    """CPU and wall seconds of the code in a process of its own, its start included."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main(rows: int) -> None:
    from roni.synthetic import write_big_csv

    with tempfile.TemporaryDirectory() as folder:
        source, target = str(write_big_csv(Path(folder) / "cohort.csv", rows)), str(Path(folder) / "list.parquet")
        figures: dict[str, list[tuple[float, float]]] = {"start": [], "bare": [], "whole": []}
        for _ in range(ROUNDS):
            figures["start"].append(measured(START))
            figures["bare"].append(measured(BARE, source))
            figures["whole"].append(measured(WHOLE, source, target))
    cpu, wall = (
        {name: statistics.median(each[kind] for each in found) for name, found in figures.items()} for kind in (0, 1)
    )
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    for name, seconds in (("CPU", cpu), ("wall", wall)):
        bare, whole = seconds["bare"] - seconds["start"], seconds["whole"] - seconds["start"]
        print(f"{name}: bare read {bare:.2f} s, whole {whole:.2f} s, ratio {whole / bare:.1f} (target {TARGET:g})")
    print(f"highest memory {memory:.2f} GiB (target {MOST_MEMORY:g})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
