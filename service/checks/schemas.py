"""What the API takes and gives about checks and schools."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Years = Annotated[list[Annotated[int, Field(ge=7, le=13, strict=True)]], Field(min_length=1, max_length=7)]
Urn = Annotated[str, Field(pattern=r"^\d{6}$", examples=["100001"])]
Urns = Annotated[list[Urn], Field(max_length=5000)]
Ref = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Stage = Literal["draft", "moderated", "published"]
Capacity = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
Few = Annotated[int, Field(ge=0, le=400, strict=True, description="Attendance of fewer possible sessions is marked.")]


class Sent(BaseModel):
    """What a caller sends: nothing that is not named here."""

    model_config = ConfigDict(extra="forbid")


class NewCheck(Sent):
    """A check to open. What is left out is taken from the calendar."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"academic_year": "2026/27", "name": "november"}]}
    )

    academic_year: Annotated[str, Field(max_length=9, examples=["2026/27"])]
    name: Literal["november", "january"]
    focus_years: Years | None = None
    accepted_years: Years | None = None
    few_sessions: Few | None = None
    due_on: date | None = None
    scorecard: Annotated[Name, Field(description="The name of a shipped scorecard, or the reference of your own.")] = (
        "roni"
    )
    model: Annotated[
        Digest | None,
        Field(description="The digest of a promoted model; null for none. Left out: the one promoted for it, if any."),
    ] = None
    schools: Annotated[
        Urns | None, Field(description="URNs of the schools asked; left out: those of the earlier check, else all.")
    ] = None
    earlier: Annotated[
        Ref | None, Field(description="The check that this one continues; left out: the last before it.")
    ] = None
    capacity: Annotated[Capacity | None, Field(description="How many pupils the coaches can see.")] = None
    publish_on: date | None = None


class CheckChange(Sent):
    """What to change of a check; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"due_on": "2026-12-04"}]})

    focus_years: Years | None = None
    accepted_years: Years | None = None
    few_sessions: Few | None = None
    due_on: date | None = None
    scorecard: Name | None = None
    model: Digest | None = None
    schools: Urns | None = None
    capacity: Capacity | None = None
    publish_on: date | None = None
    stage: Annotated[Stage | None, Field(description="Only onwards: draft, moderated, published.")] = None
    closed: Annotated[Literal[True] | None, Field(description="No more uploads.")] = None


class SchoolLine(BaseModel):
    """How far one school is with its return."""

    urn: str
    name: str
    district: str | None
    state: Literal["not_returned", "in_progress", "signed_off"]
    overdue: bool
    signed_off_at: datetime | None
    version: int


class Counts(BaseModel):
    """How many schools are how far."""

    asked: int
    not_returned: int
    in_progress: int
    signed_off: int
    overdue: int


class CheckShape(BaseModel):
    """A check."""

    ref: Annotated[str, Field(examples=["check-3f0c5b1ad9be4d2f8a6c7e90"])]
    name: str
    label: Annotated[str, Field(examples=["November 2026"])]
    academic_year: Annotated[str, Field(examples=["2026/27"])]
    on: date
    due_on: date
    focus_years: list[int]
    accepted_years: list[int]
    few_sessions: int
    scorecard: str
    scorecard_digest: str
    model: str | None
    model_digest: str | None
    earlier: str | None
    capacity: int | None
    stage: Stage
    publish_on: date | None
    closed: bool
    version: int
    counts: Counts


class Renewal(BaseModel):
    """Registers of the check are being worked out anew; until they are whole, those from before are read."""

    why: Literal["list", "check", "earlier", "model"]
    since: datetime
    done: Annotated[int, Field(description="Pupils who are worked out again")]
    of: int
    sentence: str


class CheckWithSchools(CheckShape):
    """A check, and how far each school is that the caller may see."""

    schools: list[SchoolLine]
    model_note: Annotated[str | None, Field(description="Where its model comes from, where one is promoted.")]
    renewal: Renewal | None = None


class Checks(BaseModel):
    """Checks, the newest first."""

    items: list[CheckShape]
    next: None = None


CONTACT = "Whom to ask at the school: its careers lead or DSL, by telephone or e-mail. It stands beside each pupil."
SAMPLE_CONTACT = "Ms Sample, careers lead, 01632 960001, careers@example.org"


class NewSchool(Sent):
    """A school of the council."""

    urn: Urn
    name: Annotated[str, Field(min_length=1, max_length=200)]
    laestab: Annotated[str | None, Field(pattern=r"^\d{3}/?\d{4}$")] = None
    district: Annotated[str | None, Field(max_length=100)] = None
    establishment_type: Annotated[str | None, Field(max_length=100)] = None
    contact: Annotated[str | None, Field(max_length=300, description=CONTACT, examples=[SAMPLE_CONTACT])] = None


class SchoolChange(Sent):
    """What to change of a school; what is left out stays."""

    name: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    laestab: Annotated[str | None, Field(pattern=r"^\d{3}/?\d{4}$")] = None
    district: Annotated[str | None, Field(max_length=100)] = None
    establishment_type: Annotated[str | None, Field(max_length=100)] = None
    contact: Annotated[str | None, Field(max_length=300, description=CONTACT)] = None
    active: Annotated[bool | None, Field(strict=True)] = None


class SchoolShape(BaseModel):
    """A school of the council."""

    ref: str
    urn: str
    name: str
    laestab: str | None
    district: str | None
    establishment_type: str | None
    contact: str | None
    active: bool
    version: int


class Schools(BaseModel):
    """Schools by name; `next` is the cursor of the next page."""

    items: list[SchoolShape]
    next: str | None
