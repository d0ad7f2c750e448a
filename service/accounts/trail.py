"""Searching the audit: by who, what, when and about which pupil. It never gives a pupil's name: only how many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, func, or_, select

from service import audit
from service import tables as t
from service.access import Access
from service.clock import ENGLAND, end_of
from service.cursors import read_cursor, write_cursor
from service.problems import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for; `pupil` is a reference, or a UPN, and never stands in an address."""

    person: str | None = None
    action: str | None = None
    since: date | None = None
    until: date | None = None
    pupil: str | None = None


def search(
    connection: Connection, asked: Search, limit: int, cursor: str | None = None
) -> tuple[Sequence[Any], str | None]:
    """A page of events, the latest first, each with the name of who did it, and the cursor of the next."""
    events = t.audit_events.c
    query = (
        select(t.audit_events, t.people.c.name)
        .outerjoin(t.people, t.people.c.ref == events.person_ref)
        .where(*_conditions(connection, asked))
        .order_by(events.id.desc())
        .limit(limit + 1)
    )
    if cursor:
        query = query.where(events.id < read_cursor(cursor, int)[0])
    rows = connection.execute(query).all()
    return rows[:limit], write_cursor(rows[limit - 1].id) if len(rows) > limit else None


def _conditions(connection: Connection, asked: Search) -> list[ColumnElement[bool]]:
    events = t.audit_events.c
    found: list[ColumnElement[bool]] = []
    if asked.person:
        found.append(events.person_ref == asked.person)
    if asked.action:
        found.append(or_(events.action == asked.action, events.action.startswith(asked.action + ".", autoescape=True)))
    if asked.since:
        found.append(events.at >= datetime.combine(asked.since, time(), ENGLAND))
    if asked.until:
        found.append(events.at < end_of(asked.until))
    if asked.pupil:
        found.append(_about_pupil(connection, asked.pupil))
    return found


def _about_pupil(connection: Connection, pupil: str) -> ColumnElement[bool]:
    """Events that name a pupil by the audit's own reference, which only the link turns into one."""
    pupils = t.pupils.c
    query = (
        select(t.pupil_links.c.audit_ref)
        .join(t.pupils, pupils.id == t.pupil_links.c.pupil_id)
        .where(or_(pupils.ref == pupil, pupils.upn == pupil.upper(), pupils.former_upn == pupil.upper()))
    )
    refs = connection.execute(query).scalars().all()
    within = " " + t.audit_events.c.pupils + " "
    return or_(false(), *(within.contains(f" {ref} ", autoescape=True) for ref in refs))


def person_ref(connection: Connection, email: str) -> str | None:
    """Whose e-mail address it is."""
    found = select(t.people.c.ref).where(t.people.c.email == email.strip().casefold())
    return connection.execute(found).scalar_one_or_none()


def in_order(since: date | None, until: date | None) -> None:
    if since and until and since > until:
        raise Refusal(422, "dates", "The first day is after the last.")


def record_search(connection: Connection, access: Access, asked: Search) -> None:
    """Looking is recorded too: what was asked by, and for a pupil under the audit's reference."""
    ids = [] if asked.pupil is None else _pupil_ids(connection, asked.pupil)
    filters = [name for name in ("person", "action", "since", "until", "pupil") if getattr(asked, name) is not None]
    audit.record(connection, access, "audit.read", asked.person, pupils=ids, detail={"by": filters})


def _pupil_ids(connection: Connection, pupil: str) -> Sequence[int]:
    pupils = t.pupils.c
    query = select(pupils.id).where(or_(pupils.ref == pupil, pupils.upn == pupil.upper()))
    return connection.execute(query).scalars().all()


def told(row: Any) -> dict[str, Any]:
    """An event as it may be shown."""
    return {
        "event": row.id,
        "at": row.at,
        "person": row.person_ref,
        "person_name": row.name,
        "role": row.role,
        "via": row.via,
        "action": row.action,
        "about": row.about,
        "pupils": len(row.pupils.split()),
        "detail": json.loads(row.detail),
        "hash": row.hash,
    }


def actions(connection: Connection) -> list[str]:
    """Every action that there is an event of."""
    return sorted(connection.execute(select(t.audit_events.c.action).distinct()).scalars())


def state(connection: Connection) -> dict[str, Any]:
    """Whether every event is as it was written, and the first that is not."""
    count = connection.execute(select(func.count()).select_from(t.audit_events)).scalar_one()
    first = audit.first_break(connection)
    return {"events": count, "whole": first is None, "first_break": first}
