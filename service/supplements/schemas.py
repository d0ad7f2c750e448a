"""What the API takes and gives about council lists."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["staged", "live", "superseded"]
RowState = Literal["matched", "own_roll", "proposed", "several", "unmatched", "dismissed", "restricted"]
Change = Literal["came_on", "fell_off", "changed"]
Ref = Annotated[str, Field(max_length=64)]
Reason = Annotated[str, Field(min_length=3, max_length=1000)]


class Counted(BaseModel):
    """Something of the file, and how often."""

    code: str
    count: int


class Trouble(BaseModel):
    """A problem of the file: where, and a sentence. Never what a cell holds."""

    code: str
    message: str
    column: str
    rows: list[int] | None


class Reading(BaseModel):
    """How a column was understood."""

    heading: str
    field: str | None
    reading: str
    state: str


class Account(BaseModel):
    """What became of the file: every row is in one of the counts."""

    rows: int
    kept: int
    not_kept: list[Counted]
    left_out: Annotated[list[str], Field(description="Headings that this list may not state. They are not kept.")]
    problems: list[Trouble]
    readings: list[Reading]


class Difference(BaseModel):
    """The pupils of this list beside those of the live one that it replaces."""

    earlier: str | None
    came_on: int
    fell_off: int
    changed: int
    unchanged: int


class SupplementLine(BaseModel):
    """One council list."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ref": "supplement-0f", "version": 1, "team": "virtual_school", "team_label": "Virtual school",
                    "name": "looked after", "field": "looked_after", "fields": ["looked_after"],
                    "as_at": "2026-10-31", "complete": True, "years": [11], "state": "staged",
                    "created_at": "2026-11-02T09:00:00Z", "confirmed_at": None,
                    "rows": {"matched": 40, "proposed": 1, "unmatched": 2}, "unchanged": False,
                }
            ]
        }
    )  # fmt: skip

    ref: str
    version: int
    team: str
    team_label: str
    name: str
    field: str | None
    fields: Annotated[list[str], Field(description="What the list says of pupils")]
    as_at: date
    complete: bool
    years: list[int]
    state: State
    created_at: datetime
    confirmed_at: datetime | None
    rows: Annotated[dict[str, int], Field(description="Rows by state")]
    unchanged: Annotated[bool, Field(description="The same list was there already: nothing was changed")] = False


class SupplementWhole(SupplementLine):
    """One council list with how it was read and what it changes."""

    account: Account
    difference: Difference


class Supplements(BaseModel):
    items: list[SupplementLine]
    next: str | None


class Candidate(BaseModel):
    """A pupil whom a row may be about."""

    pupil: str
    school: str | None
    by: Annotated[Literal["identifier", "names_and_birth_date"], Field(description="What agrees")]


class RowLine(BaseModel):
    """One row of a list, as the list has it, and whose it is."""

    ref: str
    version: int
    row: Annotated[int, Field(description="As a spreadsheet numbers it")]
    state: RowState
    pupil: str | None
    values: dict[str, Any]
    may_be: list[Candidate]
    reason: str | None


class Rows(BaseModel):
    items: list[RowLine]
    next: str | None


class Changed(BaseModel):
    """A pupil of whom this list says something else than the one before."""

    change: Change
    pupil: str
    upn: str | None
    surname: str | None
    forename: str | None
    row: int


class Changes(BaseModel):
    items: list[Changed]
    next: str | None


class RowDecision(BaseModel):
    """What a person decides about a row."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"action": "link", "pupil": "pupil-9f"},
                {"action": "dismiss", "reason": "Moved to another council in September"},
                {"action": "own_roll", "reason": "Awaiting a school place"},
            ]
        },
    )

    action: Literal["link", "dismiss", "own_roll"]
    pupil: Annotated[Ref | None, Field(description="To link: which pupil; left out where only one is proposed")] = None
    check: Annotated[Ref | None, Field(description="For the council’s own roll; left out: the open check")] = None
    reason: Reason | None = None


class OwnRollIn(BaseModel):
    """Rows to put onto the council's own roll."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Home educated"}]})

    rows: Annotated[
        list[Ref] | None, Field(max_length=5000, description="Left out: every row that matches no pupil on a roll")
    ] = None
    check: Ref | None = None
    reason: Reason


class OwnRollOut(BaseModel):
    """How many pupils came onto the council's own roll, and how many rows did not, by why."""

    added: int
    left: list[Counted]


class Receipt(BaseModel):
    """What confirming a list did."""

    ref: str
    version: int
    state: State
    replaced: list[str]
    difference: Difference
    to_resolve: Annotated[int, Field(description="Rows that a person must still decide")]
    checks: Annotated[list[str], Field(description="Open checks whose registers were worked out again")]
    renewing: Annotated[list[str], Field(description="Those of them that are not through yet: each says how far")] = []
    unchanged: bool = False
