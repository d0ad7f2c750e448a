"""How long reading takes, as ratios of pyarrow's bare all-text read of the same file in the same run.

    python tests/benchmarks/bench_read.py [rows]

Every reading stands in a process of its own, so that its memory is its own. CPU seconds of all threads; the median of
three readings. The invented file has 30 columns; the odd kinds of the same rows have quotes, blanks, stray marks,
ragged rows, another encoding.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

HEADINGS = (
    "UPN", "Surname", "Forename", "Date of birth", "Year group", "Registration group", "Sex", "SEN status",
    "Looked after", "Young carer", "EAL", "FSM", "Attendance", "Suspensions", "Permanent exclusion",
    *(f"Local {number}" for number in range(15)),
)  # fmt: skip
NAMES = ("Zoë", "Amy", "Mohammed", "Ellie-Mae", "O'Neill", "Khan", "Smith", "Jones")
RUNS = 3


def cells() -> list[list[str]]:
    """A thousand different rows but for the UPN."""
    same = "No SEN,No,,N,F"
    rest = "Yes,,12,Not known,abc,,1,No,No,,x,2026-11-06,Comment,,N"
    return [
        f"{NAMES[i % 8]},{NAMES[i // 8 % 8]},{1 + i % 28:02d}/{1 + i % 12:02d}/2011,Year 11,11A,{'MF'[i % 2]},"
        f"{same},{80 + i % 20}.{i % 10},{i % 3 or ''},N,{rest}".split(",")
        for i in range(1000)
    ]


def lines(rows: int, kind: str) -> Iterator[str]:
    plain, quoted = [",".join(row) for row in cells()], ['"' + '","'.join(row) + '"' for row in cells()]
    yield ",".join(HEADINGS)
    for i in range(rows):
        text = f"A{i:011d}0,{quoted[i % 1000] if kind in ('quoted', 'quoted, one stray') else plain[i % 1000]}"
        if kind == "stray everywhere" or (kind == "quoted, one stray" and i == rows // 2):
            text = text.replace("No SEN", 'No "SEN"')
        if kind == "ragged" and i % 3:
            text += ",extra" if i % 3 == 1 else ""
            text = text.removesuffix(",,N") if i % 3 == 2 else text
        if kind == "several lines in a cell":
            text = text.replace("abc", '"12 High Street,\nOxford"')
        yield text
        if kind == "blank rows" and i % 10 == 0:
            yield "," * (i % 29)


def write(folder: Path, rows: int, kind: str) -> Path:
    path = folder / f"{kind}.csv"
    encoding = {"cp1252": "cp1252", "utf-16": "utf-16"}.get(kind, "utf-8")
    with path.open("w", encoding=encoding, newline="") as out:
        out.writelines(f"{line}\r\n" for line in lines(rows, kind))
    return path


def bare(path: Path) -> None:
    options = pa.csv.ConvertOptions(column_types=dict.fromkeys(HEADINGS, pa.string()))
    pa.csv.read_csv(path, convert_options=options)


def ours(path: Path) -> None:
    from roni.readers.table import read_tables

    known = {heading.casefold() for heading in HEADINGS}
    read_tables(path, lambda heading: heading.casefold() in known)


def measure(verb: str, path: Path) -> tuple[float, float]:
    """CPU seconds and the most memory (MB) of one reading in a fresh process."""
    runs = [
        subprocess.run([sys.executable, __file__, verb, str(path)], check=True, capture_output=True, text=True).stdout
        for _ in range(RUNS)
    ]
    seconds, memory = zip(*((float(word) for word in run.split()) for run in runs), strict=True)
    return statistics.median(seconds), max(memory)


def one(verb: str, path: Path) -> None:
    import roni.readers.table  # noqa: F401  # importing is not reading

    start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    {"bare": bare, "ours": ours}[verb](path)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(time.process_time() - start, used / 1024)


def main(rows: int) -> None:
    kinds = ("orderly", "quoted", "blank rows", "ragged", "stray everywhere", "quoted, one stray", "cp1252", "utf-16")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        orderly = write(folder, rows, "orderly")
        reference, memory = measure("bare", orderly)
        size = orderly.stat().st_size / 1e6
        print(f"{rows:,} rows, {size:.0f} MB; pyarrow's bare read {reference:.2f} CPU s, {memory:.0f} MB")
        for kind in (*kinds, "several lines in a cell"):
            report(kind, write(folder, rows, kind), reference)
        parquet = folder / "orderly.parquet"
        pa.parquet.write_table(pa.csv.read_csv(orderly), parquet)
        report("Parquet", parquet, reference)
        report("XLSX, 250 rows", workbook(folder, 250), reference)
        report("XLSX, 10,000 rows", workbook(folder, 10_000), reference)


def workbook(folder: Path, rows: int) -> Path:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Pupils")
    for line in lines(rows, "orderly"):
        sheet.append(line.split(","))
    path = folder / f"{rows}.xlsx"
    book.save(path)
    return path


def report(kind: str, path: Path, reference: float) -> None:
    seconds, memory = measure("ours", path)
    size = path.stat().st_size / 1e6
    print(f"{kind:25s} {seconds:6.2f} CPU s = {seconds / reference:5.2f} x bare; {memory:5.0f} MB for {size:.1f} MB")


if __name__ == "__main__":
    if sys.argv[1:2] in (["bare"], ["ours"]):
        one(sys.argv[1], Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 1_000_000)
