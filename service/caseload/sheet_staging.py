"""A team's sheet that came back, kept until its sender has looked at what it would change: staged, merged, told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from service import audit
from service import tables as t
from service.access import Access
from service.caseload import merging
from service.caseload.contacts import due_actions
from service.caseload.schemas import Shape
from service.caseload.sheet_cells import CellError, Said
from service.caseload.sheet_plans import Plan, parts, plan, pupils_by_id
from service.clock import now
from service.problems import Refusal
from service.refs import new_ref

CHUNK = 1024 * 1024
COUNTS = ("rows", "contacts_added", "actions_changed", "actions_done", "unchanged")
r = t.sheet_rows.c


def digest_of(file: BinaryIO) -> str:
    """Of a file, which is then at its beginning again."""
    found = hashlib.sha256()
    while chunk := file.read(CHUNK):
        found.update(chunk)
    file.seek(0)
    return found.hexdigest()


def waiting(connection: Connection, access: Access, digest: str) -> str | None:
    """The reference of the same file, where it waits for its sender's confirmation already."""
    sheets = t.sheets.c
    query = select(sheets.ref).where(sheets.by_id == access.person_id, sheets.file_digest == digest)
    return connection.execute(query.where(sheets.merged_at.is_(None)).limit(1)).scalar()


def stage(connection: Connection, access: Access, name: str, digest: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Keep the rows of a sheet; its reference. Of a pupil whom the sender may not see only the number of the row."""
    plans, ref = plan(connection, access, rows), new_ref("sheet")
    row = {"ref": ref, "by_id": access.person_id, "file_name": name, "file_digest": digest}
    connection.execute(insert(t.sheets).values(**row))
    sheet = connection.execute(select(t.sheets.c.id).where(t.sheets.c.ref == ref)).scalar_one()
    kept = [
        {"sheet_id": sheet, "row": item.row, "pupil_id": item.pupil and item.pupil.id, "cells": _kept(item, cells)}
        for item, cells in zip(plans, rows, strict=True)
    ]
    if kept:
        connection.execute(insert(t.sheet_rows), kept)
    detail = {"rows": len(kept)}
    audit.record(connection, access, "sheet.stage", about=ref, pupils=merging.pupils_of(plans), detail=detail)
    return ref


def _kept(item: Plan, cells: Mapping[str, Any]) -> Shape:
    return {} if item.pupil is None else {name: value for name, value in cells.items() if name != "row"}


def sheets_of(connection: Connection, access: Access, limit: int) -> list[Any]:
    """The caller's own sheets, the latest first."""
    query = select(t.sheets).where(t.sheets.c.by_id == access.person_id)
    return list(connection.execute(query.order_by(t.sheets.c.id.desc()).limit(limit)))


def require_sheet(connection: Connection, access: Access, ref: str) -> Any:
    """The row of a sheet that the caller sent."""
    query = select(t.sheets).where(t.sheets.c.ref == ref, t.sheets.c.by_id == access.person_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such sheet, or somebody else sent it.")
    return row


def plans_of(connection: Connection, access: Access, sheet: Any) -> list[Plan]:
    """What a sheet would do as things stand now; of one that was merged what became of the rows that said something."""
    if sheet.merged_at is None:
        return plan(connection, access, _rows(connection, sheet))
    rows = connection.execute(select(t.sheet_rows).where(r.sheet_id == sheet.id).order_by(r.id)).all()
    pupils = [row.pupil_id for row in rows if row.pupil_id is not None]
    known = pupils_by_id(connection, access, pupils)
    due = due_actions(connection, [*known])  # of whom the caller may read still
    return [Plan(row.row, known.get(row.pupil_id), _said(row), due.get(row.pupil_id), **row.became) for row in rows]


def _rows(connection: Connection, sheet: Any) -> list[Shape]:
    query = select(r.row, r.cells).where(r.sheet_id == sheet.id).order_by(r.id)
    return [{**row.cells, "row": row.row} for row in connection.execute(query)]


def _said(row: Any) -> Said | None:
    try:
        return Said.of(row.cells) if row.cells else None
    except CellError:
        return None


def confirm(connection: Connection, access: Access, ref: str) -> None:
    """Merge a sheet, once: what is left of it is what was not taken."""
    sheet = require_sheet(connection, access, ref)
    first = update(t.sheets).where(t.sheets.c.id == sheet.id, t.sheets.c.merged_at.is_(None)).values(merged_at=now())
    if connection.execute(first).rowcount != 1:
        return
    done = merging.merge(connection, access, _rows(connection, sheet), about=ref)
    report = merging.report_of(done)
    receipt = {name: report[name] for name in COUNTS} | {"not_taken": sum(item.not_taken for item in done)}
    connection.execute(update(t.sheets).where(t.sheets.c.id == sheet.id).values(receipt=receipt))
    _settle(connection, sheet, done)


def _settle(connection: Connection, sheet: Any, done: Sequence[Plan]) -> None:
    """Keep what became of the rows, and the cells of none that was taken wholly."""
    ids = {row.row: row.id for row in connection.execute(select(r.row, r.id).where(r.sheet_id == sheet.id))}
    quiet = [ids[item.row] for item in done if not item.not_taken and not item.changes]
    for part in parts(quiet):
        connection.execute(delete(t.sheet_rows).where(r.id.in_(part)))
    became = update(t.sheet_rows).where(r.id == bindparam("of"))
    for taken, values in ((True, {"became": bindparam("what"), "cells": {}}), (False, {"became": bindparam("what")})):
        rows = [item for item in done if item.not_taken is not taken and (item.changes or item.not_taken)]
        if rows:
            connection.execute(became.values(**values), [{"of": ids[item.row], "what": _became(item)} for item in rows])


def _became(item: Plan) -> Shape:
    return {name: getattr(item, name) for name in ("contact", "action", "problem", "column")}


def withdraw(connection: Connection, access: Access, ref: str) -> None:
    """Delete a sheet that was not merged, with all of its rows."""
    sheet = require_sheet(connection, access, ref)
    if sheet.merged_at is not None:
        raise Refusal(409, "merged", "This sheet was taken in. Change a contact or an action on the pupil’s page.")
    connection.execute(delete(t.sheets).where(t.sheets.c.id == sheet.id))
    audit.record(connection, access, "sheet.withdraw", about=ref)
