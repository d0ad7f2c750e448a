"""Confirming one school's roll: everything that follows from it, in one transaction of the caller's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Update, bindparam, insert, select, update

from roni import VERSION
from service import audit
from service import tables as t
from service.access import Access
from service.among import among
from service.clock import now
from service.database import Written
from service.many import insert_many
from service.problems import Refusal
from service.refs import new_ref
from service.registers.columns import drop_replaced, keep_columns
from service.settings import Settings
from service.supplements.settling import close_settled
from service.uploads.claims import elsewhere, held_by_others
from service.uploads.leavers import require_complete
from service.uploads.matching import find_pupils, settle_pupils
from service.uploads.resolving import resolve, stop_all
from service.uploads.restricted import as_restricted
from service.uploads.restricting import drop_restricted, keep_restricted
from service.uploads.rolls import LEFT, ON_ROLL, base_of, of_school, who

ROLL_CHANGED = (
    "This school’s roll was confirmed by somebody else since. Look at the difference again: save your answers once "
    "more, then confirm."
)
NO_SCHOOL = frozenset({"ehe", "awaiting_place", "not_known", "custody", "abroad", "other_authority", "died"})

_LINE = select(t.check_schools).where(
    t.check_schools.c.check_id == bindparam("check"), t.check_schools.c.school_id == bindparam("school")
)
_SIGN_OFF = update(t.check_schools).where(t.check_schools.c.id == bindparam("line"))
_HABITS = update(t.schools).where(t.schools.c.id == bindparam("school"))
_LEAVE = (
    update(t.pupils)
    .where(among(t.pupils.c.id, "gone"), t.pupils.c.school_id == bindparam("school"))
    .values(school_id=None)
)
_GIVE_RECEIPT = update(t.submissions).where(t.submissions.c.id == bindparam("submission"))


class OnRoll(NamedTuple):
    """One pupil of the new roll: the record, whether they joined, and where the file itself says that they left to."""

    record: Mapping[str, Any]
    change: str
    leaver: Mapping[str, Any] | None = None
    pupil_id: int | None = None  # where it is settled who it is
    text: str | None = None  # the record as it is stored, where it has been


class Gone(NamedTuple):
    """One pupil of the last roll only: the last facts, and where they left to; `new` since the last roll."""

    pupil_id: int
    ref: str
    record: Mapping[str, Any]
    leaver: Mapping[str, Any] | None
    new: bool


@dataclass(frozen=True, slots=True)
class Roll:
    """What is to be confirmed of one school."""

    school_id: int | None
    urn: str | None
    cohort: Mapping[str, Any]
    pupils: Sequence[OnRoll]
    gone: Sequence[Gone]
    based_on: int | None
    upload_id: int | None = None
    upload_ref: str = ""
    file_name: str | None = None
    file_digest: str | None = None
    mapping: Mapping[str, Any] | None = None
    open_questions: int = 0
    of_all: bool = False  # one of a file of all schools


def confirm(connection: Connection, access: Access, settings: Settings, check: Any, roll: Roll) -> dict[str, Any]:
    """Make this the school's roll, wholly; returns the receipt. Raises a 412 where the roll it rests on has changed."""
    if base_of(connection, check, roll.school_id) != roll.based_on:
        raise Refusal(412, "roll_changed", ROLL_CHANGED)
    require_complete(_answers(roll))
    if dropped := _retire(connection, check.id, roll.school_id):
        drop_replaced(connection, check.id, roll.school_id)
    pupil_ids, others = _settle(connection, check, roll)
    ref, submission_id = _submit(connection, access, check.id, roll)
    restricted = keep_restricted(connection, check.id, roll.school_id, [*pupil_ids, *_gone(roll)], others)
    rows = _rows(roll, pupil_ids, restricted)
    _store_rows(connection, check.id, submission_id, roll.school_id, rows)
    _sign_off(connection, access, check.id, submission_id, roll)
    opened = _follow_leavers(connection, access, check.id, roll.school_id, rows, others)
    cut = drop_restricted(connection, check.id, roll.school_id, rows, restricted)
    touched = dropped | {row["pupil_id"] for row in rows}
    touched |= close_settled(connection, check.id, touched)
    at_once = touched if roll.of_all else {*cut, *_died(rows)}
    _work_out(connection, settings, check.id, roll.school_id, touched, at_once)
    receipt = _receipt(access, check, ref, roll, rows, opened)
    connection.execute(_GIVE_RECEIPT, {"submission": submission_id, "receipt": receipt})
    detail = {"school": roll.urn, "on_roll": receipt["on_roll"], "left": receipt["left"]}
    if cut:
        audit.record(connection, access, "pupil.restrict", about=ref, pupils=sorted(cut))
    audit.record(connection, access, "roll.confirm", about=ref, pupils=sorted(touched), detail=detail)
    return receipt


def _answers(roll: Roll) -> Iterable[tuple[str, Mapping[str, Any] | None]]:
    for pupil in roll.pupils:
        if pupil.change == LEFT:
            yield row_ref(pupil.record), pupil.leaver
    for gone in roll.gone:
        if gone.new:
            yield gone.ref, gone.leaver


def row_ref(record: Mapping[str, Any]) -> str:
    """How a pupil of a file is named before there is a reference: by the row."""
    return f"row:{record['row']}"


def _retire(connection: Connection, check_id: int, school_id: int | None) -> set[int]:
    """The roll that counted until now does so no more; returns whom it had."""
    pupils, retire_pupils, retire_roll = _retiring(school_id is None)
    mine = who(check_id, school_id)
    had = set(connection.execute(pupils, mine).scalars())
    if had:
        connection.execute(retire_pupils, mine)
    connection.execute(retire_roll, mine)
    return had


@cache
def _retiring(own: bool) -> tuple[Select[int], Update, Update]:
    """Who is on the roll that counts, and that neither they nor it count any more."""
    rolls, subs = t.roll_pupils.c, t.submissions.c
    live = (rolls.check_id == bindparam("check"), rolls.live, of_school(rolls.school_id, own))
    whole = (subs.check_id == bindparam("check"), subs.live, of_school(subs.school_id, own))
    return (
        select(rolls.pupil_id).where(*live),
        update(t.roll_pupils).where(*live).values(live=False),
        update(t.submissions).where(*whole).values(live=False),
    )


def _settle(connection: Connection, check: Any, roll: Roll) -> tuple[list[int], set[int]]:
    """The pupils of the file, known or made; and which of all in question are on another roll, too."""
    prefix = f"{check.ref}/{roll.upload_ref or roll.urn or 'own'}"
    records = [pupil.record for pupil in roll.pupils]
    found = find_pupils(connection, records, [pupil.pupil_id for pupil in roll.pupils], roll.cohort)
    here = {pupil.id: record for record, pupil in zip(records, found, strict=True) if pupil is not None}
    others = elsewhere(connection, roll.school_id, [*here, *_gone(roll)])
    held = held_by_others(connection, check.id, roll.school_id, _only(here, others))
    return settle_pupils(connection, roll.cohort, records, found, roll.school_id, prefix, held), others


def _only(records: Mapping[int, Any], pupils: Container[int]) -> dict[int, Any]:
    return {pupil: record for pupil, record in records.items() if pupil in pupils}


def _submit(connection: Connection, access: Access, check_id: int, roll: Roll) -> tuple[str, int]:
    row = {
        "ref": new_ref("roll"),
        "confirmed_by_id": access.person_id,
        "check_id": check_id,
        "school_id": roll.school_id,
        "upload_id": roll.upload_id,
        "live": True,
        "file_name": roll.file_name,
        "file_digest": roll.file_digest,
        "library_version": VERSION,
        "cohort": roll.cohort,
        "receipt": {},
    }
    connection.execute(insert(t.submissions).values(**row))
    found = connection.execute(select(t.submissions.c.id).where(t.submissions.c.ref == row["ref"])).scalar_one()
    return str(row["ref"]), int(found)


def _gone(roll: Roll) -> list[int]:
    return [gone.pupil_id for gone in roll.gone]


def _rows(roll: Roll, pupil_ids: Sequence[int], restricted: Container[int]) -> list[dict[str, Any]]:
    """A row a pupil: of the file, then those who left, of whom the last facts stand."""
    rows: list[dict[str, Any]] = [
        {
            "pupil_id": pupil_id,
            "status": LEFT if pupil.change == LEFT else ON_ROLL,
            "leaver": pupil.leaver,
            "record": pupil.record,
            "stored": pupil.record if pupil.text is None else Written(pupil.text),
            "change": pupil.change,
        }
        for pupil_id, pupil in zip(pupil_ids, roll.pupils, strict=True)
    ]
    here = set(pupil_ids)  # somebody taken for gone may have been found under another number
    rows += [
        {
            "pupil_id": gone.pupil_id,
            "status": LEFT,
            "leaver": gone.leaver,
            "record": gone.record,
            "stored": gone.record,
            "change": LEFT if gone.new else "left_before",
        }
        for gone in roll.gone
        if gone.pupil_id not in here
    ]
    return [_restricted(row) if row["pupil_id"] in restricted else row for row in rows]


def _restricted(row: Mapping[str, Any]) -> dict[str, Any]:
    less = as_restricted(row["record"])
    return {**row, "record": less, "stored": less}


def _store_rows(
    connection: Connection, check_id: int, submission_id: int, school_id: int | None, rows: Sequence[Mapping[str, Any]]
) -> None:
    same = (submission_id, check_id, school_id, True)
    stored = itemgetter("pupil_id", "status", "leaver", "stored")
    names = ("submission_id", "check_id", "school_id", "live", "place", "pupil_id", "status", "leaver", "record")
    insert_many(connection, t.roll_pupils, names, ((*same, place, *stored(row)) for place, row in enumerate(rows)))
    keep_columns(connection, submission_id, [row["record"] for row in rows])


def _sign_off(connection: Connection, access: Access, check_id: int, submission_id: int, roll: Roll) -> None:
    if roll.school_id is None:
        return
    at = now()
    signed = {"submission_id": submission_id, "signed_off_at": at, "signed_off_by_id": access.person_id}
    row = connection.execute(_LINE, who(check_id, roll.school_id)).one_or_none()
    if row is None:  # a file for all schools may bring a school that was not asked
        line = {"check_id": check_id, "school_id": roll.school_id, "started_at": at, **signed}
        connection.execute(insert(t.check_schools), line)
    else:
        started = {"started_at": row.started_at or at, "version": row.version + 1}
        connection.execute(_SIGN_OFF, {"line": row.id, **signed, **started})
    if roll.mapping is not None:
        connection.execute(_HABITS, {"school": roll.school_id, "mapping": roll.mapping})


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
    stop_all(connection, access, _died(rows))
    return opened


def _died(rows: Iterable[Mapping[str, Any]]) -> list[int]:
    """Of whom this roll says so."""
    return [row["pupil_id"] for row in rows if row["change"] == LEFT and (row["leaver"] or {}).get("to") == "died"]


def _work_out(
    connection: Connection,
    settings: Settings,
    check_id: int,
    school_id: int | None,
    touched: Collection[int],
    at_once: Collection[int],
) -> None:
    """Those of the touched who are in every view at once, and the others: now in the full register, in others later."""
    from service.registers.elsewhere import work_out_elsewhere  # they rest on the rolls, as does this
    from service.registers.working_out import work_out

    others = {*touched} - {*at_once}
    if at_once:
        work_out(connection, settings, check_id, at_once)
    if others:
        work_out(connection, settings, check_id, others, narrower=False)
    work_out_elsewhere(connection, settings, check_id, school_id, sorted(touched))


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
