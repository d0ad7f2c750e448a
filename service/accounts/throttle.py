"""How often somebody may try to sign in: by the e-mail address they try, and by where they try from.

A try is counted before the password is looked at, so that many at once gain nothing. Neither addresses are kept: only
keyed hashes of them, for as long as they count.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, func, insert, select

from service import tables as t
from service.accounts.credentials import keyed_hash
from service.clock import now
from service.problems import Refusal
from service.settings import Settings

WINDOW = timedelta(minutes=15)
TRIES_OF_ADDRESS = 10
TRIES_OF_CLIENT = 50  # a whole school may share one address of the internet


def claim(connection: Connection, settings: Settings, email: str, client: str) -> None:
    """Count one try. Refused with 429 where there were too many of late; what is refused is not counted."""
    failures = t.sign_in_failures.c
    connection.execute(delete(t.sign_in_failures).where(failures.created_at <= now() - WINDOW))
    for whom, most in ((_address(settings, email), TRIES_OF_ADDRESS), (_client(settings, client), TRIES_OF_CLIENT)):
        tries = connection.execute(select(func.count()).where(failures.whom == whom)).scalar_one()
        if tries >= most:
            raise Refusal(
                429,
                "too_many_tries",
                "There were too many tries to sign in. Wait 15 minutes, then try again.",
                headers={"retry-after": str(int(WINDOW.total_seconds()))},
            )
    connection.execute(
        insert(t.sign_in_failures),
        [{"whom": _address(settings, email)}, {"whom": _client(settings, client)}],
    )


def forgive(connection: Connection, settings: Settings, email: str, client: str) -> None:
    """After the right password: no try of this address counts any more, and one fewer from where it came."""
    failures = t.sign_in_failures.c
    connection.execute(delete(t.sign_in_failures).where(failures.whom == _address(settings, email)))
    latest = select(func.max(failures.id)).where(failures.whom == _client(settings, client)).scalar_subquery()
    connection.execute(delete(t.sign_in_failures).where(failures.id == latest))


def _address(settings: Settings, email: str) -> str:
    return keyed_hash(settings, f"address {email}")


def _client(settings: Settings, client: str) -> str:
    return keyed_hash(settings, f"client {client}")
