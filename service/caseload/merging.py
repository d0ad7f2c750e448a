"""A team's sheet that came back, merged: contacts are added, next actions moved, and nobody's update is lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from service import audit
from service.access import Access
from service.caseload import contacts
from service.caseload.contact_schemas import ContactChange, NewContact
from service.caseload.contacts import due_actions
from service.caseload.schemas import Shape
from service.caseload.sheet_plans import CONFLICT, ENDED, MOVED, PLACED, Plan, plan, sentence
from service.problems import Refusal


def merge(
    connection: Connection, access: Access, rows: Sequence[Mapping[str, Any]], about: str | None = None
) -> list[Plan]:
    """Merge the rows of a sheet in one transaction; what became of each."""
    done = [_carry_out(connection, access, item) for item in plan(connection, access, rows)]
    report = report_of(done)
    counts = {"rows": len(rows), "contacts": report["contacts_added"], "conflicts": len(report["conflicts"])}
    audit.record(connection, access, "sheet.merge", about=about, pupils=pupils_of(done), detail=counts)
    return done


def pupils_of(plans: Iterable[Plan]) -> list[int]:
    """The ids of the pupils of a sheet, in its order."""
    return list(dict.fromkeys(item.pupil.id for item in plans if item.pupil is not None))


def report_of(plans: Sequence[Plan]) -> Shape:
    """What became, or would become, of a sheet: every row stands in one of the counts or lists."""
    return {
        "rows": len(plans),
        "contacts_added": sum(item.contact for item in plans),
        "actions_changed": sum(item.action in (PLACED, MOVED) for item in plans),
        "actions_done": sum(item.action == ENDED for item in plans),
        "unchanged": sum(not item.changes and not item.not_taken for item in plans),
        "changes": [_change(item) for item in plans if item.changes],
        "problems": [_problem(item) for item in plans if item.problem is not None],
        "conflicts": [_conflict(item) for item in plans if item.action == CONFLICT],
    }


def _change(item: Plan) -> Shape:
    action = item.action if item.action in (PLACED, MOVED, ENDED) else None
    return {"row": item.row, "pupil": item.pupil and item.pupil.ref, "contact": item.contact, "action": action}


def _problem(item: Plan) -> Shape:
    said = sentence(str(item.problem), item.column)
    return {"row": item.row, "code": item.problem, "column": item.column, "message": said}


def _conflict(item: Plan) -> Shape:
    due = item.due
    stands = None if due is None else {"contact": due.ref, "what": due.next_action, "on": due.next_on}
    message = sentence("changed_since", None)
    return {"row": item.row, "pupil": item.pupil and item.pupil.ref, "message": message, "stands": stands}


def _carry_out(connection: Connection, access: Access, item: Plan) -> Plan:
    said, pupil = item.said, item.pupil
    if said is None or pupil is None:
        return item
    if item.contact:
        values = {"on": said.on, "kind": said.kind, "outcome": said.outcome, "note": said.note}
        if item.action == PLACED:
            values |= {"next_action": said.action, "next_on": said.by}
        contacts.record(connection, access, pupil, NewContact.model_validate(values))
    if item.action in (MOVED, ENDED):
        ended = item.action == ENDED
        wanted = ContactChange(done=True) if ended else ContactChange(next_action=said.action, next_on=said.by)
        try:
            contacts.change(connection, access, item.due, wanted)
        except Refusal:  # somebody was quicker, a moment ago
            return replace(item, action=CONFLICT, due=due_actions(connection, [pupil.id]).get(pupil.id))
    return item
