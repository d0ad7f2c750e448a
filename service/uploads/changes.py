"""What a school says of its upload before confirming it: how columns are read, answers, corrections, leavers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from roni import ColumnMapping, RoniError, national
from service import audit
from service import tables as t
from service.access import Access
from service.etags import STALE
from service.problems import Refusal
from service.uploads.leavers import EVERYBODY, require_elsewhere
from service.uploads.rolls import base_of
from service.uploads.storing import READING, STAGED, clear

WITHDRAWN = "withdrawn"
OF_READING = ("mapping", "answers", "edits")
MOST_EDITS = 2000


def require_staged(upload: Any) -> None:
    """Refuse to change what is being read, or is settled."""
    if upload.state == READING:
        raise Refusal(409, "still_reading", "The file is still being read. Try again soon.")
    if upload.state != STAGED:
        raise Refusal(409, "upload_settled", "This upload is settled. Upload a file again to change the roll.")


def change_upload(connection: Connection, access: Access, upload: Any, change: Mapping[str, Any]) -> bool:
    """Keep what was said; whether the file must be read again. What is not named stays; null takes a thing away."""
    require_staged(upload)
    said = {name: _merged(getattr(upload, name), change[name]) for name in (*OF_READING, "leavers") if name in change}
    _check(connection, upload, said)
    again = any(said.get(name, getattr(upload, name)) != getattr(upload, name) for name in OF_READING)
    again = again or _base_has_changed(connection, upload)
    values = {**said, **({"state": READING, "progress": 0.0} if again else {})}
    seen = (t.uploads.c.id == upload.id, t.uploads.c.version == upload.version)
    done = connection.execute(update(t.uploads).where(*seen).values(version=upload.version + 1, **values))
    if done.rowcount != 1:
        raise Refusal(412, "stale", STALE)
    audit.record(connection, access, "upload.change", about=upload.ref, detail={"changed": sorted(change)})
    return again


def _merged(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**before, **given}
    return {key: value for key, value in merged.items() if value is not None}


def _base_has_changed(connection: Connection, upload: Any) -> bool:
    check = connection.execute(select(t.checks).where(t.checks.c.id == upload.check_id)).one()
    ids = {row.urn: row.id for row in connection.execute(select(t.schools.c.urn, t.schools.c.id))}
    return any(
        base_of(connection, check, ids.get(part["urn"])) != part["based_on"] for part in upload.cohort["schools"]
    )


def _check(connection: Connection, upload: Any, said: Mapping[str, Any]) -> None:
    if "mapping" in said:
        ColumnMapping.of(said["mapping"], national())  # a MappingError becomes a 422
    if "answers" in said:
        _check_answers(said["answers"], upload)
    if "edits" in said:
        _check_edits(said["edits"])
    if said.get("leavers") and upload.school_id is not None:
        school = connection.execute(select(t.schools.c.urn).where(t.schools.c.id == upload.school_id)).one()
        require_elsewhere(school, said["leavers"].values())


def _check_answers(answers: Mapping[str, Any], upload: Any) -> None:
    """Each answer is to a question that was asked, and is one of those that may be given."""
    for number, answer in answers.items():
        if upload.answers.get(number) == answer:
            continue
        question = next((item for item in upload.questions if item["id"] == number), None)
        if question is None and number not in upload.answers:
            raise Refusal(
                422, "no_such_question", "One of the answers is to a question that is not asked.", where=number
            )
        if (question or {"kind": number.partition(":")[0]})["kind"] == "period":
            continue
        allowed = {option["value"] for option in (question or {}).get("options", [])} | _always(number)
        if not isinstance(answer, str) or answer not in allowed:
            raise Refusal(422, "no_such_answer", "One of the answers is not one of those offered.", where=number)


def _always(number: str) -> set[str]:
    """What may be answered whatever is offered: a heading may be any field, and an answer may be changed."""
    return {
        "heading": {*national(), "not_used"},
        "blank": {"no", "not known"},
        "reading": {"last", "now"},
        "would_fall": {"left_out", "right"},
    }.get(number.partition(":")[0], set())


def _check_edits(edits: Mapping[str, Mapping[str, str]]) -> None:
    if sum(map(len, edits.values())) > MOST_EDITS:
        raise Refusal(422, "too_many_edits", "Correct so many cells in the file itself, and upload it again.")
    fields = national()
    for name in {name for edit in edits.values() for name in edit}:
        if name not in fields:
            raise RoniError(f"“{name}” is not a field. Corrections name fields, such as attendance.")


def withdraw(connection: Connection, access: Access, upload: Any) -> None:
    """Take an upload back before it is confirmed; nothing of it is kept."""
    if upload.state in (WITHDRAWN, "refused", "superseded"):
        return
    if upload.state not in (READING, STAGED):
        raise Refusal(409, "upload_settled", "This upload is confirmed. Upload a file again to change the roll.")
    seen = (t.uploads.c.id == upload.id, t.uploads.c.version == upload.version)
    done = connection.execute(update(t.uploads).where(*seen).values(state=WITHDRAWN, version=upload.version + 1))
    if done.rowcount != 1:
        raise Refusal(412, "stale", STALE)
    clear(connection, [upload.id])
    audit.record(connection, access, "upload.withdraw", about=upload.ref)


__all__ = ["EVERYBODY", "change_upload", "require_staged", "withdraw"]
