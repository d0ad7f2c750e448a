"""What became of pupils: a caseload return, or a simple list of UPN, activity and day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from roni.errors import FileRefusedError, ProblemBlock
from roni.identity import PERMANENT, TEMPORARY, read_ulns, read_upns
from roni.outcomes import Days, Spells, unread
from roni.readers.extract import days, plain
from roni.readers.nccis import is_nccis, read_nccis
from roni.readers.raw import RawTable
from roni.readers.table import read_tables

# Plain headings of a simple list. The first that the list has is used.
HEADINGS = {
    "upn": ("upn", "uniquepupilnumber", "pupilupn"),
    "uln": ("uln", "uniquelearnernumber", "uniquelearnerno"),
    "activity": ("activitycode", "activity", "destinationcode", "destination", "ncciscode", "outcome", "status"),
    "start": ("startdate", "start", "from", "date", "destinationdate"),
    "end": ("enddate", "end", "to"),
    "lapse": ("duetolapsedate", "lapsedate"),
}
KNOWN = {heading for headings in HEADINGS.values() for heading in headings}


def read_destinations(path: str | Path, as_at: date | None = None) -> Spells:
    """The spells of a caseload return (XML, flat CSV) or of a simple list (CSV, XLSX, Parquet).

    A simple list has a UPN or ULN, an activity code or words, and where it has one the day since when. It speaks of the
    days until `as_at`; without it, of every later day until the next spell. Raises FileRefusedError.
    """
    place = Path(path)
    if is_nccis(place):
        return read_nccis(place).spells
    (first, *others) = (_spells(table, as_at) for table in read_tables(place, lambda heading: plain(heading) in KNOWN))
    return sum(others, start=first)


def _spells(table: RawTable, as_at: date | None) -> Spells:
    found = _columns(table)
    if "activity" not in found or not found.keys() & {"upn", "uln"}:
        sentence = "a list of destinations has a column of UPNs and one of activities (codes or words)."
        raise FileRefusedError("no_destinations", table.file, sentence)
    heading, activity = found["activity"]
    keys = _keys(found, len(table))
    known: dict[str, Days] = {name: days(found[name][1]) for name in ("start", "end", "lapse") if name in found}
    if as_at is not None:
        known["as_at"] = np.full(len(table), np.datetime64(as_at, "D"))
    problems = [
        ProblemBlock("destination_no_key", table.file, "", table.rows[np.asarray(keys.is_null())]),
        ProblemBlock("activity_unknown", table.file, heading, table.rows[unread(activity)]),
    ]
    return replace(Spells.of(keys, activity, **known), problems=tuple(block for block in problems if len(block)))


def _columns(table: RawTable) -> dict[str, tuple[str, Any]]:
    """What the list has of HEADINGS: the heading as written, and the column under it."""
    under = {plain(written): place for place, written in reversed(list(enumerate(table.headings)))}
    places = {
        name: next((under[heading] for heading in headings if heading in under), None)
        for name, headings in HEADINGS.items()
    }
    return {name: (table.headings[at], table.columns[at]) for name, at in places.items() if at is not None}


def _keys(found: dict[str, tuple[str, Any]], size: int) -> Any:
    none = "", pa.nulls(size, pa.string())
    upns = read_upns(found.get("upn", none)[1])
    ulns, _ = read_ulns(found.get("uln", none)[1])
    return pc.coalesce(upns.where(PERMANENT, TEMPORARY), ulns)
