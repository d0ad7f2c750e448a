"""One upload read: the job for the process that reads files, and its result stored, in one transaction each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Event
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from service import audit
from service import tables as t
from service.access import Access
from service.clock import now
from service.database import Database, lock_rolls
from service.registers.cohorts import check_values
from service.settings import Settings
from service.uploads.matching import find_pupils
from service.uploads.reading import Readers, working_folder
from service.uploads.rolls import base_of, last_roll
from service.uploads.splitting import OWN_ROLL
from service.uploads.vault import unlock

READING, STAGED, REFUSED, SUPERSEDED = "reading", "staged", "refused", "superseded"


def read_upload(
    database: Database, settings: Settings, readers: Readers, access: Access, ref: str, stopping: Event
) -> None:
    """Read an upload that is in the state `reading`, and stage what comes of it, or say why it is refused."""
    with database.read(Access.system()) as connection:
        upload = connection.execute(select(t.uploads).where(t.uploads.c.ref == ref)).one()
        kept = connection.execute(
            select(t.upload_files.c.content).where(t.upload_files.c.upload_id == upload.id)
        ).scalar()
        if upload.state != READING or kept is None:
            return
        job, bases = _job(connection, upload)
    seconds = settings.upload_seconds if upload.school_id is not None else settings.council_upload_seconds
    with working_folder() as folder:
        file = folder / upload.file_name
        file.write_bytes(unlock(settings, ref, kept))
        del kept
        result = readers.read(job, file, seconds)
    if stopping.is_set():
        return  # it is taken up again when the service starts
    with database.write(Access.system()) as connection:
        _store(connection, access, upload, result, bases)


def _job(connection: Connection, upload: Any) -> tuple[dict[str, Any], dict[str, int | None]]:
    """The job, and the submission that each school's roll is compared with."""
    check = connection.execute(select(t.checks).where(t.checks.c.id == upload.check_id)).one()
    query = select(t.schools)
    query = query.where(t.schools.c.id == upload.school_id) if upload.school_id is not None else query
    schools = connection.execute(query).all()
    ids: dict[str, int | None] = {row.urn: row.id for row in schools}
    own = next((row for row in schools if row.id == upload.school_id), None)
    if own is None:
        ids[OWN_ROLL] = None
    bases = {urn: base_of(connection, check, school_id) for urn, school_id in ids.items()}
    job = {
        "check": check_values(check),
        "school": own.urn if own is not None else None,
        "schools": {row.urn: {"name": row.name, "laestab": row.laestab} for row in schools},
        "lasts": {urn: last_roll(connection, base) for urn, base in bases.items() if base is not None},
        "saved": own.mapping if own is not None else {},
        **{name: getattr(upload, name) for name in ("mapping", "answers", "edits")},
    }
    return job, bases


def _store(
    connection: Connection, access: Access, upload: Any, result: Mapping[str, Any], bases: Mapping[str, int | None]
) -> None:
    lock_rolls(connection)  # a roll may be confirmed at this moment
    seen = (t.uploads.c.id == upload.id, t.uploads.c.version == upload.version, t.uploads.c.state == READING)
    if (refusal := result.get("refused")) is not None:
        done = connection.execute(
            update(t.uploads).where(*seen).values(state=REFUSED, refusal=refusal, version=upload.version + 1)
        )
        if done.rowcount == 1:
            clear(connection, [upload.id])
            audit.record(connection, access, "upload.refuse", about=upload.ref, detail={"code": refusal["code"]})
        return
    staged = result["staged"]
    parts = [
        {name: part[name] for name in ("urn", "cohort", "difference")}
        | {"based_on": bases.get(part["urn"] or OWN_ROLL)}
        for part in staged["schools"]
    ]
    values = {
        "state": STAGED,
        "progress": 1.0,
        "account": staged["account"],
        "questions": staged["questions"],
        "cohort": {"schools": parts},
        "based_on_id": parts[0]["based_on"] if upload.school_id is not None and parts else None,
        "refusal": None,
        "version": upload.version + 1,
    }
    if connection.execute(update(t.uploads).where(*seen).values(**values)).rowcount != 1:
        return  # withdrawn meanwhile
    _delete_rows(connection, [upload.id])
    ids = [_store_part(connection, upload.id, part) for part in staged["schools"]]
    _supersede(connection, upload)
    _start(connection, upload)
    detail = {"pupils": staged["account"]["pupils"], "problems": sum(staged["account"]["problems"].values())}
    known = sorted({pupil for part in ids for pupil in part})
    audit.record(connection, access, "upload.stage", about=upload.ref, pupils=known, detail=detail)


def _store_part(connection: Connection, upload_id: int, part: Mapping[str, Any]) -> list[int]:
    """The pupils and leavers of one school; returns the ids of those who are known."""
    pupils = part["pupils"]
    records = [pupil["record"] for pupil in pupils]
    found = find_pupils(connection, records, [pupil["pupil_id"] for pupil in pupils], part["cohort"])
    same = {"upload_id": upload_id, "school_urn": part["urn"]}
    rows = [
        {**pupil, **same, "place": place, "pupil_id": known.id if known is not None else None}
        for place, (pupil, known) in enumerate(zip(pupils, found, strict=True))
    ]
    if rows:
        connection.execute(insert(t.upload_pupils), rows)
    leavers = [
        {**same, "pupil_id": leaver["id"], "record": leaver["record"], "leaver": leaver["leaver"]}
        for leaver in part["leavers"]
    ]
    if leavers:
        connection.execute(insert(t.upload_leavers), leavers)
    return [row["pupil_id"] for row in rows if row["pupil_id"] is not None] + [row["pupil_id"] for row in leavers]


def _supersede(connection: Connection, upload: Any) -> None:
    """One upload of a school is open at a time: an earlier one that was not confirmed gives way."""
    uploads = t.uploads.c
    whose = uploads.school_id.is_(None) if upload.school_id is None else uploads.school_id == upload.school_id
    others = (uploads.check_id == upload.check_id, whose, uploads.state == STAGED, uploads.id < upload.id)
    ids = list(connection.execute(select(uploads.id).where(*others)).scalars())
    if ids:
        connection.execute(
            update(t.uploads).where(uploads.id.in_(ids)).values(state=SUPERSEDED, version=uploads.version + 1)
        )
        clear(connection, ids)


def _start(connection: Connection, upload: Any) -> None:
    lines = t.check_schools.c
    mine = (lines.check_id == upload.check_id, lines.school_id == upload.school_id, lines.started_at.is_(None))
    connection.execute(update(t.check_schools).where(*mine).values(started_at=now(), version=lines.version + 1))


def clear(connection: Connection, upload_ids: Iterable[int]) -> None:
    """Nothing of these uploads' pupils is kept: neither the file as it came nor what was read of it."""
    ids = list(upload_ids)
    connection.execute(delete(t.upload_files).where(t.upload_files.c.upload_id.in_(ids)))
    _delete_rows(connection, ids)
    connection.execute(update(t.uploads).where(t.uploads.c.id.in_(ids)).values(cohort=None, edits={}))


def _delete_rows(connection: Connection, ids: list[int]) -> None:
    connection.execute(delete(t.upload_pupils).where(t.upload_pupils.c.upload_id.in_(ids)))
    connection.execute(delete(t.upload_leavers).where(t.upload_leavers.c.upload_id.in_(ids)))
