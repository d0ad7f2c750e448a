"""Everything that is stored about one pupil, as plain values: for the young person or their parents who ask for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from roni import national
from service import tables as t
from service.access import TEAMS
from service.supplements.matching import identifiers
from service.supplements.resolutions import entries, sentence

FULL = "full"  # the view of a register that holds all that the others show parts of
NEVER_SHOWN = ("id", "pupil_id")


def export(connection: Connection, pupil: Any) -> dict[str, Any]:
    """What is stored about a pupil (the row of `pupils`), by where it stands."""
    return {"pupil": _pupil(connection, pupil)} | {name: part(connection, pupil) for name, part in PARTS.items()}


def _pupil(connection: Connection, pupil: Any) -> dict[str, Any]:
    school = connection.execute(select(t.schools.c.name).where(t.schools.c.id == pupil.school_id)).scalar()
    values = {name: value for name, value in pupil._asdict().items() if name != "id" and not name.endswith("_id")}
    return _plain(values | {"school": school})


def _rolls(connection: Connection, pupil: Any) -> list[dict[str, Any]]:
    roll = t.roll_pupils.c
    query = (
        select(roll.status, roll.leaver, roll.record, roll.live, t.checks.c.label, t.submissions.c.confirmed_at)
        .add_columns(t.schools.c.name.label("school"), t.people.c.name.label("confirmed_by"))
        .join(t.checks, t.checks.c.id == roll.check_id)
        .join(t.submissions, t.submissions.c.id == roll.submission_id)
        .join(t.people, t.people.c.id == t.submissions.c.confirmed_by_id)
        .outerjoin(t.schools, t.schools.c.id == roll.school_id)
        .where(roll.pupil_id == pupil.id)
        .order_by(roll.id)
    )
    return [
        _plain({
            "check": row.label,
            "school": row.school or "The council’s own roll",
            "confirmed_at": row.confirmed_at,
            "confirmed_by": row.confirmed_by,
            "counts_now": row.live,
            "status": row.status,
            "left": row.leaver,
            "values": _named(row.record["values"]),
        })
        for row in connection.execute(query)
    ]  # fmt: skip


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values under the words of the data dictionary."""
    fields = national()
    return {fields[name].label if name in fields else name: value for name, value in values.items()}


def _lists(connection: Connection, pupil: Any) -> list[dict[str, Any]]:
    """Rows of council lists: linked to the pupil, or with one of the pupil's identifiers."""
    row, item = t.supplement_rows.c, t.supplements.c
    query = (
        select(row.pupil_id, row.proposed_id, row.row, row.state, row.record, row.reason)
        .add_columns(item.team, item.name, item.field, item.as_at, item.complete, item.state.label("list_state"))
        .join(t.supplements, item.id == row.supplement_id)
        .order_by(row.id)
    )
    mine = query.where((row.pupil_id == pupil.id) | (row.proposed_id == pupil.id))
    own = {pupil.upn, pupil.former_upn, pupil.uln} - {None}
    loose = [
        found
        for found in connection.execute(query.where(row.pupil_id.is_(None), row.proposed_id.is_(None)))
        if own & set(identifiers(found.record["values"]).values())
    ]
    return [
        _plain({
            "list": found.name,
            "team": TEAMS[found.team][0],
            "as_at": found.as_at,
            "list_state": found.list_state,
            "being_on_it_means": found.field and national()[found.field].label,
            "row": found.row,
            "state": found.state,
            "reason": found.reason,
            "values": _named(found.record["values"]),
        })
        for found in (*connection.execute(mine), *loose)
    ]  # fmt: skip


def _registers(connection: Connection, pupil: Any) -> list[dict[str, Any]]:
    row, register = t.register_rows.c, t.registers.c
    query = (
        select(t.checks.c.label, register.scorecard, register.model, register.beside, row.section, row.line)
        .join(t.registers, register.id == row.register_id)
        .join(t.checks, t.checks.c.id == register.check_id)
        .where(row.pupil_id == pupil.id, register.view == FULL)
        .order_by(t.checks.c.on, register.id)
    )
    return [
        {
            "check": found.label,
            "scorecard": found.scorecard,
            "model": found.model,
            "tried_beside_the_live_one": found.beside,
            "section": found.section,
            "line": json.loads(found.line),
        }
        for found in connection.execute(query)
    ]


def _resolutions(connection: Connection, pupil: Any) -> list[dict[str, Any]]:
    found = connection.execute(entries().where(t.resolutions.c.pupil_id == pupil.id).order_by(t.resolutions.c.id))
    return [
        _plain({
            "about": sentence(row),
            "opened_at": row.created_at,
            "closed_at": row.closed_at,
            "closed_by": row.closed_by,
            "decision": row.decision,
            "reason": row.reason,
        })
        for row in found
    ]  # fmt: skip


def _staged(connection: Connection, pupil: Any) -> list[dict[str, Any]]:
    """What files say that are not confirmed."""
    found = []
    for table in (t.upload_pupils, t.upload_leavers):
        query = (
            select(t.uploads.c.file_name, t.uploads.c.created_at, t.uploads.c.state, table.c.record)
            .join(t.uploads, t.uploads.c.id == table.c.upload_id)
            .where(table.c.pupil_id == pupil.id)
        )
        found += [
            _plain({**row._asdict(), "record": _named(row.record["values"])}) for row in connection.execute(query)
        ]
    return found


def _sheets(connection: Connection, pupil: Any) -> list[dict[str, Any]]:
    """What teams' sheets say that are not merged, or could not be."""
    query = (
        select(t.sheets.c.file_name, t.sheets.c.created_at, t.sheets.c.merged_at, t.sheet_rows.c.cells)
        .join(t.sheets, t.sheets.c.id == t.sheet_rows.c.sheet_id)
        .where(t.sheet_rows.c.pupil_id == pupil.id)
    )
    return [_plain(row._asdict()) for row in connection.execute(query.order_by(t.sheet_rows.c.id))]


def _of(table: Table) -> Callable[[Connection, Any], list[dict[str, Any]]]:
    """Every row of a table about the pupil, people by their names."""

    def rows(connection: Connection, pupil: Any) -> list[dict[str, Any]]:
        query: Select[Any] = select(table).where(table.c.pupil_id == pupil.id).order_by(table.c.id)
        names = {row.id: row.name for row in connection.execute(select(t.people.c.id, t.people.c.name))}
        labels = {row.id: row.label for row in connection.execute(select(t.checks.c.id, t.checks.c.label))}
        return [_row(row._asdict(), names, labels) for row in connection.execute(query)]

    return rows


def _row(values: dict[str, Any], names: Mapping[int, str], labels: Mapping[int, str]) -> dict[str, Any]:
    told = {name: value for name, value in values.items() if name != "id" and not name.endswith("_id")}
    for name in ("by_id", "coach_id", "decided_by_id", "ended_by_id", "handed_to_id"):
        if values.get(name) is not None:
            told[name.removesuffix("_id")] = names.get(values[name])
    if values.get("check_id") is not None:
        told["check"] = labels.get(values["check_id"])
    return _plain(told)


def _audit(connection: Connection, pupil: Any) -> list[dict[str, Any]]:
    """Who saw or changed something about the pupil, and when."""
    link = select(t.pupil_links.c.audit_ref).where(t.pupil_links.c.pupil_id == pupil.id)
    ref = connection.execute(link).scalar()
    if ref is None:
        return []
    event = t.audit_events.c
    query = (
        select(event.at, event.action, event.role, event.via, t.people.c.name.label("by"))
        .outerjoin(t.people, t.people.c.ref == event.person_ref)
        .where((" " + event.pupils + " ").contains(f" {ref} ", autoescape=True))
        .order_by(event.id)
    )
    return [_plain(row._asdict()) for row in connection.execute(query)]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that JSON knows."""
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


PARTS: Mapping[str, Callable[[Connection, Any], Iterable[dict[str, Any]]]] = {
    "rolls": _rolls,
    "lists": _lists,
    "files_not_confirmed": _staged,
    "sheets_not_merged": _sheets,
    "registers": _registers,
    "moderations": _of(t.moderations),
    "coaches": _of(t.assignments),
    "contacts": _of(t.contacts),
    "requests": _of(t.pupil_requests),
    "resolutions": _resolutions,
    "seen_and_changed_by": _audit,
}
