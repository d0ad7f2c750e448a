"""The shapes of registers, movement and explanations, as OpenAPI tells of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.checks.schemas import Renewal
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
    ref: str
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

    pupil: str | None = Field(description="None where another school has the pupil, too: only what yours sent is shown")
    rank: int | None = Field(description="The place in this list; none outside the ranked section")
    section: Literal["ranked", "left", "restricted", "taken_off", "claimed"]
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
    renewal: Renewal | None
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


class MovementQuery(BaseModel):
    """What of a movement is wanted."""

    model_config = ConfigDict(extra="forbid")

    school: str | None = Field(None, description="URN", pattern=r"^\d{6}$")
    kind: str | None = Field(None, max_length=64)
    limit: int = Field(100, ge=1)
    cursor: str | None = Field(None, max_length=2000)


class Moved(Shape):
    """One pupil of either check, and what changed."""

    pupil: str
    surname: str | None
    forename: str | None
    preferred_name: str | None
    year_group: int | None
    school: SchoolName | None
    kind: str = Field(examples=["up", "new", "down", "left", "unchanged"])
    band_before: str | None
    points_before: int | None
    band_now: str | None
    points_now: int | None
    why: str = Field(examples=["attendance 71.0 % (below 80 %) +3, was attendance 91.0 %"])


class CheckRef(Shape):
    ref: str
    label: str


class MovementPage(Shape):
    """A page of what changed between two checks."""

    check: CheckRef
    earlier: CheckRef
    view: str
    counts: dict[str, int]
    items: list[Moved]
    next: str | None


class Value(Shape):
    field: str
    label: str
    family: str
    value: str | int | float | bool
    words: str | None
    unit: str | None
    source: str
    from_: str = Field(alias="from")
    as_at: date


class ExplanationShape(Shape):
    """One pupil of one check explained. Without a score `meaning` says why there is none."""

    pupil: str
    check: CheckRef
    view: str
    without: list[str]
    register_: dict[str, Any] | None = Field(alias="register")
    renewal: Renewal | None
    name: str
    card: str
    meaning: str
    band: str | None
    band_max: str | None
    points: int | None
    points_max: int | None
    most: int | None
    reasons: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    ask_first: str
    marks: str
    conflicts: list[str]
    change: str
    model: str
    model_account: dict[str, Any] | None
    limits: list[str]
    bands: list[dict[str, Any]]
    values: list[Value]
    moderation: list[dict[str, Any]]
    objection: bool
    text: str


class Stood(Shape):
    check: dict[str, Any]
    section: str
    band: str | None
    points: int | None
    why: str | None


class History(Shape):
    """Where a pupil stood in each check, the newest first."""

    pupil: str
    view: str
    items: list[Stood]


class PupilSearch(BaseModel):
    """Whom to find: words of the name, or a UPN."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Sample Ann"}]})

    name: str | None = Field(None, min_length=2, max_length=100)
    upn: str | None = Field(None, pattern=r"^[A-Za-z]\d{11}[A-Za-z\d]$")
    limit: int = Field(20, ge=1, le=100, strict=True)


class Found(Shape):
    pupil: str
    name: str
    leavers: int | None
    school: SchoolName | None


class FoundPupils(Shape):
    items: list[Found]


class FieldShape(Shape):
    """One field of the data dictionary."""

    name: str
    label: str
    type: str
    family: str
    definition: str
    use: str
    source: str
    supplier: str
    audience: str
    due: str
    unit: str | None
    minimum: float | None
    maximum: float | None
    codes: dict[str, str]
    expects: str
    headings: list[str]
    since: date | None
    breaks: list[dict[str, Any]]
    special_category: bool
    protected: str | None
    scored: bool
    required: bool


class Fields(Shape):
    items: list[FieldShape]


class FileOfCheck(Shape):
    school: SchoolName | None
    file: str | None
    digest: str | None


class ViewVerified(Shape):
    """One view of the register, and who is not as it was: references."""

    view: str
    same: bool
    pupils: int
    differing: list[str]


class Verified(Shape):
    """Whether scoring the stored rolls again gives the register that is stored."""

    same: bool
    scorecard: dict[str, str]
    model: dict[str, str] | None
    library_version: str
    made_with: str
    files: list[FileOfCheck]
    views: list[ViewVerified]
