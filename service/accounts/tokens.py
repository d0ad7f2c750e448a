"""A person's own tokens: for programs that call the API as them, in one of their roles, with no more than it may do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from service import audit
from service import tables as t
from service.access import Access
from service.accounts.credentials import create_token
from service.clock import now
from service.problems import Refusal
from service.settings import Settings

MOST_DAYS = 366
DAYS = 90
LONGEST_NAME = 100


def mine(connection: Connection, access: Access) -> Sequence[Any]:
    """Tokens in force; a token sees only those of its own role."""
    tokens = t.tokens.c
    query = (
        select(t.tokens, t.grants.c.role)
        .join(t.grants, t.grants.c.id == tokens.grant_id)
        .where(tokens.person_id == access.person_id, tokens.revoked_at.is_(None), tokens.expires_at > now())
        .where(t.grants.c.ended_at.is_(None))
        .order_by(tokens.id)
    )
    if access.via == "token":
        query = query.where(tokens.grant_id == access.grant_id)
    return connection.execute(query).all()


def create(
    connection: Connection, settings: Settings, access: Access, name: str, scopes: Iterable[str] | None, days: int
) -> tuple[str, Any]:
    """A new token of the caller's role, at most with the caller's own permissions: its secret, shown once, and its row.

    A token made with a token would otherwise outlive it, so only people who are signed in make tokens.
    """
    if access.via != "session":
        raise Refusal(403, "sign_in_needed", "A token cannot make another. Sign in and make it on your account page.")
    asked = set(access.permissions if scopes is None else scopes)
    if beyond := asked - set(access.permissions):
        raise Refusal(422, "scopes", f"Your role does not include {', '.join(sorted(beyond))}.")
    if not asked:
        raise Refusal(422, "scopes", "Choose at least one thing that the token may do.")
    secret, ref = create_token(connection, settings, access.person_id, access.grant_id, name.strip(), asked, days)
    audit.record(connection, access, "token.create", ref, detail={"scopes": sorted(asked), "days": days})
    return secret, find(connection, access, ref)


def find(connection: Connection, access: Access, ref: str) -> Any:
    row = next((token for token in mine(connection, access) if token.ref == ref), None)
    if row is None:
        raise Refusal(404, "not_found", "You have no such token.")
    return row


def revoke(connection: Connection, access: Access, ref: str) -> None:
    """End a token at once."""
    row = find(connection, access, ref)
    connection.execute(update(t.tokens).where(t.tokens.c.id == row.id).values(revoked_at=now()))
    audit.record(connection, access, "token.revoke", ref)
