"""Confirming one school's roll: everything that follows from it, in one transaction of the caller's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, update

from service import audit
from service import tables as t
from service.access import Access
from service.among import among
from service.clock import now
from service.problems import Refusal
from service.settings import Settings
from service.supplements.settling import close_settled
from service.uploads.claims import elsewhere, held_by_others
from service.uploads.keeping import give_receipt, retire, sign_off, store_rows, submit
from service.uploads.leavers import require_complete
from service.uploads.matching import find_pupils, settle_pupils
from service.uploads.resolving import resolve, stop_all
from service.uploads.restricting import drop_restricted, keep_restricted
from service.uploads.roll import Roll, answers, died_of, gone_of, rows_of
from service.uploads.rolls import LEFT, ON_ROLL, base_of

ROLL_CHANGED = (
    "This school’s roll was confirmed by somebody else since. Look at the difference again: save your answers once "
    "more, then confirm."
)
NO_SCHOOL = frozenset({"ehe", "awaiting_place", "not_known", "custody", "abroad", "other_authority", "died"})

_LEAVE = (
    update(t.pupils)
    .where(among(t.pupils.c.id, "gone"), t.pupils.c.school_id == bindparam("school"))
    .values(school_id=None)
)


def confirm(connection: Connection, access: Access, settings: Settings, check: Any, roll: Roll) -> dict[str, Any]:
    """Make this the school's roll, wholly; returns the receipt. Raises a 412 where the roll it rests on has changed."""
    if base_of(connection, check, roll.school_id) != roll.based_on:
        raise Refusal(412, "roll_changed", ROLL_CHANGED)
    require_complete(answers(roll))
    dropped = retire(connection, check.id, roll.school_id)
    pupil_ids, others = _settle(connection, check, roll)
    ref, submission_id = submit(connection, access, check.id, roll)
    restricted = keep_restricted(connection, check.id, roll.school_id, [*pupil_ids, *gone_of(roll)], others)
    rows = rows_of(roll, pupil_ids, restricted)
    store_rows(connection, check.id, submission_id, roll.school_id, rows)
    sign_off(connection, access, check.id, submission_id, roll)
    opened = _follow_leavers(connection, access, check.id, roll.school_id, rows, others)
    cut = drop_restricted(connection, check.id, roll.school_id, rows, restricted)
    touched = dropped | {row["pupil_id"] for row in rows}
    touched |= close_settled(connection, check.id, touched)
    in_all = roll.of_all or bool(cut or died_of(rows))
    _work_out(connection, settings, check.id, roll.school_id, touched, in_all)
    receipt = _receipt(access, check, ref, roll, rows, opened)
    give_receipt(connection, submission_id, receipt)
    detail = {"school": roll.urn, "on_roll": receipt["on_roll"], "left": receipt["left"]}
    if cut:
        audit.record(connection, access, "pupil.restrict", about=ref, pupils=sorted(cut))
    audit.record(connection, access, "roll.confirm", about=ref, pupils=sorted(touched), detail=detail)
    return receipt


def _settle(connection: Connection, check: Any, roll: Roll) -> tuple[list[int], set[int]]:
    """The pupils of the file, known or made; and which of all in question are on another roll, too."""
    prefix = f"{check.ref}/{roll.upload_ref or roll.urn or 'own'}"
    records = [pupil.record for pupil in roll.pupils]
    found = find_pupils(connection, records, [pupil.pupil_id for pupil in roll.pupils], roll.cohort)
    here = {pupil.id: record for record, pupil in zip(records, found, strict=True) if pupil is not None}
    others = elsewhere(connection, roll.school_id, [*here, *gone_of(roll)])
    held = held_by_others(connection, check.id, roll.school_id, _only(here, others))
    return settle_pupils(connection, roll.cohort, records, found, roll.school_id, prefix, held), others


def _only(records: Mapping[int, Any], pupils: Container[int]) -> dict[int, Any]:
    return {pupil: record for pupil, record in records.items() if pupil in pupils}


def _follow_leavers(
    connection: Connection,
    access: Access,
    check_id: int,
    school_id: int | None,
    rows: Sequence[Mapping[str, Any]],
    others: Container[int],
) -> dict[str, int]:
    """Where leavers went: what is to be resolved, who is now on the council's own roll, who is in no list any more."""
    left = {row["pupil_id"]: row["leaver"] or {} for row in rows if row["status"] == LEFT}
    new = [row["pupil_id"] for row in rows if row["change"] == LEFT]
    on_roll = {row["pupil_id"]: row["record"] for row in rows if row["status"] == ON_ROLL}
    answers, shared = {pupil: left[pupil] for pupil in new}, _only(on_roll, others)
    opened = resolve(connection, check_id, school_id, on_roll, answers, shared)
    without = [pupil for pupil in new if left[pupil].get("to") in NO_SCHOOL]
    if without and school_id is not None:
        connection.execute(_LEAVE, {"gone": without, "school": school_id})
    stop_all(connection, access, died_of(rows))
    return opened


def _work_out(
    connection: Connection,
    settings: Settings,
    check_id: int,
    school_id: int | None,
    touched: Collection[int],
    in_all: bool,
) -> None:
    """The touched in the full register, with `in_all` in the narrower ones, too; else those are owed them."""
    from service.registers.elsewhere import work_out_elsewhere  # they rest on the rolls, as does this
    from service.registers.working_out import work_out

    pupils = sorted(touched)
    work_out(connection, settings, check_id, pupils, narrower=in_all)
    work_out_elsewhere(connection, settings, check_id, school_id, pupils)


def _receipt(
    access: Access,
    check: Any,
    ref: str,
    roll: Roll,
    rows: Sequence[Mapping[str, Any]],
    opened: Mapping[str, int],
) -> dict[str, Any]:
    changes = Counter(row["change"] for row in rows)
    to = Counter((row["leaver"] or {}).get("to") for row in rows if row["change"] == LEFT)
    problems = sum(1 if block["rows"] is None else len(block["rows"]) for block in roll.cohort["problems"])
    return {
        "roll": ref,
        "check": check.ref,
        "check_label": check.label,
        "school": roll.urn,
        "upload": roll.upload_ref or None,
        "confirmed_at": now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        "confirmed_by": access.name,
        "file_name": roll.file_name,
        "file_digest": roll.file_digest,
        "on_roll": sum(row["status"] == ON_ROLL for row in rows),
        "joined": changes["joined"],
        "changed": changes["changed"],
        "unchanged": changes["unchanged"],
        "first": changes["first"],
        "left": changes[LEFT],
        "left_to": {code: to[code] for code in sorted(filter(None, to))},
        "problems_open": problems,
        "questions_open": roll.open_questions,
        "to_resolve": dict(opened),
    }
