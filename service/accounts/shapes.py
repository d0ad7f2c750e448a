"""Rows of the database as the API and the pages tell them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from service import tables as t
from service.access import ROLE_LABELS, TEAMS, Access
from service.accounts import people, schemas


def grant(row: Any) -> schemas.Grant:
    return schemas.Grant(
        ref=row.ref,
        role=row.role,
        label=ROLE_LABELS[row.role],
        school=row.urn,
        school_name=row.school,
        district=row.district,
        team=row.team,
        own_caseload=row.own_caseload,
        youth_justice=row.youth_justice,
        ends_on=row.ends_on,
    )


def person(row: Any, grants: Sequence[Any]) -> dict[str, Any]:
    return {
        "ref": row.ref,
        "version": row.version,
        "name": row.name,
        "email": row.email,
        "disabled": row.disabled_at is not None,
        "signs_in_elsewhere": row.subject is not None,
        "grants": [grant(item) for item in grants],
    }


def persons(connection: Connection, rows: Sequence[Any]) -> list[dict[str, Any]]:
    grants = people.grants_of(connection, [row.id for row in rows])
    return [person(row, grants[row.id]) for row in rows]


def token(row: Any) -> dict[str, Any]:
    names = ("ref", "name", "prefix", "role", "scopes", "created_at", "expires_at", "used_at")
    return {name: getattr(row, name) for name in names}


def me(connection: Connection, access: Access) -> schemas.Me:
    urns = None
    if access.schools is not None:
        found = select(t.schools.c.urn).where(t.schools.c.id.in_(access.schools)).order_by(t.schools.c.urn)
        urns = list(connection.execute(found).scalars())
    return schemas.Me(
        ref=access.person_ref,
        name=access.name,
        role=access.role,
        label=ROLE_LABELS[access.role],
        via="token" if access.via == "token" else "session",
        permissions=sorted(access.permissions),
        view=access.view,
        schools=urns,
        team=access.team,
        own_caseload=access.own_caseload,
    )


def grant_words(row: Any) -> str:
    """A role and for whom, in words: "Coach, North, own caseload only".

    >>> from types import SimpleNamespace
    >>> row = SimpleNamespace(role="coach", school=None, district="North", team=None, own_caseload=True)
    >>> grant_words(row)
    'Coach, North, own caseload only'
    """
    parts = [ROLE_LABELS[row.role], row.school, row.district, row.team and TEAMS[row.team][0]]
    if row.own_caseload:
        parts.append("own caseload only")
    return ", ".join(part for part in parts if part)
