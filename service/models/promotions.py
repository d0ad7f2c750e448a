"""Which model is put to use, by whom, why, and from which check on. Only digests that a person promoted are loaded.

Promoting for a check makes the model that of this check and of the later ones that are open, and works their registers
out again, in the same transaction or, of many pupils, soon after it; a check that is opened later has it, too, unless
told otherwise. Promoting for no check lets checks choose the model. Taking a model back puts the check's earlier one,
or none, in its place; closed checks keep what they were made with.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select, update

from roni import Model
from service import audit
from service import tables as t
from service.access import Access
from service.checks.cards import model_in_force, promoted_digests
from service.checks.queries import require_check, require_open
from service.database import lock_rolls
from service.problems import Refusal
from service.registers.following import renew_following
from service.registers.renewal import renew
from service.settings import Settings

PROMOTE, ROLLBACK = "promote", "rollback"
p = t.promotions.c


def require_seen(model: Model, digest: str) -> None:
    """Refuse to decide about another model than the person looked at."""
    if model.digest != digest:
        raise Refusal(412, "stale", "The model of this name is no longer the one that you saw. Look at it again.")


def promote(
    connection: Connection, access: Access, settings: Settings, model: Model, note: str, check: str | None
) -> list[str]:
    """Promote a model for a check (a reference) and the open ones after it, or for none; returns those checks."""
    lock_rolls(connection)  # registers rest on models: one change of what they rest on at a time
    first = None if check is None else require_check(connection, check)
    if first is not None:
        require_open(first)
    checks = [] if first is None else _open_from(connection, first)
    _log(connection, access, model.name, model.digest, note, first and first.id, PROMOTE)
    for row in checks:
        _use(connection, settings, row, model.name, model.digest)
    refs = [row.ref for row in checks]
    audit.record(connection, access, "model.promote", about=check, detail=_detail(model.name, model.digest, refs))
    return refs


def take_back(
    connection: Connection, access: Access, settings: Settings, name: str, digest: str, note: str
) -> list[str]:
    """Take a model back; open checks that use it go back to the one before. Returns those checks."""
    lock_rolls(connection)
    if digest not in promoted_digests(connection):
        raise Refusal(409, "model_not_promoted", "This model is not promoted, so there is nothing to take back.")
    _log(connection, access, name, digest, note, None, ROLLBACK)
    checks = connection.execute(
        select(t.checks).where(t.checks.c.model_digest == digest, t.checks.c.closed_at.is_(None))
    ).all()
    for row in checks:
        found = model_in_force(connection, row.on)
        _use(connection, settings, row, *((found.model, found.digest) if found is not None else (None, None)))
    for row in checks:
        renew_following(connection, settings, row.id)
    refs = [row.ref for row in checks]
    audit.record(connection, access, "model.rollback", detail=_detail(name, digest, refs))
    return refs


def history(connection: Connection, name: str | None = None) -> list[dict[str, Any]]:
    """What was promoted and taken back, the latest first; of one model where its name is given."""
    query = (
        select(t.promotions, t.people.c.name.label("by"), t.checks.c.ref.label("check"), t.checks.c.label)
        .join(t.people, t.people.c.id == p.by_id)
        .outerjoin(t.checks, t.checks.c.id == p.check_id)
        .order_by(p.id.desc())
    )
    rows = connection.execute(query if name is None else query.where(p.model == name))
    shown = ("model", "digest", "note", "action", "by", "check")
    return [
        {key: row[key] for key in shown} | {"check_label": row["label"], "at": row["created_at"]}
        for row in rows.mappings()
    ]


def _open_from(connection: Connection, first: Any) -> list[Any]:
    """A check and those after it that are open."""
    later = select(t.checks).where(t.checks.c.on >= first.on, t.checks.c.closed_at.is_(None)).order_by(t.checks.c.on)
    return list(connection.execute(later))


def _use(connection: Connection, settings: Settings, check: Any, name: str | None, digest: str | None) -> None:
    values = {"model": name, "model_digest": digest, "version": t.checks.c.version + 1}
    connection.execute(update(t.checks).where(t.checks.c.id == check.id).values(**values))
    renew(connection, settings, check.id, "model")


def _log(
    connection: Connection, access: Access, name: str, digest: str, note: str, check_id: int | None, action: str
) -> None:
    row = {"by_id": access.person_id, "model": name, "digest": digest, "note": note, "check_id": check_id}
    connection.execute(insert(t.promotions).values(**row, action=action))


def _detail(name: str, digest: str, checks: list[str]) -> dict[str, Any]:
    return {"model": name, "digest": digest, "checks": checks}
