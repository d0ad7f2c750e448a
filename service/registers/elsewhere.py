"""Registers of other checks that a change of one check's roll reaches: what is known of a pupil counts everywhere."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, and_, func, not_, or_, select

from service import tables as t
from service.among import among
from service.registers.order import RESTRICTED, WIDTH
from service.registers.working_out import work_out
from service.settings import Settings


def work_out_elsewhere(
    connection: Connection, settings: Settings, check_id: int, school_id: int | None, pupils: Collection[int]
) -> None:
    """After a school's roll for a check went live, its pupils' lines in other checks.

    Of pupils who have died, whose information is restricted now, or who have another identifier; and in the check that
    continues this one, which says what changed since.
    """
    checks = t.checks.c
    others = select(checks.id, checks.earlier_id).where(checks.id != check_id).order_by(checks.id)
    for other in connection.execute(others).all():
        reached = _outdated(connection, other.id, pupils)
        if other.earlier_id == check_id:
            reached |= _there(connection, other.id, school_id, pupils)
        if reached:
            work_out(connection, settings, other.id, reached)


def _outdated(connection: Connection, check_id: int, pupils: Collection[int]) -> set[int]:
    """Those of whom a register says otherwise than is known now."""
    row, pupil, register = t.register_rows.c, t.pupils.c, t.registers.c
    query = (
        select(row.pupil_id)
        .join(t.registers, register.id == row.register_id)
        .join(t.pupils, pupil.id == row.pupil_id)
        .where(register.check_id == check_id, register.view == "full", register.beside.is_(False))
        .where(among(row.pupil_id, pupils))
    )
    restricted = row.section == RESTRICTED
    otherwise = or_(
        pupil.died_at.is_not(None),
        and_(pupil.restricted, not_(restricted)),
        and_(not_(pupil.restricted), restricted),
        func.substr(row.sort, WIDTH + 1) != pupil.key,
        and_(pupil.district.is_not(None), row.district.is_distinct_from(pupil.district)),
        and_(pupil.home_authority.is_not(None), row.home_authority.is_distinct_from(pupil.home_authority)),
    )
    return set(connection.execute(query.where(otherwise)).scalars())


def _there(connection: Connection, check_id: int, school_id: int | None, pupils: Collection[int]) -> set[int]:
    """These pupils, and all of this school, as far as they are on the rolls of a check."""
    roll = t.roll_pupils.c
    of_school = roll.school_id.is_not_distinct_from(school_id)
    query = select(roll.pupil_id).where(
        roll.check_id == check_id, roll.live, or_(of_school, among(roll.pupil_id, pupils))
    )
    return set(connection.execute(query).scalars())
