"""Pupils whom two schools have: which of them had the pupil first, and whether their registrations agree.

A school has a pupil while its last roll that counts, of whichever check, has the pupil on it. Who confirms while
another has the pupil is second, also by a late roll of an earlier check. Two registrations agree where the first says
that there is another (main of two; or subsidiary, guest and the like, which are beside a main one). Where they do not,
the council settles it; until then the second school sees only what it sent (access.py). What a person has decided
stands until one of the two schools has confirmed that the pupil left.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, select

from service import tables as t
from service.among import among
from service.uploads.rolls import LEFT, ON_ROLL

NOT_MAIN = ("subsidiary", "guest", "further_education", "other")  # registered there beside another, main school
MAIN_OF_TWO = "main_dual"

Pair = tuple[int, frozenset[int]]  # a pupil, and the two schools

_entry, _roll, _check, _this = t.resolutions.c, t.roll_pupils.c, t.checks.c, t.checks.alias("this_check").c
_CHECKS = select(_check.id).order_by(_check.on.desc(), _check.id.desc())
_ELSEWHERE = (
    select(_roll.pupil_id)
    .where(among(_roll.pupil_id, "pupils"), _roll.live)
    .where(_roll.school_id.is_distinct_from(bindparam("school")))
    .distinct()
)
_ROLLS_OF_OTHERS = (
    select(_roll.pupil_id, _roll.school_id, _roll.check_id, _roll.status, _roll.record)
    .add_columns(_check.label, _check.year, t.pupils.c.leavers)
    .add_columns(select(_this.year).where(_this.id == bindparam("check")).scalar_subquery().label("now"))
    .join(t.checks, _check.id == _roll.check_id)
    .join(t.pupils, t.pupils.c.id == _roll.pupil_id)
    .where(among(_roll.pupil_id, "pupils"), _roll.live)
    .where(_roll.school_id.is_not(None), _roll.school_id != bindparam("school"))
)
_ENTRIES = (
    select(t.resolutions).where(_entry.kind == "two_schools", among(_entry.pupil_id, "pupils")).order_by(_entry.id)
)
_LEFT = select(_roll.pupil_id, _roll.school_id, _roll.check_id).where(
    among(_roll.pupil_id, "pupils"), _roll.live, _roll.school_id == bindparam("school"), _roll.status == LEFT
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A pupil of a school's roll whom another school has, too, and does not share."""

    pupil_id: int
    school_id: int
    other_id: int
    second: bool  # whether `school_id` is the one that reads only what it sent
    settled: bool  # by a person
    says: Mapping[str, Any] = field(default_factory=dict)

    @property
    def entry(self) -> dict[str, Any]:
        """What is put on the list “to resolve”, without its check."""
        schools = {"school_id": self.school_id, "other_school_id": self.other_id}
        return {"kind": "two_schools", "pupil_id": self.pupil_id, **schools, "says": dict(self.says)}


def every_check(connection: Connection) -> list[int]:
    """The checks, the latest first."""
    return list(connection.execute(_CHECKS).scalars())


def elsewhere(connection: Connection, school_id: int | None, pupils: Collection[int]) -> set[int]:
    """Those of a school's pupils who are on any other roll that counts, be it the council's own; mostly nobody.

    What one transaction asks of a new roll (`claims`, restricting.py) it need ask of these only.
    """
    if not pupils:
        return set()
    return set(connection.execute(_ELSEWHERE, {"pupils": pupils, "school": school_id}).scalars())


def claims(
    connection: Connection, check_id: int, school_id: int | None, on_roll: Mapping[int, Mapping[str, Any]]
) -> list[Claim]:
    """The pupils of a school's new roll, by id with their records, whom another school has and does not share.

    None for the council's own roll: it shares with every school.
    """
    if school_id is None or not on_roll:
        return []
    asked = {"pupils": on_roll, "school": school_id, "check": check_id}
    rows = connection.execute(_ROLLS_OF_OTHERS, asked).all()
    if not rows:
        return []
    checks = every_check(connection)
    had = {key: row for key, row in _latest(rows, checks).items() if row.status == ON_ROLL and _still(row)}
    if not had:
        return []
    entries = _entries(connection, checks, school_id, {pupil for pupil, _ in had}, rows)
    found = []
    for (pupil, other), row in had.items():
        entry = entries.get((pupil, frozenset({school_id, other})))
        mine, theirs = _registered(on_roll[pupil]), _registered(row.record)
        first, second = (mine, theirs) if _is_first(entry, school_id) else (theirs, mine)
        if not agree(first, second):
            decided = entry is not None and entry.decision is not None
            label = None if row.check_id == check_id else row.label
            says = {"as": second if second in NOT_MAIN else None, "last": label}
            found.append(Claim(pupil, school_id, other, _is_second(entry, school_id), decided, says))
    return found


def agree(first: str | None, second: str | None) -> bool:
    """Whether a second registration is one that the first says there is.

    >>> agree("main_dual", "subsidiary"), agree("subsidiary", None), agree(None, "guest"), agree(None, None)
    (True, True, False, False)
    """
    return first == MAIN_OF_TWO if second in NOT_MAIN else first in NOT_MAIN


def held_by_others(
    connection: Connection, check_id: int, school_id: int | None, on_roll: Mapping[int, Mapping[str, Any]]
) -> set[int]:
    """Those of a school's pupils of whom another school's word counts until it is settled."""
    return {claim.pupil_id for claim in claims(connection, check_id, school_id, on_roll) if claim.second}


def _registered(record: Mapping[str, Any]) -> str | None:
    said: str | None = record["values"].get("registration_status")
    return said


def _latest(rows: Sequence[Any], checks: Sequence[int]) -> dict[tuple[int, int], Any]:
    """By pupil and school what it says last."""
    oldest_first = sorted(rows, key=lambda row: -checks.index(row.check_id))
    return {(row.pupil_id, row.school_id): row for row in oldest_first}


def _still(row: Any) -> bool:
    """A roll says nothing of where a pupil went after Year 11: everybody enrols anew, and nobody is asked."""
    return row.leavers is None or row.year >= row.now or row.leavers > row.now or row.year >= row.leavers


def _entries(
    connection: Connection, checks: Sequence[int], school_id: int, pupils: Collection[int], rolls: Sequence[Any]
) -> dict[Pair, Any]:
    """By pupil and the two schools what is open between them, or was decided by a person and holds still."""
    rows = connection.execute(_ENTRIES, {"pupils": pupils}).all()
    last = {(row.pupil_id, frozenset({row.school_id, row.other_school_id})): row for row in rows}
    if not last:
        return {}
    gone = {(row.pupil_id, row.school_id, row.check_id) for row in rolls if row.status == LEFT}
    gone |= _left(connection, school_id, pupils)
    return {pair: row for pair, row in last.items() if row.closed_at is None or _holds(pair, row, checks, gone)}


def _holds(pair: Pair, row: Any, checks: Sequence[int], gone: set[tuple[int, int, int]]) -> bool:
    """Whether a person has decided it, and neither school has confirmed since that the pupil left."""
    pupil, schools = pair
    since = checks[: checks.index(row.check_id) + 1]
    return row.closed_by_id is not None and not any((pupil, who, check) in gone for who in schools for check in since)


def _left(connection: Connection, school_id: int, pupils: Collection[int]) -> set[tuple[int, int, int]]:
    return {tuple(row) for row in connection.execute(_LEFT, {"pupils": pupils, "school": school_id})}


def _is_first(entry: Any, school_id: int) -> bool:
    return entry is not None and entry.other_school_id == school_id


def _is_second(entry: Any, school_id: int) -> bool:
    """Whether a school reads only what it sent: nobody has said otherwise, or the council has decided so."""
    if entry is None:
        return True
    if entry.decision == "both":
        return False
    winner = entry.school_id if entry.decision == "school" else entry.other_school_id
    return bool(winner != school_id)
