"""Whether a register can be worked out again: the stored rolls, scored once more, against what is stored."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from roni import VERSION
from service import tables as t
from service.access import Access
from service.problems import Refusal
from service.registers.basis import Basis
from service.registers.heads import files_of
from service.registers.made import make, parts_of
from service.settings import Settings

COMPARED = ("section", "sort", "band", "rules_band", "model_band", "points", "points_max", "probability", "line")


def verify(connection: Connection, access: Access, settings: Settings, check: Any) -> dict[str, Any]:
    """Work everybody out again, store nothing, and name by reference who is not as stored, in each view."""
    basis = Basis(connection, settings, check)
    registers = basis.stored()
    if not registers:
        raise Refusal(404, "no_register", "No school has confirmed its roll for this check yet.")
    again: dict[str, dict[int, dict[str, Any]]] = {view: {} for view in registers}
    for part in parts_of(connection, check.id):
        made = make(basis, part, list(registers))
        for view, rows in made.rows.items() if made is not None else ():
            again[view].update({row.pupil_id: row._asdict() for row in rows})
    views = [_compared(connection, registers[view], again[view]) for view in registers]
    one = next(iter(registers.values()))
    return {
        "same": all(view["same"] for view in views) and all(basis.made(row) for row in registers.values()),
        "scorecard": {"name": one.scorecard, "digest": one.scorecard_digest},
        "model": None if one.model_digest is None else {"name": one.model, "digest": one.model_digest},
        "library_version": VERSION,
        "made_with": one.library_version,
        "files": [
            {name: file[name] for name in ("school", "file", "digest")}
            for file in files_of(connection, access, check.id)
        ],
        "views": views,
    }


def _compared(connection: Connection, register: Any, again: dict[int, dict[str, Any]]) -> dict[str, Any]:
    row = t.register_rows.c
    stored = connection.execute(select(t.register_rows).where(row.register_id == register.id))
    before = {item.pupil_id: {name: item._mapping[name] for name in COMPARED} for item in stored}
    after = {pupil: {name: item[name] for name in COMPARED} for pupil, item in again.items()}
    differing = [pupil for pupil in before.keys() | after.keys() if before.get(pupil) != after.get(pupil)]
    refs = [ref for ref, number in _refs(connection) if number in set(differing)] if differing else []
    return {"view": register.view, "same": not differing, "pupils": len(before), "differing": refs}


def _refs(connection: Connection) -> list[tuple[str, int]]:
    return [(row.ref, row.id) for row in connection.execute(select(t.pupils.c.ref, t.pupils.c.id))]
