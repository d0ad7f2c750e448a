"""Corrections and objections of young people and parents, with a decision and its reason."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from service import audit
from service import tables as t
from service.access import Access
from service.caseload.contact_schemas import NewRequest, RequestChange
from service.caseload.schemas import Shape
from service.clock import now
from service.cursors import read_cursor, write_cursor
from service.database import lock_rolls
from service.etags import STALE
from service.problems import Refusal
from service.refs import new_ref
from service.registers.working_out import work_out
from service.settings import Settings

q = t.pupil_requests.c


def record(connection: Connection, access: Access, settings: Settings, pupil: Any, new: NewRequest) -> str:
    """Record what was asked; an objection marks the pupil's lines while it is open. The reference."""
    lock_rolls(connection)  # registers rest on objections: one change of what they rest on at a time
    ref = new_ref("request")
    row = new.model_dump() | {"ref": ref, "pupil_id": pupil.id, "by_id": access.person_id}
    connection.execute(insert(t.pupil_requests).values(**row))
    _mark(connection, settings, new.kind, pupil.id)
    audit.record(connection, access, "request.record", about=ref, pupils=[pupil.id], detail={"kind": new.kind})
    return ref


def decide(connection: Connection, access: Access, settings: Settings, row: Any, asked: RequestChange) -> None:
    """Decide a request once."""
    lock_rolls(connection)
    if row.decided_at is not None:
        raise Refusal(
            409, "already_decided", "This has been decided already. Record a new request to look at it again."
        )
    decided = {"decided_at": now(), "decided_by_id": access.person_id}
    done = connection.execute(
        update(t.pupil_requests)
        .where(q.id == row.id, q.version == row.version)
        .values(version=row.version + 1, decision=asked.decision, decided_reason=asked.reason, **decided)
    )
    if done.rowcount != 1:
        raise Refusal(412, "stale", STALE)
    _mark(connection, settings, row.kind, row.pupil_id)
    detail = {"kind": row.kind, "decision": asked.decision}
    audit.record(connection, access, "request.decide", about=row.ref, pupils=[row.pupil_id], detail=detail)


def _mark(connection: Connection, settings: Settings, kind: str, pupil_id: int) -> None:
    """Work out the pupil's lines again in every check that is not closed."""
    if kind != "objection":
        return
    rolls = t.roll_pupils.c
    checks = connection.execute(
        select(t.checks.c.id)
        .where(t.checks.c.closed_at.is_(None))
        .where(t.checks.c.id.in_(select(rolls.check_id).where(rolls.pupil_id == pupil_id, rolls.live)))
        .order_by(t.checks.c.id)
    )
    for check_id in checks.scalars().all():
        work_out(connection, settings, check_id, [pupil_id])


def list_requests(connection: Connection, access: Access, pupil: Any, limit: int, cursor: str | None = None) -> Shape:
    """The requests about a pupil, the latest first."""
    query = _rows(access).where(q.pupil_id == pupil.id).order_by(q.id.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(q.id < read_cursor(cursor, int)[0])
    rows = connection.execute(query).all()
    more = write_cursor(rows[limit - 1].id) if len(rows) > limit else None
    return {"items": [shape(row) for row in rows[:limit]], "next": more}


def require_request(connection: Connection, access: Access, ref: str) -> Any:
    """The row of a request about a pupil whom the caller may read."""
    row = connection.execute(_rows(access).where(q.ref == ref)).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such request, or you may not see it.")
    return row


def _rows(access: Access) -> Select[Any]:
    by, decided = t.people.alias("by"), t.people.alias("decided")
    return (
        select(t.pupil_requests, by.c.name.label("by_name"), decided.c.name.label("decided_name"))
        .add_columns(t.pupils.c.ref.label("pupil_ref"), t.pupils.c.name.label("pupil_name"))
        .join(by, by.c.id == q.by_id)
        .outerjoin(decided, decided.c.id == q.decided_by_id)
        .join(t.pupils, t.pupils.c.id == q.pupil_id)
        .where(access.may_read(q.pupil_id))
    )


def shape(row: Any) -> Shape:
    """A request as it is shown."""
    as_they_are = ("ref", "kind", "said", "decision", "decided_reason", "decided_at", "version")
    return {name: getattr(row, name) for name in as_they_are} | {
        "pupil": {"ref": row.pupil_ref, "name": row.pupil_name},
        "by": row.by_name,
        "at": row.created_at,
        "decided_by": row.decided_name,
    }
