"""Moderation of a check's register: asked by schools and coaches, decided by coaches and the council, carried on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from service import audit
from service import tables as t
from service.access import WHOLE_COUNCIL, Access, Permission
from service.caseload.carrying import carry_on
from service.caseload.schemas import ModerationChange, NewModeration
from service.caseload.standing import ACCEPTED, ADD, ASKED, DECLINED, OPEN, PRIORITY, STANDING, WITHDRAWN
from service.checks.queries import readable_stage, require_check, require_open
from service.clock import now
from service.database import lock_rolls
from service.etags import STALE
from service.problems import Refusal
from service.refs import new_ref
from service.registers.cards import card_of
from service.registers.working_out import work_out
from service.settings import Settings

m = t.moderations.c


def require_readable(connection: Connection, access: Access, ref: str) -> Any:
    """The row of a check whose register the caller may read now."""
    check = require_check(connection, ref)
    if not readable_stage(access, check):
        raise Refusal(403, "not_published", "The register of this check is not published yet.")
    return check


def ask(
    connection: Connection, access: Access, settings: Settings, check: Any, pupil: Any, asked: NewModeration
) -> str:
    """Record what is asked of a pupil whom the caller may read, work the pupil's lines out again; the reference."""
    lock_rolls(connection)  # registers rest on moderation: one change of what they rest on at a time
    require_open(require_check(connection, check.ref))
    _require_scored(connection, access, check, pupil)
    bands = [band.name for band in card_of(connection, check.scorecard_digest).bands]
    if asked.band is not None and asked.band not in bands:
        raise Refusal(422, "no_such_band", f"The bands of this check are: {', '.join(reversed(bands))}.")
    _refuse_same(connection, check, pupil, asked)
    ref = new_ref("moderation")
    row = asked.model_dump() | {"ref": ref, "check_id": check.id, "pupil_id": pupil.id, "by_id": access.person_id}
    row |= {"role": access.role, **_first_state(connection, access, check, pupil, asked, bands)}
    connection.execute(insert(t.moderations).values(**row))
    _refresh(connection, settings, ref)
    detail = {"kind": asked.kind, "state": row["state"]}
    audit.record(connection, access, "moderation.ask", about=ref, pupils=[pupil.id], detail=detail)
    return ref


def _refresh(connection: Connection, settings: Settings, ref: str) -> None:
    """Work the pupil's lines out again, here and where it was carried to."""
    row = connection.execute(select(t.moderations).where(m.ref == ref)).one()
    rolls = t.roll_pupils.c
    work_out(connection, settings, row.check_id, [row.pupil_id])
    for check_id in carry_on(connection, row):
        there = select(rolls.id).where(rolls.check_id == check_id, rolls.pupil_id == row.pupil_id, rolls.live)
        if connection.execute(there.limit(1)).scalar() is not None:
            work_out(connection, settings, check_id, [row.pupil_id])


def _require_scored(connection: Connection, access: Access, check: Any, pupil: Any) -> None:
    """Refuse a pupil who is on no roll of the check that the caller may speak for, or who stands in no band."""
    if pupil.died_at is not None:
        raise Refusal(409, "record_closed", "Nothing more is asked about this pupil.")
    if pupil.restricted:
        raise Refusal(
            409, "restricted", "This pupil is not scored: information is restricted. There is no band to change."
        )
    rolls = t.roll_pupils.c
    here = select(rolls.id).where(
        rolls.check_id == check.id, rolls.pupil_id == pupil.id, rolls.live, rolls.status == "on_roll"
    )
    if access.schools is not None and access.role not in ("coach", "panel"):
        here = here.where(rolls.school_id.in_(access.schools))
    if connection.execute(here.limit(1)).scalar() is None:
        detail = "This pupil is not on the roll for this check. Add them to the school’s roll first, then try again."
        raise Refusal(422, "not_on_roll", detail)


def _refuse_same(connection: Connection, check: Any, pupil: Any, asked: NewModeration) -> None:
    same = select(m.id).where(m.check_id == check.id, m.pupil_id == pupil.id, m.kind == asked.kind, m.state.in_(OPEN))
    if asked.band is not None:
        same = same.where(m.band == asked.band)
    if connection.execute(same.limit(1)).scalar() is not None:
        raise Refusal(409, "already_asked", "This is already asked for this pupil. Look at their moderation.")


def _first_state(
    connection: Connection, access: Access, check: Any, pupil: Any, asked: NewModeration, bands: Sequence[str]
) -> dict[str, Any]:
    """An addition stands at once, and a priority that does not lower. What takes somebody down or off is a request,
    unless whoever asks may decide it."""
    place = _place(connection, check.id, pupil.id)
    band, automatic = (-1, False) if place is None else (place.band, place.automatic)
    if asked.kind == ADD or (asked.kind == PRIORITY and asked.band is not None and bands.index(asked.band) >= band):
        return {"state": STANDING}
    if not _may_decide(access, automatic):
        return {"state": ASKED}
    return {"state": ACCEPTED, **_decided(access, asked.reason)}


def _place(connection: Connection, check_id: int, pupil_id: int) -> Any:
    """Where the pupil stands in the register that sees everything; None before there is one."""
    rows, whole = t.register_rows.c, t.registers.c
    return connection.execute(
        select(rows.band, rows.automatic)
        .join(t.registers, whole.id == rows.register_id)
        .where(whole.check_id == check_id, whole.view == "full", whole.beside.is_(False), rows.pupil_id == pupil_id)
    ).one_or_none()


def _may_decide(access: Access, automatic: bool) -> bool:
    return Permission.DECIDE in access.permissions and (not automatic or access.role in WHOLE_COUNCIL)


def _decided(access: Access, reason: str | None) -> dict[str, Any]:
    return {
        "decided_by_id": access.person_id,
        "decided_role": access.role,
        "decided_reason": reason,
        "decided_at": now(),
    }


def require_moderation(connection: Connection, access: Access, ref: str) -> Any:
    """The row of a moderation of a pupil whom the caller may read, with its check's reference."""
    row = connection.execute(
        select(t.moderations, t.checks.c.ref.label("check_ref"))
        .join(t.checks, t.checks.c.id == m.check_id)
        .where(m.ref == ref, access.may_read(m.pupil_id))
    ).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such request, or you may not see it.")
    require_readable(connection, access, row.check_ref)
    return row


def change(connection: Connection, access: Access, settings: Settings, row: Any, asked: ModerationChange) -> None:
    """Decide, withdraw or keep; the pupil's lines are worked out again."""
    lock_rolls(connection)
    require_open(require_check(connection, row.check_ref))
    values = _CHANGES[asked.decision](connection, access, row, asked.reason)
    done = connection.execute(
        update(t.moderations)
        .where(m.id == row.id, m.version == row.version)
        .values(version=row.version + 1, reviewed_at=now(), **values)
    )
    if done.rowcount != 1:
        raise Refusal(412, "stale", STALE)
    _refresh(connection, settings, row.ref)
    detail = {"kind": row.kind, "decision": asked.decision}
    audit.record(connection, access, "moderation.decide", about=row.ref, pupils=[row.pupil_id], detail=detail)


def _accept(connection: Connection, access: Access, row: Any, reason: str | None) -> dict[str, Any]:
    access.require(Permission.DECIDE)
    _require_state(row, STANDING, ASKED)
    place = _place(connection, row.check_id, row.pupil_id)
    lowers = row.state == ASKED and row.kind != ADD
    if lowers and not _may_decide(access, place is not None and place.automatic):
        detail = "The scorecard always includes this pupil, so only the council can accept this. They stay on the list."
        raise Refusal(403, "needs_council", detail)
    return {"state": ACCEPTED, **_decided(access, reason)}


def _decline(_connection: Connection, access: Access, row: Any, reason: str | None) -> dict[str, Any]:
    """Also of what was accepted: that puts a pupil back."""
    access.require(Permission.DECIDE)
    _require_state(row, *OPEN)
    return {"state": DECLINED, **_decided(access, reason)}


def _withdraw(_connection: Connection, access: Access, row: Any, reason: str | None) -> dict[str, Any]:
    if row.by_id != access.person_id:
        raise Refusal(403, "not_yours", "Only the person who asked can withdraw it.")
    _require_state(row, STANDING, ASKED)
    return {"state": WITHDRAWN, **_decided(access, reason)}


def _keep(_connection: Connection, _access: Access, row: Any, _reason: str | None) -> dict[str, Any]:
    """Of what was carried from the check before: looked at, and still right."""
    if row.carried_from_id is None or row.reviewed_at is not None:
        raise Refusal(409, "nothing_to_review", "This does not wait for a review.")
    _require_state(row, *OPEN)
    return {}


_CHANGES = {"accept": _accept, "decline": _decline, "withdraw": _withdraw, "keep": _keep}


def _require_state(row: Any, *states: str) -> None:
    if row.state not in states:
        raise Refusal(409, "already_decided", "This has been decided or withdrawn already. Look at it again.")
