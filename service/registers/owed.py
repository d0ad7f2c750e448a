"""Lines that the narrower views of a check are owed: made when somebody who has such a view next asks for a list.

A confirmation works out the full register. Most of what it says is confirmed again, or read by nobody but the council's
analysts, before anybody asks for it in another view; who does finds it there, because whatever is owed is made before
any route that reads lists begins (`access.allow`). Who reads while a roll is being confirmed has the lines from before.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, bindparam, select, update

from service import tables as t
from service.access import FULL, Access
from service.among import among
from service.database import Database, lock_rolls
from service.registers.basis import Basis
from service.registers.working_out import some
from service.settings import Settings

AT_ONCE = 1000  # pupils of one transaction, whole schools: others get their turn in between

_register, _roll = t.registers.c, t.roll_pupils.c
_ROLLS = (
    select(_roll.pupil_id, _roll.school_id)
    .where(_roll.check_id == bindparam("check"), _roll.live, among(_roll.pupil_id, "pupils"))
    .order_by(_roll.school_id)
)
_OWING = select(_register.check_id).where(_register.owed.is_not(None), _register.beside.is_(False))
_REST = update(t.registers).where(_register.id == bindparam("register")).values(owed=bindparam("pupils"))


def catch_up(database: Database, settings: Settings) -> None:
    """Make what is owed, of every check."""
    with database.read() as connection:
        checks = list(connection.execute(_OWING).scalars())
    for check_id in checks:
        while _some_of(database, settings, check_id):
            pass


def _some_of(database: Database, settings: Settings, check_id: int) -> bool:
    """Make some of what is owed of a check; whether there is more."""
    with database.write(Access.system()) as connection:
        lock_rolls(connection)  # whoever confirms meanwhile is owed after this
        check = connection.execute(select(t.checks).where(t.checks.c.id == check_id)).one()
        basis = Basis(connection, settings, check)
        live = basis.stored()
        full = live.pop(FULL)
        if not full.owed:  # somebody else was quicker
            return False
        if not basis.made(full):  # another card or model is being worked out aside: these are as they were made
            basis = basis.before(full)
        now = _whole_schools(connection, check_id, full.owed)
        some(basis, live, sorted(now))
        if all(basis.made(row) for row in live.values()):  # not where its model has been taken back since
            basis.sign(live)
        rest = [pupil for pupil in full.owed if pupil not in now]
        connection.execute(_REST, {"register": full.id, "pupils": rest or None})
    return bool(rest)


def _whole_schools(connection: Connection, check_id: int, owed: Collection[int]) -> set[int]:
    """Those to be made next: of one school after another, for what is said once of a school is said of all of it."""
    rolls = connection.execute(_ROLLS, {"check": check_id, "pupils": owed}).all()
    now = {*owed} - {pupil for pupil, _ in rolls}  # who is on no roll any more
    for _, group in groupby(rolls, key=itemgetter(1)):
        school = {pupil for pupil, _ in group}
        if now and len(now | school) > AT_ONCE:
            break
        now |= school
    return now
