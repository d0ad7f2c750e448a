"""From a staged upload, or the last roll, to a confirmed one: of one school, or of all schools one after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from threading import Event
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Text, bindparam, cast, delete, select, update

from service import audit
from service import tables as t
from service.access import Access
from service.checks.queries import require_open
from service.clock import now
from service.database import Database
from service.problems import Refusal
from service.settings import Settings
from service.turns import StoppedError, turn
from service.uploads.changes import require_staged
from service.uploads.confirming import confirm
from service.uploads.leavers import answer_for, require_complete
from service.uploads.receiving import CONFIRMED, CONFIRMING
from service.uploads.roll import Gone, OnRoll, Roll, row_ref
from service.uploads.rolls import LEFT
from service.uploads.storing import CLEARED, drop

Receipt = dict[str, Any]

_pupil, _staged, _leaver = t.pupils.c, t.upload_pupils.c, t.upload_leavers.c
_CHECK = select(t.checks).where(t.checks.c.id == bindparam("check"))
_SCHOOL = select(t.schools).where(t.schools.c.id == bindparam("school"))
_DONE = update(t.uploads).where(t.uploads.c.id == bindparam("upload"))
_STAGED = (
    select(cast(_staged.record, Text), _staged.change, _staged.leaver, _staged.pupil_id, _pupil.ref)
    .select_from(t.upload_pupils)
    .outerjoin(t.pupils, _pupil.id == _staged.pupil_id)
    .where(_staged.upload_id == bindparam("upload"), _staged.school_urn.is_not_distinct_from(bindparam("urn")))
    .order_by(_staged.place)
)
_GONE = (
    select(_leaver.pupil_id, _leaver.record, _leaver.leaver, _pupil.ref)
    .join(t.pupils, _pupil.id == _leaver.pupil_id)
    .where(_leaver.upload_id == bindparam("upload"), _leaver.school_urn.is_not_distinct_from(bindparam("urn")))
    .order_by(_leaver.id)
)


def confirm_upload(connection: Connection, access: Access, settings: Settings, upload: Any) -> Receipt:
    """Confirm the upload of one school, in the caller's transaction."""
    require_staged(upload)
    check = _check(connection, upload)
    (part,) = upload.cohort["schools"] or [None]
    if part is None:
        raise Refusal(422, "no_pupils", "There is no pupil in this file whom the check is about.")
    school = connection.execute(_SCHOOL, {"school": upload.school_id}).one()
    roll = _roll(connection, upload, part, school)
    receipt = confirm(connection, access, settings, check, roll)
    _settle(connection, access, upload, receipt)
    return receipt


def _check(connection: Connection, upload: Any) -> Any:
    check = connection.execute(_CHECK, {"check": upload.check_id}).one()
    require_open(check)
    return check


def _settle(connection: Connection, access: Access, upload: Any, receipt: Receipt) -> None:
    """The upload is done: what it said counts, and nothing else of it is kept."""
    drop(connection, [upload.id])
    values = {"state": CONFIRMED, "confirmed_at": now(), "receipt": receipt, "version": upload.version + 1, **CLEARED}
    connection.execute(_DONE, {"upload": upload.id, **values})
    audit.record(connection, access, "upload.confirm", about=upload.ref)


def _roll(connection: Connection, upload: Any, part: Mapping[str, Any], school: Any | None) -> Roll:
    """What is to be confirmed of one school of an upload."""
    whole = upload.school_id is None
    return Roll(
        school_id=school.id if school is not None else None,
        urn=school.urn if school is not None else None,
        cohort=part["cohort"],
        pupils=_pupils(connection, upload, part["urn"]),
        gone=_gone(connection, upload, part["urn"]),
        based_on=part["based_on"],
        upload_id=upload.id,
        upload_ref=upload.ref,
        file_name=upload.file_name,
        file_digest=upload.file_digest,
        mapping=None if whole or school is None else _habits(upload, school.mapping),
        open_questions=len(upload.questions),
        of_all=whole,
    )


def _pupils(connection: Connection, upload: Any, urn: str | None) -> list[OnRoll]:
    rows = connection.execute(_STAGED, {"upload": upload.id, "urn": urn})
    return [_on_roll(upload, *row) for row in rows]


def _on_roll(
    upload: Any, text: str, change: str, leaver: Mapping[str, Any] | None, pupil_id: int | None, ref: str | None
) -> OnRoll:
    record = from_json(text)
    said = _said_of(record, leaver, ref, upload.leavers) if change == LEFT else None
    return OnRoll(record, change, said, pupil_id, text)


def _said_of(
    record: Mapping[str, Any], leaver: Mapping[str, Any] | None, ref: str | None, answers: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Of a leaver who stands in the file: by reference where there is one, else by row."""
    return answer_for(ref if ref is not None and ref in answers else row_ref(record), leaver, answers)


def _gone(connection: Connection, upload: Any, urn: str | None) -> list[Gone]:
    rows = connection.execute(_GONE, {"upload": upload.id, "urn": urn})
    return [
        Gone(
            row.pupil_id,
            row.ref,
            row.record,
            answer_for(row.ref, None, upload.leavers) if row.leaver is None else row.leaver,
            row.leaver is None,
        )
        for row in rows
    ]


def _habits(upload: Any, before: Mapping[str, Any]) -> dict[str, Any]:
    """How the school's files are read from now on. What was not answered is asked again next time."""
    unanswered = {question["id"] for question in upload.questions}
    habits = dict(before)
    for column in upload.account["columns"]:
        heading, choices = column["heading"], dict(column["choices"])
        if f"reading:{heading}" in unanswered:
            continue
        if f"blank:{heading}" in unanswered:
            choices.pop("blank", None)
        if column["state"] == "used":
            habits[heading] = {"field": column["field"], **choices, "found": column["found"]}
        elif column["state"] == "unmapped" and (heading in upload.mapping or f"heading:{heading}" in upload.answers):
            habits[heading] = {"field": None, "found": column["found"]}
    return habits


# --- a file of all schools --------------------------------------------------------------------------------------------


def begin_all(connection: Connection, access: Access, upload: Any) -> None:
    """Say that the upload is being confirmed, and by whom: so it is finished even after a stop."""
    require_staged(upload)
    _check(connection, upload)
    require_complete(_leavers(connection, upload))
    by = {"grant_id": access.grant_id, "via": access.via}
    values = {"state": CONFIRMING, "progress": 0.0, "receipt": {"by": by, "rolls": []}, "version": upload.version + 1}
    connection.execute(update(t.uploads).where(t.uploads.c.id == upload.id).values(**values))


def _leavers(connection: Connection, upload: Any) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Who left since the last rolls, and what is said of each; without their records, of which there may be many. Then
    who left by what the file says.
    """
    leaver, staged, pupil = t.upload_leavers.c, t.upload_pupils.c, t.pupils.c
    rows = connection.execute(
        select(pupil.ref, leaver.leaver)
        .join(t.pupils, pupil.id == leaver.pupil_id)
        .where(leaver.upload_id == upload.id)
        .order_by(leaver.id)
    )
    yield from ((row.ref, answer_for(row.ref, None, upload.leavers)) for row in rows if row.leaver is None)
    by_file = connection.execute(
        select(staged.record, staged.leaver, pupil.ref)
        .select_from(t.upload_pupils)
        .outerjoin(t.pupils, pupil.id == staged.pupil_id)
        .where(staged.upload_id == upload.id, staged.change == LEFT)
        .order_by(staged.id)
    )
    yield from ((row_ref(record), _said_of(record, leaver, ref, upload.leavers)) for record, leaver, ref in by_file)


def go_on(
    database: Database, settings: Settings, ref: str, access: Access | None = None, stopping: Event | None = None
) -> None:
    """Confirm the schools of an upload that are not confirmed yet, each in a transaction of its own."""
    with suppress(StoppedError):
        while _one_more(database, settings, ref, access, stopping or Event()):
            pass


def _one_more(database: Database, settings: Settings, ref: str, access: Access | None, stopping: Event) -> bool:
    """Confirm the next school, if there is one; whether there may be another."""
    with turn(database, stopping) as connection:
        upload = connection.execute(select(t.uploads).where(t.uploads.c.ref == ref)).one()
        if upload.state != CONFIRMING:
            return False
        return not _next(connection, access or _who(connection, upload), settings, upload)


def _who(connection: Connection, upload: Any) -> Access:
    """Who confirmed it, after a stop; their grant may have ended since, what they confirmed has not."""
    by = upload.receipt["by"]
    row = connection.execute(
        select(t.people.c.id, t.people.c.ref, t.people.c.name, t.grants.c.role)
        .join(t.grants, t.grants.c.person_id == t.people.c.id)
        .where(t.grants.c.id == by["grant_id"])
    ).one()
    return Access(row.id, row.ref, row.name, row.role, by["grant_id"], schools=None, via=by["via"])


def _next(connection: Connection, access: Access, settings: Settings, upload: Any) -> bool:
    """Confirm the next school; whether that was all."""
    parts, receipt = upload.cohort["schools"], upload.receipt
    done = len(receipt["rolls"])
    if done == len(parts):
        _settle(connection, access, upload, _sum(receipt["rolls"], upload))
        return True
    part = parts[done]
    school = connection.execute(select(t.schools).where(t.schools.c.urn == part["urn"])).one_or_none()
    try:
        with connection.begin_nested():
            said = confirm(
                connection, access, settings, _check(connection, upload), _roll(connection, upload, part, school)
            )
    except Refusal as refusal:  # a school confirmed its own roll meanwhile: that is newer, and stands
        said = {"school": part["urn"], "refused": {"code": refusal.code, "sentence": refusal.detail}}
    _drop(connection, upload.id, part["urn"])
    values = {"receipt": {**receipt, "rolls": [*receipt["rolls"], said]}, "progress": (done + 1) / len(parts)}
    connection.execute(update(t.uploads).where(t.uploads.c.id == upload.id).values(**values))
    return False


def _drop(connection: Connection, upload_id: int, urn: str | None) -> None:
    """What was staged of a school that is done: all of it in the end would keep others waiting."""
    for table in (t.upload_pupils, t.upload_leavers):
        mine = (table.c.upload_id == upload_id, table.c.school_urn.is_not_distinct_from(urn))
        connection.execute(delete(table).where(*mine))


def _sum(rolls: list[Receipt], upload: Any) -> Receipt:
    """One receipt for all schools."""
    counts: Counter[str] = Counter()
    for roll in rolls:
        counts.update({key: value for key, value in roll.items() if isinstance(value, int)})
    return {
        "upload": upload.ref,
        "file_name": upload.file_name,
        "file_digest": upload.file_digest,
        "confirmed_at": now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        **counts,
        "rolls": rolls,
    }
