"""What was read of a file is stored: of one school in one transaction, of all schools in parts.

A file of all schools may have hundreds of thousands of rows. It is stored school after school, so that nobody waits
long, and counts as staged with the last one. Stopped before that it is read again: the file is kept until it is
confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from threading import Event
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Select, bindparam, delete, func, select, update

from service import audit
from service import tables as t
from service.access import Access
from service.among import among
from service.clock import now
from service.database import Database, Written, lock_rolls
from service.many import insert_many
from service.turns import turn
from service.uploads.matching import find_pupils
from service.uploads.rolls import of_school, who
from service.uploads.splitting import OWN_ROLL

READING, STAGED, REFUSED, SUPERSEDED = "reading", "staged", "refused", "superseded"
PUPILS_AT_ONCE = 2000  # in one transaction; a school is never parted
DELETED_AT_ONCE = 5000
CLEARED: Mapping[str, Any] = {"cohort": None, "edits": {}}  # what an upload itself keeps of its pupils once it is done

_DELETE_FILES = delete(t.upload_files).where(among(t.upload_files.c.upload_id, "uploads"))
_DELETE_PUPILS = delete(t.upload_pupils).where(among(t.upload_pupils.c.upload_id, "uploads"))
_DELETE_LEAVERS = delete(t.upload_leavers).where(among(t.upload_leavers.c.upload_id, "uploads"))
_CHANGE = update(t.uploads).where(
    t.uploads.c.id == bindparam("upload"), t.uploads.c.version == bindparam("seen"), t.uploads.c.state == READING
)
_START = (
    update(t.check_schools)
    .where(t.check_schools.c.check_id == bindparam("check"), t.check_schools.c.school_id == bindparam("school"))
    .where(t.check_schools.c.started_at.is_(None))
    .values(started_at=bindparam("now"), version=t.check_schools.c.version + 1)
)
_STILL_THERE = select(func.count()).select_from(t.pupils).where(among(t.pupils.c.id, "ids"))

Bases = Mapping[str, int | None]  # URN -> the submission that a school's roll was compared with
Part = Mapping[str, Any]  # of one school, as `comparing.compare` has it, but with its pupils' records as texts


class NotOursError(Exception):
    """The upload was withdrawn meanwhile, or another process is at it."""


def store(connection: Connection, access: Access, upload: Any, staged: Mapping[str, Any], bases: Bases) -> None:
    """Store what was read of one school's file; nothing where the upload was withdrawn meanwhile."""
    lock_rolls(connection)  # a roll may be confirmed at this moment
    if not _change(connection, upload, upload.version, _values(upload, staged, bases)):
        return
    _delete_rows(connection, [upload.id])
    known = {pupil for part in staged["schools"] for pupil in _store_part(connection, upload.id, part)}
    clear(connection, _supersede(connection, upload))
    _start(connection, upload)
    audit.record(connection, access, "upload.stage", upload.ref, sorted(known), _counts(staged))


def refuse(connection: Connection, access: Access, upload: Any, refusal: Mapping[str, str]) -> None:
    """Say why a file cannot be read, and keep nothing of it."""
    lock_rolls(connection)
    if _change(connection, upload, upload.version, {"state": REFUSED, "refusal": refusal}):
        clear(connection, [upload.id])
        audit.record(connection, access, "upload.refuse", about=upload.ref, detail={"code": refusal["code"]})


def _change(connection: Connection, upload: Any, version: int, values: Mapping[str, Any]) -> bool:
    """Change an upload that is being read, if nobody else has; whether nobody has."""
    seen = {"upload": upload.id, "seen": version}
    return connection.execute(_CHANGE, {**seen, **values, "version": version + 1}).rowcount == 1


def _values(upload: Any, staged: Mapping[str, Any], bases: Bases) -> dict[str, Any]:
    """What an upload is once it is staged."""
    parts = [
        {name: part[name] for name in ("urn", "cohort", "difference")}
        | {"based_on": bases.get(part["urn"] or OWN_ROLL)}
        for part in staged["schools"]
    ]
    return {
        "state": STAGED,
        "progress": 1.0,
        "account": staged["account"],
        "questions": staged["questions"],
        "cohort": {"schools": parts},
        "based_on_id": parts[0]["based_on"] if upload.school_id is not None and parts else None,
        "refusal": None,
    }


def _counts(staged: Mapping[str, Any]) -> dict[str, int]:
    account = staged["account"]
    return {"pupils": account["pupils"], "problems": sum(account["problems"].values())}


# --- a file of all schools --------------------------------------------------------------------------------------------


class InParts:
    """The storing of a file of all schools. Each transaction first sees that the upload is still its own."""

    def __init__(self, database: Database, stopping: Event, upload: Any) -> None:
        self.database, self.stopping = database, stopping
        self.upload, self.version = upload, upload.version

    def store(
        self, access: Access, staged: Mapping[str, Any], bases: Bases, told: Callable[[Connection, Any, float], None]
    ) -> None:
        """Store school after school; `told` is told how far it is, in the same transactions."""
        self._claim()
        number, done = max(1, staged["account"]["pupils"]), 0
        for parts in _together(staged["schools"]):
            with self._turn() as connection:
                known = {pupil for part in parts for pupil in _store_part(connection, self.upload.id, part)}
                done += sum(len(part["pupils"]) for part in parts)
                told(connection, self.upload, done / number)
                if known:
                    audit.record(connection, access, "upload.stage", self.upload.ref, sorted(known))
        with self._turn() as connection:
            _change(connection, self.upload, self.version, _values(self.upload, staged, bases))
            audit.record(connection, access, "upload.stage", about=self.upload.ref, detail=_counts(staged))

    def _claim(self) -> None:
        """From now on it is ours: an earlier file gives way, and what was stored of this one before is gone."""
        with self._turn() as connection:
            _change(connection, self.upload, self.version, {})
            self.version += 1
            _supersede(connection, self.upload)
            ids = [self.upload.id, *_given_way(connection, self.upload)]
        for table in (t.upload_pupils, t.upload_leavers):
            some = select(table.c.id).where(table.c.upload_id.in_(ids)).limit(DELETED_AT_ONCE)
            while True:
                with self._turn() as connection:
                    if connection.execute(delete(table).where(table.c.id.in_(some))).rowcount == 0:
                        break
        with self._turn() as connection:
            clear(connection, ids[1:])

    @contextmanager
    def _turn(self) -> Iterator[Connection]:
        uploads = t.uploads.c
        with turn(self.database, self.stopping) as connection:
            query = select(uploads.state, uploads.version).where(uploads.id == self.upload.id)
            if tuple(connection.execute(query.with_for_update()).one()) != (READING, self.version):
                raise NotOursError
            yield connection


def _together(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Schools that are stored in one transaction."""
    some: list[Part] = []
    for part in parts:
        if some and sum(len(other["pupils"]) for other in (*some, part)) > PUPILS_AT_ONCE:
            yield some
            some = []
        some.append(part)
    if some:
        yield some


# --- rows -------------------------------------------------------------------------------------------------------------


def _store_part(connection: Connection, upload_id: int, part: Mapping[str, Any]) -> list[int]:
    """The pupils and leavers of one school; returns the ids of those who are known."""
    pupils, ids = part["pupils"], _ids_of(connection, part)
    same, said = (upload_id, part["urn"]), ("change", "changes", "leaver")
    rows = (
        (*same, place, ids[place], Written(pupil["record"]), *map(pupil.get, said))
        for place, pupil in enumerate(pupils)
    )
    insert_many(connection, t.upload_pupils, ("upload_id", "school_urn", "place", "pupil_id", "record", *said), rows)
    gone = [(*same, leaver["id"], leaver["record"], leaver["leaver"]) for leaver in part["leavers"]]
    insert_many(connection, t.upload_leavers, ("upload_id", "school_urn", "pupil_id", "record", "leaver"), gone)
    return [number for number in ids if number is not None] + [leaver["id"] for leaver in part["leavers"]]


def _ids_of(connection: Connection, part: Part) -> list[int | None]:
    """Who each pupil of a school is: mostly the one whom the last roll had, else whoever has the same identifiers."""
    known = [pupil["pupil_id"] for pupil in part["pupils"]]
    if None not in known and len(known) == connection.execute(_STILL_THERE, {"ids": known}).scalar():
        return known
    records = [from_json(pupil["record"]) for pupil in part["pupils"]]
    found = find_pupils(connection, records, known, part["cohort"])
    return [None if pupil is None else pupil.id for pupil in found]


def _supersede(connection: Connection, upload: Any) -> list[int]:
    """One upload of a school is open at a time: an earlier one that was not confirmed gives way; those that did."""
    uploads, ids = t.uploads.c, _earlier(connection, upload, STAGED)
    if ids:
        connection.execute(
            update(t.uploads).where(uploads.id.in_(ids)).values(state=SUPERSEDED, version=uploads.version + 1)
        )
    return ids


def _given_way(connection: Connection, upload: Any) -> list[int]:
    """All that gave way to this or another file: a stop may have come before everything of them was gone."""
    return _earlier(connection, upload, SUPERSEDED)


def _earlier(connection: Connection, upload: Any, state: str) -> list[int]:
    others = {**who(upload.check_id, upload.school_id), "state": state, "upload": upload.id}
    return list(connection.execute(_before(upload.school_id is None), others).scalars())


@cache
def _before(whole: bool) -> Select[Any]:
    uploads = t.uploads.c
    others = (uploads.check_id == bindparam("check"), uploads.state == bindparam("state"))
    return select(uploads.id).where(*others, of_school(uploads.school_id, whole), uploads.id < bindparam("upload"))


def _start(connection: Connection, upload: Any) -> None:
    connection.execute(_START, {"check": upload.check_id, "school": upload.school_id, "now": now()})


def clear(connection: Connection, upload_ids: Iterable[int]) -> None:
    """Nothing of these uploads' pupils is kept: neither the file as it came nor what was read of it."""
    ids = list(upload_ids)
    if not ids:
        return
    drop(connection, ids)
    connection.execute(update(t.uploads).where(t.uploads.c.id.in_(ids)).values(**CLEARED))


def drop(connection: Connection, upload_ids: list[int]) -> None:
    """Delete their files and what was read of them. What the uploads themselves keep is CLEARED beside it."""
    connection.execute(_DELETE_FILES, {"uploads": upload_ids})
    _delete_rows(connection, upload_ids)


def _delete_rows(connection: Connection, ids: list[int]) -> None:
    connection.execute(_DELETE_PUPILS, {"uploads": ids})
    connection.execute(_DELETE_LEAVERS, {"uploads": ids})
