"""Who saw and changed what: append-only, each event's hash covering the one before.

Pupils stand under random references that only `pupil_links` can turn into a pupil, so that erasing a pupil leaves the
chain whole and says nothing of them.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from service import tables as t
from service.access import Access
from service.among import among
from service.clock import now
from service.database import lock_audit

FIRST = "0" * 64  # what the first event follows
REF_BYTES = 8

_LAST = select(t.audit_events.c.hash).order_by(t.audit_events.c.id.desc()).limit(1)
_ADD = insert(t.audit_events)
_LINKS = select(t.pupil_links.c.pupil_id, t.pupil_links.c.audit_ref).where(among(t.pupil_links.c.pupil_id, "pupils"))


def record(
    connection: Connection,
    access: Access,
    action: str,
    about: str | None = None,
    pupils: Iterable[int] = (),
    detail: Mapping[str, Any] | None = None,
    refs: Iterable[str] | None = None,
) -> None:
    """Add one event in the caller's transaction: last, so that others wait for as short as can be.

    `pupils` are ids; where a query has already joined the audit references, give `refs` instead. `detail` holds codes
    and counts, never a value of a pupil.
    """
    known = list(refs) if refs is not None else audit_refs(connection, pupils)
    lock_audit(connection)
    previous = connection.execute(_LAST).scalar()
    event = {
        "at": now(),
        "person_ref": access.person_ref,
        "role": access.role,
        "via": access.via,
        "action": action,
        "about": about,
        "pupils": " ".join(known),
        "detail": json.dumps(dict(detail or {}), sort_keys=True, ensure_ascii=False),
        "previous": previous or FIRST,
    }
    connection.execute(_ADD, {**event, "hash": event_hash(event)})


def event_hash(event: Mapping[str, Any]) -> str:
    """SHA-256 over an event and the hash before it."""
    parts = [event["at"].isoformat(timespec="microseconds")] + [
        event[name] or "" for name in ("person_ref", "role", "via", "action", "about", "pupils", "detail", "previous")
    ]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def audit_refs(connection: Connection, pupils: Iterable[int]) -> list[str]:
    """The audit references of pupils, made where there is none yet."""
    ids = list(dict.fromkeys(pupils))
    if not ids:
        return []
    found = dict(connection.execute(_LINKS, {"pupils": ids}).all())
    if missing := {pupil: secrets.token_hex(REF_BYTES) for pupil in ids if pupil not in found}:
        links_made = [{"pupil_id": pupil, "audit_ref": ref} for pupil, ref in missing.items()]
        connection.execute(insert(t.pupil_links), links_made)
        found.update(missing)
    return [found[pupil] for pupil in ids]


def first_break(connection: Connection) -> int | None:
    """The id of the first event that is not what was written, or follows a removed one; None where all are."""
    previous = FIRST
    query = select(t.audit_events).order_by(t.audit_events.c.id).execution_options(yield_per=1000)
    with connection.execute(query) as events:
        for row in events.mappings():
            if row["previous"] != previous or event_hash(dict(row)) != row["hash"]:
                return int(row["id"])
            previous = row["hash"]
    return None
