"""The steps from a file that was read to a confirmed roll, in order, and what is open in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.phrases import counted
from service.uploads.mending import ASKED_ELSEWHERE


@dataclass(frozen=True, slots=True)
class Step:
    """One page on the way; `open` is what is left to do there, `words` how it stands, `empty` that it can be passed."""

    name: str
    title: str
    words: str
    open: int = 0
    empty: bool = False
    needed: bool = False  # without it nothing can be confirmed


def steps_of(shown: Mapping[str, Any]) -> list[Step]:
    """Of an upload as it is shown, in the state `staged`."""
    account, questions, leavers = shown["account"], len(shown["questions"]), shown["leavers"]
    used = sum(column["state"] == "used" for column in account["columns"])
    problems = sum(number for code, number in account["problems"].items() if code not in ASKED_ELSEWHERE)
    difference = account["difference"]
    first = not any(difference[name] for name in ("joined", "left", "changed", "unchanged"))
    asked = counted(questions, "question to answer", "questions to answer")
    left = counted(leavers["unanswered"], "pupil to answer for", "pupils to answer for")
    return [
        Step("columns", "What we understood", counted(used, "column") + " used"),
        Step("questions", "Questions", asked if questions else "Nothing to answer", questions, not questions),
        Step(
            "problems", "Problems", counted(problems, "problem") if problems else "No problems",
            problems, not problems,
        ),
        Step("changes", "Who joined and what changed", _changes(difference), empty=first),
        Step(
            "leavers", "Pupils who left", left if leavers["unanswered"] else _left(leavers["count"]),
            leavers["unanswered"], not leavers["count"], needed=leavers["unanswered"] > 0,
        ),
    ]  # fmt: skip


def _changes(difference: Mapping[str, int]) -> str:
    if not any(difference[name] for name in ("joined", "left", "changed", "unchanged")):
        return "Your first roll"
    return f"{difference['joined']:,} joined, {difference['changed']:,} changed"


def _left(count: int) -> str:
    return f"{count:,} left, all answered" if count else "Nobody left"


def address_after(shown: Mapping[str, Any], name: str) -> str:
    """The next page with something on it, after one of the steps; the summary comes last."""
    steps = steps_of(shown)
    later = steps[[step.name for step in steps].index(name) + 1 :] if name else steps
    following = next((step.name for step in later if not step.empty), "summary")
    return f"/uploads/{shown['ref']}/{following}"
