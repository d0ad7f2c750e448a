"""A sheet's row as its sender reads it: what will change, or became of it, and what to do about what was not taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.caseload.contact_schemas import KINDS, OUTCOMES
from service.caseload.returning import spoken
from service.caseload.sheet_cells import Said
from service.caseload.sheet_plans import CONFLICT, ENDED, MOVED, PLACED, Plan, sentence
from service.phrases import short_day

TAKEN = {
    PLACED: "The next action is set.",
    MOVED: "The next action is changed.",
    ENDED: "The next action is done.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A row for the page: its number, whose it is, a word about it, and the lines that say it."""

    row: int
    name: str
    href: str
    word: str
    colour: str
    lines: tuple[str, ...]


def finding(item: Plan, merged: bool) -> Finding:
    """What to show of a row."""
    pupil = item.pupil
    lines = (*(_became(item) if merged else _will(item)), *_left(item))
    name, href = ("Not found", "") if pupil is None else (spoken(pupil.name), f"/pupils/{pupil.ref}")
    return Finding(item.row, name, href, *_word(item, merged), lines)


def _word(item: Plan, merged: bool) -> tuple[str, str]:
    if item.not_taken:
        return ("Only in part", "yellow") if item.changes else ("Not taken", "red")
    return ("Taken", "green") if merged else ("Will change", "blue")


def _became(item: Plan) -> Iterator[str]:
    if item.contact:
        yield "A contact is added."
    if item.action in TAKEN:
        yield TAKEN[item.action]


def _will(item: Plan) -> Iterator[str]:
    said = item.said
    if said is None:
        return
    if item.contact:
        yield f"New contact, {short_day(said.on)}. {KINDS[str(said.kind)]}: {OUTCOMES[str(said.outcome)].lower()}."
        if said.note:
            yield f"Note: {said.note}"
    if item.action == PLACED:
        yield f"Next action: {_action(said.action, said.by)}"
    if item.action == MOVED:
        yield f"Next action: {_action(said.action, said.by)}, in place of {_stands(item.due)}"
    if item.action == ENDED:
        yield f"Next action done: {_stands(item.due)}"


def _left(item: Plan) -> Iterator[str]:
    """What was not taken, and why."""
    if item.problem is not None:
        about = f"Column “{item.column}”: " if item.column else ""
        yield about + sentence(item.problem, item.column)
    if item.action == CONFLICT:
        yield sentence("changed_since", None)
        yield f"What stands: {_stands(item.due)}"
        if item.said is not None:
            yield f"Your sheet: {_asked(item.said)}"


def _asked(said: Said) -> str:
    return "it is done" if said.done else _action(said.action, said.by)


def _stands(due: Any | None) -> str:
    return "no next action any more" if due is None else _action(due.next_action, due.next_on)


def _action(what: str | None, by: date | None) -> str:
    return f"“{what or 'no words'}”, by {short_day(by)}"
