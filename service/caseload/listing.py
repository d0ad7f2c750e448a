"""Moderations of a check as a list, and one by itself, as a caller may read them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select

from service import tables as t
from service.access import Access
from service.caseload.schemas import Shape
from service.caseload.standing import rows, said
from service.cursors import read_cursor, write_cursor
from service.problems import Refusal

m = t.moderations.c


def list_moderations(
    connection: Connection,
    access: Access,
    check: Any,
    limit: int,
    cursor: str | None = None,
    kind: str | None = None,
    state: str | None = None,
    school: str | None = None,
    pupil: str | None = None,
) -> tuple[Shape, list[int]]:
    """The moderations of a check that the caller may read, the newest first; and the ids of their pupils."""
    query = _rows(access).where(m.check_id == check.id)
    for column, value in ((m.kind, kind), (m.state, state), (t.schools.c.urn, school), (t.pupils.c.ref, pupil)):
        query = query if value is None else query.where(column == value)
    if cursor is not None:
        query = query.where(m.id < read_cursor(cursor, int)[0])
    found = connection.execute(query.order_by(m.id.desc()).limit(limit + 1)).all()
    more = write_cursor(found[limit - 1].id) if len(found) > limit else None
    page = found[:limit]
    return {"items": [_shape(row, access) for row in page], "next": more}, [row.pupil_id for row in page]


def show_moderation(connection: Connection, access: Access, ref: str) -> Shape:
    """One moderation."""
    row = connection.execute(_rows(access).where(m.ref == ref)).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such request, or you may not see it.")
    return _shape(row, access)


def _rows(access: Access) -> Select[Any]:
    return (
        rows()
        .join(t.pupils, t.pupils.c.id == m.pupil_id)
        .join(t.checks, t.checks.c.id == m.check_id)
        .outerjoin(t.schools, t.schools.c.id == t.pupils.c.school_id)
        .add_columns(t.pupils.c.ref.label("pupil_ref"), t.pupils.c.name.label("pupil_name"))
        .add_columns(t.schools.c.urn, t.schools.c.name.label("school_name"), t.checks.c.ref.label("check_ref"))
        .where(access.may_read(m.pupil_id), t.pupils.c.died_at.is_(None))
    )


def _shape(row: Any, access: Access) -> Shape:
    return said(row, access.view) | {
        "check": row.check_ref,
        "pupil": {"ref": row.pupil_ref, "name": row.pupil_name},
        "school": None if row.urn is None else {"urn": row.urn, "name": row.school_name},
        "version": row.version,
    }
