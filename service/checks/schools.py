"""The council's schools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, true, tuple_, update

from service import audit
from service import tables as t
from service.access import Access, Permission
from service.checks.schemas import NewSchool, SchoolChange
from service.cursors import read_cursor, write_cursor
from service.etags import STALE
from service.problems import Refusal
from service.refs import new_ref

SHOWN = ("ref", "urn", "name", "laestab", "district", "establishment_type", "contact", "active", "version")


def add_school(connection: Connection, access: Access, school: NewSchool) -> dict[str, Any]:
    """Add a school; its URN is its own."""
    if connection.execute(select(t.schools.c.id).where(t.schools.c.urn == school.urn)).scalar() is not None:
        raise Refusal(409, "school_exists", "A school of this URN is already there.")
    row = {"ref": new_ref("school"), **school.model_dump()}
    connection.execute(insert(t.schools).values(**row))
    audit.record(connection, access, "school.add", about=row["ref"])
    return show_school(connection, access, row["ref"])


def change_school(connection: Connection, access: Access, school: Any, change: SchoolChange) -> None:
    """Change what is given."""
    needed = ("name", "active")
    values = {
        key: value
        for key, value in change.model_dump(exclude_unset=True).items()
        if value is not None or key not in needed
    }
    seen = (t.schools.c.id == school.id, t.schools.c.version == school.version)
    done = connection.execute(update(t.schools).where(*seen).values(version=school.version + 1, **values))
    if done.rowcount != 1:
        raise Refusal(412, "stale", STALE)
    audit.record(connection, access, "school.change", about=school.ref, detail={"changed": sorted(values)})


def require_school(connection: Connection, access: Access, ref: str) -> Any:
    """The row of a school by reference, where the caller may see it."""
    row = connection.execute(
        select(t.schools).where(t.schools.c.ref == ref, seen(access, t.schools.c.id))
    ).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such school, or you may not see it.")
    return row


def show_school(connection: Connection, access: Access, ref: str) -> dict[str, Any]:
    """One school."""
    return _shape(require_school(connection, access, ref))


def list_schools(connection: Connection, access: Access, limit: int, cursor: str | None) -> dict[str, Any]:
    """The schools that the caller may see, by name."""
    schools = t.schools.c
    order = (schools.name, schools.id)
    query = select(t.schools).where(seen(access, schools.id)).order_by(*order).limit(limit + 1)
    if cursor is not None:
        query = query.where(tuple_(*order) > tuple_(*read_cursor(cursor, str, int)))
    rows = connection.execute(query).all()
    more = rows[limit - 1] if len(rows) > limit else None
    items = [_shape(row) for row in rows[:limit]]
    return {"items": items, "next": write_cursor(more.name, more.id) if more is not None else None}


def add_contacts(connection: Connection, lines: Iterable[dict[str, Any]]) -> None:
    """Put whom to ask there into the school of each of a list's lines, where the council has said it."""
    schools = [school for line in lines if (school := line.get("school")) is not None]
    query = select(t.schools.c.urn, t.schools.c.contact).where(t.schools.c.urn.in_({one["urn"] for one in schools}))
    known = {row.urn: row.contact for row in connection.execute(query)}
    for school in schools:
        school["contact"] = known.get(school["urn"])


def seen(access: Access, school_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition on a column of school ids. Who keeps the schools sees all of them, and no pupil of any."""
    return true() if Permission.SCHOOLS in access.permissions else access.may_read_school(school_id)


def _shape(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SHOWN}
