"""My list: the caseload, then as many new pupils from the top of the register as there is time for.

Nobody leaves a caseload because a rank fell: it holds until a person ends it. Who has left stands in a part of their
own, and so does who was taken off or is not scored; who has died is in no list.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, exists, select

from service import tables as t
from service.access import Access, Permission
from service.caseload.coaches import OPEN, require_person
from service.caseload.narrowing import Fitting, fitting_of
from service.caseload.offers import facts_of, offer_for
from service.caseload.schemas import Shape
from service.caseload.standing import Standing, objections, standings
from service.checks.queries import readable_stage, require_check
from service.checks.schools import add_contacts
from service.clock import today
from service.cursors import read_cursor, write_cursor
from service.problems import Refusal
from service.registers.filters import RegisterFilters
from service.registers.page import extras

PLACES = ("caseload", "new", "restricted", "left", "taken_off")
NOBODY = -1  # the id of no row
r = t.register_rows.c


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for: how many new pupils, of which check, whose caseload, which page, who of them."""

    places: int
    check: str | None = None
    coach: str | None = None
    limit: int = 500
    cursor: str | None = None
    filters: RegisterFilters | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A pupil of the list, and where their line stands."""

    place: str
    sort: str
    pupil_id: int
    ref: str
    name: str
    row: Any | None

    @property
    def order(self) -> tuple[int, str, str]:
        return PLACES.index(self.place), self.sort, self.ref


def caseload(connection: Connection, access: Access, asked: Asked) -> tuple[Shape, list[int]]:
    """A page of the list, and the ids of the pupils on it."""
    coach_id = _whose(connection, access, asked.coach)
    checks = _checks(connection, access, asked.check)
    fitting = fitting_of(connection, access, checks, asked.filters)
    items = [
        *_mine(connection, access, coach_id, checks, fitting),
        *_new(connection, access, asked.places, checks, fitting),
    ]
    items.sort(key=lambda item: item.order)
    after = (NOBODY, "", "") if asked.cursor is None else read_cursor(asked.cursor, int, str, str)
    rest = [item for item in items if item.order > after]
    page = rest[: asked.limit]
    found = {
        "check": checks[-1].ref if checks else None,
        "counts": dict(Counter(item.place for item in items)),
        "items": _lines(connection, access, page, {check.id: check for check in checks}),
        "next": write_cursor(*page[-1].order) if len(rest) > len(page) else None,
    }
    return found, [item.pupil_id for item in page]


def _whose(connection: Connection, access: Access, ref: str | None) -> int:
    if ref is None or ref == access.person_ref:
        return access.person_id
    access.require(Permission.CASELOAD_MANAGE)
    return int(require_person(connection, ref).id)


def _checks(connection: Connection, access: Access, ref: str | None) -> Sequence[Any]:
    """The checks whose registers the caller may read, oldest first, up to the one asked for."""
    rows = connection.execute(select(t.checks).order_by(t.checks.c.on)).all()
    if ref is None:
        return [check for check in rows if readable_stage(access, check)]
    wanted = require_check(connection, ref)
    if not readable_stage(access, wanted):
        raise Refusal(403, "not_published", "The register of this check is not published yet.")
    return [check for check in rows if readable_stage(access, check) and check.on <= wanted.on]


def _rows(access: Access, checks: Iterable[Any]) -> Select[Any]:
    """Pupils' rows in the registers of checks as the caller's view sees them."""
    register = t.registers.c
    ids = [check.id for check in checks] or [NOBODY]
    return (
        select(r.pupil_id, r.sort, r.section, r.line, r.year_group, r.indicators, register.check_id)
        .add_columns(t.pupils.c.ref, t.pupils.c.name)
        .join(t.registers, register.id == r.register_id)
        .join(t.pupils, t.pupils.c.id == r.pupil_id)
        .where(register.check_id.in_(ids), register.view == access.view, register.beside.is_(False))
        .where(access.may_read(r.pupil_id), t.pupils.c.died_at.is_(None))
    )


def _mine(
    connection: Connection, access: Access, coach_id: int, checks: Sequence[Any], fitting: Fitting | None
) -> list[Item]:
    """The caseload, each pupil with the latest line there is of them; who fits by that line, where filters ask."""
    mine = select(t.assignments.c.pupil_id).where(OPEN, t.assignments.c.coach_id == coach_id)
    query = _rows(access, checks).join(t.checks, t.checks.c.id == t.registers.c.check_id)
    rows = connection.execute(query.where(r.pupil_id.in_(mine)).order_by(t.checks.c.on)).all()
    latest = {row.pupil_id: row for row in rows}
    pupils = connection.execute(
        select(t.pupils.c.id, t.pupils.c.ref, t.pupils.c.name).where(
            t.pupils.c.id.in_(mine), t.pupils.c.died_at.is_(None), access.may_read(t.pupils.c.id)
        )
    )
    items = [_item("caseload", pupil.id, pupil.ref, pupil.name, latest.get(pupil.id)) for pupil in pupils]
    if fitting is None:
        return items
    fits = fitting.rows(connection, list(latest))
    return [item for item in items if item.row is not None and (item.row.check_id, item.pupil_id) in fits]


def _item(place: str, pupil_id: int, ref: str, name: str, row: Any | None) -> Item:
    if row is None:
        return Item(place, "~" + name.casefold(), pupil_id, ref, name, None)  # after every text of an order
    return Item(place if row.section == "ranked" else row.section, row.sort, pupil_id, ref, name, row)


def _new(
    connection: Connection, access: Access, places: int, checks: Sequence[Any], fitting: Fitting | None
) -> list[Item]:
    """The first of the register whom nobody has."""
    if not places or not checks:
        return []
    taken = exists().where(t.assignments.c.pupil_id == r.pupil_id, OPEN)
    query = _rows(access, checks[-1:]).where(r.section == "ranked", ~taken).order_by(r.sort).limit(places)
    if fitting is not None:
        query = query.where(fitting.of(checks[-1]))
    return [_item("new", row.pupil_id, row.ref, row.name, row) for row in connection.execute(query)]


def _lines(connection: Connection, access: Access, items: Sequence[Item], checks: dict[int, Any]) -> list[Shape]:
    pupils = [item.pupil_id for item in items]
    beside, objecting = extras(connection, access, pupils), objections(connection, pupils)
    decided = {number: standings(connection, number, pupils) for number in checks}
    found = [
        _line(access, item, checks, decided, json.loads(b"{%b}" % beside[item.pupil_id]))
        | {"objection": item.pupil_id in objecting}
        for item in items
    ]
    add_contacts(connection, [item["line"] for item in found if item["line"] is not None])
    return found


def _line(
    access: Access, item: Item, checks: dict[int, Any], decided: dict[int, Mapping[int, Standing]], beside: Shape
) -> Shape:
    """The register's line of a pupil, if there is one, and what stands beside it."""
    about = {"place": item.place, "pupil": {"ref": item.ref, "name": item.name}, **beside}
    if item.row is None:
        return about | {"check": None, "line": None, "support": None}
    check, line = checks[item.row.check_id], json.loads(item.row.line)
    if standing := decided[check.id].get(item.pupil_id):
        line["moderation"] = standing.to_list(access.view)
    support = offer_for(facts_of(item.row, check, beside["last_contact"]), today())
    return about | {"check": check.ref, "line": line, "support": support}
