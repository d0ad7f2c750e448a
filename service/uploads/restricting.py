"""Whose information is restricted when a roll goes live, and what is kept of them from then on.

A school that says nothing of it lifts nothing; a school whose word on a pupil does not count yet restricts nothing
(access.own_only).

What a pupil's school and the council's lists said before is dropped, not only hidden: from every roll, live or
replaced, of open checks and of closed ones, from files that wait, from rows of lists, from disagreements between school
and list, and from registers tried beside. The registers themselves are worked out anew by whoever confirms, those of
closed checks too: a restricted pupil is “not scored: information restricted” wherever they stand. So in a closed check,
too, nothing is left that the cells could serve, and scoring the stored roll again still gives the register that is
stored. Who the pupil is stays, and where and when they left; so does what people of the council wrote about their own
work with the pupil: that is nothing that a school shared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from service import tables as t
from service.access import own_only
from service.among import among
from service.registers.columns import drop_columns
from service.uploads.restricted import FLAG, as_restricted
from service.uploads.rolls import LEFT, ON_ROLL

_roll, _claim = t.roll_pupils.c, own_only().c
_unheard = select(_claim.pupil_id).where(_claim.pupil_id == _roll.pupil_id, _claim.school_id == _roll.school_id)
_BY_ANOTHER = select(_roll.pupil_id).where(
    among(_roll.pupil_id, "pupils"),
    _roll.check_id == bindparam("check"),
    _roll.live,
    _roll.status == ON_ROLL,
    _roll.school_id.is_distinct_from(bindparam("school")),
    _roll.record[("values", FLAG)].as_boolean(),
    ~_unheard.exists(),
)
_RESTRICTED = select(t.pupils.c.id).where(among(t.pupils.c.id, "pupils"), t.pupils.c.restricted)


def keep_restricted(
    connection: Connection,
    check_id: int,
    school_id: int | None,
    pupils: Collection[int],
    elsewhere: Collection[int] | None = None,
) -> set[int]:
    """Those of the pupils whose information is restricted, by this school, as it stood, or by another school now.

    `elsewhere` are those of them who are on other rolls, where that has been asked.
    """
    others = pupils if elsewhere is None else elsewhere
    asked = {"pupils": others, "check": check_id, "school": school_id}
    if others and (found := connection.execute(_BY_ANOTHER, asked).scalars().all()):
        connection.execute(update(t.pupils).where(among(t.pupils.c.id, found)).values(restricted=True))
    return set(connection.execute(_RESTRICTED, {"pupils": pupils}).scalars())


def drop_restricted(
    connection: Connection, check_id: int, school_id: int | None, rows: Iterable[Mapping[str, Any]], known: set[int]
) -> set[int]:
    """After a school's roll was stored and what it settles is settled: drop the cells of whom it has restricted.

    Also of those who left it now, where the school that they are at says so. Returns the pupils of whom anything was.
    """
    left = [row["pupil_id"] for row in rows if row["change"] == LEFT]
    return drop_cells(connection, known | (keep_restricted(connection, check_id, school_id, left) if left else set()))


def drop_cells(connection: Connection, pupils: Collection[int]) -> set[int]:
    """Drop all that was shared of these pupils but who they are; returns those of whom there was anything."""
    if not pupils:
        return set()
    found = {
        *_drop_records(connection, t.roll_pupils, pupils),
        *_drop_records(connection, t.upload_pupils, pupils, changes={}),
        *_drop_records(connection, t.upload_leavers, pupils),
        *_drop_list_rows(connection, pupils),
    }
    _drop_beside(connection, found)
    entry = t.resolutions.c
    connection.execute(delete(t.resolutions).where(entry.kind == "sources_disagree", among(entry.pupil_id, pupils)))
    return found


def _drop_records(connection: Connection, table: Any, pupils: Collection[int], **also: Any) -> set[int]:
    rows = connection.execute(
        select(table.c.id, table.c.pupil_id, table.c.record).where(among(table.c.pupil_id, pupils))
    )
    less = [(row, as_restricted(row.record)) for row in rows]
    changed = [(row, record) for row, record in less if record != row.record]
    if changed:
        statement = update(table).where(table.c.id == bindparam("b_id")).values(record=bindparam("b_record"), **also)
        connection.execute(statement, [{"b_id": row.id, "b_record": record} for row, record in changed])
        if table is t.roll_pupils:
            drop_columns(connection, among(table.c.id, [row.id for row, _ in changed]))
    return {row.pupil_id for row, _ in changed}


def _drop_list_rows(connection: Connection, pupils: Collection[int]) -> set[int]:
    """Rows of the council's lists are nobody's from now on, as when the pupil was restricted when the list came; nor
    does a closed check keep whose they were."""
    item, kept = t.supplement_rows, t.kept_rows
    connection.execute(delete(kept).where(among(kept.c.pupil_id, pupils)))
    rows = connection.execute(
        select(item.c.id, item.c.pupil_id, item.c.record).where(among(item.c.pupil_id, pupils))
    ).all()
    if rows:
        gone = {"state": "restricted", "pupil_id": None, "proposed_id": None, "version": item.c.version + 1}
        statement = update(item).where(item.c.id == bindparam("b_id")).values(record=bindparam("b_record"), **gone)
        connection.execute(statement, [{"b_id": row.id, "b_record": {**row.record, "values": {}}} for row in rows])
    return {row.pupil_id for row in rows}


def _drop_beside(connection: Connection, pupils: Collection[int]) -> None:
    """Nobody works a register out anew that was tried beside: it loses these pupils, and can be tried again."""
    row = t.register_rows.c
    beside = select(t.registers.c.id).where(t.registers.c.beside)
    connection.execute(delete(t.register_rows).where(row.register_id.in_(beside), among(row.pupil_id, pupils)))
