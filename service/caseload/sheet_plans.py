"""What merging a team's sheet would do, row by row, without doing it: looked at first, and carried out when confirmed.

What somebody else changed since the sheet went out stays, and the row is a conflict for a person to look at. A sheet
sent twice has nothing to do the second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from service import tables as t
from service.access import Access
from service.caseload.contact_schemas import KINDS, LONGEST_ACTION, LONGEST_NOTE, OUTCOMES
from service.caseload.contacts import due_actions
from service.caseload.sheet_cells import CellError, Said
from service.caseload.sheet_reading import ACTION, ACTION_BY, AS_SENT, CONTACTED, DONE, HOW, NOTE, OUTCOME, REFERENCE
from service.caseload.sheets import as_sent, digest
from service.clock import today

AT_ONCE = 500
PLACED, MOVED, ENDED, CONFLICT = "placed", "moved", "done", "conflict"  # what becomes of a next action
NOTHING_TO_CHANGE = {"action_without_contact": ACTION, "nothing_to_do": DONE}  # code -> the column that asks for it
_DATE = "This is no date that can be read. Write it like 27/11/2026."
SENTENCES: Mapping[str, str | Mapping[str, str]] = {
    "unknown_pupil": "There is no such pupil, or you may not see them. Keep the reference as it was sent.",
    "twice": "This pupil stands in the sheet twice. Only the first row counts.",
    "contact_incomplete": f"A contact needs “{CONTACTED}”, “{HOW}” and “{OUTCOME}”.",
    "unreadable": {
        DONE: "Write yes or no, or leave it empty.", ACTION_BY: _DATE, CONTACTED: _DATE,
        HOW: f"Use one of these words: {', '.join(KINDS.values())}.",
        OUTCOME: f"Use one of these words: {', '.join(OUTCOMES.values())}.",
    },
    "too_long": {
        NOTE: f"Write at most {LONGEST_NOTE:,} characters.", ACTION: f"Write at most {LONGEST_ACTION} characters.",
    },
    "in_the_future": "A contact is of today or before. What is planned is a next action.",
    "record_closed": "Nothing more is recorded about this pupil.",
    "action_and_date": "A next action needs its date, and a date its action.",
    "action_without_contact": "A new next action needs a contact in the same row: there is none to put it with.",
    "nothing_to_do": f"This pupil has no next action that could be done. Leave “{DONE}” empty.",
    "changed_since": "Somebody changed the next action after the sheet went out. Theirs stands; look at yours again.",
}  # fmt: skip


def sentence(code: str, column: str | None) -> str:
    """What to do about a row, in words."""
    said = SENTENCES[code]
    return said if isinstance(said, str) else said[str(column)]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a row would do; `due` is the next action that stands, of the pupil's row `pupil`."""

    row: int
    pupil: Any | None = None
    said: Said | None = None
    due: Any | None = None
    contact: bool = False
    action: str | None = None
    problem: str | None = None
    column: str | None = None

    @property
    def changes(self) -> bool:
        return self.contact or self.action in (PLACED, MOVED, ENDED)

    @property
    def not_taken(self) -> bool:
        """Whether something of the row is left for a person to look at."""
        return self.problem is not None or self.action == CONFLICT


def plan(connection: Connection, access: Access, rows: Sequence[Mapping[str, Any]]) -> list[Plan]:
    """The plans of a sheet's rows, in their order."""
    known = Known.of(connection, access, rows)
    found, seen = [], set[int]()
    for row in rows:
        pupil = known.pupils.get(_reference(row))
        if pupil is None or pupil.id in seen:
            found.append(Plan(row["row"], pupil, problem="unknown_pupil" if pupil is None else "twice"))
            continue
        seen.add(pupil.id)
        found.append(_plan(known, row, pupil))
    return [replace(item, column=REFERENCE) if item.problem in ("unknown_pupil", "twice") else item for item in found]


@dataclass(frozen=True, slots=True)
class Known:
    """What the service has of the pupils of a sheet: the caller's own contacts with them, what is due, what is done."""

    pupils: dict[str, Any]
    due: dict[int, Any]
    made: set[tuple[Any, ...]]
    done: set[tuple[int, str]]

    @classmethod
    def of(cls, connection: Connection, access: Access, rows: Sequence[Mapping[str, Any]]) -> Known:
        """By references, as far as the caller may read the pupils."""
        pupils = _pupils(connection, access, [_reference(row) for row in rows])
        known = cls(pupils, {}, set(), set())
        c = t.contacts.c
        for part in parts([pupil.id for pupil in pupils.values()]):
            known.due.update(due_actions(connection, part))
            theirs = connection.execute(select(t.contacts).where(c.pupil_id.in_(part)))
            for row in theirs:
                if row.by_id == access.person_id:
                    known.made.add((row.pupil_id, row.on, row.kind, row.outcome, row.note))
                if row.done_at is not None:
                    known.done.add((row.pupil_id, row.ref))
        return known


def _pupils(connection: Connection, access: Access, refs: list[str]) -> dict[str, Any]:
    return {row.ref: row for part in parts(refs) for row in _readable(connection, access, t.pupils.c.ref.in_(part))}


def pupils_by_id(connection: Connection, access: Access, ids: list[int]) -> dict[int, Any]:
    """The rows of pupils by id, as far as the caller may read them."""
    return {row.id: row for part in parts(ids) for row in _readable(connection, access, t.pupils.c.id.in_(part))}


def _readable(connection: Connection, access: Access, condition: ColumnElement[bool]) -> Iterable[Any]:
    return connection.execute(select(t.pupils).where(condition, access.may_read(t.pupils.c.id)))


def parts(values: list[Any]) -> Iterator[list[Any]]:
    """Values, as many at a time as a query takes."""
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


def _reference(row: Mapping[str, Any]) -> str:
    return str(row.get(REFERENCE, "")).strip()


def _plan(known: Known, row: Mapping[str, Any], pupil: Any) -> Plan:
    made = Plan(row["row"], pupil, due=known.due.get(pupil.id))
    try:
        said = Said.of(row)
    except CellError as error:
        return replace(made, problem=error.code, column=error.column)
    made = replace(made, said=said)
    contact = said.contact and (pupil.id, said.on, said.kind, said.outcome, said.note) not in known.made
    if contact and said.on is not None and said.on > today():
        return replace(made, problem="in_the_future", column=CONTACTED)
    action = _action(known, made, said, str(row.get(AS_SENT, "")), contact)
    if pupil.died_at is not None and (contact or action):
        return replace(made, problem="record_closed")
    if action in NOTHING_TO_CHANGE:
        return replace(made, contact=contact, problem=action, column=NOTHING_TO_CHANGE[action])
    return replace(made, contact=contact, action=action)


def _action(known: Known, made: Plan, said: Said, sent: str, contact: bool) -> str | None:
    """What becomes of the next action: moved or done only where it is still the one that was sent."""
    due, pupil = made.due, made.pupil
    assert pupil is not None
    edited = said.action is not None and digest(said.action, said.by) != sent.partition(".")[0]
    if contact and edited and due is None:
        return PLACED
    if not (edited or said.done) or (due is not None and not said.done and _same(due, said)):
        return None
    if said.done and (pupil.id, sent.partition(".")[2].partition(":")[0]) in known.done:
        return None
    if as_sent(due) != sent:
        return CONFLICT
    if due is None:
        return "nothing_to_do" if said.done else "action_without_contact"
    return ENDED if said.done else MOVED


def _same(due: Any, said: Said) -> bool:
    return digest(due.next_action, due.next_on) == digest(said.action, said.by)
