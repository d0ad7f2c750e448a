"""Where a school and a council list say different things of a pupil: counted as met until a person decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from roni import national
from service import tables as t
from service.among import among
from service.clock import now
from service.refs import new_ref

KIND = "sources_disagree"
ON_LIST = ("matched", "own_roll")
AT_ONCE = 400  # a database takes a limited number of parameters
LAPSED = "lapsed"
Who = tuple[int, str]  # a pupil, and the field

_open, _list, _listed = t.resolutions.c, t.supplements.c, t.supplement_rows.c
_LISTS = select(t.supplements).where(_list.state == "live").order_by(_list.id)
_SAID = (
    select(_listed.pupil_id, _listed.record)
    .where(_listed.supplement_id == bindparam("list"), _listed.state.in_(ON_LIST))
    .order_by(_listed.id)
)
_SAID_OF = _SAID.where(among(_listed.pupil_id, "pupils"))
_ENTRIES = select(t.resolutions).where(_open.kind == KIND, _open.check_id == bindparam("check"))
_ENTRIES_OF = _ENTRIES.where(among(_open.pupil_id, "pupils"))


@dataclass(frozen=True, slots=True)
class _Said:
    """What one live list says: of whom it speaks by name, and whether it speaks of others by leaving them out."""

    item: Any
    rows: Mapping[int, Mapping[str, Any]]

    def of(self, pupil: int, field: str, year: int | None) -> bool | None:
        """Yes, no, or nothing."""
        if pupil in self.rows:
            value = self.rows[pupil].get(field)
            return True if value is None and field == self.item.field else value
        covered = self.item.complete and (not self.item.years or year in self.item.years)
        return False if covered else None


def review(connection: Connection, check_id: int, pupils: Collection[int] | None = None) -> None:
    """Open what disagrees now among these pupils of a check (None: everybody), and close what does so no more."""
    live, entries = connection.execute(_LISTS).all(), _entries(connection, check_id, pupils)
    if not live and not entries:
        return
    lists = [_says(connection, item, pupils) for item in live]
    found = {(row["pupil_id"], row["field"]): row for row in _found(connection, check_id, lists, pupils)}
    open_now = {_who(row): row for row in entries if row.closed_at is None}
    _close(connection, [row.id for who, row in open_now.items() if who not in found])
    _tell_anew(connection, {row.id: found[who]["says"] for who, row in open_now.items() if who in found})
    _let_lapse(connection, [row for row in entries if row.decision is not None], found)
    fresh = {who: row for who, row in found.items() if who not in open_now}
    before = _decided(connection, fresh)
    rows = [_entry(check_id, row, before.get(who)) for who, row in fresh.items() if not _is_here(before, who, check_id)]
    if rows:
        connection.execute(insert(t.resolutions), rows)


def _tell_anew(connection: Connection, says: Mapping[int, Mapping[str, Any]]) -> None:
    """Name the list that says so now: a later one may have taken the place of the one that was named."""
    entry = t.resolutions.c
    for part in _parts(says):
        for row in connection.execute(select(entry.id, entry.says).where(entry.id.in_(part))).all():
            if row.says != says[row.id]:
                connection.execute(update(t.resolutions).where(entry.id == row.id).values(says=says[row.id]))


def _who(row: Any) -> Who:
    return row.pupil_id, row.field


def _let_lapse(connection: Connection, decided: Iterable[Any], found: Mapping[Who, Mapping[str, Any]]) -> None:
    """A decision stands only while school and list say what they said when it was made."""
    for row in decided:
        lapsed = _who(row) not in found or found[_who(row)]["says"]["school"] != row.says["school"]
        if lapsed != row.says.get(LAPSED, False):
            says = {**row.says, LAPSED: lapsed}
            connection.execute(update(t.resolutions).where(t.resolutions.c.id == row.id).values(says=says))


def _is_here(before: Mapping[Who, Any], who: Who, check_id: int) -> bool:
    return who in before and before[who].check_id == check_id


def _entry(check_id: int, row: Mapping[str, Any], before: Any | None) -> dict[str, Any]:
    """A new entry; where the same two answers were decided on for another check, that decision stands."""
    entry = {**row, "ref": new_ref("resolution"), "kind": KIND, "check_id": check_id}
    more = ("closed_at", "closed_by_id", "decision", "reason")
    return {**entry, **{name: None if before is None else getattr(before, name) for name in more}}


def _says(connection: Connection, item: Any, pupils: Collection[int] | None) -> _Said:
    """What the rows of a list say of flags: of these pupils, of all where none are given."""
    asked = {"list": item.id, "pupils": pupils}
    found = connection.execute(_SAID, {"list": item.id}) if pupils is None else connection.execute(_SAID_OF, asked)
    rows: dict[int, dict[str, Any]] = {}
    for pupil, record in found:
        rows.setdefault(pupil, {}).update(record["values"])
    return _Said(item, rows)


def _found(
    connection: Connection, check_id: int, lists: list[_Said], pupils: Collection[int] | None
) -> Iterator[dict[str, Any]]:
    """Every disagreement: of several lists that say otherwise than the school, the latest."""
    flags = {
        name: [said for said in lists if name in said.item.fields]
        for name in sorted({name for said in lists for name in said.item.fields})
        if national()[name].type == "flag"
    }
    for roll in _rolls(connection, check_id, list(flags), lists, pupils):
        values = roll.record["values"]
        for name, each in flags.items():
            own = values.get(name)
            if own is None:
                continue
            said = [(item, item.of(roll.pupil_id, name, values.get("year_group"))) for item in each]
            known = [(item, answer) for item, answer in said if answer is not None]
            answers = {answer for _, answer in known}
            if answers == {not own}:  # where lists disagree among themselves, no school is asked
                yield _row(roll, name, own, known[-1][0].item)


def _row(roll: Any, name: str, own: bool, item: Any) -> dict[str, Any]:
    says = {"school": own, "list": item.ref, "list_name": item.name, "as_at": item.as_at.isoformat()}
    return {
        "pupil_id": roll.pupil_id,
        "school_id": roll.school_id,
        "field": name,
        "says": {**says, "label": national()[name].label},
    }


def _rolls(
    connection: Connection, check_id: int, flags: list[str], lists: list[_Said], pupils: Collection[int] | None
) -> Iterator[Any]:
    """The rolls on which something may disagree: of these pupils, else of the listed and of the school’s yes."""
    roll = t.roll_pupils.c
    query = select(roll.pupil_id, roll.school_id, roll.record).where(
        roll.check_id == check_id, roll.live, roll.status == "on_roll", roll.school_id.is_not(None)
    )
    if not flags:
        return
    wanted = pupils if pupils is not None else {pupil for said in lists for pupil in said.rows}
    seen: set[int] = set()
    for part in _parts(wanted):
        for row in connection.execute(query.where(roll.pupil_id.in_(part))):
            seen.add(row.pupil_id)
            yield row
    if pupils is None and any(said.item.complete for said in lists):
        yes = or_(*(roll.record[("values", name)].as_boolean() for name in flags))
        yield from (row for row in connection.execute(query.where(yes)) if row.pupil_id not in seen)


def _entries(connection: Connection, check_id: int, pupils: Collection[int] | None) -> Sequence[Any]:
    if pupils is None:
        return connection.execute(_ENTRIES, {"check": check_id}).all()
    return connection.execute(_ENTRIES_OF, {"check": check_id, "pupils": pupils}).all()


def _close(connection: Connection, ids: Iterable[int]) -> None:
    entry = t.resolutions.c
    for part in _parts(ids):
        connection.execute(
            update(t.resolutions).where(entry.id.in_(part)).values(closed_at=now(), version=entry.version + 1)
        )


def _decided(connection: Connection, fresh: Mapping[Who, Mapping[str, Any]]) -> dict[Who, Any]:
    """The last decision of a person about each of these, where school and list said then what they say now."""
    entry = t.resolutions.c
    query = select(t.resolutions).where(entry.kind == KIND, entry.decision.is_not(None)).order_by(entry.id)
    found = {}
    for part in _parts({pupil for pupil, _ in fresh}):
        for row in connection.execute(query.where(entry.pupil_id.in_(part))):
            who = (row.pupil_id, row.field)
            if who in fresh and row.says["school"] == fresh[who]["says"]["school"]:
                found[who] = row
    return found


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    whole = sorted(set(ids))
    return (whole[start : start + AT_ONCE] for start in range(0, len(whole), AT_ONCE))
