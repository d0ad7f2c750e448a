"""A register worked out anew for everybody, in parts: aside, and put in the live one's place when it is whole.

Where a council list, a scorecard or a model concerns more pupils than others can wait for, readers have the register
from before, which says so, until the new one is whole. Who changes single pupils meanwhile changes both. What is left
to do stands in `registers.renewal`: a stop loses nothing of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from threading import Event
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from service import tables as t
from service.among import among
from service.clock import now
from service.database import AFTERWARDS, Database
from service.phrases import moment
from service.refs import new_ref
from service.registers.basis import Basis, heirs_of
from service.registers.working_out import Registers, work_out, work_out_part
from service.settings import Settings
from service.turns import StoppedError, turn

AT_ONCE = 600  # pupils worked out in one transaction; a school is never parted
DELETED_AT_ONCE = 5000
READERS = 10.0  # seconds that somebody who began with the register from before may still be reading it
OVER = {"over": True}

WHY = {
    "list": "A council list was confirmed on {}.",
    "check": "The check was changed on {}.",
    "earlier": "The check before this one was changed on {}.",
    "model": "Another model was put to use, or one was taken back, on {}.",
}


def renew(
    connection: Connection, settings: Settings, check_id: int, why: str, pupils: Collection[int] | None = None
) -> bool:
    """Work a check out again for these pupils, None for everybody; whether that was only begun, because it takes long.

    What was begun goes on once the caller's transaction is kept. `why` is one of WHY.
    """
    schools = _schools(connection, check_id)
    if (sum(schools.values()) if pupils is None else len(pupils)) <= AT_ONCE:
        work_out(connection, settings, check_id, pupils)
        return False
    _begin(connection, settings, check_id, {"why": why, "since": now().isoformat()}, schools)
    return True


def _begin(
    connection: Connection, settings: Settings, check_id: int, about: Mapping[str, Any], schools: Mapping[Any, int]
) -> None:
    check = connection.execute(select(t.checks).where(t.checks.c.id == check_id)).one()
    basis = Basis(connection, settings, check)
    live, register = basis.registers(), t.registers.c
    basis.drop_heirs()
    left = {"schools": [[school, number] for school, number in schools.items()]}
    made = [{**basis.values(view), "ref": new_ref("register"), "beside": True, "renewal": left} for view in live]
    connection.execute(insert(t.registers), made)
    told = {**about, "done": 0, "of": sum(schools.values())}
    ids = [row.id for row in live.values()]
    connection.execute(update(t.registers).where(register.id.in_(ids)).values(renewal=told))
    connection.info[AFTERWARDS] = True


def _schools(connection: Connection, check_id: int) -> dict[int | None, int]:
    """The schools of a check, the council's own roll as None, and how many pupils each has on its roll."""
    roll = t.roll_pupils.c
    query = select(roll.school_id, func.count()).where(roll.check_id == check_id, roll.live)
    rows = connection.execute(query.group_by(roll.school_id).order_by(roll.school_id))
    return {row[0]: row[1] for row in rows}


def told(register: Any) -> dict[str, Any] | None:
    """What a reader of a live register is told while another is worked out to take its place."""
    if register.renewal is None:
        return None
    said = register.renewal
    since = datetime.fromisoformat(said["since"])
    sentence = (
        f"{WHY[said['why']].format(moment(since))} Everybody is being worked out again, {said['done']:,} of "
        f"{said['of']:,} pupils so far. Until all are, the check’s list is the one from before."
    )
    return {**said, "since": since, "sentence": sentence}


def told_of(connection: Connection, check_id: int) -> dict[str, Any] | None:
    """The same of a check."""
    register = t.registers.c
    mine = (register.check_id == check_id, register.beside.is_(False), register.renewal.is_not(None))
    row = connection.execute(select(register.renewal).where(*mine).limit(1)).one_or_none()
    return None if row is None else told(row)


def told_of_open(connection: Connection) -> dict[str, Any] | None:
    """The same of the first check, if any, whose registers are being worked out anew."""
    return next(filter(None, (told_of(connection, check_id) for check_id in sorted(waiting(connection)))), None)


# --- the parts --------------------------------------------------------------------------------------------------------


def go_on(database: Database, settings: Settings, stopping: Event) -> None:
    """Work out what was begun, of every check, and put it in the place of what was there before."""
    with database.read() as connection:
        checks = list(connection.execute(_waiting()).scalars())
    with suppress(StoppedError):
        for check_id in checks:
            while _one_more(database, settings, stopping, check_id):
                pass


def _waiting() -> Select[int]:
    """The checks whose live registers say that others are to take their place."""
    register = t.registers.c
    return select(register.check_id).where(register.beside.is_(False), register.renewal.is_not(None)).distinct()


def waiting(connection: Connection) -> set[int]:
    """The ids of the checks whose registers are being worked out anew."""
    return set(connection.execute(_waiting()).scalars())


def _one_more(database: Database, settings: Settings, stopping: Event, check_id: int) -> bool:
    """One part of one check; whether there may be another."""
    with turn(database, stopping) as connection:
        check = connection.execute(select(t.checks).where(t.checks.c.id == check_id).with_for_update()).one()
        basis = Basis(connection, settings, check)
        live, heirs = basis.stored(), heirs_of(connection, check_id)
        if any(row.renewal is None for row in live.values()):
            return False
        if heirs.keys() != live.keys() or not all(basis.made(row) for row in heirs.values()):
            _begin(connection, settings, check_id, _about(live), _schools(connection, check_id))
            return True
        left = next(iter(heirs.values())).renewal["schools"]
        if not left:
            _take_over(connection, live, heirs)
            return False
        _work_out(basis, live, heirs, left)
        return True


def _about(live: Registers) -> dict[str, Any]:
    said = next(iter(live.values())).renewal
    return {name: said[name] for name in ("why", "since")}


def _work_out(basis: Basis, live: Registers, heirs: Registers, left: list[list[Any]]) -> None:
    """The next schools, wholly: only so can be said what their files say nothing about."""
    some, pupils = [left[0][0]], left[0][1]
    for school, number in left[1:]:
        if pupils + number > AT_ONCE:
            break
        some.append(school)
        pupils += number
    there = _on_rolls(basis.connection, basis.check.id, some)
    row, ids = t.register_rows.c, [heir.id for heir in heirs.values()]
    basis.connection.execute(delete(t.register_rows).where(row.register_id.in_(ids), among(row.pupil_id, there)))
    work_out_part(basis, heirs, there, whole=True)
    own = {str(school or "") for school in some}  # a pupil's main school may be another, whose turn is another
    basis.notes = {
        view: {school: said for school, said in notes.items() if school in own} for view, notes in basis.notes.items()
    }
    basis.sign(dict(heirs))
    rest = {"schools": left[len(some) :]}
    said = next(iter(live.values())).renewal
    for registers, renewal in ((heirs, rest), (live, {**said, "done": said["done"] + pupils})):
        theirs = t.registers.c.id.in_([register.id for register in registers.values()])
        basis.connection.execute(update(t.registers).where(theirs).values(renewal=renewal))


def _on_rolls(connection: Connection, check_id: int, schools: Collection[int | None]) -> list[int]:
    roll = t.roll_pupils.c
    theirs = roll.school_id.in_([school for school in schools if school is not None])
    query = select(roll.pupil_id).where(
        roll.check_id == check_id, roll.live, theirs | roll.school_id.is_(None) if None in schools else theirs
    )
    return sorted(connection.execute(query.distinct()).scalars())


def _take_over(connection: Connection, live: Registers, heirs: Registers) -> None:
    """The new registers take the place, reference and count of the live ones, which are over."""
    register = t.registers.c
    for view, before in live.items():
        over = {"ref": new_ref("register"), "beside": True, "renewal": OVER}
        connection.execute(update(t.registers).where(register.id == before.id).values(**over))
        place = {"ref": before.ref, "beside": False, "renewal": None, "version": before.version + 1}
        connection.execute(update(t.registers).where(register.id == heirs[view].id).values(**place))


def clear(database: Database, stopping: Event) -> None:
    """Delete registers that are over, when nobody reads them any more."""
    with database.read() as connection:
        ids = over(connection)
    if not ids or stopping.wait(READERS):
        return
    row = t.register_rows.c
    with suppress(StoppedError):
        for register_id in ids:
            some, gone = select(row.id).where(row.register_id == register_id).limit(DELETED_AT_ONCE), 1
            while gone:
                with turn(database, stopping) as connection:
                    gone = connection.execute(delete(t.register_rows).where(row.id.in_(some))).rowcount
            with turn(database, stopping) as connection:
                connection.execute(delete(t.registers).where(t.registers.c.id == register_id))


def over(connection: Connection) -> list[int]:
    """The registers whose place others have taken, and those that were to take a place and never will."""
    register = t.registers.c
    rows = connection.execute(
        select(register.id, register.renewal).where(register.beside, register.renewal.is_not(None))
    )
    return [row.id for row in rows if row.renewal == OVER]
