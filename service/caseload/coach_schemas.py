"""What the API takes and gives about coaches and caseloads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.caseload.schemas import PupilShape, Ref, Sent, Urn, Words

PersonRef = Annotated[str, Field(max_length=64, examples=["person-3f0c5b1ad9be4d2f8a6c7e90"])]


class CoachChange(Sent):
    """Who is to be the pupil's coach."""

    coach: PersonRef
    reason: Words


class CoachEnd(Sent):
    """Why the pupil needs no coach any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Has started at college."}]})

    reason: Words


class PersonShape(BaseModel):
    """A coach."""

    ref: str
    name: str


class CoachShape(BaseModel):
    """The pupil's coach now."""

    pupil: str
    coach: PersonShape | None
    since: datetime | None
    reason: str | None
    version: int


class CoachLine(PersonShape):
    """Somebody who may have a caseload, and how many pupils they have."""

    pupils: int


class Coaches(BaseModel):
    """Coaches by name."""

    items: list[CoachLine]
    next: None = None


class AssignmentRule(Sent):
    """Whom to assign to one coach: pupils of the check's register who match all that is said and have no coach."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "check": "check-3f0c5b1ad9be4d2f8a6c7e90",
                    "coach": "person-3f0c5b1ad9be4d2f8a6c7e90",
                    "schools": ["100001"],
                    "band_at_least": "amber",
                    "leavers": 2027,
                    "reason": "Coach of this school.",
                    "dry_run": True,
                }
            ]
        },
    )

    check: Ref
    coach: PersonRef
    schools: Annotated[list[Urn] | None, Field(min_length=1, max_length=500)] = None
    districts: Annotated[list[Annotated[str, Field(max_length=100)]] | None, Field(min_length=1, max_length=100)] = None
    band_at_least: Annotated[str | None, Field(max_length=64)] = None
    leavers: Annotated[int | None, Field(ge=2000, le=2100, strict=True, description="Summer of Year 11.")] = None
    reason: Words
    dry_run: Annotated[bool, Field(strict=True, description="Only say whom it would be.")] = True
    expected: Annotated[int | None, Field(ge=0, strict=True, description="The count of the preview.")] = None


class RuleShape(BaseModel):
    """Whom a rule means. `count` were assigned, or would be; the others stay as they are."""

    dry_run: bool
    matched: int
    count: int
    already_theirs: int
    with_another_coach: int
    out_of_reach: int
    pupils: Annotated[list[PupilShape], Field(description="The first of those assigned.")]


class HandOver(Sent):
    """Pupils from one coach to another."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from": "person-3f0c5b1ad9be4d2f8a6c7e90",
                    "to": "person-90e7c6a8f2d4eb9da1b5c0f3",
                    "reason": "Leave from January.",
                }
            ]
        },
        populate_by_name=True,
    )

    giving: Annotated[PersonRef, Field(alias="from")]
    taking: Annotated[PersonRef, Field(alias="to")]
    pupils: Annotated[list[Ref] | None, Field(max_length=2000, description="Left out: all of them.")] = None
    reason: Words


class Stayed(BaseModel):
    """A pupil who was not handed over, and why."""

    pupil: str
    code: Literal["out_of_reach", "not_with_them"]


class HandOverShape(BaseModel):
    """How many were handed over, and who stayed."""

    handed_over: int
    stayed: list[Stayed]


class LastContact(BaseModel):
    """The last contact with a pupil."""

    on: date
    kind: str
    outcome: str


class NextAction(BaseModel):
    """What is to be done next, from the contact that said so."""

    contact: str
    what: str | None
    on: date
    overdue: bool


class SupportOffer(BaseModel):
    """Which support the council's policy offers today, and why."""

    code: str
    label: str
    why: str
    before: Annotated[date | None, Field(description="From this day on it is another.")]
    verified: Annotated[bool, Field(description="Whether a document that was read says so.")]
    source: str


class CaseloadLine(BaseModel):
    """A pupil of my list: the register's line, as `line`, and what stands beside it."""

    place: Annotated[Literal["caseload", "new", "restricted", "left", "taken_off"], Field(description="Which part.")]
    pupil: PupilShape
    check: Annotated[str | None, Field(description="The check whose line this is; null: on no published register.")]
    line: Annotated[
        dict[str, Any] | None,
        Field(description="As in the register of that check; of its school also the `contact`: whom to ask there."),
    ]
    coach: PersonShape | None
    last_contact: LastContact | None
    next_action: NextAction | None
    objection: Annotated[bool, Field(description="An objection of the young person or a parent is open.")]
    support: SupportOffer | None


class Caseload(BaseModel):
    """My list: the caseload, then as many new pupils as there are places, then who has left."""

    check: Annotated[str | None, Field(description="The check that new pupils come from.")]
    counts: dict[str, int]
    items: list[CaseloadLine]
    next: str | None
