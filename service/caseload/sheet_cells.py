"""What a row of a team's sheet says, cell by cell; a cell that cannot be read names its column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from service.caseload.contact_schemas import KINDS, LONGEST_ACTION, LONGEST_NOTE, OUTCOMES
from service.caseload.sheet_reading import ACTION, ACTION_BY, CONTACTED, DONE, HOW, NOTE, OUTCOME

DATES = ("%Y-%m-%d", "%d/%m/%Y", "%Y-%m-%d %H:%M:%S", "%d/%m/%y", "%Y-%m-%dT%H:%M:%S")
YES, NO = ("y", "yes", "x", "done", "true", "1"), ("n", "no", "false", "0")
LONGEST = {NOTE: LONGEST_NOTE, ACTION: LONGEST_ACTION}


class CellError(ValueError):
    """A cell that says nothing that can be taken: a code, and the column."""

    def __init__(self, code: str, column: str) -> None:
        super().__init__(code)
        self.code, self.column = code, column


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
        """Raises CellError."""
        return cls(
            _words(row, ACTION), _day(row, ACTION_BY), _yes(row), _day(row, CONTACTED),
            _code(row, HOW, KINDS), _code(row, OUTCOME, OUTCOMES), _words(row, NOTE),
        )._whole()  # fmt: skip

    def _whole(self) -> Said:
        needed = {CONTACTED: self.on, HOW: self.kind, OUTCOME: self.outcome}
        if self.contact and (missing := [column for column, value in needed.items() if value is None]):
            raise CellError("contact_incomplete", missing[0])
        if (self.action is None) != (self.by is None):
            raise CellError("action_and_date", ACTION if self.action is None else ACTION_BY)
        return self

    @property
    def contact(self) -> bool:
        """Whether anything is said of a contact."""
        return any(value is not None for value in (self.on, self.kind, self.outcome, self.note))


def _text(row: Mapping[str, Any], column: str) -> str | None:
    return (str(row[column]).strip() or None) if row.get(column) is not None else None


def _words(row: Mapping[str, Any], column: str) -> str | None:
    text = _text(row, column)
    if text is not None and len(text) > LONGEST[column]:
        raise CellError("too_long", column)
    return text


def _yes(row: Mapping[str, Any]) -> bool:
    said = (_text(row, DONE) or NO[0]).casefold()
    if said not in YES + NO:
        raise CellError("unreadable", DONE)
    return said in YES


def _day(row: Mapping[str, Any], column: str) -> date | None:
    text = _text(row, column)
    if text is None:
        return None
    for form in DATES:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise CellError("unreadable", column)


def _code(row: Mapping[str, Any], column: str, words: Mapping[str, str]) -> str | None:
    text = _text(row, column)
    if text is None:
        return None
    for code, label in words.items():
        if text.casefold() in (code, label.casefold()):
            return code
    raise CellError("unreadable", column)
