"""A confirmed roll a second time, field by field instead of pupil by pupil: what registers are worked out from.

It is worked out from the records in `roll_pupils`, which say the same, and goes wherever one of them is changed or
deleted: then the records are read. The council's own roll, which changes while it is live, has none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count
from operator import eq
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from roni import pupils_by_field
from service import tables as t
from service.among import among

Columns = Mapping[str, Any]  # `roni.pupils_by_field` of a roll's records in the order of their places

_COLUMNS = t.roll_columns.c
_KEEP = insert(t.roll_columns)
_OF_THESE = select(_COLUMNS.submission_id, _COLUMNS.columns).where(among(_COLUMNS.submission_id, "submissions"))


def keep_columns(connection: Connection, submission_id: int, records: Sequence[Mapping[str, Any]]) -> None:
    """Keep the records of a roll, in the order of their places, once more as columns."""
    if records:
        connection.execute(_KEEP, {"submission_id": submission_id, "columns": pupils_by_field(records)})


def columns_of(connection: Connection, submissions: Collection[int]) -> dict[int, Columns]:
    """The columns of those of the submissions that have any, and that the caller may read."""
    rows = connection.execute(_OF_THESE, {"submissions": submissions})
    return {row.submission_id: row.columns for row in rows}


def drop_columns(connection: Connection, where: ColumnElement[bool]) -> None:
    """Before or after these rows of `roll_pupils` are changed or deleted: let nothing stand that says otherwise."""
    theirs = select(t.roll_pupils.c.submission_id).where(where)
    connection.execute(delete(t.roll_columns).where(_COLUMNS.submission_id.in_(theirs)))


def drop_replaced(connection: Connection, check_id: int, school_id: int | None) -> None:
    """Of a school's rolls that count no more: nobody works a register out from them."""
    sent = t.submissions.c
    mine = (sent.check_id == check_id, sent.school_id.is_not_distinct_from(school_id), sent.live.is_(False))
    connection.execute(delete(t.roll_columns).where(_COLUMNS.submission_id.in_(select(sent.id).where(*mine))))


def taken(columns: Columns, places: Sequence[int]) -> dict[str, Any]:
    """The pupils at these places, in that order."""
    if len(places) == len(columns["key"]) and all(map(eq, places, count())):
        return dict(columns)
    now = {place: at for at, place in enumerate(places)} if columns["origin"] or columns["given"] else {}
    return {
        **{part: [columns[part][place] for place in places] for part in ("key", "kind", "file", "row")},
        "values": {name: [cells[place] for place in places] for name, cells in columns["values"].items()},
        **{part: _cells(columns[part], now) for part in ("origin", "given")},
    }


def _cells(said: Mapping[str, Sequence[Sequence[Any]]], now: Mapping[int, int]) -> dict[str, list[list[Any]]]:
    found = {name: [[now[place], cell] for place, cell in cells if place in now] for name, cells in said.items()}
    return {name: cells for name, cells in found.items() if cells}
