"""A council list beside the live one whose place it takes: who came on, who fell off, of whom it says otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from service import tables as t
from service.supplements.said import KEPT

ON_LIST = ("matched", "own_roll")
CAME_ON, FELL_OFF, CHANGED = "came_on", "fell_off", "changed"
Records = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """Records by pupil before and now; `earlier` are the ids of the lists before, the latest last."""

    earlier: tuple[int, ...]
    before: Records
    now: Records

    @property
    def counts(self) -> dict[str, int]:
        both = self.before.keys() & self.now.keys()
        changed = sum(self._says_otherwise(pupil) for pupil in both)
        return {
            CAME_ON: len(self.now.keys() - self.before.keys()),
            FELL_OFF: len(self.before.keys() - self.now.keys()),
            CHANGED: changed,
            "unchanged": len(both) - changed,
        }

    def items(self) -> list[tuple[str, int, Mapping[str, Any]]]:
        """Every change with the pupil and the row that says it, in an order that stays."""
        came = [(CAME_ON, pupil, self.now[pupil]) for pupil in self.now.keys() - self.before.keys()]
        fell = [(FELL_OFF, pupil, self.before[pupil]) for pupil in self.before.keys() - self.now.keys()]
        both = self.before.keys() & self.now.keys()
        changed = [(CHANGED, pupil, self.now[pupil]) for pupil in both if self._says_otherwise(pupil)]
        return sorted([*came, *fell, *changed], key=lambda item: item[:2])

    def _says_otherwise(self, pupil: int) -> bool:
        return _facts(self.before[pupil]) != _facts(self.now[pupil])


def _facts(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record["values"].items() if name not in KEPT}


def difference_of(connection: Connection, row: Any) -> Difference:
    """A staged list beside those live now; a live or superseded one beside the one it replaced."""
    if row.state == "staged":
        earlier = tuple(item.id for item in replaced_by(connection, row))
    else:
        earlier = () if row.earlier_id is None else (row.earlier_id,)
    return Difference(earlier, _records(connection, earlier), _records(connection, (row.id,)))


def replaced_by(connection: Connection, row: Any) -> list[Any]:
    """The live lists whose place a list takes: the same team's, of the same facts, for any of the same year groups."""
    lists = t.supplements.c
    query = select(t.supplements).where(lists.team == row.team, lists.state == "live", lists.id != row.id)
    same = query.where(lists.field.is_(None) if row.field is None else lists.field == row.field)
    return [
        other
        for other in connection.execute(same.order_by(lists.as_at, lists.id))
        if _overlap(other.years, row.years) and (row.field is not None or set(other.fields) == set(row.fields))
    ]


def takes_place_of(one: Any, other: Any) -> bool:
    """Whether a list that was confirmed later is of the same facts as another, for any of the same year groups."""
    alike = (one.team, one.field) == (other.team, other.field) and _overlap(one.years, other.years)
    return (
        alike
        and one.confirmed_at > other.confirmed_at
        and (one.field is not None or set(one.fields) == set(other.fields))
    )


def _overlap(one: Sequence[int], other: Sequence[int]) -> bool:
    """No year group named means all."""
    return not one or not other or bool(set(one) & set(other))


def _records(connection: Connection, lists: Sequence[int]) -> Records:
    row = t.supplement_rows.c
    query = (
        select(row.pupil_id, row.record)
        .where(row.supplement_id.in_(lists), row.state.in_(ON_LIST), row.pupil_id.is_not(None))
        .order_by(row.id)
    )
    return {row.pupil_id: row.record for row in connection.execute(query)}
