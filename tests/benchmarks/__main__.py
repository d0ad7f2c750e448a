"""Every benchmark, one after the other: `python tests/benchmarks`, or `python tests/benchmarks rules read` for some."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main(names: list[str]) -> int:
    scripts = sorted(FOLDER.glob("bench_*.py"))
    known = {script.stem.removeprefix("bench_"): script for script in scripts}
    if unknown := [name for name in names if name not in known]:
        print(f"There is no benchmark called {unknown[0]}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    failed = 0
    for name in names or list(known):
        print(f"\n== {name}", flush=True)
        failed |= subprocess.run([sys.executable, str(known[name])], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
