"""One upload read: the job for the process that reads files, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import DBAPIError

from service import tables as t
from service.access import Access
from service.database import Database
from service.registers.cohorts import check_values
from service.settings import Settings
from service.turns import StoppedError
from service.uploads.reading import Readers, working_folder
from service.uploads.rolls import base_of, write_roll
from service.uploads.splitting import OWN_ROLL
from service.uploads.storing import READING, InParts, NotOursError, refuse, store
from service.uploads.vault import unlock

READ = 0.6  # of the work on a file of all schools, reading it and comparing it; the rest is storing
SAID_EVERY = 1.0  # seconds
LOST = {"code": "send_again", "sentence": "The file is no longer there to be read. Send it again."}


_UPLOAD = select(t.uploads).where(t.uploads.c.ref == bindparam("ref"))
_FILE = select(t.upload_files.c.content).where(t.upload_files.c.upload_id == bindparam("upload"))
_CHECK = select(t.checks).where(t.checks.c.id == bindparam("check"))
_SCHOOLS = select(t.schools)
_SCHOOL = _SCHOOLS.where(t.schools.c.id == bindparam("school"))


def read_upload(
    database: Database, settings: Settings, readers: Readers, access: Access, ref: str, stopping: Event
) -> None:
    """Read an upload that is in the state `reading`, and stage what comes of it, or say why it is refused."""
    with working_folder() as folder:
        with database.read(Access.system()) as connection:
            upload = connection.execute(_UPLOAD, {"ref": ref}).one()
            kept = connection.execute(_FILE, {"upload": upload.id}).scalar()
            if upload.state != READING:
                return
            job, bases = _job(connection, upload, folder)
        whole = upload.school_id is None
        seconds = settings.council_upload_seconds if whole else settings.upload_seconds
        content = _content(settings, ref, kept)
        del kept
        if content is None:
            result: dict[str, Any] = {"refused": LOST}
        else:
            file = folder / upload.file_name
            file.write_bytes(content)
            del content
            result = readers.read(job, file, seconds, _teller(database, upload) if whole else None)
    if stopping.is_set():
        return  # it is taken up again when the service starts
    if whole and "staged" in result:
        with suppress(NotOursError, StoppedError):
            InParts(database, stopping, upload).store(access, result["staged"], bases, _stored)
        return
    with database.write(Access.system()) as connection:
        if "staged" in result:
            store(connection, access, upload, result["staged"], bases)
        else:
            refuse(connection, access, upload, result["refused"])


def _content(settings: Settings, ref: str, kept: bytes | None) -> bytes | None:
    """The file as it came; None where it is gone, or was kept under another secret."""
    with suppress(InvalidTag):
        return None if kept is None else unlock(settings, ref, kept)
    return None


def _teller(database: Database, upload: Any) -> Callable[[float], None]:
    """Keeps how far the reading is: now and then, and only if nothing stands in the way."""
    said = time.monotonic()

    def tell(done: float) -> None:
        nonlocal said
        if time.monotonic() - said > SAID_EVERY:
            with suppress(DBAPIError), database.write(Access.system()) as connection:
                _progress(connection, upload, READ * done)
            said = time.monotonic()

    return tell


def _stored(connection: Connection, upload: Any, done: float) -> None:
    _progress(connection, upload, READ + (1 - READ) * done)


def _progress(connection: Connection, upload: Any, done: float) -> None:
    mine = (t.uploads.c.id == upload.id, t.uploads.c.state == READING)
    connection.execute(update(t.uploads).where(*mine).values(progress=done))


def _job(connection: Connection, upload: Any, folder: Path) -> tuple[dict[str, Any], dict[str, int | None]]:
    """The job, and the submission that each school's roll is compared with."""
    check = connection.execute(_CHECK, {"check": upload.check_id}).one()
    whole = upload.school_id is None
    schools = connection.execute(_SCHOOLS if whole else _SCHOOL, {} if whole else {"school": upload.school_id}).all()
    ids: dict[str, int | None] = {row.urn: row.id for row in schools}
    own = next((row for row in schools if row.id == upload.school_id), None)
    if own is None:
        ids[OWN_ROLL] = None
    bases = {urn: base_of(connection, check, school_id) for urn, school_id in ids.items()}
    job = {
        "check": check_values(check),
        "school": own.urn if own is not None else None,
        "schools": {row.urn: {"name": row.name, "laestab": row.laestab} for row in schools},
        "lasts": {urn: _last(connection, base, folder) for urn, base in bases.items() if base is not None},
        "saved": own.mapping if own is not None else {},
        **{name: getattr(upload, name) for name in ("mapping", "answers", "edits")},
    }
    return job, bases


def _last(connection: Connection, base: int, folder: Path) -> str:
    """The file that a school's last roll is written to."""
    file = folder / f"last-{base}.json"
    file.write_bytes(write_roll(connection, base))
    return str(file)
