"""Lines that the narrower views of a check are owed: made when somebody who has such a view next asks for a list.

A confirmation works out the full register. Most of what it says is confirmed again, or read by nobody but the council's
analysts, before anybody asks for it in another view; who does never sees a register that lacks it, because whatever is
owed is made before any route that reads lists begins (`access.allow`).
"""

from __future__ import annotations

from sqlalchemy import bindparam, select, update

from service import tables as t
from service.access import FULL, Access
from service.database import Database, lock_rolls
from service.registers.basis import Basis
from service.registers.working_out import some
from service.settings import Settings

AT_ONCE = 1000  # pupils of one transaction: others get their turn in between

_register = t.registers.c
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
        some(basis, live, full.owed[:AT_ONCE])
        basis.sign(live)
        rest = full.owed[AT_ONCE:]
        connection.execute(_REST, {"register": full.id, "pupils": rest or None})
    return bool(rest)
