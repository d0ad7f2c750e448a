"""CSV files as they come: any delimiter, the usual encodings, titles above, blank and ragged rows, stray marks.

An orderly file goes straight to pyarrow. Any other is put in order first, as bytes and whole columns, so that a
million untidy rows take seconds too; what cannot be put in order without guessing is refused by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from roni.errors import FileRefusedError
from roni.readers.assemble import assemble
from roni.readers.csv.encoding import to_utf8
from roni.readers.csv.layout import Layout, find_layout
from roni.readers.csv.quotes import in_order, none_opens, put_in_order
from roni.readers.csv.shape import count_lines, even_out, refuse_swallowed_rows, shape_of, too_many_cells
from roni.readers.heading_row import Known
from roni.readers.limits import MAX_CELLS, MAX_LINES, MAX_RECORD_BYTES
from roni.readers.raw import RawTable

_SAMPLE_LINES = 4096  # a shorter file is read in no time either way
_FEW = 4  # a column whose first lines repeat each cell four times is worth a dictionary
_BLOCK = 2 * MAX_RECORD_BYTES  # pyarrow reads in blocks, and refuses a record longer than one


def read_csv(path: Path, known: Known, *, encoded: bool = False) -> list[RawTable]:
    """The one table of a CSV file. With `encoded`, columns of few different cells come dictionary-encoded, which
    saves reading each cell twice. Raises FileRefusedError."""
    file = path.name
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    text, encoding = to_utf8(data, file)
    del data
    layout = find_layout(text, known, file)
    lines = count_lines(text, layout.start)
    if lines.most > 2 * MAX_LINES or lines.most * len(layout.headings) > 2 * MAX_CELLS:
        raise too_many_cells(file)
    columns = _orderly_columns(text, layout, lines.sure, encoded=encoded)
    if columns is None:
        body = _with_plain_line_ends(text, layout.start)
        del text
        columns = _mended_columns(body, layout, file)
    size = len(columns[0]) if columns else 0
    rows = np.arange(layout.row + 1, layout.row + 1 + size, dtype=np.int64)
    how = {
        "format": "CSV",
        "encoding": encoding,
        "delimiter": layout.delimiter_name,
        "headings": f"row {layout.row}",
    }
    return [assemble(file, layout.headings, columns, rows, digest, how)]


def _orderly_columns(text: bytes, layout: Layout, lines: int, *, encoded: bool) -> list[Any] | None:
    """The columns, if every line is one record of just as many cells as there are headings; None otherwise."""
    import pyarrow as pa

    if not lines:
        return None
    quoted = not _marks_are_letters(text, layout.start, layout.delimiter)
    if quoted and not in_order(text, layout.start, layout.delimiter):
        return None
    body, width = pa.py_buffer(text).slice(layout.start), len(layout.headings)
    try:
        few = _of_few_cells(text, layout, quoted) if encoded and lines > _SAMPLE_LINES else ()
        table = _parse(body, layout.delimiter, width, quoted, few)
    except pa.ArrowInvalid:
        return None
    return _combined(table) if table.num_rows == lines else None


def _of_few_cells(text: bytes, layout: Layout, quoted: bool) -> list[int]:
    """The columns that hold few different cells, by the first lines: worth a dictionary. Raises ArrowInvalid."""
    import pyarrow as pa
    import pyarrow.compute as pc

    end = layout.start
    for _ in range(_SAMPLE_LINES):
        end = text.index(b"\n", end) + 1
    table = _parse(pa.py_buffer(text[layout.start : end]), layout.delimiter, len(layout.headings), quoted)
    return [
        place
        for place, column in enumerate(table.columns)
        if pc.count_distinct(column).as_py() <= _SAMPLE_LINES // _FEW
    ]


def _marks_are_letters(text: bytes, start: int, delimiter: bytes) -> bool:
    return text.find(b'"', start) < 0 or none_opens(text, start, delimiter)


def _parse(body: Any, delimiter: bytes, width: int, quoted: bool, few: Sequence[int] = ()) -> Any:
    """A pyarrow table of text; blank cells are null. Raises ArrowInvalid where a record has another width."""
    import pyarrow as pa
    from pyarrow import csv

    names = [str(place) for place in range(width)]
    encoded = {str(place): pa.dictionary(pa.int32(), pa.string()) for place in few}
    return csv.read_csv(
        pa.BufferReader(body),
        read_options=csv.ReadOptions(column_names=names, block_size=_BLOCK),
        parse_options=csv.ParseOptions(
            delimiter=delimiter.decode(), quote_char='"' if quoted else False, newlines_in_values=quoted
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()) | encoded,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            check_utf8=False,  # checked with the encoding
        ),
    )


def _combined(table: Any) -> list[Any]:
    """Each column in one piece; the pieces are let go one by one, so that the text is never held twice."""
    import pyarrow as pa

    columns = []
    for _ in range(table.num_columns):
        chunked = table.column(0)
        table = table.remove_column(0)
        if pa.types.is_dictionary(chunked.type):
            chunked = chunked.unify_dictionaries()
        columns.append(pa.concat_arrays(chunked.chunks) if chunked.num_chunks else pa.array([], pa.string()))
    return columns


def _with_plain_line_ends(text: bytes, start: int) -> bytes:
    body = text[start:]
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return body if body.endswith(b"\n") else body + b"\n"


def _mended_columns(body: bytes, layout: Layout, file: str) -> list[Any]:
    import pyarrow as pa

    delimiter, width, first_row = layout.delimiter, len(layout.headings), layout.row + 1
    if count_lines(body, 0).most > MAX_LINES:
        raise too_many_cells(file)
    quoted = not _marks_are_letters(body, 0, delimiter)
    if quoted and not in_order(body, 0, delimiter):
        body = put_in_order(body, delimiter, file, first_row)
    shape = shape_of(body, delimiter, quoted=quoted)
    refuse_swallowed_rows(shape, width, file, first_row)
    body, widest = even_out(body, shape, delimiter, width, file, first_row)
    try:
        table = _parse(pa.py_buffer(body), delimiter, widest, quoted)
    except pa.ArrowInvalid as error:
        raise FileRefusedError("broken_text", file, "The rows cannot be told apart. Export the list again.") from error
    if table.num_rows != len(shape.ends):
        raise FileRefusedError("broken_text", file, "The rows cannot be told apart. Export the list again.")
    return _combined(table)
