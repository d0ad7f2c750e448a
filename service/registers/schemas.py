"""The shapes of registers, movement and explanations, as OpenAPI tells of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.registers.filters import RegisterFilters


class RegisterQuery(RegisterFilters):
    """What of a register is wanted."""

    limit: int | None = Field(None, ge=1, description="Pupils on a page")
    cursor: str | None = Field(None, max_length=2000, description="`next` of the page before")
    capacity: int | None = Field(None, ge=1, le=100_000, description="How many pupils can be seen: cuts the list there")
    counts: bool = Field(False, description="Also count the list, by section and band")
    include: Literal["sensitive"] | None = Field(
        None, description="In files: also name special-category and youth-justice reasons"
    )


class Shape(BaseModel):
    """An answer; fields may be added to it."""

    model_config = ConfigDict(extra="allow")


class SchoolName(Shape):
    ref: str | None = None
    name: str
    urn: str


class Reason(Shape):
    """One thing that is met. Those of the scorecard have points, or a band at least; the model's have neither."""

    indicator: str | None = None
    label: str | None = None
    fact: str
    points: int | None = None
    at_least: str | None = None
    model: bool = False
    sensitive: bool = False


class CouldBe(Shape):
    band: str
    points: int


class Ask(Shape):
    field: str
    label: str
    of: str


class Change(Shape):
    kind: str
    why: str
    band_before: str | None = None
    points_before: int | None = None


class Line(Shape):
    """One pupil of a register. A score never stands without its reasons."""

    pupil: str
    rank: int | None = Field(description="The place in this list; none outside the ranked section")
    section: Literal["ranked", "left", "restricted", "taken_off"]
    name: str
    surname: str | None
    forename: str | None
    preferred_name: str | None
    year_group: int | None
    form: str | None
    school: SchoolName | None
    status: str | None = Field(None, description="Why there is no score, where there is none")
    band: str | None = None
    band_max: str | None = None
    rules_band: str | None = None
    model_band: str | None = None
    points: int | None = None
    points_max: int | None = None
    could_be: CouldBe | None = None
    probability: float | None = Field(None, ge=0, le=1)
    chance: str | None = Field(None, examples=["about 1 in 8 like this"])
    why: str | None = None
    reasons: list[Reason] = []
    not_known: list[str] = []
    ask_first: Ask | None = None
    marks: list[str] = []
    ehcp: bool | None
    intended_destination: str | None
    offer: str | None
    workers: dict[str, str]
    population: list[Literal["educated", "resident"]]
    change: Change | None
    moderated: str | None
    coach: dict[str, str] | None
    last_contact: dict[str, Any] | None = None
    next_action: dict[str, Any] | None = None


class CardName(Shape):
    name: str
    title: str
    version: str
    digest: str
    most: int


class ModelName(Shape):
    name: str
    digest: str


class FileName(Shape):
    school: SchoolName | None
    file: str | None
    digest: str | None
    confirmed_at: datetime


class CheckName(Shape):
    ref: str
    label: str
    on: date
    stage: str


class Head(Shape):
    """Whom a list is about, by what it was made, and what is not in it."""

    check: CheckName
    view: str
    label: str
    population: str
    filters: dict[str, Any]
    bands: list[dict[str, Any]]
    scorecard: CardName
    model: ModelName | None
    library_version: str
    version: int
    without: list[str]
    notes: list[str]
    files: list[FileName]


class Cutting(Shape):
    """Where a list is cut; `displaced` would be in it by the scorecard alone and are to be seen too."""

    asked: int
    in_list: int
    tied: int
    tied_in: int
    sentence: str
    displaced: list[Line] | None = Field(None, description="Only on the first page")


class Counts(Shape):
    pupils: int
    sections: dict[str, int]
    bands: dict[str, int]


class RegisterPage(Head):
    """A page of a register."""

    capacity: Cutting | None = None
    counts: Counts | None = None
    items: list[Line]
    next: str | None
