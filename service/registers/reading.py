"""Reading a register: one list, as a page of JSON or as a file, with its head and what the audit is told of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, select

from service import tables as t
from service.access import Access, Permission
from service.checks.queries import readable_stage, require_check
from service.problems import Refusal
from service.registers import exports
from service.registers.claimed import claimed_rows
from service.registers.cursors import seal, unseal
from service.registers.heads import head_of
from service.registers.lists import in_parts
from service.registers.order import CLAIMED
from service.registers.page import (
    NO_RANK,
    Slice,
    beside,
    counts,
    followed_by,
    lines,
    ranked,
    read_rows,
    read_slice,
    require_register,
    rows_query,
    which,
)
from service.registers.schemas import RegisterQuery
from service.registers.shortlist import Cut, cut
from service.settings import Settings

JSON = "application/json"
EXTENSIONS = {exports.CSV: "csv", exports.XLSX: "xlsx"}


@dataclass(frozen=True)
class Answer:
    """What is sent, and of whom it tells: ids, or what the audit calls them where the query has brought that."""

    body: bytes
    media: str
    about: str
    pupils: list[int]
    audit_refs: list[str] | None = None
    file: str | None = None

    @cached_property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()}"'


def readable_check(connection: Connection, access: Access, ref: str) -> Any:
    """The row of a check whose register the caller may read now."""
    check = require_check(connection, ref)
    if not readable_stage(access, check):
        raise Refusal(403, "not_published", "The register of this check has not been published yet.")
    return check


def page_of(connection: Connection, access: Access, settings: Settings, check_ref: str, asked: RegisterQuery) -> Answer:
    """A page of a register as JSON."""
    check = readable_check(connection, access, check_ref)
    register = require_register(connection, access, check)
    condition = which(connection, access, check, register, asked)
    about = f"{register.ref} {access.person_ref} {access.grant_id} {sorted(asked.said().items())} {asked.capacity}"
    after = None if asked.cursor is None else unseal(settings.secret, asked.cursor, about)
    short = None if asked.capacity is None else cut(connection, access, condition, asked.capacity)
    claimed = claimed_rows(connection, access, check, asked) if short is None else []
    limit = _limit(settings, asked, short, after)
    part = followed_by(read_slice(connection, access, condition, limit, after), claimed, limit, after)
    ended = short is not None and part.position + len(part.rows) >= short.in_list
    more = part.more and not ended and bool(part.rows)
    following = seal(settings.secret, part.rows[-1].sort, part.position + len(part.rows), about) if more else None
    head = head_of(connection, access, settings.council, check, register, asked)
    if asked.counts:
        head["counts"] = counts(connection, condition, register, len(claimed))
    seen_too = short.displaced if short is not None and after is None else Slice([], 0, False)
    cutting, items = _cutting(connection, access, short, after is None), lines(connection, access, part)
    body = (to_json(head)[:-1], cutting, b',"items":[', items, b'],"next":', to_json(following), b"}")
    shown = Slice([*part.rows, *seen_too.rows], 0, False)
    return Answer(b"".join(body), JSON, check.ref, shown.pupils, shown.audit_refs)


def _limit(settings: Settings, asked: RegisterQuery, short: Cut | None, after: tuple[str, int] | None) -> int:
    """How many pupils are wanted: a page's, and in a list that is cut no more than are left."""
    limit = settings.page_size if asked.limit is None else asked.limit
    if limit > settings.page_most:
        raise Refusal(422, "limit", f"A page has at most {settings.page_most} pupils.")
    return limit if short is None else min(limit, max(0, short.in_list - (after[1] if after else 0)))


def _cutting(connection: Connection, access: Access, short: Cut | None, first: bool) -> bytes:
    if short is None:
        return b""
    displaced = b',"displaced":[%b]' % _without_rank(connection, access, short.displaced) if first else b""
    return b',"capacity":%b%b}' % (to_json(short.to_dict())[:-1], displaced)


def _without_rank(connection: Connection, access: Access, part: Slice) -> bytes:
    """Lines of pupils who stand further down: how far is not counted."""
    more = beside(connection, access, part.rows)
    return b",".join(b"%b,%b%b}" % (row.line[:-1], NO_RANK, more[row.pupil_id]) for row in part.rows)


def file_of(
    connection: Connection, access: Access, settings: Settings, check_ref: str, asked: RegisterQuery, media: str
) -> Answer:
    """A whole list as a file. Needs the permission to take lists away."""
    access.require(Permission.REGISTER_EXPORT)
    check = readable_check(connection, access, check_ref)
    register = require_register(connection, access, check)
    condition = which(connection, access, check, register, asked)
    short = None if asked.capacity is None else cut(connection, access, condition, asked.capacity)
    query = rows_query(condition) if short is None else rows_query(condition).limit(short.in_list)
    rows: list[Any] = [*read_rows(connection, query)]
    rows += claimed_rows(connection, access, check, asked) if short is None else short.displaced.rows
    head = head_of(connection, access, settings.council, check, register, asked)
    if short is not None:
        head["notes"] = [short.sentence, *head["notes"]]
    sensitive = asked.include == "sensitive"
    made = exports.table_of(_texts(connection, access, rows), upns_of(connection, rows), sensitive)
    write = exports.csv_of if media == exports.CSV else exports.xlsx_of
    name = f"{check.name}-{check.year}-register.{EXTENSIONS[media]}"
    return Answer(write(made, head, sensitive), media, check.ref, [row.pupil_id for row in rows], None, name)


def _texts(connection: Connection, access: Access, rows: list[Any]) -> list[bytes]:
    """Every line whole, as a page has them."""
    said = []
    for start in range(0, len(rows), 500):
        part = rows[start : start + 500]
        more = beside(connection, access, part)
        said += [
            b"%b,%b%b}" % (row.line[:-1], ranked(row, start + place), more[row.pupil_id])
            for place, row in enumerate(part, 1)
        ]
    return said


def upns_of(connection: Connection, rows: list[Any]) -> list[str | None]:
    pupil = t.pupils.c
    found = {
        row.id: row.upn
        for part in in_parts(row.pupil_id for row in rows if row.section != CLAIMED)
        for row in connection.execute(select(pupil.id, pupil.upn).where(pupil.id.in_(part)))
    }
    return [row.upn if row.section == CLAIMED else found.get(row.pupil_id) for row in rows]
