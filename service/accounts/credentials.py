"""Sessions and tokens: random texts of which only a keyed hash is kept, turned into the caller's Access."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request
from sqlalchemy import Connection, bindparam, insert, select, update

from service import tables as t
from service.access import GRANTS, ROLES, Access, access_by, access_of
from service.clock import now, today
from service.database import Database
from service.refs import new_ref
from service.settings import Settings

COOKIE = "roni_session"
SECURE_COOKIE = "__Host-roni_session"
TOKEN_PREFIX = "roni_"  # so that a scanner of leaked secrets can tell what it found
SHOWN = 9  # characters of a token that are kept, so that a person can tell which one it is
SESSION = "session"  # the kind of a row of `sessions` that somebody is signed in by
SEEN_EVERY = timedelta(minutes=1)  # a session's last use is not written more often
USED_EVERY = timedelta(minutes=10)  # nor a token's

_token = t.tokens.c
_TOKEN = (
    GRANTS.add_columns(_token.id.label("token_id"), _token.scopes, _token.expires_at, _token.used_at)
    .join(t.tokens, _token.grant_id == t.grants.c.id)
    .where(_token.token_hash == bindparam("hash"), _token.revoked_at.is_(None))
)
_SESSION = (
    select(t.sessions)
    .join(t.people, t.people.c.id == t.sessions.c.person_id)
    .where(t.sessions.c.token_hash == bindparam("hash"), t.sessions.c.kind == SESSION)
    .where(t.sessions.c.revoked_at.is_(None), t.people.c.disabled_at.is_(None))
)


def keyed_hash(settings: Settings, text: str) -> str:
    return hmac.new(settings.secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def cookie_name(settings: Settings) -> str:
    return SECURE_COOKIE if settings.secure else COOKIE


def access_for(request: Request) -> Access | None:
    """Who calls: by bearer token, else by session cookie; None where neither is in force.

    Looked up once a request, when all of it has come: who asks sooner uses `look_up`, for what is revoked meanwhile.
    """
    if not hasattr(request.state, "caller"):
        request.state.caller = look_up(request)
    caller: Access | None = request.state.caller
    return caller


def look_up(request: Request) -> Access | None:
    """Who calls, as of now."""
    settings: Settings = request.app.state.settings
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() == "bearer" and given:
        return _by_token(request.app.state.database, keyed_hash(settings, given.strip()))
    session = session_for(request)
    if session is None or session.grant_id is None:
        return None
    with request.app.state.database.read() as connection:
        return access_of(connection, session.grant_id, "session", None, today())


def session_for(request: Request) -> Any:
    """The row of the caller's session where it is in force, though no role may be chosen yet; else None."""
    settings: Settings = request.app.state.settings
    cookie = request.cookies.get(cookie_name(settings))
    if not cookie:
        return None
    database = request.app.state.database
    with database.read() as connection:
        row = _session(connection, keyed_hash(settings, cookie), settings)
    if row is not None and now() - row.seen_at > SEEN_EVERY:
        with database.write() as connection:
            connection.execute(update(t.sessions).where(t.sessions.c.id == row.id).values(seen_at=now()))
    return row


def _by_token(database: Database, token_hash: str) -> Access | None:
    with database.read() as connection:
        token = connection.execute(_TOKEN, {"hash": token_hash}).one_or_none()
        if token is None or token.expires_at <= now():
            return None
        access = access_by(connection, token, "token", token.scopes, today())
    if access is not None and (token.used_at is None or now() - token.used_at > USED_EVERY):
        with database.write() as connection:
            connection.execute(update(t.tokens).where(t.tokens.c.id == token.token_id).values(used_at=now()))
    return access


def _session(connection: Connection, token_hash: str, settings: Settings) -> Any:
    """A session that is neither revoked nor over, and whose person may still sign in."""
    row = connection.execute(_SESSION, {"hash": token_hash}).one_or_none()
    idle = timedelta(seconds=settings.session_idle)
    return None if row is None or row.expires_at <= now() or row.seen_at + idle <= now() else row


def start_session(
    connection: Connection,
    settings: Settings,
    person_id: int,
    grant_id: int | None,
    state: Mapping[str, Any] | None = None,
    until: datetime | None = None,
) -> str:
    """A new session; its secret goes into the cookie and is kept nowhere. Without a grant it can only choose one."""
    secret = secrets.token_urlsafe(32)
    connection.execute(
        insert(t.sessions).values(
            token_hash=keyed_hash(settings, secret),
            person_id=person_id,
            grant_id=grant_id,
            kind=SESSION,
            state={"by": "password", **(state or {})},
            expires_at=until or now() + timedelta(seconds=settings.session_most),
        )
    )
    return secret


def create_token(
    connection: Connection,
    settings: Settings,
    person_id: int,
    grant_id: int,
    name: str,
    scopes: Iterable[str] | None = None,
    days: int = 90,
) -> tuple[str, str]:
    """A new token and its reference: shown once. `scopes` None gives all that the grant's role may do."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    ref = new_ref("token")
    role = connection.execute(select(t.grants.c.role).where(t.grants.c.id == grant_id)).scalar_one()
    connection.execute(
        insert(t.tokens).values(
            ref=ref,
            token_hash=keyed_hash(settings, secret),
            prefix=secret[:SHOWN],
            name=name,
            person_id=person_id,
            grant_id=grant_id,
            scopes=sorted(ROLES[role] if scopes is None else scopes),
            expires_at=now() + timedelta(days=days),
        )
    )
    return secret, ref
