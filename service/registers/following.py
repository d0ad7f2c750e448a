"""Registers that say what changed since a check: worked out again where that check's own scores have changed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from service import tables as t
from service.among import among
from service.registers.renewal import renew
from service.settings import Settings


def renew_following(
    connection: Connection, settings: Settings, check_id: int, pupils: Collection[int] | None = None
) -> bool:
    """After these pupils of a check (None: everybody) were worked out again, the open checks that continue it: only
    who is on rolls of both. Whether any of that was only begun.
    """
    checks = t.checks.c
    later = select(checks.id).where(checks.earlier_id == check_id, checks.closed_at.is_(None)).order_by(checks.id)
    begun = False
    for following in connection.execute(later).scalars().all():
        if concerned := _in_both(connection, check_id, following, pupils):
            begun |= renew(connection, settings, following, "earlier", concerned)
    return begun


def _in_both(connection: Connection, check_id: int, following: int, pupils: Collection[int] | None) -> set[int]:
    here, there = t.roll_pupils.alias("here"), t.roll_pupils.alias("there")
    query = (
        select(here.c.pupil_id)
        .join(there, there.c.pupil_id == here.c.pupil_id)
        .where(here.c.check_id == check_id, here.c.live, there.c.check_id == following, there.c.live)
    )
    query = query if pupils is None else query.where(among(here.c.pupil_id, pupils))
    return set(connection.execute(query).scalars())
