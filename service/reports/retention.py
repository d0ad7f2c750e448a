"""Retention: what is due to be deleted by the policy, counted first, then deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Select, String, cast, delete, exists, insert, or_, select, update

from roni import RoniError
from service import audit
from service import tables as t
from service.access import Access
from service.clock import ENGLAND, now, today
from service.database import lock_rolls
from service.problems import Refusal
from service.reports.erasure import NOT_CONFIRMED, erase, in_parts
from service.reports.policy import Policy, Rule

DRY_RUN_HOLDS = timedelta(days=1)  # how long the counts that a person has seen are a basis for a run
PUPILS = "pupils_"  # the rules that erase pupils
Due = Callable[[date], Select[Any]]

up, lst, sub, ent, pup = t.uploads.c, t.supplements.c, t.submissions.c, t.resolutions.c, t.pupils.c


def _instant(day: date) -> datetime:
    """The beginning of a day in England."""
    return datetime.combine(day, time(), ENGLAND)


def _grown_up(day: date) -> Select[Any]:
    """Their summer's 31 August lies before the day: of that year's summer itself only after August."""
    last = day.year if (day.month, day.day) > (8, 31) else day.year - 1
    return select(pup.id).where(pup.leavers <= last)


def _nowhere(day: date) -> Select[Any]:
    roll, row = t.roll_pupils.c, t.supplement_rows.c
    listed = (
        select(row.id)
        .join(t.supplements, lst.id == row.supplement_id)
        .where(row.pupil_id == pup.id, lst.state.in_(("staged", "live")))
    )
    on_roll = select(roll.id).where(roll.pupil_id == pup.id, roll.live)
    return select(pup.id).where(pup.created_at < _instant(day), ~exists(on_roll), ~exists(listed))


# By the name of a rule: the ids of what is due where its time is over on a day.
DUE: Mapping[str, Due] = {
    "files_not_confirmed": lambda day: select(up.id).where(up.state.in_(NOT_CONFIRMED), up.created_at < _instant(day)),
    "lists_not_confirmed": lambda day: select(lst.id).where(lst.state == "staged", lst.created_at < _instant(day)),
    "sheets": lambda day: select(t.sheets.c.id).where(t.sheets.c.created_at < _instant(day)),
    "corrections": lambda day: select(up.id).where(
        up.state == "confirmed", up.confirmed_at < _instant(day), _said_something()
    ),
    "lists_replaced": lambda day: (
        select(t.supplement_rows.c.id)
        .join(t.supplements, lst.id == t.supplement_rows.c.supplement_id)
        .where(lst.state == "superseded", lst.confirmed_at < _instant(day))
    ),
    "rolls_replaced": lambda day: (
        select(t.roll_pupils.c.id)
        .join(t.submissions, sub.id == t.roll_pupils.c.submission_id)
        .where(~t.roll_pupils.c.live, sub.confirmed_at < _instant(day))
    ),
    # whose a pupil is goes with the pupil: what the other school may read rests on it
    "resolved": lambda day: select(ent.id).where(ent.closed_at < _instant(day), ent.kind != "two_schools"),
    "pupils_grown_up": _grown_up,
    "pupils_died": lambda day: select(pup.id).where(pup.died_at < _instant(day)),
    "pupils_on_no_roll": _nowhere,
    "sign_ins": lambda day: select(t.sessions.c.id).where(
        or_(t.sessions.c.expires_at < _instant(day), t.sessions.c.revoked_at < _instant(day))
    ),
}


def _said_something() -> Any:
    empty = [cast(column, String) != "{}" for column in (up.edits, up.leavers)]
    return or_(*empty)


# From which table the rows of a rule are deleted, where they are simply deleted.
DELETED_FROM: Mapping[str, Any] = {
    "files_not_confirmed": t.uploads,
    "lists_not_confirmed": t.supplements,
    "sheets": t.sheets,
    "lists_replaced": t.supplement_rows,
    "rolls_replaced": t.roll_pupils,
    "resolved": t.resolutions,
    "sign_ins": t.sessions,
}


def due(connection: Connection, rule: Rule, on: date) -> list[int]:
    """The ids of what a rule says is to be deleted on a day. Raises RoniError for a rule that is not known."""
    if rule.name not in DUE:
        raise RoniError(f"“{rule.name}” is not a rule of retention. Rules are: {', '.join(DUE)}.")
    query = DUE[rule.name](on - timedelta(days=rule.days))
    return sorted(set(connection.execute(query).scalars()))


def run(connection: Connection, access: Access, policy: Policy, *, dry: bool) -> dict[str, Any]:
    """Count what is due, and where it is not a dry run delete it. A dry run of the same policy comes first."""
    on = today()
    if not dry:
        lock_rolls(connection)  # before anything is deleted, so that nobody waits for both
        _require_dry_run(connection, policy)
    counts, refs = {}, []
    for rule in policy.rules:
        ids = due(connection, rule, on)
        counts[rule.name] = len(ids)
        if not dry and ids:
            refs += _delete(connection, rule.name, ids)
    row = {"by_id": access.person_id or None, "dry": dry, "policy": policy.version, "counts": counts}
    connection.execute(insert(t.retention_runs).values(**row))
    action = "retention.dry_run" if dry else "retention.run"
    audit.record(connection, access, action, detail={"policy": policy.version, "counts": counts}, refs=refs)
    return {"at": now(), "dry": dry, "policy": policy.version, "rules": [_told(rule, counts) for rule in policy.rules]}


def _told(rule: Rule, counts: Mapping[str, int]) -> dict[str, Any]:
    names = ("name", "what", "after", "days", "source", "unverified")
    return {**{name: getattr(rule, name) for name in names}, "count": counts[rule.name]}


def dry_run_holds(connection: Connection, policy: Policy) -> bool:
    """Whether the last run was a dry one of this policy, not long ago."""
    runs = t.retention_runs.c
    last = connection.execute(
        select(runs.created_at, runs.dry, runs.policy).order_by(runs.id.desc()).limit(1)
    ).one_or_none()
    return last is not None and last.dry and last.policy == policy.version and last.created_at >= now() - DRY_RUN_HOLDS


def _require_dry_run(connection: Connection, policy: Policy) -> None:
    if not dry_run_holds(connection, policy):
        raise Refusal(
            409, "dry_run_first", "Do a dry run first, and look at its counts: it shows what would be deleted."
        )


def _delete(connection: Connection, name: str, ids: list[int]) -> list[str]:
    """Delete what is due; returns the audit's references of erased pupils."""
    if name.startswith(PUPILS):
        refs = audit.audit_refs(connection, ids)
        erase(connection, ids)
        return refs
    for part in in_parts(ids):
        if name == "corrections":
            connection.execute(update(t.uploads).where(up.id.in_(part)).values(edits={}, leavers={}))
            continue
        table = DELETED_FROM[name]
        if name == "files_not_confirmed":
            for hanging in (t.upload_files, t.upload_pupils, t.upload_leavers):
                connection.execute(delete(hanging).where(hanging.c.upload_id.in_(part)))
        connection.execute(delete(table).where(table.c.id.in_(part)))
    return []


def runs(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """The runs so far, the latest first."""
    run_, people = t.retention_runs.c, t.people.c
    query = (
        select(run_.created_at, run_.dry, run_.policy, run_.counts, people.name)
        .outerjoin(t.people, people.id == run_.by_id)
        .order_by(run_.id.desc())
        .limit(limit)
    )
    return [
        {"at": row.created_at, "dry": row.dry, "policy": row.policy, "counts": row.counts, "by": row.name}
        for row in connection.execute(query)
    ]
