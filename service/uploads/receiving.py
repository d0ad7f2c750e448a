"""A file comes in: for which school, whether it is the same as before, and kept until it has been read."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import PurePath
from typing import Any, BinaryIO

from sqlalchemy import Connection, Select, bindparam, insert, select

from service import tables as t
from service.access import Access, Permission
from service.checks.queries import require_open
from service.database import lock_rolls
from service.problems import Refusal
from service.refs import new_ref
from service.settings import Settings
from service.uploads.rolls import base_of, live_submission, of_school, who
from service.uploads.storing import READING, STAGED
from service.uploads.vault import lock

CONFIRMED, CONFIRMING = "confirmed", "confirming"
LONGEST_NAME = 120  # bytes: with its ending a name that every file system takes
TOO_BIG = "The file is too big. Send only the pupils and columns that were asked for."

_ASKED = select(t.check_schools.c.id).where(
    t.check_schools.c.check_id == bindparam("check"), t.check_schools.c.school_id == bindparam("school")
)
_KEEP, _KEEP_FILE = insert(t.uploads), insert(t.upload_files)
_ID = select(t.uploads.c.id).where(t.uploads.c.ref == bindparam("ref"))


def school_for(connection: Connection, access: Access, urn: str | None) -> Any | None:
    """The row of the school whose file it is; None for a file of all schools. A caller's only school goes without."""
    if urn is None and access.schools is not None and len(access.schools) == 1:
        (school_id,) = access.schools
        return connection.execute(select(t.schools).where(t.schools.c.id == school_id)).one()
    if urn is None:
        if Permission.COUNCIL_UPLOADS not in access.permissions:
            raise Refusal(422, "school_needed", "Say whose file it is: send the school’s URN as “school”.")
        return None
    row = connection.execute(
        select(t.schools).where(t.schools.c.urn == urn, access.may_read_school(t.schools.c.id))
    ).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such school, or it is not yours.")
    return row


def receive(
    connection: Connection,
    access: Access,
    settings: Settings,
    check: Any,
    school: Any | None,
    name: str,
    file: BinaryIO,
) -> tuple[str, bool]:
    """Keep a file to be read; returns the upload's reference, and whether it is new."""
    require_open(check)
    content = _content(file, settings.upload_bytes if school is not None else settings.council_upload_bytes)
    school_id = school.id if school is not None else None
    if school is not None:
        _require_asked(connection, check.id, school.id)
    digest = hashlib.sha256(content).hexdigest()
    lock_rolls(connection)  # the same file may come twice at once
    if (same := _same(connection, check, school_id, digest)) is not None:
        return same, False
    ref = new_ref("upload")
    row = {
        "ref": ref,
        "by_id": access.person_id,
        "check_id": check.id,
        "school_id": school_id,
        "state": READING,
        "file_name": safe_name(name),
        "file_digest": digest,
        "size": len(content),
    }
    connection.execute(_KEEP, row)
    upload_id = connection.execute(_ID, {"ref": ref}).scalar_one()
    connection.execute(_KEEP_FILE, {"upload_id": upload_id, "content": lock(settings, ref, content)})
    return ref, True


def _content(file: BinaryIO, most: int) -> bytes:
    content = file.read(most + 1)
    if len(content) > most:
        raise Refusal(413, "too_large", TOO_BIG, most_bytes=most)
    return content


def _require_asked(connection: Connection, check_id: int, school_id: int) -> None:
    if connection.execute(_ASKED, {"check": check_id, "school": school_id}).scalar() is None:
        raise Refusal(409, "school_not_asked", "This check does not ask this school. The council can add it.")


def _same(connection: Connection, check: Any, school_id: int | None, digest: str) -> str | None:
    """The upload of the very same file, where nothing has come between: then there is nothing to do."""
    alike = {**who(check.id, school_id), "digest": digest}
    for row in connection.execute(_alike(school_id is None), alike).all():
        if row.state in (READING, CONFIRMING):
            return str(row.ref)
        if row.state == STAGED and (school_id is None or row.based_on_id == base_of(connection, check, school_id)):
            return str(row.ref)
        if row.state == CONFIRMED and _counts_now(connection, check.id, school_id, row.id):
            return str(row.ref)
    return None


@cache
def _alike(whole: bool) -> Select[Any]:
    """The uploads of one file for a check, of a school or of all schools, the newest first."""
    uploads = t.uploads.c
    alike = (uploads.check_id == bindparam("check"), uploads.file_digest == bindparam("digest"))
    found = select(uploads.id, uploads.ref, uploads.state, uploads.based_on_id)
    return found.where(*alike, of_school(uploads.school_id, whole)).order_by(uploads.id.desc())


def _counts_now(connection: Connection, check_id: int, school_id: int | None, upload_id: int) -> bool:
    live = live_submission(connection, check_id, school_id)
    subs = t.submissions.c
    return connection.execute(select(subs.upload_id).where(subs.id == live)).scalar() == upload_id


def safe_name(name: str) -> str:
    """The name of the file without folders, and without what is not a letter, a digit or plain punctuation.

    >>> safe_name("..\\\\C:\\\\Exports\\\\Year 11 <RONI>.csv"), safe_name("")
    ('Year 11 RONI.csv', 'file')
    """
    last = PurePath(name.replace("\\", "/")).name
    kept = re.sub(r"[^\w .()&+-]", "", last).strip(" .")
    stem, dot, suffix = kept.rpartition(".")
    if dot and re.fullmatch(r"\w{1,8}", suffix):
        return f"{_cut(stem)}.{suffix}"
    return _cut(kept).replace(".", " ") or "file"


def _cut(text: str) -> str:
    return text.encode()[:LONGEST_NAME].decode(errors="ignore")
