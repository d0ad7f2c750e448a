"""What confirming a roll puts on the council's list “to resolve”, and what it takes off by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, or_, select, update

from service import tables as t
from service.access import Access
from service.among import among
from service.clock import now
from service.refs import new_ref
from service.uploads.claims import claims
from service.uploads.leavers import ALERTS, BY_URN
from service.uploads.rolls import ON_ROLL

MOVED = "moved_unlisted"
OF_ROLLS = ("alert", MOVED, "two_schools", "died_on_roll")
CHUNK = 500

_entry, _check, _roll, _pupil = t.resolutions.c, t.checks.c, t.roll_pupils.c, t.pupils.c
_on = select(_check.on).where(_check.id == bindparam("check")).scalar_subquery()
_LATER = select(_check.id).where(_check.on > _on)
_moved_before = and_(_entry.kind == MOVED, _entry.check_id.in_(select(_check.id).where(_check.on < _on)))
_OPEN = select(t.resolutions).where(
    _entry.kind.in_(OF_ROLLS),
    _entry.closed_at.is_(None),
    or_(_entry.check_id == bindparam("check"), _moved_before, _entry.kind == "two_schools"),
    among(_entry.pupil_id, "pupils"),
)
_DIED = select(_pupil.id).where(among(_pupil.id, "pupils"), _pupil.died_at.is_not(None))
_LISTED = select(_roll.pupil_id, _roll.school_id).where(
    _roll.check_id == bindparam("check"), _roll.live, _roll.status == ON_ROLL, among(_roll.pupil_id, "pupils")
)


def resolve(
    connection: Connection,
    check_id: int,
    school_id: int | None,
    on_roll: Mapping[int, Mapping[str, Any]],
    left: Mapping[int, Mapping[str, Any]],
    shared: Mapping[int, Mapping[str, Any]],
) -> dict[str, int]:
    """After a roll was switched live: close what it settles, open what it leaves unsettled. Returns what was opened.

    `on_roll` has each pupil's record, `left` each leaver's answer; `shared` are those of `on_roll` who are on other
    rolls, too.
    """
    everybody = {*on_roll, *left}
    wanted = [
        *_of_leavers(connection, check_id, school_id, left),
        *_of_two(connection, check_id, school_id, shared),
        *_of_died(connection, check_id, school_id, on_roll),
    ]
    open_now = connection.execute(_OPEN, {"check": check_id, "pupils": everybody}).all()
    if not (wanted or open_now):
        return {}
    keys = {_key(row) for row in wanted}
    later = _later(connection, check_id)
    done = [row for row in open_now if row.check_id not in later and _settled(row, school_id, on_roll, left, keys)]
    _close(connection, done, school_id, on_roll)
    closed = {row.id for row in done}
    there = {_key(row._asdict()) for row in open_now if row.id not in closed} | _decided(connection, check_id, wanted)
    new = [row for row in wanted if _key(row) not in there]
    if new:
        connection.execute(insert(t.resolutions), [{"ref": new_ref("resolution"), **row} for row in new])
    return dict(Counter(row["kind"] for row in new))


def _later(connection: Connection, check_id: int) -> set[int]:
    """The checks after a check: what is open there is not settled by a late roll of this one."""
    return set(connection.execute(_LATER, {"check": check_id}).scalars())


def _close(connection: Connection, done: Sequence[Any], school_id: int | None, on_roll: Collection[int]) -> None:
    """Close what has settled itself; of two schools, say whose the pupil is now."""
    found: dict[str | None, list[Any]] = {}
    for row in done:
        found.setdefault(_whose(row, school_id, on_roll), []).append(row)
    for decision, rows in found.items():
        for part in _chunks([row.id for row in rows]):
            values = {"closed_at": now(), "decision": decision}
            connection.execute(update(t.resolutions).where(t.resolutions.c.id.in_(part)).values(**values))
    for row in found.get("school", ()):  # until now the other school's word counted
        if not row.says.get("as"):
            connection.execute(update(t.pupils).where(t.pupils.c.id == row.pupil_id).values(school_id=row.school_id))


def _whose(row: Any, school_id: int | None, on_roll: Collection[int]) -> str | None:
    """Of two schools: the one that keeps the pupil where this one does not, both where they agree."""
    if row.kind != "two_schools":
        return None
    if row.pupil_id in on_roll:
        return "both"
    return "other_school" if row.school_id == school_id else "school"


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Two schools are two schools, whichever of them said so last."""
    schools = (row["school_id"], row["other_school_id"])
    if row["kind"] == "two_schools":
        schools = tuple(sorted(schools, key=str))
    return row["kind"], row["pupil_id"], schools


def _settled(
    row: Any, school_id: int | None, on_roll: Collection[int], left: Collection[int], wanted: set[tuple[Any, ...]]
) -> bool:
    """Whether an open entry about these pupils holds no more, by what this school says now."""
    if row.kind == "two_schools":
        return school_id in (row.school_id, row.other_school_id) and _key(row._asdict()) not in wanted
    if row.kind == "died_on_roll":
        return row.school_id == school_id and _key(row._asdict()) not in wanted
    if row.pupil_id in on_roll and (row.kind == "alert" or school_id in (row.school_id, row.other_school_id)):
        return True  # listed by the school that was named, or back
    return row.school_id == school_id and row.pupil_id in left and _key(row._asdict()) not in wanted


def _of_leavers(
    connection: Connection, check_id: int, school_id: int | None, left: Mapping[int, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    moved = {pupil: said["school"] for pupil, said in left.items() if said.get("to") in BY_URN}
    schools = {row.urn: row.id for row in connection.execute(select(t.schools.c.urn, t.schools.c.id))} if moved else {}
    asked = {"check": check_id, "pupils": left}
    listed = {tuple(row) for row in connection.execute(_LISTED, asked)} if left else set()
    for pupil, said in left.items():
        about = {"check_id": check_id, "pupil_id": pupil, "school_id": school_id}
        elsewhere = any(who == pupil for who, _ in listed)
        if said.get("to") in ALERTS and not elsewhere:
            yield {"kind": "alert", **about, "other_school_id": None, "says": {"to": said["to"]}}
        other = schools.get(moved.get(pupil, ""))
        if other is not None and (pupil, other) not in listed:
            yield {"kind": MOVED, **about, "other_school_id": other, "says": {"to": said["to"]}}


def _of_two(
    connection: Connection, check_id: int, school_id: int | None, on_roll: Mapping[int, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Pupils whom another school has, too, and does not share."""
    for claim in claims(connection, check_id, school_id, on_roll):
        if not claim.settled:
            yield {**claim.entry, "check_id": check_id}


def _of_died(
    connection: Connection, check_id: int, school_id: int | None, on_roll: Collection[int]
) -> Iterator[dict[str, Any]]:
    """Pupils who were said to have died: they stay in no list, and a person says which of the two is wrong."""
    for found in connection.execute(_DIED, {"pupils": sorted(on_roll)}).scalars():
        about = {"check_id": check_id, "pupil_id": found, "school_id": school_id, "other_school_id": None}
        yield {"kind": "died_on_roll", **about, "says": {}}


def _decided(connection: Connection, check_id: int, wanted: Sequence[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    """What a person has decided is not asked again; of two schools `claims` says so."""
    entries = t.resolutions.c
    kinds = [kind for kind in OF_ROLLS if kind != "two_schools"]
    query = select(t.resolutions).where(
        entries.check_id == check_id, entries.kind.in_(kinds), entries.decision.is_not(None)
    )
    return {
        _key(row._asdict())
        for part in _chunks(sorted({row["pupil_id"] for row in wanted}))
        for row in connection.execute(query.where(entries.pupil_id.in_(part)))
    }


def _chunks(things: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(things), CHUNK):
        yield things[start : start + CHUNK]


def stop_all(connection: Connection, access: Access, died: Sequence[int]) -> None:
    """Of pupils who have died: no list, no coach and nothing to resolve, from now on."""
    at = now()
    for part in _chunks(died):
        connection.execute(
            update(t.pupils).where(t.pupils.c.id.in_(part), t.pupils.c.died_at.is_(None)).values(died_at=at)
        )
        mine = (t.assignments.c.pupil_id.in_(part), t.assignments.c.ended_at.is_(None))
        connection.execute(
            update(t.assignments).where(*mine).values(ended_at=at, ended_by_id=access.person_id, ended_reason="died")
        )
        entries = t.resolutions.c
        about = (entries.pupil_id.in_(part), entries.closed_at.is_(None))
        connection.execute(update(t.resolutions).where(*about).values(closed_at=at))
