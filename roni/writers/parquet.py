"""Parquet: the typed table as it is, for other programs."""

from __future__ import annotations

from typing import Any

from roni.writers.destination import Destination, replacing


def write_parquet(table: Any, path: Destination) -> None:
    """Write a pyarrow table as Parquet. Text is written as it is: nothing runs a formula here.

    Replaces an existing file whole. Raises RoniError when the file cannot be written.
    """
    import pyarrow.parquet as pq

    with replacing(path) as part:
        pq.write_table(table, part, compression="zstd", compression_level=1)
