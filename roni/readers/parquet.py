"""Parquet files: typed columns turned into the text that a CSV of the same table would hold."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from roni.errors import FileRefusedError, ProblemBlock
from roni.readers.assemble import assemble, no_pupils
from roni.readers.csv.shape import too_many_cells
from roni.readers.heading_row import ENOUGH_KNOWN, Known, as_heading, count_known, no_headings, too_many_columns
from roni.readers.limits import MAX_CELLS, MAX_COLUMNS, MAX_TEXT_BYTES
from roni.readers.raw import RawTable


def read_parquet(path: Path, known: Known) -> list[RawTable]:
    """The one table of a Parquet file. Columns of lists or records are not used, which is a problem.

    Row numbers are those of a spreadsheet with the headings in row 1. Raises FileRefusedError.
    """
    import pyarrow as pa

    file = path.name
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    try:
        headings, columns, nested = _read(path, known)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        sentence = "The Parquet file is damaged, or made in a way that cannot be read. Export it again."
        raise FileRefusedError("broken_parquet", file, sentence) from error
    rows = np.arange(2, len(columns[0]) + 2, dtype=np.int64)
    problems = [ProblemBlock("column_nested", file, name, None) for name in nested]
    return [assemble(file, headings, columns, rows, digest, {"format": "Parquet"}, problems, escaped=False)]


def _read(path: Path, known: Known) -> tuple[list[str], list[Any], list[str]]:
    """Headings and text columns, and the names of columns that hold more than single values."""
    import pyarrow.parquet as pq

    source = pq.ParquetFile(path)
    _refuse_by_size(source.metadata, path.name)
    schema = source.schema_arrow
    if count_known(schema.names, known) < ENOUGH_KNOWN:
        raise no_headings(path.name)
    if not source.metadata.num_rows:
        raise no_pupils(path.name)
    nested = [field.name for field in schema if _is_nested(field.type)]
    wanted = [field.name for field in schema if not _is_nested(field.type)]
    # Text stays as numbers into its distinct values until its size is known: a page of a kilobyte can repeat one
    # long text a million times.
    texts = [field.name for field in schema if _is_text(field.type)]
    table = pq.ParquetFile(path, read_dictionary=texts).read(columns=wanted)
    headings = [as_heading(name) for name in table.column_names]
    columns: list[Any] = []
    room = MAX_TEXT_BYTES
    while table.num_columns:
        column, used = _as_text(table.column(0), room, path.name)
        table = table.remove_column(0)
        columns.append(column)
        room -= used
    return headings, columns, nested


def _refuse_by_size(metadata: Any, file: str) -> None:
    """What the file says of itself, before any of it is unpacked."""
    if metadata.num_columns > MAX_COLUMNS:
        raise too_many_columns(file)
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    unpacked = sum(group.total_byte_size for group in groups)
    if metadata.num_rows * metadata.num_columns > MAX_CELLS or unpacked > 2 * MAX_TEXT_BYTES:
        raise too_many_cells(file)


def _is_nested(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_nested(kind))


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary))


def _as_text(column: Any, room: int, file: str) -> tuple[Any, int]:
    """A column as one pyarrow string array, and its size in bytes. Raises FileRefusedError past `room` bytes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    pieces, used = [], 0
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            distinct = _plain_text(chunk.dictionary)
            used += pc.sum(pc.binary_length(distinct).take(chunk.indices)).as_py() or 0
        else:
            distinct = None
            used += 24 * len(chunk)  # the longest number or date, roughly
        if used > room:
            raise too_many_cells(file)
        pieces.append(distinct.take(chunk.indices) if distinct is not None else _plain_text(chunk))
    return pa.concat_arrays(pieces), used


def _plain_text(values: Any) -> Any:
    """Values of one type as text: no trailing `.0`, ISO dates, TRUE and FALSE, NaN blank."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_boolean(kind):
        return pc.if_else(values, pa.scalar("TRUE"), pa.scalar("FALSE"))
    if pa.types.is_floating(kind):
        known = pc.if_else(pc.is_nan(values), pa.scalar(None, kind), values)
        return pc.replace_substring_regex(known.cast(pa.string()), r"\.0$", "")
    if pa.types.is_timestamp(kind):
        local = pc.local_timestamp(values) if kind.tz else values
        text = local.cast(pa.timestamp("s"), safe=False).cast(pa.string())
        return pc.replace_substring_regex(text, " 00:00:00$", "")
    return values.cast(pa.string())
