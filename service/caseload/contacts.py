"""Contacts with a pupil: what was done, what came of it, what is next. A note may be its author's own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, insert, or_, select, tuple_, update

from service import audit
from service import tables as t
from service.access import Access
from service.caseload.contact_schemas import NOT_SAFEGUARDING, ContactChange, NewContact
from service.caseload.schemas import Shape
from service.clock import now, today
from service.cursors import read_cursor, write_cursor
from service.etags import STALE
from service.problems import Refusal
from service.refs import new_ref

c = t.contacts.c
AUTHORS = frozenset({"note", "note_for", "outcome"})  # only the author changes these


def record(connection: Connection, access: Access, pupil: Any, new: NewContact) -> str:
    """Record a contact; its reference."""
    if pupil.died_at is not None:
        raise Refusal(409, "record_closed", "Nothing more is recorded about this pupil.")
    if new.on > today():
        raise Refusal(422, "in_the_future", "A contact is of today or before. What is planned is a next action.")
    ref = new_ref("contact")
    row = new.model_dump() | {
        "ref": ref,
        "pupil_id": pupil.id,
        "by_id": access.person_id,
        "check_id": _check(connection),
    }
    connection.execute(insert(t.contacts).values(**row))
    audit.record(connection, access, "contact.record", about=ref, pupils=[pupil.id])
    return ref


def _check(connection: Connection) -> int | None:
    """The check that coaches work with now."""
    published = or_(t.checks.c.stage == "published", t.checks.c.publish_on <= today())
    return connection.execute(select(t.checks.c.id).where(published).order_by(t.checks.c.on.desc()).limit(1)).scalar()


def list_contacts(connection: Connection, access: Access, pupil: Any, limit: int, cursor: str | None = None) -> Shape:
    """The contacts with a pupil, the latest first."""
    query = _rows(access).where(c.pupil_id == pupil.id).order_by(c.on.desc(), c.id.desc()).limit(limit + 1)
    if cursor is not None:
        last = connection.execute(_rows(access).where(c.ref == read_cursor(cursor, str)[0])).one_or_none()
        if last is None:
            raise Refusal(422, "cursor", "The cursor is not one of this list. Leave it out to begin again.")
        query = query.where(tuple_(c.on, c.id) < tuple_(last.on, last.id))
    rows = connection.execute(query).all()
    more = write_cursor(rows[limit - 1].ref) if len(rows) > limit else None
    items = [shape(row, access) for row in rows[:limit]]
    return {"items": items, "next": more, "reminder": NOT_SAFEGUARDING}


def require_contact(connection: Connection, access: Access, ref: str) -> Any:
    """The row of a contact with a pupil whom the caller may read."""
    row = connection.execute(_rows(access).where(c.ref == ref)).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such contact, or you may not see it.")
    return row


def _rows(access: Access) -> Select[Any]:
    return (
        select(t.contacts, t.people.c.name.label("by_name"), t.pupils.c.ref.label("pupil_ref"))
        .add_columns(t.pupils.c.name.label("pupil_name"))
        .join(t.people, t.people.c.id == c.by_id)
        .join(t.pupils, t.pupils.c.id == c.pupil_id)
        .where(access.may_read(c.pupil_id))
    )


def change(connection: Connection, access: Access, row: Any, asked: ContactChange) -> None:
    """Change what is given: anybody who works with the pupil says that an action is done or moves it."""
    given = {name: getattr(asked, name) for name in asked.model_fields_set}
    if AUTHORS & given.keys() and row.by_id != access.person_id:
        raise Refusal(403, "not_yours", "Only whoever wrote this changes the note and the outcome.")
    if given.get("done") and row.next_action is None:
        raise Refusal(409, "nothing_to_do", "This contact has no next action.")
    values = {name: value for name, value in given.items() if name != "done" and _may_be(name, value)}
    if "done" in given:
        values["done_at"] = now() if given["done"] else None
    _require_both(row, values)
    done = connection.execute(
        update(t.contacts).where(c.id == row.id, c.version == row.version).values(version=row.version + 1, **values)
    )
    if done.rowcount != 1:
        raise Refusal(412, "stale", STALE)
    audit.record(
        connection, access, "contact.change", about=row.ref, pupils=[row.pupil_id], detail={"changed": sorted(given)}
    )


def _may_be(name: str, value: Any) -> bool:
    """A note and a next action may be taken away; an outcome is always one."""
    return value is not None or name not in ("outcome", "note_for")


def _require_both(row: Any, values: dict[str, Any]) -> None:
    action, on = (values.get(name, getattr(row, name)) for name in ("next_action", "next_on"))
    if (action is None) != (on is None):
        raise Refusal(422, "action_and_date", "A next action needs its date, and a date its action.")


def due_actions(connection: Connection, pupils: Collection[int]) -> dict[int, Any]:
    """By pupil, the contact whose next action is the first to be done."""
    rows = connection.execute(
        select(t.contacts)
        .where(c.pupil_id.in_(pupils), c.done_at.is_(None), c.next_on.is_not(None))
        .order_by(c.next_on.desc(), c.id.desc())
    )
    return {row.pupil_id: row for row in rows}


def shape(row: Any, access: Access) -> Shape:
    """A contact as the caller may read it."""
    hidden = row.note_for == "own" and row.by_id != access.person_id
    as_they_are = ("ref", "on", "kind", "outcome", "note_for", "next_action", "next_on", "done_at", "version")
    return {name: getattr(row, name) for name in as_they_are} | {
        "pupil": row.pupil_ref,
        "by": row.by_name,
        "note": None if hidden else row.note,
        "note_withheld": hidden and row.note is not None,
        "reminder": NOT_SAFEGUARDING,
    }
