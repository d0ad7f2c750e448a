"""An upload as it is shown: what was understood, what is asked, who joined, left and changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, false, select, true

from roni import Problem, national
from service import audit
from service import tables as t
from service.access import Access, Permission
from service.problems import Refusal
from service.uploads.leavers import answer_for, is_complete, who_is
from service.uploads.roll import row_ref
from service.uploads.rolls import LEFT
from service.uploads.storing import READING

SHOWN = (
    "ref", "state", "progress", "file_name", "file_digest", "size", "mapping", "answers", "edits", "account", "refusal",
    "receipt", "version", "created_at", "confirmed_at",
)  # fmt: skip


_UPLOAD = select(t.uploads).where(t.uploads.c.ref == bindparam("upload"))
_UPLOAD_LOCKED = _UPLOAD.with_for_update()
_CHECK = select(t.checks.c.ref, t.checks.c.label).where(t.checks.c.id == bindparam("check"))
_SCHOOL = select(t.schools.c.urn, t.schools.c.name).where(t.schools.c.id == bindparam("school"))
_GONE, _LEFT = (  # those of the last roll who are not in the file, and those whom the file says to have left
    select(table.c.pupil_id, table.c.school_urn, table.c.leaver, table.c.record, t.pupils.c.ref)
    .select_from(table)
    .outerjoin(t.pupils, t.pupils.c.id == table.c.pupil_id)
    .where(table.c.upload_id == bindparam("upload"), *more)
    .order_by(table.c.id)
    for table, more in ((t.upload_leavers, ()), (t.upload_pupils, (t.upload_pupils.c.change == LEFT,)))
)


def require_upload(connection: Connection, access: Access, ref: str, *, lock: bool = False) -> Any:
    """The row of an upload of the caller's school, or of all schools for who may upload those; locked to change it."""
    row = connection.execute(_UPLOAD_LOCKED if lock else _UPLOAD, {"upload": ref}).one_or_none()
    if row is None or (row.school_id is None and Permission.COUNCIL_UPLOADS not in access.permissions):
        raise Refusal(404, "not_found", "There is no such upload, or you may not see it.")
    if row.school_id is not None:
        access.require_school(row.school_id)
    return row


def list_uploads(connection: Connection, access: Access, check_id: int) -> list[dict[str, Any]]:
    """The uploads of a check that the caller may see, the newest first, without what is in them."""
    uploads = t.uploads.c
    own = access.may_read_school(uploads.school_id)
    seen = own if Permission.COUNCIL_UPLOADS in access.permissions else own & uploads.school_id.is_not(None)
    rows = connection.execute(
        select(uploads.ref, uploads.state, uploads.progress, uploads.file_name, uploads.created_at, t.schools.c.urn)
        .outerjoin(t.schools, t.schools.c.id == uploads.school_id)
        .where(uploads.check_id == check_id, seen)
        .order_by(uploads.id.desc())
        .limit(500)
    )
    return [
        {**{name: getattr(row, name) for name in ("ref", "state", "progress", "file_name", "created_at")},
         "school": row.urn}
        for row in rows
    ]  # fmt: skip


def show_upload(connection: Connection, access: Access, ref: str) -> dict[str, Any]:
    """One upload, without its pupils."""
    upload = require_upload(connection, access, ref)
    check, check_label = connection.execute(_CHECK, {"check": upload.check_id}).one()
    school = connection.execute(_SCHOOL, {"school": upload.school_id}).one_or_none()
    leavers = list(_leavers(connection, upload))
    return {
        **{name: getattr(upload, name) for name in SHOWN},
        "check": check,
        "check_label": check_label,
        "school": school.urn if school is not None else None,
        "school_name": school.name if school is not None else None,
        "account": _with_labels(upload.account),
        "questions": upload.questions if upload.state == "staged" else [],
        "leavers": {
            "count": len(leavers),
            "unanswered": sum(not is_complete(leaver["answer"]) for leaver in leavers),
        },
        "differences": _differences(upload),
    }


def _differences(upload: Any) -> list[dict[str, Any]]:
    """School by school, in numbers."""
    parts = (upload.cohort or {}).get("schools", [])
    return [{"school": part["urn"], **part["difference"]} for part in parts]


def _with_labels(account: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if account is None:
        return None
    fields = national()

    def label(name: str | None) -> str | None:
        return fields[name].label if name is not None and name in fields else None

    columns = [{**column, "label": label(column["field"])} for column in account["columns"]]
    absent = [{"field": name, "label": label(name)} for name in account["absent"]]
    return {**account, "columns": columns, "absent": absent}


def list_problems(
    connection: Connection, access: Access, ref: str, limit: int, after: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Problems by row, those of whole columns first; and from where the list goes on."""
    upload = require_upload(connection, access, ref)
    found = sorted(
        _problems(upload, _cohorts(connection, upload)), key=lambda item: (item["row"] is not None, item["row"] or 0)
    )
    page = found[after : after + limit]
    return page, after + limit if len(found) > after + limit else None


def _cohorts(connection: Connection, upload: Any) -> list[tuple[str | None, Mapping[str, Any]]]:
    """Each school's cohort, by URN: as staged, and once it is confirmed as it counts."""
    if upload.cohort is not None:
        return [(part["urn"], part["cohort"]) for part in upload.cohort["schools"]]
    rolls = (
        select(t.schools.c.urn, t.submissions.c.cohort)
        .outerjoin(t.schools, t.schools.c.id == t.submissions.c.school_id)
        .where(t.submissions.c.upload_id == upload.id)
        .order_by(t.submissions.c.id)
    )
    return [(row.urn, row.cohort) for row in connection.execute(rolls)]


def _problems(upload: Any, cohorts: Iterable[tuple[str | None, Mapping[str, Any]]]) -> Iterator[dict[str, Any]]:
    fields = {column["heading"]: column["field"] for column in (upload.account or {}).get("columns", [])}
    for urn, cohort in cohorts:
        for block in cohort["problems"]:
            message = Problem(block["code"], block["file"], None, block["column"], block["says"]).message
            for row in block["rows"] or [None]:
                yield {
                    "school": urn,
                    "row": row,
                    "column": block["column"],
                    "field": fields.get(block["column"]),
                    "code": block["code"],
                    "message": message,
                }


def list_pupils(
    connection: Connection, access: Access, ref: str, change: str | None, limit: int, after: int
) -> tuple[list[dict[str, Any]], int | None]:
    """The pupils of the file, by place; audited."""
    upload = require_upload(connection, access, ref)
    staged = t.upload_pupils.c
    query = (
        select(t.upload_pupils, t.pupils.c.ref)
        .select_from(t.upload_pupils)
        .outerjoin(t.pupils, (t.pupils.c.id == staged.pupil_id) & access.may_read(t.pupils.c.id))
        .where(staged.upload_id == upload.id, staged.id > after, _if_read(upload))
        .order_by(staged.id)
        .limit(limit + 1)
    )
    query = query.where(staged.change == change) if change is not None else query
    rows = connection.execute(query).all()
    page = rows[:limit]
    known = [row.pupil_id for row in page if row.pupil_id is not None]
    audit.record(connection, access, "upload.read", about=ref, pupils=known)
    return [_pupil(access, row) for row in page], page[-1].id if len(rows) > limit else None


def _if_read(upload: Any) -> ColumnElement[bool]:
    """Nothing is shown of a file that is being read: of one for all schools, some are stored and some are not."""
    return false() if upload.state == READING else true()


def _pupil(access: Access, row: Any) -> dict[str, Any]:
    return {
        **who_is(row.record),
        "pupil": row.ref,
        "school": row.school_urn,
        "change": row.change,
        "changes": [
            {"field": name, "label": item.label, "before": before, "now": now}
            for name, (before, now) in (row.changes or {}).items()
            if (item := national().get(name)) is not None and item.audience in access.audiences
        ],
        "restricted": row.record["values"].get("restricted_sharing") is True,
    }


def list_leavers(
    connection: Connection, access: Access, ref: str, limit: int, after: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Who has left since the last roll, what is said of each and whether that is enough; audited.

    In the service's own transaction, as is `show_upload`: the answers go by pupils' references, and of a pupil whom
    another school has, too, the caller may read not even that. All else here is what the school has sent.
    """
    upload = require_upload(connection, access, ref)
    found = list(_leavers(connection, upload))
    page = found[after : after + limit]
    known = [leaver.pop("pupil_id") for leaver in page]
    audit.record(
        connection, access, "upload.read", about=ref, pupils=[number for number in known if number is not None]
    )
    return page, after + limit if len(found) > after + limit else None


def _leavers(connection: Connection, upload: Any) -> Iterator[dict[str, Any]]:
    """Those of the last roll who are not in the file, then those whom the file says to have left."""
    for query, named in ((_GONE, "ref"), (_LEFT, "row")) if upload.state != READING else ():
        for row in connection.execute(query, {"upload": upload.id}):
            if named == "ref" and row.leaver is not None:
                continue  # left before, and said so then
            key = row.ref if named == "ref" or row.ref in upload.leavers else row_ref(row.record)
            answer = answer_for(key, row.leaver, upload.leavers)
            yield {
                **who_is(row.record),
                "row": row.record["row"] if named == "row" else None,
                "leaver": key,
                "pupil_id": row.pupil_id,
                "pupil": row.ref,
                "school": row.school_urn,
                "answer": answer or row.leaver,
                "complete": is_complete(answer),
            }


__all__ = ["list_leavers", "list_problems", "list_pupils", "list_uploads", "require_upload", "show_upload"]
