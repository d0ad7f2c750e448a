"""Reading a team's sheet that comes back: what runs in the process that reads files. Plain values in and out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from roni import FileRefusedError, read_tables

KIND = "sheet"  # of a job, so that the process knows that it is no school's file
MOST_ROWS = 5_000
REFERENCE, AS_SENT = "Reference", "As sent"
ACTION, ACTION_BY, DONE = "Next action", "Next action by", "Done"
CONTACTED, HOW, OUTCOME, NOTE = "Contacted on", "How", "Outcome", "Note"
FILLED = (REFERENCE, AS_SENT, ACTION, ACTION_BY, DONE, CONTACTED, HOW, OUTCOME, NOTE)


def read_sheet(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows: the number that a spreadsheet shows, and the text of each cell that counts. Raises FileRefusedError."""
    names = {name.casefold(): name for name in FILLED}
    file = Path(job["path"]).name
    try:
        (table, *more) = read_tables(job["path"], lambda heading: heading.strip().casefold() in names)
    except FileRefusedError as error:
        raise _not_this_sheet(file) if error.code == "no_headings" else error from None
    found = {
        names[heading.strip().casefold()]: column.to_pylist()
        for heading, column in zip(table.headings, table.columns, strict=True)
        if heading.strip().casefold() in names
    }
    if more or REFERENCE not in found or AS_SENT not in found:
        raise _not_this_sheet(file)
    if len(table) > MOST_ROWS:
        raise FileRefusedError("too_many_rows", file, f"A sheet has at most {MOST_ROWS:,} rows.")
    return [
        {"row": int(number), **{name: values[place] for name, values in found.items() if values[place] is not None}}
        for place, number in enumerate(table.rows)
    ]


def _not_this_sheet(file: str) -> FileRefusedError:
    sentence = "This is not the sheet that was sent out. Keep its columns “Reference” and “As sent”."
    return FileRefusedError("not_this_sheet", file, sentence)
