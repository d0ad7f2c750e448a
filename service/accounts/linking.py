"""Which of the invited people has signed in elsewhere. Nobody is added by signing in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from service import tables as t
from service.accounts import oidc
from service.accounts.local import folded


def person_for(connection: Connection, issuer: str, claims: Mapping[str, Any]) -> Any:
    """The person of a provider's subject; else the one invited under its verified address, linked from now on."""
    who = oidc.subject(claims)
    people = t.people.c
    row = connection.execute(
        select(t.people).where(people.issuer == issuer, people.subject == who, people.disabled_at.is_(None))
    ).one_or_none()
    email = oidc.own_email(issuer, claims)
    if row is not None or email is None:
        return row
    invited = connection.execute(
        select(t.people).where(people.email == folded(email), people.subject.is_(None), people.disabled_at.is_(None))
    ).one_or_none()
    if invited is None:
        return None
    connection.execute(update(t.people).where(people.id == invited.id).values(issuer=issuer, subject=who))
    return invited
