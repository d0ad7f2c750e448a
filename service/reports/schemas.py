"""What the API gives in reports of a check."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

COVERAGE = "How far the schools are: only what they have confirmed is in the figures"


class CheckName(BaseModel):
    """Which check."""

    ref: str
    label: str


class ReturnCounts(BaseModel):
    """How many schools are how far."""

    asked: int
    not_returned: int
    in_progress: int
    signed_off: int
    overdue: int


class BandCounts(BaseModel):
    """Pupils by band; `left`, `restricted` and `taken_off` are in no band."""

    pupils: int
    bands: Annotated[dict[str, int], Field(examples=[{"red": 12, "amber": 31, "green": 107}])]
    left: int
    restricted: int
    taken_off: int


class PlaceBands(BandCounts):
    """The same of a school or a district."""

    name: str
    urn: str | None
    district: str | None


class Bands(BaseModel):
    """Pupils by band, school and district; `bands` the most urgent first."""

    check: CheckName
    counts: Annotated[ReturnCounts, Field(description=COVERAGE)]
    bands: list[str]
    total: BandCounts
    schools: list[PlaceBands]
    districts: list[PlaceBands]


class SchoolKinds(BaseModel):
    """What changed at a school."""

    name: str
    urn: str | None
    kinds: dict[str, int]


class Step(BaseModel):
    """How many pupils went from one band to another."""

    before: str
    now: str
    pupils: int


class Movement(BaseModel):
    """What changed since the earlier check; `only_before` are in that one's register alone."""

    check: CheckName
    counts: Annotated[ReturnCounts, Field(description=COVERAGE)]
    earlier: CheckName | None
    kinds: Annotated[dict[str, int], Field(examples=[{"up": 14, "new": 3, "down": 9, "unchanged": 124}])]
    schools: list[SchoolKinds]
    bands: list[Step]
    only_before: int


class FieldKnown(BaseModel):
    """Of how many pupils a field is known, and who supplies it."""

    name: str
    label: str
    supplier: str
    known: int
    known_pct: float | None


class SchoolKnown(BaseModel):
    """The same of a school's pupils, by field."""

    name: str
    urn: str | None
    pupils: int
    known_pct: float | None
    fields: dict[str, int]


class Completeness(BaseModel):
    """How much is known of what the check's scorecard reads."""

    check: CheckName
    counts: Annotated[ReturnCounts, Field(description=COVERAGE)]
    pupils: int
    fields: list[FieldKnown]
    schools: list[SchoolKnown]


class SchoolName(BaseModel):
    """Which school."""

    urn: str
    name: str


class OverrideLine(BaseModel):
    """How many moderations of a kind, for a reason, in a state; and of how many pupils of the school."""

    school: SchoolName | None
    kind: str
    why: str
    state: str
    count: int
    pupils: int
    rate_pct: float | None


class Overrides(BaseModel):
    """How often people saw a pupil otherwise than the card and the model."""

    check: CheckName
    counts: Annotated[ReturnCounts, Field(description=COVERAGE)]
    count: int
    pupils: int
    rate_pct: float | None
    items: list[OverrideLine]


class SchoolReturn(BaseModel):
    """How far a school is, and how many pupils its roll has."""

    urn: str
    name: str
    district: str | None
    state: Literal["not_returned", "in_progress", "signed_off"]
    overdue: bool
    signed_off_at: datetime | None
    pupils: int


class Returns(BaseModel):
    """Who has returned."""

    check: CheckName
    due_on: date
    counts: ReturnCounts
    schools: list[SchoolReturn]
