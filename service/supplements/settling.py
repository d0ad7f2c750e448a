"""What a confirmed roll settles by itself: rows of lists find their pupils, the own roll gives up pupils of schools."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from service import tables as t
from service.clock import now
from service.supplements.disagreements import review
from service.supplements.matching import MATCHED, PROPOSED, match_rows
from service.supplements.queries import UNDECIDED
from service.uploads.claims import NOT_MAIN

AT_ONCE = 400  # a database takes a limited number of parameters

_row, _roll = t.supplement_rows.c, t.roll_pupils.c
_UNDECIDED = (
    select(t.supplement_rows)
    .join(t.supplements, t.supplements.c.id == _row.supplement_id)
    .where(t.supplements.c.state == "live", _row.state.in_(UNDECIDED))
    .order_by(_row.id)
)
_OWN_ROLL = select(_roll.pupil_id).where(
    _roll.check_id == bindparam("check"), _roll.live, _roll.status == "on_roll", _roll.school_id.is_(None)
)


def close_settled(connection: Connection, check_id: int, pupils: Collection[int] | None = None) -> set[int]:
    """After rolls of these pupils of a check were switched live (None: everybody). In the caller's transaction, before
    the register is worked out; returns the pupils whose lines it changes beside those.
    """
    found = _find_pupils(connection)
    given_up = _give_up(connection, check_id, pupils)
    review(connection, check_id, None if pupils is None else {*pupils, *found, *given_up})
    return found | given_up


def _find_pupils(connection: Connection) -> set[int]:
    """Undecided rows of live lists whose pupils are known now; returns those pupils."""
    waiting = connection.execute(_UNDECIDED).all()
    if not waiting:
        return set()
    found: set[int] = set()
    for item, match in zip(waiting, match_rows(connection, [item.record["values"] for item in waiting]), strict=True):
        if match.state == MATCHED and match.pupil is not None:
            if _give(connection, item, match.pupil):
                found.add(match.pupil)
        elif match.state == PROPOSED and item.proposed_id != match.may_be[0]:
            _change(connection, item, state=PROPOSED, proposed_id=match.may_be[0])
        elif match.state != item.state:
            _change(connection, item, state=match.state, proposed_id=None)
    return found


def _give(connection: Connection, item: Any, pupil: int) -> bool:
    """Give a row to its pupil, unless nothing may be kept of the pupil."""
    restricted = connection.execute(select(t.pupils.c.restricted).where(t.pupils.c.id == pupil)).scalar_one()
    if restricted:
        _change(connection, item, state="restricted", proposed_id=None, record={**item.record, "values": {}})
    else:
        _change(connection, item, state=MATCHED, proposed_id=None, pupil_id=pupil)
    entry = t.resolutions.c
    connection.execute(
        update(t.resolutions)
        .where(entry.supplement_row_id == item.id, entry.closed_at.is_(None))
        .values(closed_at=now(), version=entry.version + 1)
    )
    return not restricted


def _change(connection: Connection, item: Any, **values: Any) -> None:
    connection.execute(
        update(t.supplement_rows).where(t.supplement_rows.c.id == item.id).values(version=item.version + 1, **values)
    )


def _give_up(connection: Connection, check_id: int, pupils: Collection[int] | None) -> set[int]:
    """Take pupils off the council's own roll whom a school has as its own now."""
    mine = set(connection.execute(_OWN_ROLL, {"check": check_id}).scalars())
    roll = t.roll_pupils.c
    live = (roll.check_id == check_id, roll.live, roll.status == "on_roll")
    listed = set()
    for part in _parts(mine if pupils is None else mine & {*pupils}):
        query = select(roll.pupil_id, roll.record).where(*live, roll.school_id.is_not(None), roll.pupil_id.in_(part))
        listed |= {
            pupil
            for pupil, record in connection.execute(query)
            if record["values"].get("registration_status") not in NOT_MAIN
        }
    for part in _parts(listed):
        connection.execute(
            update(t.roll_pupils).where(*live, roll.school_id.is_(None), roll.pupil_id.in_(part)).values(live=False)
        )
    return listed


def _parts(ids: Collection[int]) -> Iterator[list[int]]:
    whole = sorted(ids)
    return (whole[start : start + AT_ONCE] for start in range(0, len(whole), AT_ONCE))
