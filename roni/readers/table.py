"""Any file of a table as raw text: what the file is decides how it is read, never its name."""

from __future__ import annotations

from pathlib import Path

from roni.readers.csv import read_csv
from roni.readers.formats import format_of
from roni.readers.heading_row import Known
from roni.readers.parquet import read_parquet
from roni.readers.raw import RawTable as RawTable
from roni.readers.xlsx import read_xlsx

_READERS = {"xlsx": read_xlsx, "parquet": read_parquet}


def read_tables(path: str | Path, known: Known, *, encoded: bool = False) -> list[RawTable]:
    """Every table of pupils in a file: one, or one for each sheet of the same headings.

    `known(heading)` says whether a heading is one of a known field; the row with most of them holds the headings.
    With `encoded`, columns of few different cells may come dictionary-encoded.
    Raises FileRefusedError, with a stable code and a sentence that says what to do, for whatever is not such a table
    or cannot be read without losing rows.
    """
    place = Path(path)
    kind = format_of(place)
    return read_csv(place, known, encoded=encoded) if kind == "csv" else _READERS[kind](place, known)
