"""The form that changes a check: what it showed when it was opened, what was typed, and how the check stands now.

Only what was changed in the form is sent. So what somebody else changed meanwhile stands, and a form that is out of
date loses nothing: it is shown again with what was typed, over how things are now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from service.caseload.returning import ENTER
from service.checks.choices import STAGES
from service.forms import boxes, day_of
from service.phrases import day, listed

DAYS, NUMBERS = ("due_on", "publish_on"), ("capacity", "few_sessions")
LISTS = ("accepted_years", "focus_years", "schools")
LABELS = {
    "due_on": "the day on which it is due", "publish_on": "the day on which it is published",
    "accepted_years": "the year groups taken", "focus_years": "the year groups in focus",
    "capacity": "how many pupils coaches can see", "scorecard": "the scorecard", "model": "the trained model",
    "few_sessions": "the number of sessions", "schools": "the schools asked", "stage": "the stage",
}  # fmt: skip


def values_of(check: Mapping[str, Any]) -> dict[str, str]:
    """The check as the form sends it: all in text, lists in order."""
    found = {name: check[name].isoformat() if check[name] else "" for name in DAYS}
    found |= {name: "" if check[name] is None else str(check[name]) for name in NUMBERS}
    found |= {name: _joined(str(year) for year in check[name]) for name in ("accepted_years", "focus_years")}
    return found | {
        "scorecard": check["scorecard_digest"],
        "model": check["model_digest"] or "",
        "stage": check["stage"],
        "schools": _joined(line["urn"] for line in check["schools"]),
    }


def _joined(words: Any) -> str:
    return ",".join(sorted(words))


class ChangeForm:
    """What was typed over a check; without anything typed, the check."""

    def __init__(self, check: Mapping[str, Any], typed: Mapping[str, str], ticked: Mapping[str, list[str]]) -> None:
        self.check, self.typed, self.now = check, typed, values_of(check)
        self.errors: dict[str, str] = {}
        self.was = {name: typed.get(f"was_{name}", value) for name, value in self.now.items()}
        self.says = dict(self.now) if not typed else self._says(ticked)
        self.changed = {name for name, value in self.says.items() if value != self.was[name]}

    def _says(self, ticked: Mapping[str, list[str]]) -> dict[str, str]:
        """What each control says, where the form has it: a closed check's form is shorter."""
        sent = {
            name: self.typed[name].strip() for name in (*NUMBERS, "scorecard", "model", "stage") if name in self.typed
        }
        sent |= {name: self._day(name) for name in DAYS if f"{name}-day" in self.typed}
        return self.was | sent | {name: _joined(ticked.get(name, ())) for name in LISTS if f"was_{name}" in self.typed}

    def _day(self, name: str) -> str:
        try:
            on = day_of(self.typed, name)
        except ValueError:
            self.errors[name] = ENTER
            return "no day"
        return on.isoformat() if on else ""

    def change(self) -> dict[str, Any]:
        """What to send to change the check: only what was changed here."""
        said = {name: self._value(name) for name in self.changed if name not in self.errors}
        return said | ({"closed": True} if self.typed.get("closed") else {})

    def _value(self, name: str) -> Any:
        value = self.says[name]
        if name in NUMBERS:
            return int(value) if value.isdecimal() else value or None
        if name in LISTS:
            return (
                self._list(name) if name == "schools" else [int(year) for year in self._list(name) if year.isdecimal()]
            )
        return value or None

    def _list(self, name: str) -> list[str]:
        """What the list holds now, with what was ticked here and without what was unticked here."""
        was, says, now = (set(told[name].split(",")) - {""} for told in (self.was, self.says, self.now))
        return sorted(now - (was - says) | (says - was))

    def shows(self) -> dict[str, Any]:
        """What the controls show: what was changed here, else how it is now."""
        found: dict[str, Any] = {**self.now, **{name: self.says[name] for name in self.changed}}
        found |= {name: self._list(name) for name in LISTS}
        return found | {name: boxes(self.typed, name) if name in self.changed else self.check[name] for name in DAYS}

    def elsewhere(self) -> list[str]:
        """What somebody else changed since the form was opened, in words."""
        moved = [name for name, value in self.now.items() if value != self.was[name]]
        return [f"{LABELS[name]} {self._now(name)}{_yours(name) if name in self.changed else ''}" for name in moved]

    def _now(self, name: str) -> str:
        value = self.check[name]
        if name == "schools":
            return "are others now"
        if name.endswith("_years"):
            return f"are now {listed([str(year) for year in value])}"
        if name == "stage":
            return f"is now “{STAGES[value].partition(':')[0]}”"
        return f"is now {day(value) if isinstance(value, date) else value or 'empty'}"


def _yours(name: str) -> str:
    return "; what you ticked and unticked is kept" if name in LISTS else ": if you save, yours takes its place"
