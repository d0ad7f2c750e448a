"""What a check's registers rest on: its scorecard, its model, and what is said of each register once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from roni import VERSION, Model, Scorecard, national
from service import tables as t
from service.access import VIEWS
from service.among import among
from service.refs import new_ref
from service.registers.cards import card_of, fields_hidden, model_of
from service.registers.figures import SHOWN
from service.registers.lines import GROUP_FAMILIES, MARKS
from service.settings import Settings

MOST_OWED = 20_000  # pupils: beyond, their lines are made at once, so that nobody waits long for what is owed

_register = t.registers.c
_LIVE = select(t.registers).where(_register.check_id == bindparam("check"), _register.beside.is_(False))
_LOCK = select(t.checks.c.id).where(t.checks.c.id == bindparam("check")).with_for_update()
_OWE = update(t.registers).where(_register.id == bindparam("register")).values(owed=bindparam("pupils"))
_NOTES = (
    select(_register.id, _register.notes)
    .where(among(_register.id, "registers"))
    .order_by(_register.id)
    .with_for_update()
)
_SIGN = update(t.registers).where(_register.id == bindparam("register")).values(version=_register.version + 1)


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
        found = self.stored()
        if len(found) < len(VIEWS):
            self.connection.execute(_LOCK, {"check": self.check.id})
            found = self.stored()
            new = [{**self.values(view), "ref": new_ref("register")} for view in VIEWS if view not in found]
            if new:
                self.connection.execute(insert(t.registers), new)
                found = self.stored()
        return found

    def stored(self) -> dict[str, Any]:
        """The live registers that there are, by view."""
        return {row.view: row for row in self.connection.execute(_LIVE, {"check": self.check.id})}

    def heirs(self) -> dict[str, Any]:
        """The registers that are worked out to take the place of the live ones, by view; none made with others."""
        return {view: row for view, row in heirs_of(self.connection, self.check.id).items() if self.made(row)}

    def drop_heirs(self) -> None:
        """Let nothing take the place of the live registers any more."""
        register = t.registers.c
        mine = (register.check_id == self.check.id, register.renewal.is_not(None))
        for beside, renewal in ((True, {"over": True}), (False, None)):
            change = update(t.registers).where(*mine, register.beside.is_(beside))
            self.connection.execute(change.values(renewal=renewal))

    def before(self, live: Any) -> Basis:
        """What a live register was made with, where the check names another card or model by now."""
        named = {"scorecard_digest": live.scorecard_digest, "model_digest": live.model_digest}
        return Basis(self.connection, self.settings, SimpleNamespace(**{**self.check._mapping, **named}))

    def values(self, view: str) -> dict[str, Any]:
        """The row of a view's register."""
        hidden = fields_hidden(self.card, self.model, VIEWS[view])
        return {
            "check_id": self.check.id,
            "view": view,
            "scorecard": self.card.name,
            "scorecard_digest": self.card.digest,
            "card": self.card_values,
            "model": self.model and self.model.name,
            "model_digest": self.model and self.model.digest,
            "without": [national()[name].label for name in hidden],
            "library_version": VERSION,
        }

    def unseen(self, views: Iterable[str]) -> frozenset[str]:
        """The fields of card and model that any of these views does not see."""
        return frozenset(name for view in views for name in fields_hidden(self.card, self.model, VIEWS[view]))

    def sign(self, registers: dict[str, Any]) -> None:
        """Say by what the registers were made, and what is said once of each school's files."""
        notes = self._notes([row.id for row in registers.values()])
        for view, row in registers.items():
            before = notes[row.id]
            kept = {school: notes for school, notes in dict(before or {}).items() if school not in self.gone}
            values = {**self.values(view), "notes": {**kept, **self.notes[view]}}
            stored = {**row._mapping, "notes": before}
            other = {name: value for name, value in values.items() if stored[name] != value}
            self.connection.execute(_SIGN, {"register": row.id, **other})

    def owe(self, full: Any, pupils: Collection[int]) -> bool:
        """Let the narrower views be owed these pupils; False where they are owed too many already, and it is not done.

        `full` is the row of the full register.
        """
        owed = sorted({*(full.owed or ()), *pupils})
        if len(owed) > MOST_OWED:
            return False
        self.connection.execute(_OWE, {"register": full.id, "pupils": owed})
        return True

    def _notes(self, registers: list[int]) -> dict[int, Any]:
        """The notes of these registers as they are now, by id; nobody else changes them until this is done."""
        rows = self.connection.execute(_NOTES, {"registers": registers})
        return {row.id: row.notes for row in rows}

    @cached_property
    def card_values(self) -> dict[str, Any]:
        """What a page needs of the scorecard: its bands, lowest first, its indicators, the most points."""
        lines = [(item.name, item.label, item.family, item.fields) for item in self.card.active]
        lines += [(item.name, item.label, "always included", item.when.fields) for item in self.card.inclusions]
        return {
            "title": self.card.title,
            "version": self.card.version,
            "most": self.card.most,
            "bands": [
                {"name": band.name, "at_least": band.at_least, "meaning": band.meaning} for band in self.card.bands
            ],
            "indicators": [
                {"name": name, "label": label, "family": family, "fields": list(fields)}
                for name, label, family, fields in lines
            ],
        }

    @cached_property
    def used(self) -> frozenset[str]:
        """The fields that anything in a register may rest on: what card and model read, and what lines show."""
        fields = national()
        read = {*self.card.fields, *([] if self.model is None else self.model.tables), *SHOWN, *MARKS}
        read |= {item.name for item in fields.values() if item.family in GROUP_FAMILIES}
        ahead = list(read)
        while ahead:
            inputs = {name for route in fields[ahead.pop()].routes for name in route.inputs} - read
            read |= inputs
            ahead += inputs
        return frozenset(read | {item.name for item in fields.values() if read & {*item.also, *item.implied}})


def heirs_of(connection: Connection, check_id: int) -> dict[str, Any]:
    """The registers that are to take the place of a check's live ones, by view."""
    register = t.registers.c
    query = select(t.registers).where(register.check_id == check_id, register.beside, register.renewal.is_not(None))
    return {row.view: row for row in connection.execute(query) if "schools" in row.renewal}
