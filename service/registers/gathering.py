"""The pupils of a check and what is known of each from all registrations that count, in parts of one roll each.

Nearly everybody is on one roll and nothing else is said of them: those come from the roll's columns. Of the others the
records are read one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, not_, select

from roni import pupils_by_field
from service import tables as t
from service.among import among
from service.registers.columns import Columns, columns_of, taken
from service.registers.registrations import LEFT, ON_ROLL, has_died, heard, main_first, record_of, with_decided
from service.supplements.decisions import Decisions

FEW = 20  # of so few pupils the records are read: a roll's columns hold everybody
WHERE = ("district", "home_authority")

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


class Who(NamedTuple):
    """One pupil: the row of the main registration, and where its roll says that the pupil lives."""

    row: Any
    district: str | None
    home_authority: str | None


class Part(NamedTuple):
    """Pupils whose main registration is on one roll, in its order, and what is known of them under their keys of now,
    as `roni.pupils_by_field` has it."""

    submission: int
    pupils: Mapping[str, Any]
    who: Sequence[Who]


def gather(
    connection: Connection,
    check_id: int,
    pupils: Collection[int] | None,
    school: int | None,
    decided: Decisions,
    names: Mapping[int | None, str],
) -> list[Part]:
    """The pupils of a check, or of these, or whose main school it is; not who has died, or left and is closed."""
    parts: list[Part] = []
    if pupils is None or len(pupils) > FEW:
        rows = _live(connection, _LIGHT, check_id, pupils).all()
        columns = columns_of(connection, {row.submission_id for row in rows})
        alone = _alone(rows, columns, decided)
        parts += _from_columns(alone, columns, school)
        pupils = {row.pupil_id for row in rows} - {row.pupil_id for row in alone}
    if pupils:
        parts += _from_records(_by_pupil(connection, check_id, pupils, decided), school, decided, names)
    return parts


def _alone(rows: Sequence[Any], columns: Mapping[int, Columns], decided: Decisions) -> list[Any]:
    """The registrations of which nothing but their own roll says anything."""
    number = Counter(row.pupil_id for row in rows)
    asked = {*decided.flags, *decided.main, *decided.unheard}
    left = {each: columns[each]["values"].get("leaving_destination") for each in columns}
    return [
        row
        for row in rows
        if row.nothing_more and number[row.pupil_id] == 1 and row.submission_id in columns
        if row.pupil_id not in asked and ((to := left[row.submission_id]) is None or to[row.place] != "died")
    ]


def _from_columns(rows: Sequence[Any], columns: Mapping[int, Columns], school: int | None) -> Iterator[Part]:
    """`rows` are in the order of their rolls and places."""
    mine = rows if school is None else [row for row in rows if row.school_id == school]
    for submission, group in groupby(mine, key=attrgetter("submission_id")):
        here = list(group)
        said = taken(columns[submission], [row.place for row in here])
        said |= {"key": [row.key for row in here], "kind": [row.key_kind for row in here]}
        nothing = [None] * len(here)
        where = [said["values"].get(name) or nothing for name in WHERE]
        yield Part(submission, said, list(map(Who, here, *where)))


def _from_records(
    chosen: Iterator[list[Any]], school: int | None, decided: Decisions, names: Mapping[int | None, str]
) -> Iterator[Part]:
    """Of pupils by their registrations, the one that counts first."""
    mine = [rolls for rolls in chosen if school is None or rolls[0].school_id == school]
    for submission, group in groupby(sorted(mine, key=_stands), key=lambda rolls: rolls[0].submission_id):
        rolls = list(group)
        rows = [each[0] for each in rolls]
        records = [with_decided(record_of(each, names), decided.flags.get(each[0].pupil_id, {})) for each in rolls]
        said = [{**record, "key": row.key, "kind": row.key_kind} for row, record in zip(rows, records, strict=True)]
        who = [Who(row, *(row.record["values"].get(name) for name in WHERE)) for row in rows]
        yield Part(submission, pupils_by_field(said), who)


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
