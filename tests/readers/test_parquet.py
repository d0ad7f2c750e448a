"""Parquet: typed columns become the text that a CSV of the same table would hold."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from roni.errors import FileRefusedError
from roni.readers.raw import RawTable
from roni.readers.table import read_tables
from roni.writers.parquet import write_parquet


def known(heading: str) -> bool:
    return heading.casefold() in {"upn", "surname", "attendance"}


def read(path: Path) -> RawTable:
    (table,) = read_tables(path, known)
    return table


def cells(folder: Path, values: Any) -> list[str | None]:
    path = folder / "pupils.parquet"
    pq.write_table(pa.table({"UPN": [f"A{i}" for i in range(len(values))], "Attendance": values}), path)
    return list(read(path).columns[1].to_pylist())


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([87.5, 90.0, 0.1, None, float("nan")]), ["87.5", "90", "0.1", None, None]),
        (pa.array([84.2], pa.float32()), ["84.2"]),
        (pa.array([11, None], pa.int8()), ["11", None]),
        (pa.array([True, False, None]), ["TRUE", "FALSE", None]),
        (pa.array([datetime.date(2011, 7, 17)]), ["2011-07-17"]),
        (pa.array([datetime.datetime(2011, 7, 17), datetime.datetime(2011, 7, 17, 9, 30)]),
         ["2011-07-17", "2011-07-17 09:30:00"]),
        (pa.array([datetime.datetime(2011, 7, 17, tzinfo=datetime.UTC)], pa.timestamp("ns", "Europe/London")),
         ["2011-07-17 01:00:00"]),
        (pa.array([Decimal("87.50")]), ["87.50"]),
        (pa.array(["x", "y", None, "x"]).dictionary_encode(), ["x", "y", None, "x"]),
        (pa.array([1, 2, 1]).dictionary_encode(), ["1", "2", "1"]),
        (pa.array([" x ", "", "'=1"], pa.large_string()), ["x", None, "'=1"]),
        (pa.array([b"x", None], pa.binary()), ["x", None]),
        (pa.nulls(2), [None, None]),
    ],
)  # fmt: skip
def test_each_type_reads_as_text(tmp_path: Path, values: Any, texts: list[str | None]) -> None:
    assert cells(tmp_path, values) == texts


def test_what_our_writer_writes_reads_back_with_a_spreadsheets_row_numbers(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    write_parquet(pa.table({"UPN": ["A1", "B2"], "Surname": ["=1", None], "Attendance": [90.5, None]}), path)
    table = read(path)
    assert table.headings == ("UPN", "Surname", "Attendance")
    assert [column.to_pylist() for column in table.columns] == [["A1", "B2"], ["=1", None], ["90.5", None]]
    assert table.rows.tolist() == [2, 3]
    assert table.how == {"format": "Parquet"}


def test_columns_of_lists_and_records_are_not_used_and_said(tmp_path: Path) -> None:
    path = tmp_path / "pupils.parquet"
    pq.write_table(pa.table({"UPN": ["A"], "Surname": ["S"], "Marks": [[1, 2]], "Home": [{"a": 1}]}), path)
    table = read(path)
    assert table.headings == ("UPN", "Surname")
    assert [(block.code, block.column) for block in table.problems] == [
        ("column_nested", "Marks"),
        ("column_nested", "Home"),
    ]
    assert "lists or records" in next(iter(table.problems[0])).message


def test_a_short_page_that_repeats_a_long_text_is_refused_before_it_is_written_out(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), pa.array(["x" * 1_000_000]))
    pq.write_table(pa.table({"UPN": long, "Surname": long}), path)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(FileRefusedError, match="too many rows and columns"):
        read(path)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (pa.table({"UPN": ["A"], "Shoe": ["4"]}), "no_headings"),
        (pa.table({"UPN": pa.array([], pa.string()), "Surname": pa.array([], pa.string())}), "no_rows"),
        (pa.table({"UPN": pa.nulls(3, pa.string()), "Surname": pa.nulls(3, pa.string())}), "no_rows"),
        (pa.table({f"UPN {i}": ["A"] for i in range(1001)}), "too_many_columns"),
    ],
)
def test_what_is_no_list_of_pupils_is_refused(tmp_path: Path, table: pa.Table, code: str) -> None:
    path = tmp_path / "pupils.parquet"
    pq.write_table(table, path)
    with pytest.raises(FileRefusedError, match=r"pupils\.parquet") as caught:
        read(path)
    assert caught.value.code == code


@pytest.mark.parametrize("keep", [10, 200, -1])
def test_a_truncated_file_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "pupils.parquet"
    pq.write_table(pa.table({"UPN": ["A"], "Surname": ["4"]}), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FileRefusedError, match="damaged") as caught:
        read(path)
    assert caught.value.code == "broken_parquet"
