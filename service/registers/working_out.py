"""Working out the registers of a check: one for each view, from what schools, lists and people have said.

A pupil's score does not depend on who else is there, so only the pupils who are concerned are worked out again. Called
in the transaction of whoever changes what a register rests on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from service import tables as t
from service.access import FULL
from service.among import among
from service.many import insert_many
from service.refs import new_ref
from service.registers.basis import Basis
from service.registers.lines import Row
from service.registers.made import Made, make, notes_of, parts_of
from service.settings import Settings

Registers = Mapping[str, Any]  # view -> the row of its register


def work_out(
    connection: Connection,
    settings: Settings,
    check_id: int,
    pupils: Collection[int] | None = None,
    narrower: bool = True,
) -> None:
    """Make or refresh the registers of a check for these pupils; None for everybody.

    Everybody is worked out again where the scorecard or model of the check is no longer that of its registers. Without
    `narrower` views, what those are owed may be made later (owed.py).
    """
    check = connection.execute(select(t.checks).where(t.checks.c.id == check_id)).one()
    basis = Basis(connection, settings, check)
    registers = basis.registers()
    if any(row.renewal for row in registers.values()):
        if pupils is not None:
            _in_both(basis, registers, sorted(set(pupils)))
            return
        basis.drop_heirs()
    if pupils is None or any(not basis.made(row) for row in registers.values()):
        _everybody(basis, registers)
    else:
        these = sorted(set(pupils))
        later = bool(these) and not narrower and basis.owe(registers[FULL], these)
        some(basis, {FULL: registers[FULL]} if later else registers, these)
    basis.sign(dict(registers))


def work_out_beside(connection: Connection, settings: Settings, check: Any, view: str, by_id: int) -> str:
    """Make a register of everybody, in one view, beside the live ones; its reference.

    `check` is a check's row, or one like it that names another scorecard or model.
    """
    basis, ref = Basis(connection, settings, check), new_ref("register")
    made = {**basis.values(view), "ref": ref, "beside": True, "made_by_id": by_id}
    connection.execute(insert(t.registers).values(**made))
    row = connection.execute(select(t.registers).where(t.registers.c.ref == ref)).one()
    for part in parts_of(connection, check.id):
        work_out_part(basis, {view: row}, part, whole=True)
    basis.sign({view: row})
    return ref


def _everybody(basis: Basis, registers: Registers) -> None:
    ids = [row.id for row in registers.values()]
    basis.connection.execute(delete(t.register_rows).where(t.register_rows.c.register_id.in_(ids)))
    basis.connection.execute(update(t.registers).where(t.registers.c.id.in_(ids)).values(owed=None))
    basis.gone = {school for row in registers.values() for school in dict(row.notes or {})}
    for part in parts_of(basis.connection, basis.check.id):
        work_out_part(basis, registers, part, whole=True)


def _in_both(basis: Basis, live: Registers, pupils: list[int]) -> None:
    """While registers are worked out to take the place of the live ones: in those as they were made, and in these."""
    before = basis.before(next(iter(live.values())))
    some(before, live, pupils)
    if all(before.made(row) for row in live.values()):  # not where its model has been taken back since
        before.sign(dict(live))
    heirs = basis.heirs()
    some(basis, heirs, pupils)
    basis.sign(heirs)


def some(basis: Basis, registers: Registers, pupils: list[int]) -> None:
    """Make these pupils' rows of some registers of one check anew."""
    if not (pupils and registers):
        return
    ids, row = [row.id for row in registers.values()], t.register_rows.c
    basis.connection.execute(delete(t.register_rows).where(row.register_id.in_(ids), among(row.pupil_id, pupils)))
    work_out_part(basis, registers, pupils, whole=False)


def work_out_part(basis: Basis, registers: Registers, pupils: Collection[int], whole: bool) -> None:
    """Make and store these pupils' rows; `whole`: all pupils of their schools are among them."""
    made = make(basis, pupils, list(registers))
    if made is None:
        return
    _insert(basis.connection, {registers[view].id: rows for view, rows in made.rows.items()})
    for view, notes in notes_of(basis, made, _whole_schools(basis, made, whole)).items():
        basis.notes[view] |= notes


def _insert(connection: Connection, rows: Mapping[int, Sequence[Row]]) -> None:
    every = ((register, *row) for register, each in rows.items() for row in each)
    insert_many(connection, t.register_rows, ("register_id", *Row._fields), every)


def _whole_schools(basis: Basis, made: Made, whole: bool) -> list[int | None]:
    """The schools of whom all pupils are here: only of those can it be said how many a file says nothing about."""
    here = Counter(place.school_id for place in made.places)
    if whole:
        return list(here)
    roll, schools = t.roll_pupils.c, [school for school in here if school is not None]
    rows = basis.connection.execute(
        select(roll.school_id, func.count())
        .where(roll.check_id == basis.check.id, roll.live, roll.school_id.in_(schools) | roll.school_id.is_(None))
        .group_by(roll.school_id)
    )
    there = {row[0]: row[1] for row in rows}
    return [school for school, number in here.items() if number >= there.get(school, 0)]
