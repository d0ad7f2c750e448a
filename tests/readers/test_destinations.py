"""Simple lists of destinations."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from roni.errors import FileRefusedError, Problems
from roni.outcomes import Outcome, label_outcomes
from roni.readers.destinations import read_destinations

FIRST, SECOND = "H801200001001", "B801200005001"


def write(folder: Path, text: str) -> Path:
    path = folder / "destinations.csv"
    path.write_text(text, "utf-8")
    return path


def labels(path: Path, day: date, as_at: date | None = None) -> dict[str, int]:
    found = label_outcomes(read_destinations(path, as_at), Outcome.neet_on(day))
    return dict(zip(found.keys.to_pylist(), found.label.tolist(), strict=True))


def test_codes_and_words_are_read_with_the_day_since_when(tmp_path: Path) -> None:
    path = write(tmp_path, f"UPN,Destination,Date\n{FIRST.lower()},619,01/02/2027\n{SECOND},Sixth form,01/09/2026\n")
    assert labels(path, date(2027, 2, 1)) == {FIRST: 1, SECOND: -1}
    assert labels(path, date(2027, 1, 31)) == {FIRST: 0, SECOND: -1}


def test_a_list_speaks_only_of_days_until_it_was_made(tmp_path: Path) -> None:
    path = write(tmp_path, f"UPN,Activity code\n{FIRST},619\n")
    assert labels(path, date(2027, 3, 1), as_at=date(2027, 3, 1)) == {FIRST: 1}
    assert labels(path, date(2027, 3, 2), as_at=date(2027, 3, 1)) == {FIRST: 0}


def test_parquet_reads_like_csv(tmp_path: Path) -> None:
    path = tmp_path / "destinations.parquet"
    pq.write_table(pa.table({"upn": [FIRST], "activity_code": ["230"], "start": ["2026-09-01"]}), path)
    assert labels(path, date(2027, 3, 1)) == {FIRST: -1}


def test_rows_without_a_key_and_unknown_activities_are_problems(tmp_path: Path) -> None:
    path = write(tmp_path, f"UPN,Activity\nnobody,619\n{FIRST},moon\n")
    problems = [(one.code, one.row, one.column) for one in Problems(read_destinations(path).problems)]
    assert problems == [("destination_no_key", 2, ""), ("activity_unknown", 3, "Activity")]
    assert labels(path, date(2027, 3, 1)) == {FIRST: 0}


def test_a_list_without_activities_is_refused_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, f"UPN,From\n{FIRST},2026-09-01\n")
    with pytest.raises(FileRefusedError, match=r"destinations\.csv: a list of destinations has"):
        read_destinations(path)
