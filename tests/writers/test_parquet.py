"""Parquet: the typed table as it is."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from roni.writers.parquet import write_parquet


def test_the_table_comes_back_as_it_was(tmp_path: Path) -> None:
    table = pa.table({"rank": [1, None], "surname": ["=1+1", "Zoë"], "probability": [0.25, None]})
    write_parquet(table, tmp_path / "list.parquet")
    assert pq.read_table(tmp_path / "list.parquet").equals(table)


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    for rows in ([1, 2, 3], [4]):
        write_parquet(pa.table({"rank": rows}), tmp_path / "list.parquet")
    assert pq.read_table(tmp_path / "list.parquet")["rank"].to_pylist() == [4]
