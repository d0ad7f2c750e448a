"""A team's sheet that came back, merged: contacts are added, next actions moved, and nobody's update is lost.

What somebody else changed since the sheet went out stays, and the row is listed as a conflict for a person to look at.
A sheet sent twice adds nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from service import audit
from service import tables as t
from service.access import Access
from service.caseload import contacts
from service.caseload.contact_schemas import KINDS, OUTCOMES, ContactChange, NewContact
from service.caseload.contacts import due_actions
from service.caseload.sheet_reading import ACTION, ACTION_BY, AS_SENT, CONTACTED, DONE, HOW, NOTE, OUTCOME, REFERENCE
from service.caseload.sheets import as_sent, digest
from service.problems import Refusal

AT_ONCE = 500
DATES = ("%Y-%m-%d", "%d/%m/%Y", "%Y-%m-%d %H:%M:%S", "%d/%m/%y", "%Y-%m-%dT%H:%M:%S")
SENTENCES = {
    "unknown_pupil": "There is no such pupil, or you may not see them. Keep the reference as it was sent.",
    "twice": "This pupil stands in the sheet twice. Only the first row counts.",
    "contact_incomplete": f"A contact needs “{CONTACTED}”, “{HOW}” and “{OUTCOME}”.",
    "unreadable": "A date, a way of contact or an outcome cannot be read. Use the sheet's words, dates as 27/11/2026.",
    "action_and_date": "A next action needs its date, and a date its action.",
    "action_without_contact": "A new next action needs a contact in the same row: there is none to put it with.",
    "refused": "This row cannot be recorded: its contact is in the future, or the pupil's record is closed.",
    "changed_since": "Somebody changed the next action after the sheet went out. Theirs stands; look at yours again.",
}


@dataclass
class Report:
    """What became of a sheet."""

    rows: int = 0
    contacts_added: int = 0
    actions_changed: int = 0
    actions_done: int = 0
    unchanged: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)

    def say(self, row: int, code: str) -> None:
        self.problems.append({"row": row, "code": code, "message": SENTENCES[code]})

    def conflict(self, row: int, ref: str, due: Any | None) -> None:
        stands = None if due is None else {"contact": due.ref, "what": due.next_action, "on": due.next_on}
        self.conflicts.append({"row": row, "pupil": ref, "message": SENTENCES["changed_since"], "stands": stands})


class UnreadableCellError(ValueError):
    """A cell of a row says nothing that is understood."""


def merge(connection: Connection, access: Access, rows: Sequence[Mapping[str, Any]]) -> Report:
    """Merge the rows of a sheet in one transaction."""
    pupils = _pupils(connection, access, [str(row.get(REFERENCE, "")) for row in rows])
    report, seen = Report(rows=len(rows)), set[int]()
    due = {
        pupil: row
        for part in _parts([pupil.id for pupil in pupils.values()])
        for pupil, row in due_actions(connection, part).items()
    }
    for row in rows:
        pupil = pupils.get(str(row.get(REFERENCE, "")))
        if pupil is None or pupil.id in seen:
            report.say(row["row"], "unknown_pupil" if pupil is None else "twice")
            continue
        seen.add(pupil.id)
        _merge_row(connection, access, report, row, pupil, due.get(pupil.id))
    counts = {"rows": report.rows, "contacts": report.contacts_added, "conflicts": len(report.conflicts)}
    audit.record(connection, access, "sheet.merge", pupils=sorted(seen), detail=counts)
    return report


def _pupils(connection: Connection, access: Access, refs: list[str]) -> dict[str, Any]:
    return {
        row.ref: row
        for part in _parts(refs)
        for row in connection.execute(select(t.pupils).where(t.pupils.c.ref.in_(part), access.may_read(t.pupils.c.id)))
    }


def _parts(values: list[Any]) -> Iterator[list[Any]]:
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says."""

    action: str | None
    by: date | None
    done: bool
    on: date | None
    kind: str | None
    outcome: str | None
    note: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Said:
        """Raises UnreadableCellError."""
        return cls(
            _text(row, ACTION), _day(row, ACTION_BY), _yes(row), _day(row, CONTACTED),
            _code(row, HOW, KINDS), _code(row, OUTCOME, OUTCOMES), _text(row, NOTE),
        )  # fmt: skip

    @property
    def contact(self) -> bool:
        return any(value is not None for value in (self.on, self.kind, self.outcome, self.note))


def _merge_row(
    connection: Connection, access: Access, report: Report, row: Mapping[str, Any], pupil: Any, due: Any | None
) -> None:
    before = report.contacts_added + report.actions_changed + report.actions_done
    try:
        with connection.begin_nested():
            said = Said.of(row)
            if code := _wrong(said):
                report.say(row["row"], code)
                return
            edited = (
                digest(said.action, said.by) != str(row.get(AS_SENT, "")).partition(".")[0] and said.action is not None
            )
            placed = _contact(connection, access, report, said, pupil, with_action=edited and due is None)
            _action(connection, access, report, row, said, pupil, due, edited=edited and not placed)
    except UnreadableCellError:
        report.say(row["row"], "unreadable")
    except (Refusal, ValueError):
        report.say(row["row"], "refused")
    report.unchanged += before == report.contacts_added + report.actions_changed + report.actions_done


def _wrong(said: Said) -> str | None:
    if said.contact and None in (said.on, said.kind, said.outcome):
        return "contact_incomplete"
    if (said.action is None) != (said.by is None):
        return "action_and_date"
    return None


def _contact(
    connection: Connection, access: Access, report: Report, said: Said, pupil: Any, *, with_action: bool
) -> bool:
    """Add the row's contact, unless it is there; whether it took the next action with it."""
    if not said.contact:
        return False
    c, values = t.contacts.c, {"on": said.on, "kind": said.kind, "outcome": said.outcome, "note": said.note}
    there = select(c.id).where(c.pupil_id == pupil.id, c.by_id == access.person_id, c.on == said.on)
    there = there.where(
        c.kind == said.kind,
        c.outcome == said.outcome,
        c.note.is_(said.note) if said.note is None else c.note == said.note,
    )
    if connection.execute(there.limit(1)).scalar() is not None:
        return False
    if with_action:
        values |= {"next_action": said.action, "next_on": said.by}
    contacts.record(connection, access, pupil, NewContact.model_validate(values))
    report.contacts_added += 1
    report.actions_changed += with_action
    return with_action


def _action(
    connection: Connection,
    access: Access,
    report: Report,
    row: Mapping[str, Any],
    said: Said,
    pupil: Any,
    due: Any | None,
    *,
    edited: bool,
) -> None:
    """Move the next action, or say that it is done, where it is still the one that was sent."""
    if not (edited or said.done) or (due is not None and not said.done and _same(due, said)):
        return
    if said.done and _is_done(connection, pupil, str(row.get(AS_SENT, ""))):
        return
    if as_sent(due) != row.get(AS_SENT):
        report.conflict(row["row"], pupil.ref, due)
    elif due is None:
        report.say(row["row"], "action_without_contact")
    else:
        _change(connection, access, report, row, said, pupil, due)


def _change(
    connection: Connection, access: Access, report: Report, row: Mapping[str, Any], said: Said, pupil: Any, due: Any
) -> None:
    wanted = ContactChange(done=True) if said.done else ContactChange(next_action=said.action, next_on=said.by)
    try:
        contacts.change(connection, access, due, wanted)
    except Refusal:  # somebody was quicker, a moment ago
        report.conflict(row["row"], pupil.ref, due)
        return
    report.actions_done += said.done
    report.actions_changed += not said.done


def _is_done(connection: Connection, pupil: Any, sent: str) -> bool:
    """Whether the action that was sent has been done since: then there is nothing to say."""
    c = t.contacts.c
    ref = sent.partition(".")[2].partition(":")[0]
    there = select(c.id).where(c.ref == ref, c.pupil_id == pupil.id, c.done_at.is_not(None))
    return connection.execute(there).scalar() is not None


def _same(due: Any, said: Said) -> bool:
    return digest(due.next_action, due.next_on) == digest(said.action, said.by)


def _text(row: Mapping[str, Any], name: str) -> str | None:
    return (str(row[name]).strip() or None) if row.get(name) is not None else None


def _yes(row: Mapping[str, Any]) -> bool:
    said = (_text(row, DONE) or "no").casefold()
    if said not in ("y", "yes", "x", "done", "true", "1", "n", "no", "false", "0"):
        raise UnreadableCellError(DONE)
    return said in ("y", "yes", "x", "done", "true", "1")


def _day(row: Mapping[str, Any], name: str) -> date | None:
    text = _text(row, name)
    if text is None:
        return None
    for form in DATES:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise UnreadableCellError(name)


def _code(row: Mapping[str, Any], name: str, words: Mapping[str, str]) -> str | None:
    text = _text(row, name)
    if text is None:
        return None
    for code, label in words.items():
        if text.casefold() in (code, label.casefold()):
            return code
    raise UnreadableCellError(name)
