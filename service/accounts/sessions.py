"""Signing in, choosing a role, signing out: what happens to rows of `sessions` and to their cookie.

Every step that changes what a session may do starts a new one with a new secret, so that a secret which somebody
planted or saw before is worth nothing after.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, delete, select, update

from service import audit
from service import tables as t
from service.access import Access, access_of
from service.accounts.credentials import SESSION, cookie_name, start_session
from service.clock import now, today
from service.settings import Settings

KEPT_AFTER = timedelta(days=1)  # a session that is over still says whose unsent form it was
BY_PASSWORD, BY_PROVIDER = "password", "oidc"
HOME, ROLE, PASSWORD = "/", "/role", "/account/password"


def grants_in_force(connection: Connection, person_id: int) -> Sequence[Any]:
    """The grants that a person may act under today, with the names of their schools."""
    grants = t.grants.c
    return connection.execute(
        select(t.grants, t.schools.c.name.label("school"), t.schools.c.urn)
        .outerjoin(t.schools, t.schools.c.id == grants.school_id)
        .where(grants.person_id == person_id, grants.ended_at.is_(None))
        .where(grants.ends_on.is_(None) | (grants.ends_on >= today()))
        .order_by(grants.id)
    ).all()


def begin(connection: Connection, settings: Settings, person: Any, by: str, state: dict[str, Any]) -> tuple[str, str]:
    """A session for somebody who has proved who they are: its secret, and where they go now.

    `state` may hold "next", an address of ours. Where the password must be changed or a role chosen first, the session
    has no grant yet and can do nothing else.
    """
    grants = grants_in_force(connection, person.id)
    change = must_change(person, by)
    chosen = grants[0].id if len(grants) == 1 and not change else None
    secret = start_session(connection, settings, person.id, chosen, {**state, "by": by})
    connection.execute(delete(t.sessions).where(t.sessions.c.expires_at <= now() - KEPT_AFTER))
    audit.record(connection, acting(connection, person, chosen), "session.start", person.ref, detail={"by": by})
    if change:
        return secret, PASSWORD
    return secret, ROLE if chosen is None else state.get("next") or HOME


def must_change(person: Any, by: str) -> bool:
    """Whether the password must be changed before anything else: only where it was what somebody signed in with."""
    return bool(person.must_change_password) and by == BY_PASSWORD


def acting(connection: Connection, person: Any, grant_id: int | None) -> Access:
    """Whose name an event of signing in stands under; without a grant there is no role yet."""
    found = None if grant_id is None else access_of(connection, grant_id, "session", None, today())
    return found or Access(person.id, person.ref, person.name, "none")


def resume(connection: Connection, settings: Settings, session: Any, grant_id: int | None) -> str:
    """Go on as another role, or after a new password: a new secret, the same end, and the old session is over."""
    end(connection, session.id)
    return start_session(connection, settings, session.person_id, grant_id, session.state, session.expires_at)


def end(connection: Connection, session_id: int) -> None:
    connection.execute(update(t.sessions).where(t.sessions.c.id == session_id).values(revoked_at=now()))


def end_all(connection: Connection, person_id: int) -> None:
    """Sign a person out everywhere."""
    connection.execute(
        update(t.sessions)
        .where(t.sessions.c.person_id == person_id, t.sessions.c.kind == SESSION, t.sessions.c.revoked_at.is_(None))
        .values(revoked_at=now())
    )


def person_of(connection: Connection, person_id: int) -> Any:
    return connection.execute(select(t.people).where(t.people.c.id == person_id)).one()


def set_cookie(response: Response, settings: Settings, name: str, value: str, seconds: int | None = None) -> None:
    """A cookie that scripts cannot read and other sites do not send; __Host- and Secure over HTTPS."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=settings.secure, httponly=True, samesite="lax")


def clear_cookie(response: Response, settings: Settings, name: str) -> None:
    response.delete_cookie(name, path="/", secure=settings.secure, httponly=True, samesite="lax")


def named(settings: Settings, name: str) -> str:
    """The name of a cookie beside the session's; over HTTPS no other host of the domain can set it."""
    return f"__Host-{name}" if settings.secure else name


def signed_in(request: Request, secret: str, where: str) -> Response:
    """Go on with a new session."""
    settings: Settings = request.app.state.settings
    response = RedirectResponse(where, 303)
    set_cookie(response, settings, cookie_name(settings), secret)
    return response
