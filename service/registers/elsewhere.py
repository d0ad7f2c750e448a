"""Registers of other checks that a change of one check's roll reaches: what is known of a pupil counts everywhere."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, and_, bindparam, func, not_, or_, select

from service import tables as t
from service.among import among
from service.registers.order import RESTRICTED, WIDTH
from service.registers.working_out import work_out
from service.settings import Settings

_row, _pupil, _register, _roll = t.register_rows.c, t.pupils.c, t.registers.c, t.roll_pupils.c
_restricted = _row.section == RESTRICTED
_OTHERS = select(_register.id, _register.check_id).where(
    _register.check_id != bindparam("check"), _register.view == "full", _register.beside.is_(False)
)
_OUTDATED = (
    select(_row.register_id, _row.pupil_id)
    .join(t.pupils, _pupil.id == _row.pupil_id)
    .where(among(_row.register_id, "registers"), among(_row.pupil_id, "pupils"))
    .where(
        or_(
            _pupil.died_at.is_not(None),
            and_(_pupil.restricted, not_(_restricted)),
            and_(not_(_pupil.restricted), _restricted),
            func.substr(_row.sort, WIDTH + 1) != _pupil.key,
            and_(_pupil.district.is_not(None), _row.district.is_distinct_from(_pupil.district)),
            and_(_pupil.home_authority.is_not(None), _row.home_authority.is_distinct_from(_pupil.home_authority)),
        )
    )
)
_FOLLOWING = select(t.checks.c.id).where(t.checks.c.earlier_id == bindparam("check"))


def work_out_elsewhere(
    connection: Connection, settings: Settings, check_id: int, school_id: int | None, pupils: Collection[int]
) -> None:
    """After a school's roll for a check went live, its pupils' lines in other checks.

    Of pupils who have died, whose information is restricted now, or who have another identifier; and in the check that
    continues this one, which says what changed since: there the narrower views may wait.
    """
    reached = _outdated(connection, check_id, pupils)
    following = connection.execute(_FOLLOWING, {"check": check_id}).scalars().all()
    for other in sorted({*reached, *following}):
        outdated = reached.get(other, set())
        there = _there(connection, other, school_id, pupils) if other in following else set()
        if outdated | there:
            work_out(connection, settings, other, outdated | there, narrower=bool(outdated))


def _outdated(connection: Connection, check_id: int, pupils: Collection[int]) -> dict[int, set[int]]:
    """By other check those of whom its register says otherwise than is known now."""
    others = {row.id: row.check_id for row in connection.execute(_OTHERS, {"check": check_id})}
    found: dict[int, set[int]] = {}
    for register, pupil in connection.execute(_OUTDATED, {"registers": others, "pupils": pupils}) if others else ():
        found.setdefault(others[register], set()).add(pupil)
    return found


def _there(connection: Connection, check_id: int, school_id: int | None, pupils: Collection[int]) -> set[int]:
    """These pupils, and all of this school, as far as they are on the rolls of a check."""
    roll = t.roll_pupils.c
    of_school = roll.school_id.is_not_distinct_from(school_id)
    query = select(roll.pupil_id).where(
        roll.check_id == check_id, roll.live, or_(of_school, among(roll.pupil_id, pupils))
    )
    return set(connection.execute(query).scalars())
