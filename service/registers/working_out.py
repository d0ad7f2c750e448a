"""Working out the registers of a check: one for each view, from what schools, lists and people have said.

A pupil's score does not depend on who else is there, so only the pupils who are concerned are worked out again. Called
in the transaction of whoever changes what a register rests on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from roni import VERSION, Cohort, Model, Scorecard, national, score
from service import tables as t
from service.access import VIEWS
from service.caseload.standing import standings
from service.refs import new_ref
from service.registers.cards import card_of, fields_hidden, model_of
from service.registers.change import changes_of
from service.registers.cohorts import Place, load
from service.registers.lines import GROUP_FAMILIES, MARKS, SHOWN, Known, rows_of
from service.registers.lists import in_parts
from service.registers.views import alike, side_by_side, views_of
from service.settings import Settings

PUPILS_AT_ONCE = 3000  # keeps what is in memory small beside a council's pupils; a school is never parted


def work_out(connection: Connection, settings: Settings, check_id: int, pupils: Collection[int] | None = None) -> None:
    """Make or refresh the registers of a check for these pupils; None for everybody.

    Everybody is worked out again where the scorecard or model of the check is no longer that of its registers.
    """
    check = connection.execute(select(t.checks).where(t.checks.c.id == check_id)).one()
    basis = Basis(connection, settings, check)
    registers = basis.registers()
    if pupils is None or any(not basis.made(row) for row in registers.values()):
        _everybody(basis, registers)
    elif pupils:
        _some(basis, registers, sorted(set(pupils)))
    basis.sign(registers)


def work_out_beside(connection: Connection, settings: Settings, check: Any, view: str, by_id: int) -> str:
    """Make a register of everybody, in one view, beside the live ones; its reference.

    `check` is a check's row, or one like it that names another scorecard or model.
    """
    basis, ref = Basis(connection, settings, check), new_ref("register")
    made = {**basis.values(view), "ref": ref, "beside": True, "made_by_id": by_id}
    connection.execute(insert(t.registers).values(**made))
    row = connection.execute(select(t.registers).where(t.registers.c.ref == ref)).one()
    for part in _parts(connection, check.id):
        _work_out(basis, {view: row}, part, whole=True)
    basis.sign({view: row})
    return ref


class Basis:
    """What every view of a check's register rests on, and what is said of it once."""

    def __init__(self, connection: Connection, settings: Settings, check: Any) -> None:
        self.connection, self.settings, self.check = connection, settings, check
        self.card: Scorecard = card_of(connection, check.scorecard_digest)
        self.model: Model | None = model_of(connection, settings, check.model_digest)
        self.notes: dict[str, dict[str, list[str]]] = {view: {} for view in VIEWS}  # view -> school -> notes
        self.gone: set[str] = set()  # schools of whom nothing is to be said any more

    def made(self, row: Any) -> bool:
        """Whether a register was made by this card and this model."""
        return (row.scorecard_digest, row.model_digest) == (self.card.digest, self.model and self.model.digest)

    def registers(self) -> dict[str, Any]:
        """The register of each view, made where there is none yet. One transaction at a time makes them."""
        found = self._registers()
        if len(found) < len(VIEWS):
            self.connection.execute(select(t.checks.c.id).where(t.checks.c.id == self.check.id).with_for_update())
            found = self._registers()
            for view in VIEWS:
                if view not in found:
                    self.connection.execute(insert(t.registers).values(**self.values(view), ref=new_ref("register")))
            found = self._registers()
        return found

    def _registers(self) -> dict[str, Any]:
        register = t.registers.c
        rows = self.connection.execute(
            select(t.registers).where(register.check_id == self.check.id, register.beside.is_(False))
        )
        return {row.view: row for row in rows}

    def values(self, view: str) -> dict[str, Any]:
        """The row of a view's register."""
        hidden = fields_hidden(self.card, self.model, VIEWS[view])
        return {
            "check_id": self.check.id,
            "view": view,
            "scorecard": self.card.name,
            "scorecard_digest": self.card.digest,
            "card": card_values(self.card),
            "model": self.model and self.model.name,
            "model_digest": self.model and self.model.digest,
            "without": [national()[name].label for name in hidden],
            "library_version": VERSION,
        }

    def sign(self, registers: dict[str, Any]) -> None:
        """Say by what the registers were made, and what is said once of each school's files."""
        for view, row in sorted(registers.items()):
            seen = self.connection.execute(
                select(t.registers.c.notes).where(t.registers.c.id == row.id).with_for_update()
            ).scalar_one()
            kept = {school: notes for school, notes in dict(seen or {}).items() if school not in self.gone}
            values = {**self.values(view), "notes": {**kept, **self.notes[view]}}
            self.connection.execute(
                update(t.registers)
                .where(t.registers.c.id == row.id)
                .values(**values, version=t.registers.c.version + 1)
            )


def card_values(card: Scorecard) -> dict[str, Any]:
    """What a page needs of a scorecard: its bands, lowest first, its indicators, the most points."""
    return {
        "title": card.title,
        "version": card.version,
        "most": card.most,
        "bands": [{"name": band.name, "at_least": band.at_least, "meaning": band.meaning} for band in card.bands],
        "indicators": [
            {"name": item.name, "label": item.label, "family": item.family, "fields": list(item.fields)}
            for item in card.active
        ]
        + [
            {"name": item.name, "label": item.label, "family": "always included", "fields": list(item.when.fields)}
            for item in card.inclusions
        ],
    }


def used_fields(basis: Basis) -> set[str]:
    """The fields that anything in a register may rest on: what the card and the model read, and what lines show."""
    fields = national()
    read = {*basis.card.fields, *([] if basis.model is None else basis.model.tables), *SHOWN, *MARKS}
    read |= {item.name for item in fields.values() if item.family in GROUP_FAMILIES}
    ahead = list(read)
    while ahead:
        inputs = {name for route in fields[ahead.pop()].routes for name in route.inputs} - read
        read |= inputs
        ahead += inputs
    return read | {item.name for item in fields.values() if read & {*item.also, *item.implied}}


def _everybody(basis: Basis, registers: dict[str, Any]) -> None:
    ids = [row.id for row in registers.values()]
    basis.connection.execute(delete(t.register_rows).where(t.register_rows.c.register_id.in_(ids)))
    basis.gone = {school for row in registers.values() for school in dict(row.notes or {})}
    for part in _parts(basis.connection, basis.check.id):
        _work_out(basis, registers, part, whole=True)


def _parts(connection: Connection, check_id: int) -> Iterator[list[int]]:
    """The pupils of a check, whole schools together, not too many at a time."""
    roll = t.roll_pupils.c
    rows = connection.execute(
        select(roll.pupil_id, roll.school_id)
        .where(roll.check_id == check_id, roll.live)
        .order_by(roll.school_id, roll.pupil_id)
    )
    part: dict[int, None] = {}
    done: set[int] = set()
    for _, group in groupby(rows, key=lambda row: row.school_id):
        fresh = [row.pupil_id for row in group if row.pupil_id not in done]
        if part and len(part) + len(fresh) > PUPILS_AT_ONCE:
            yield list(part)
            part = {}
        done.update(fresh)
        part.update(dict.fromkeys(fresh))
    if part:
        yield list(part)


def _some(basis: Basis, registers: dict[str, Any], pupils: list[int]) -> None:
    ids = [row.id for row in registers.values()]
    for part in in_parts(pupils):
        row = t.register_rows.c
        basis.connection.execute(delete(t.register_rows).where(row.register_id.in_(ids), row.pupil_id.in_(part)))
    _work_out(basis, registers, pupils, whole=False)


def _work_out(basis: Basis, registers: dict[str, Any], pupils: Sequence[int], whole: bool) -> None:
    effective = load(basis.connection, basis.check, pupils)
    if not len(effective):
        return
    earlier = changes_of(basis, pupils)
    views = views_of(effective.cohort)
    first = alike(views, effective.cohort, used_fields(basis))
    distinct = {view: cohort for view, cohort in views.items() if first[view] == view}
    register = score(side_by_side(distinct), basis.card, basis.model)
    known = Known(
        schools=_schools(basis.connection),
        moderated=standings(basis.connection, basis.check.id, pupils),
        change=earlier.since(register, effective.places, distinct),
        home=home_names(basis.settings.council),
    )
    rows = rows_of(register, effective.places, known)
    _insert(basis.connection, registers, list(distinct), first, rows, len(effective))
    _note(basis, distinct, first, effective.places, whole)


def _insert(
    connection: Connection,
    registers: dict[str, Any],
    distinct: list[str],
    first: dict[str, str],
    rows: list[dict[str, Any]],
    size: int,
) -> None:
    """Every view's rows in one go; a view that is like another has the same."""
    found = []
    for view, register in registers.items():
        start = distinct.index(first[view]) * size
        found += [{**row, "register_id": register.id} for row in rows[start : start + size]]
    connection.execute(insert(t.register_rows), found)


def _schools(connection: Connection) -> dict[int, dict[str, Any]]:
    school = t.schools.c
    rows = connection.execute(select(school.id, school.ref, school.name, school.urn))
    return {row.id: {"ref": row.ref, "name": row.name, "urn": row.urn} for row in rows}


def home_names(council: str) -> frozenset[str]:
    """The ways in which a roll may name the council as a home authority."""
    name = council.strip().casefold()
    short = [word for word in name.split() if word not in ("council", "county", "city", "borough", "metropolitan")]
    return frozenset({name, " ".join(short)} - {""})


def _note(
    basis: Basis, distinct: dict[str, Cohort], first: dict[str, str], places: Sequence[Place], whole: bool
) -> None:
    """What is said once of each school's files: only where all of the school's pupils are here."""
    by_school: dict[int | None, list[int]] = {}
    for index, place in enumerate(places):
        by_school.setdefault(place.school_id, []).append(index)
    for school, indices in by_school.items():
        if whole or _are_all(basis, school, len(indices)):
            said = {view: _notes(basis, cohort, indices) for view, cohort in distinct.items()}
            for view in VIEWS:
                basis.notes[view][str(school or "")] = said[first[view]]


def _notes(basis: Basis, cohort: Cohort, indices: list[int]) -> list[str]:
    import numpy as np

    part = cohort if len(indices) == len(cohort) else cohort.take(np.array(indices))
    return score(part, basis.card, basis.model).notes


def _are_all(basis: Basis, school: int | None, count: int) -> bool:
    from sqlalchemy import func

    roll = t.roll_pupils.c
    there = basis.connection.execute(
        select(func.count()).where(roll.check_id == basis.check.id, roll.live, roll.school_id.is_(school))
        if school is None
        else select(func.count()).where(roll.check_id == basis.check.id, roll.live, roll.school_id == school)
    ).scalar_one()
    return count >= there
