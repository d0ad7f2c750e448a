"""Sessions and tokens: random texts of which only a keyed hash is kept, turned into the caller's Access."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import timedelta

from fastapi import Request
from sqlalchemy import Connection, insert, select, update

from service import tables as t
from service.access import ROLES, Access, access_of
from service.clock import now, today
from service.refs import new_ref
from service.settings import Settings

COOKIE = "roni_session"
SECURE_COOKIE = "__Host-roni_session"
TOKEN_PREFIX = "roni_"  # so that a scanner of leaked secrets can tell what it found
SHOWN = 9  # characters of a token that are kept, so that a person can tell which one it is
SEEN_EVERY = timedelta(minutes=1)  # a session's last use is not written more often


def keyed_hash(settings: Settings, text: str) -> str:
    return hmac.new(settings.secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def cookie_name(settings: Settings) -> str:
    return SECURE_COOKIE if settings.secure else COOKIE


def access_for(request: Request) -> Access | None:
    """Who calls: by bearer token, else by session cookie; None where neither is in force."""
    settings: Settings = request.app.state.settings
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    database = request.app.state.database
    if scheme.casefold() == "bearer" and given:
        with database.read() as connection:
            return _by_token(connection, keyed_hash(settings, given.strip()))
    if cookie := request.cookies.get(cookie_name(settings)):
        with database.read() as connection:
            found = _by_session(connection, keyed_hash(settings, cookie), settings)
        if found is not None and found[1]:
            with database.write() as connection:
                connection.execute(update(t.sessions).where(t.sessions.c.id == found[2]).values(seen_at=now()))
        return None if found is None else found[0]
    return None


def _by_token(connection: Connection, token_hash: str) -> Access | None:
    token = connection.execute(
        select(t.tokens).where(t.tokens.c.token_hash == token_hash, t.tokens.c.revoked_at.is_(None))
    ).one_or_none()
    if token is None or token.expires_at <= now():
        return None
    return access_of(connection, token.grant_id, "token", token.scopes, today())


def _by_session(connection: Connection, token_hash: str, settings: Settings) -> tuple[Access | None, bool, int] | None:
    """The access of a session, whether its last use is to be written, and its id."""
    row = connection.execute(
        select(t.sessions).where(t.sessions.c.token_hash == token_hash, t.sessions.c.revoked_at.is_(None))
    ).one_or_none()
    at = now()
    idle = timedelta(seconds=settings.session_idle)
    if row is None or row.expires_at <= at or row.seen_at + idle <= at or row.grant_id is None:
        return None
    return access_of(connection, row.grant_id, "session", None, today()), at - row.seen_at > SEEN_EVERY, row.id


def start_session(connection: Connection, settings: Settings, person_id: int, grant_id: int | None) -> str:
    """A new session; its secret goes into the cookie and is kept nowhere."""
    secret = secrets.token_urlsafe(32)
    connection.execute(
        insert(t.sessions).values(
            token_hash=keyed_hash(settings, secret),
            person_id=person_id,
            grant_id=grant_id,
            expires_at=now() + timedelta(seconds=settings.session_most),
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
