"""Signing in with an e-mail address and a password kept here."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from sqlalchemy import Connection, select, update

from service import tables as t
from service.accounts import passwords, throttle
from service.database import Database
from service.problems import Refusal
from service.settings import Settings

LONGEST_EMAIL = 320


def sign_in(database: Database, settings: Settings, email: str, password: str, client: str) -> Any:
    """The row of the person whose password it is, else None. Raises 429 where it was tried too often.

    An unknown address, one without a password and a wrong password take the same time and get the same answer.
    """
    with database.read() as connection:
        person = connection.execute(
            select(t.people).where(t.people.c.email == folded(email), t.people.c.disabled_at.is_(None))
        ).one_or_none()
    password_hash = None if person is None else person.password_hash
    right = _is_password(database, settings, folded(email), password_hash, password, client)
    return person if right else None


def is_password_of(database: Database, settings: Settings, person: Any, password: str, client: str) -> bool:
    """Whether somebody who is signed in knows the password; as many tries as at sign-in."""
    return _is_password(database, settings, person.email, person.password_hash, password, client)


def _is_password(
    database: Database, settings: Settings, email: str, password_hash: str | None, password: str, client: str
) -> bool:
    with database.write() as connection:
        throttle.claim(connection, settings, email, client)
    if not passwords.matches(password_hash, password):
        return False
    with database.write() as connection:
        throttle.forgive(connection, settings, email, client)
    return True


def folded(email: str) -> str:
    """An e-mail address as it is kept and compared."""
    return email.strip().casefold()[:LONGEST_EMAIL]


def client_of(request: Request) -> str:
    """Where a request comes from; behind a proxy the server puts the real address in."""
    return request.client.host if request.client else "unknown"


def require_local(settings: Settings) -> None:
    if not settings.local_accounts:
        raise Refusal(404, "not_found", "Passwords are not used here. Sign in as your council or school does.")


def set_password(connection: Connection, person_id: int, password: str, *, must_change: bool) -> None:
    """Give a person a password; `must_change` where somebody else knows it."""
    connection.execute(
        update(t.people)
        .where(t.people.c.id == person_id)
        .values(
            password_hash=passwords.hash_password(password),
            must_change_password=must_change,
            version=t.people.c.version + 1,
        )
    )
