"""Whose information is restricted when a roll goes live: a school that says nothing of it lifts nothing."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select, update

from service import tables as t
from service.among import among
from service.uploads.restricted import FLAG
from service.uploads.rolls import ON_ROLL


def keep_restricted(connection: Connection, check_id: int, school_id: int | None, pupils: Collection[int]) -> set[int]:
    """Those of the pupils whose information is restricted, by this school, as it stood, or by another school now."""
    roll, pupil = t.roll_pupils.c, t.pupils.c
    by_another = select(roll.pupil_id).where(
        among(roll.pupil_id, pupils),
        roll.check_id == check_id,
        roll.live,
        roll.status == ON_ROLL,
        roll.school_id.is_distinct_from(school_id),
        roll.record[("values", FLAG)].as_boolean(),
    )
    if found := connection.execute(by_another).scalars().all():
        connection.execute(update(t.pupils).where(among(pupil.id, found)).values(restricted=True))
    return set(connection.execute(select(pupil.id).where(among(pupil.id, pupils), pupil.restricted)).scalars())
