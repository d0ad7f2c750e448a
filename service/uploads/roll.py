"""One school's roll that is to be confirmed, and the row of each of its pupils."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from service.database import Written
from service.uploads.restricted import as_restricted
from service.uploads.rolls import LEFT, ON_ROLL


class OnRoll(NamedTuple):
    """One pupil of the new roll: the record, whether they joined, and where the file itself says that they left to."""

    record: Mapping[str, Any]
    change: str
    leaver: Mapping[str, Any] | None = None
    pupil_id: int | None = None  # where it is settled who it is
    text: str | None = None  # the record as it is stored, where it has been


class Gone(NamedTuple):
    """One pupil of the last roll only: the last facts, and where they left to; `new` since the last roll."""

    pupil_id: int
    ref: str
    record: Mapping[str, Any]
    leaver: Mapping[str, Any] | None
    new: bool


@dataclass(frozen=True, slots=True)
class Roll:
    """What is to be confirmed of one school."""

    school_id: int | None
    urn: str | None
    cohort: Mapping[str, Any]
    pupils: Sequence[OnRoll]
    gone: Sequence[Gone]
    based_on: int | None
    upload_id: int | None = None
    upload_ref: str = ""
    file_name: str | None = None
    file_digest: str | None = None
    mapping: Mapping[str, Any] | None = None
    open_questions: int = 0
    of_all: bool = False  # one of a file of all schools


def answers(roll: Roll) -> Iterable[tuple[str, Mapping[str, Any] | None]]:
    """Of whom it is to be said where they left to, and what is said."""
    for pupil in roll.pupils:
        if pupil.change == LEFT:
            yield row_ref(pupil.record), pupil.leaver
    for gone in roll.gone:
        if gone.new:
            yield gone.ref, gone.leaver


def row_ref(record: Mapping[str, Any]) -> str:
    """How a pupil of a file is named before there is a reference: by the row."""
    return f"row:{record['row']}"


def gone_of(roll: Roll) -> list[int]:
    """The ids of who is only on the last roll."""
    return [gone.pupil_id for gone in roll.gone]


def rows_of(roll: Roll, pupil_ids: Sequence[int], restricted: Container[int]) -> list[dict[str, Any]]:
    """A row a pupil: of the file, then those who left, of whom the last facts stand."""
    rows: list[dict[str, Any]] = [
        {
            "pupil_id": pupil_id,
            "status": LEFT if pupil.change == LEFT else ON_ROLL,
            "leaver": pupil.leaver,
            "record": pupil.record,
            "stored": pupil.record if pupil.text is None else Written(pupil.text),
            "change": pupil.change,
        }
        for pupil_id, pupil in zip(pupil_ids, roll.pupils, strict=True)
    ]
    here = set(pupil_ids)  # somebody taken for gone may have been found under another number
    rows += [
        {
            "pupil_id": gone.pupil_id,
            "status": LEFT,
            "leaver": gone.leaver,
            "record": gone.record,
            "stored": gone.record,
            "change": LEFT if gone.new else "left_before",
        }
        for gone in roll.gone
        if gone.pupil_id not in here
    ]
    return [_restricted(row) if row["pupil_id"] in restricted else row for row in rows]


def _restricted(row: Mapping[str, Any]) -> dict[str, Any]:
    less = as_restricted(row["record"])
    return {**row, "record": less, "stored": less}


def died_of(rows: Iterable[Mapping[str, Any]]) -> list[int]:
    """Of whom this roll says so."""
    return [row["pupil_id"] for row in rows if row["change"] == LEFT and (row["leaver"] or {}).get("to") == "died"]
