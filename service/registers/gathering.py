"""The pupils of a check and what is known of each from all registrations that count, in parts of one roll each.

Nearly everybody is on one roll and nothing else is said of them: those come from the roll's columns. Of the others the
records are read one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby, repeat
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, not_, select

from roni import pupils_by_field
from service import tables as t
from service.among import among
from service.registers.columns import Columns, columns_of, taken
from service.registers.registrations import LEFT, ON_ROLL, has_died, heard, main_first, record_of, with_decided
from service.supplements.decisions import Decisions

FEW = 20  # of so few pupils the records are read: a roll's columns hold everybody

_ROLL, _PUPIL = t.roll_pupils.c, t.pupils.c
_WHO = (_ROLL.pupil_id, _ROLL.submission_id, _ROLL.place, _ROLL.school_id, _ROLL.status)
_KNOWN = (_PUPIL.ref, _PUPIL.key, _PUPIL.key_kind, _PUPIL.district, _PUPIL.home_authority)
_NOTHING_MORE = and_(_ROLL.status == ON_ROLL, not_(_PUPIL.restricted), _PUPIL.died_at.is_(None)).label("nothing_more")


# The live registrations without what they say, and with all of it.
_LIGHT = (
    select(*_WHO, *_KNOWN, _NOTHING_MORE)
    .join(t.pupils, _PUPIL.id == _ROLL.pupil_id)
    .order_by(_ROLL.submission_id, _ROLL.place)
)
_WHOLE = (
    select(*_WHO, _ROLL.leaver, _ROLL.record, *_KNOWN, _PUPIL.restricted, _PUPIL.died_at, _PUPIL.closed_at)
    .add_columns(t.submissions.c.confirmed_at)
    .join(t.pupils, _PUPIL.id == _ROLL.pupil_id)
    .join(t.submissions, t.submissions.c.id == _ROLL.submission_id)
)
_OF_CHECK = and_(_ROLL.check_id == bindparam("check"), _ROLL.live)


class Place(NamedTuple):
    """Where one pupil of an effective cohort stands: the pupil, the main registration, and whether that has ended."""

    pupil_id: int
    ref: str
    key: str
    school_id: int | None
    left: bool
    leaver: Mapping[str, Any] = MappingProxyType({})
    district: str | None = None
    home_authority: str | None = None


class Part(NamedTuple):
    """Pupils whose main registration is on one roll, in its order: where on it, where in the council, and what is known
    of them under their keys of now, as `roni.pupils_by_field` has it."""

    submission: int
    at: Sequence[int]
    places: Sequence[Place]
    pupils: Mapping[str, Any]


def gather(
    connection: Connection,
    check_id: int,
    pupils: Collection[int] | None,
    school: int | None,
    decided: Decisions,
    schools: Mapping[int | None, Any],
) -> list[Part]:
    """The pupils of a check, or of these, or whose main school it is; not who has died, or left and is closed."""
    parts: list[Part] = []
    if pupils is None or len(pupils) > FEW:
        rows = _live(connection, _LIGHT, check_id, pupils).all()
        columns = columns_of(connection, {row.submission_id for row in rows})
        alone = _alone(rows, columns, decided)
        parts += _from_columns(alone, columns, school, schools)
        pupils = () if alone is rows else {row.pupil_id for row in rows} - {row.pupil_id for row in alone}
    if pupils:
        parts += _from_records(_by_pupil(connection, check_id, pupils, decided), school, decided, schools)
    return parts


def _alone(rows: Sequence[Any], columns: Mapping[int, Columns], decided: Decisions) -> Sequence[Any]:
    """The registrations of which nothing but their own roll says anything: nearly always all."""
    asked = {*decided.flags, *decided.main, *decided.unheard}
    died = {each: _died(columns[each]) for each in columns}
    number = Counter(map(itemgetter(0), rows))
    plain = columns.keys() >= {row.submission_id for row in rows} and all(row.nothing_more for row in rows)
    if plain and len(number) == len(rows) and not (any(died.values()) or asked & number.keys()):
        return rows
    return [
        row
        for row in rows
        if row.nothing_more and number[row.pupil_id] == 1 and row.submission_id in columns
        if row.pupil_id not in asked and row.place not in died[row.submission_id]
    ]


def _died(columns: Columns) -> set[int]:
    """The places on a roll of whom it says so."""
    return {place for place, to in enumerate(columns["values"].get("leaving_destination", ())) if to == "died"}


def _from_columns(
    rows: Sequence[Any], columns: Mapping[int, Columns], school: int | None, schools: Mapping[int | None, Any]
) -> Iterator[Part]:
    """`rows` are in the order of their rolls and places."""
    mine = rows if school is None else [row for row in rows if row.school_id == school]
    for submission, group in groupby(mine, key=attrgetter("submission_id")):
        here = list(group)
        ids, _, at, whose, _, refs, keys, kinds, districts, homes, _ = zip(*here, strict=True)
        said = taken(columns[submission], at) | {"key": keys, "kind": kinds}
        by_roll = [said["values"].get(name) or repeat(None) for name in ("district", "home_authority")]
        of_school = (schools[number].district if number in schools else None for number in whose)
        where = (_first(by_roll[0], districts, of_school), _first(by_roll[1], homes))
        nobody_left: Any = (repeat(False), repeat(MappingProxyType({})))
        yield Part(submission, at, list(map(Place, ids, refs, keys, whose, *nobody_left, *where)), said)


def _first(*said: Iterable[str | None]) -> list[str | None]:
    """Of each pupil what is said first."""
    return [next(filter(None, each), None) for each in zip(*said, strict=False)]


def _from_records(
    chosen: Iterator[list[Any]], school: int | None, decided: Decisions, schools: Mapping[int | None, Any]
) -> Iterator[Part]:
    """Of pupils by their registrations, the one that counts first."""
    names = {number: row.name for number, row in schools.items()}
    mine = [rolls for rolls in chosen if school is None or rolls[0].school_id == school]
    for submission, group in groupby(sorted(mine, key=_stands), key=lambda rolls: rolls[0].submission_id):
        rolls = list(group)
        rows = [each[0] for each in rolls]
        records = [with_decided(record_of(each, names), decided.flags.get(each[0].pupil_id, {})) for each in rolls]
        said = [{**record, "key": row.key, "kind": row.key_kind} for row, record in zip(rows, records, strict=True)]
        places = [_place(row, schools.get(row.school_id)) for row in rows]
        yield Part(submission, [row.place for row in rows], places, pupils_by_field(said))


def _place(roll: Any, school: Any) -> Place:
    said = roll.record["values"]
    return Place(
        roll.pupil_id,
        roll.ref,
        roll.key,
        roll.school_id,
        roll.status == LEFT,
        roll.leaver or {},
        said.get("district") or roll.district or (school.district if school is not None else None),
        said.get("home_authority") or roll.home_authority,
    )


def _stands(rolls: Sequence[Any]) -> tuple[int, int]:
    """On which roll, and where on it."""
    return rolls[0].submission_id, rolls[0].place


def _by_pupil(
    connection: Connection, check_id: int, pupils: Collection[int], decided: Decisions
) -> Iterator[list[Any]]:
    """Each pupil's live registrations, the one that counts first, by pupil; not of those who stand in no list."""
    pupil_id = attrgetter("pupil_id")
    rows = _live(connection, _WHOLE, check_id, pupils)
    for pupil, group in groupby(sorted(rows, key=pupil_id), key=pupil_id):
        rolls = main_first(heard(list(group), decided.unheard.get(pupil, ())), decided.main.get(pupil))
        closed = rolls[0].closed_at is not None and rolls[0].status == LEFT
        if not closed and not has_died(rolls):
            yield rolls


def _live(connection: Connection, query: Select[Any], check_id: int, pupils: Collection[int] | None) -> Any:
    """The live registrations of a check, or of these pupils in it."""
    if pupils is None:
        return connection.execute(query.where(_OF_CHECK), {"check": check_id})
    return connection.execute(_of_these(query), {"check": check_id, "pupils": pupils})


@cache
def _of_these(query: Select[Any]) -> Select[Any]:
    return query.where(_OF_CHECK, among(_ROLL.pupil_id, "pupils"))
