"""What analysts ask of a check: bands, movement, returns and override rates, by school and by district.

Counts of the pupils whom the caller may read, from the live register of the caller's view.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, Select, func, select

from service import audit
from service import tables as t
from service.access import Access
from service.caseload.rates import override_rates
from service.checks.queries import require_check, show_check
from service.registers.order import LEFT, RANKED, RESTRICTED, TAKEN_OFF

r, row_of = t.registers.c, t.register_rows.c
NO_DISTRICT = "not known"
OWN_ROLL = "The council’s own roll"
NOT_RANKED = (LEFT, RESTRICTED, TAKEN_OFF)

Report = Callable[[Connection, Access, Any], dict[str, Any]]


def report_of(connection: Connection, access: Access, check_ref: str, name: str, of: Report) -> dict[str, Any]:
    """A report of a check, with the check, how far its schools are, and the audit's line that it was read."""
    check = require_check(connection, check_ref)
    counts = show_check(connection, access, check.ref)["counts"]
    found = {"check": {"ref": check.ref, "label": check.label}, "counts": counts, **of(connection, access, check)}
    audit.record(connection, access, "report.read", about=check.ref, detail={"report": name})
    return found


def bands(connection: Connection, access: Access, check: Any) -> dict[str, Any]:
    """How many pupils stand in each band, by school and by district; who is in no band beside them."""
    register = live_register(connection, access, check.id)
    names = _band_names(register)
    counts = [] if register is None else connection.execute(_counted(access, register.id)).all()
    return {
        "bands": names,
        "total": _line(names, counts),
        "schools": _grouped(names, counts, lambda row: (row.name or OWN_ROLL, row.urn, row.school_district)),
        "districts": _grouped(names, counts, lambda row: (row.district or NO_DISTRICT, None, None)),
    }


def live_register(connection: Connection, access: Access, check_id: int) -> Any:
    """The register that the caller reads of a check; None before the first return."""
    return connection.execute(
        select(t.registers).where(r.check_id == check_id, r.view == access.view, r.beside.is_(False))
    ).one_or_none()


def _band_names(register: Any) -> list[str]:
    """The most urgent first."""
    return [] if register is None else [band["name"] for band in reversed(register.card["bands"])]


def _counted(access: Access, register_id: int) -> Select[Any]:
    schools = t.schools.c
    what = (schools.name, schools.urn, schools.district.label("school_district"), row_of.district)
    return (
        select(*what, row_of.section, row_of.band, func.count().label("pupils"))
        .select_from(t.register_rows.outerjoin(t.schools, schools.id == row_of.school_id))
        .where(row_of.register_id == register_id, access.may_read(row_of.pupil_id))
        .group_by(*what, row_of.section, row_of.band)
    )


def _grouped(names: list[str], rows: Iterable[Any], by: Callable[[Any], tuple[Any, ...]]) -> list[dict[str, Any]]:
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        groups.setdefault(by(row), []).append(row)
    return [
        {"name": key[0], "urn": key[1], "district": key[2], **_line(names, groups[key])}
        for key in sorted(groups, key=lambda key: (str(key[0]).casefold(), key[1] or ""))
    ]


def _line(names: list[str], rows: Iterable[Any]) -> dict[str, Any]:
    in_band: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for row in rows:
        if row.section == RANKED:
            in_band[names[len(names) - 1 - row.band]] += row.pupils
        else:
            others[row.section] += row.pupils
    return {
        "pupils": in_band.total() + others.total(),
        "bands": {name: in_band[name] for name in names},
        **{section: others[section] for section in NOT_RANKED},
    }


def movement(connection: Connection, access: Access, check: Any) -> dict[str, Any]:
    """What changed since the earlier check: how many of each kind by school, and from which band to which."""
    earlier = connection.execute(select(t.checks).where(t.checks.c.id == check.earlier_id)).one_or_none()
    now = live_register(connection, access, check.id)
    before = None if earlier is None else live_register(connection, access, earlier.id)
    if earlier is None or now is None or before is None:
        said = None if earlier is None else {"ref": earlier.ref, "label": earlier.label}
        return {"earlier": said, "kinds": {}, "schools": [], "bands": [], "only_before": 0}
    rows = connection.execute(_kinds(access, now.id)).all()
    return {
        "earlier": {"ref": earlier.ref, "label": earlier.label},
        "kinds": _of_kind(rows),
        "schools": _schools_of_kind(rows),
        "bands": _matrix(connection, access, now, before),
        "only_before": connection.execute(_only_before(access, now.id, before.id)).scalar_one(),
    }


def _kinds(access: Access, register_id: int) -> Select[Any]:
    schools = t.schools.c
    return (
        select(schools.name, schools.urn, row_of.change, func.count().label("pupils"))
        .select_from(t.register_rows.outerjoin(t.schools, schools.id == row_of.school_id))
        .where(row_of.register_id == register_id, row_of.change.is_not(None), access.may_read(row_of.pupil_id))
        .group_by(schools.name, schools.urn, row_of.change)
    )


KINDS = ("up", "down", "new", "left", "unchanged")  # the others after them, by their words


def _of_kind(rows: Iterable[Any]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row.change] += row.pupils
    order = [*KINDS, *sorted(set(counts) - set(KINDS))]
    return {kind: counts[kind] for kind in order if counts[kind]}


def _schools_of_kind(rows: Iterable[Any]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str | None], list[Any]] = {}
    for row in rows:
        groups.setdefault((row.name or OWN_ROLL, row.urn), []).append(row)
    return [
        {"name": key[0], "urn": key[1], "kinds": _of_kind(groups[key])}
        for key in sorted(groups, key=lambda key: (key[0].casefold(), key[1] or ""))
    ]


def _matrix(connection: Connection, access: Access, now: Any, before: Any) -> list[dict[str, Any]]:
    """Of the pupils ranked in both, how many went from which band to which; the most urgent first."""
    was = t.register_rows.alias("was")
    rows = connection.execute(
        select(was.c.band.label("was"), row_of.band.label("is"), func.count().label("pupils"))
        .join(was, was.c.pupil_id == row_of.pupil_id)
        .where(row_of.register_id == now.id, was.c.register_id == before.id)
        .where(row_of.section == RANKED, was.c.section == RANKED, access.may_read(row_of.pupil_id))
        .group_by(was.c.band, row_of.band)
    )
    then, today = ([band["name"] for band in register.card["bands"]] for register in (before, now))
    return [
        {"before": then[row.was], "now": today[row[1]], "pupils": row.pupils}
        for row in sorted(rows, key=lambda row: (-row.was, -row[1]))
    ]


def _only_before(access: Access, now: int, before: int) -> Select[Any]:
    """How many were in the earlier register and are not in this one."""
    here = select(row_of.pupil_id).where(row_of.register_id == now)
    return select(func.count()).where(
        row_of.register_id == before, row_of.pupil_id.not_in(here), access.may_read(row_of.pupil_id)
    )


def returns(connection: Connection, access: Access, check: Any) -> dict[str, Any]:
    """Who has returned, is in progress, has signed off, is overdue; and how many pupils each roll has."""
    shown, rolls = show_check(connection, access, check.ref), _rolls(connection, access, check.id)
    lines = [{**line, "pupils": rolls.get(line["urn"], 0)} for line in shown["schools"]]
    return {"due_on": shown["due_on"], "schools": lines}


def _rolls(connection: Connection, access: Access, check_id: int) -> dict[str, int]:
    roll = t.roll_pupils.c
    rows = connection.execute(
        select(t.schools.c.urn, func.count().label("pupils"))
        .join(t.schools, t.schools.c.id == roll.school_id)
        .where(roll.check_id == check_id, roll.live, roll.status == "on_roll", access.may_read(roll.pupil_id))
        .group_by(t.schools.c.urn)
    )
    return {row.urn: row.pupils for row in rows}


def overrides(connection: Connection, access: Access, check: Any) -> dict[str, Any]:
    """How often people saw a pupil otherwise than the card and the model: by school, reason and what became of it."""
    lines = override_rates(connection, access, check.id)
    pupils = sum(_rolls(connection, access, check.id).values())
    count = sum(line["count"] for line in lines)
    shown = [{name: value for name, value in line.items() if name != "check"} for line in lines]
    rate = round(100 * count / pupils, 1) if pupils else None
    return {"count": count, "pupils": pupils, "rate_pct": rate, "items": shown}
