"""What the API takes and gives about moderation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Words = Annotated[str, Field(min_length=3, max_length=2000, description="In your own words; never a diagnosis.")]
Ref = Annotated[str, Field(max_length=64)]
Urn = Annotated[str, Field(pattern=r"^\d{6}$", examples=["100001"])]
Kind = Literal["add", "remove", "priority"]
State = Literal["standing", "asked", "accepted", "declined", "withdrawn"]
# Why, as a code, so that override rates can say it. The codes are this project's choice.
Why = Literal[
    "knows_more", "attendance", "home", "wellbeing", "no_plan", "plan_firm", "support_in_place", "data_wrong", "other"
]
WHY: dict[str, str] = {
    "knows_more": "We know something that the data does not say",
    "attendance": "Attendance or behaviour is changing",
    "home": "Things have changed at home",
    "wellbeing": "Health or wellbeing",
    "no_plan": "No plan for after Year 11",
    "plan_firm": "A firm plan for after Year 11",
    "support_in_place": "Enough support is in place",
    "data_wrong": "The data is wrong or out of date",
    "other": "Something else",
}


class Sent(BaseModel):
    """What a caller sends: nothing that is not named here."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NewModeration(Sent):
    """Add a pupil to a band, ask to take one off, or state another priority."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "add", "band": "red", "why": "no_plan", "reason": "No plan, and has stopped coming to form."}
            ]
        },
    )

    kind: Kind
    band: Annotated[str | None, Field(max_length=64, description="A band of the check’s scorecard.")] = None
    why: Why = "other"
    reason: Words

    @model_validator(mode="after")
    def _band_where_needed(self) -> Self:
        if (self.band is None) != (self.kind == "remove"):
            raise ValueError("an addition and a priority state a band, a removal does not")
        return self


class ModerationChange(Sent):
    """Accept or decline what was asked, withdraw what you asked, or keep what the check before had."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"decision": "accept", "reason": "Starts an apprenticeship in June."}]}
    )

    decision: Literal["accept", "decline", "withdraw", "keep"]
    reason: Annotated[str | None, Field(min_length=3, max_length=2000, description="The school reads it.")] = None

    @model_validator(mode="after")
    def _reason_where_needed(self) -> Self:
        if self.reason is None and self.decision in ("accept", "decline"):
            raise ValueError("a decision needs a reason")
        return self


class PupilShape(BaseModel):
    """Whom it is about."""

    ref: Annotated[str, Field(examples=["pupil-3f0c5b1ad9be4d2f8a6c7e90"])]
    name: str


class MainSchool(BaseModel):
    """The pupil's main school now."""

    urn: str
    name: str


class ModerationShape(BaseModel):
    """One moderation. `review`: it was carried from the check before, and nobody has looked at it since."""

    ref: Annotated[str, Field(examples=["moderation-3f0c5b1ad9be4d2f8a6c7e90"])]
    check: str
    pupil: PupilShape
    school: MainSchool | None
    kind: Kind
    band: str | None
    state: State
    why: str | None
    reason: str | None
    reason_withheld: Annotated[bool, Field(description="There is a reason that your role does not read.")]
    by: str
    role: str
    at: datetime
    decided_by: str | None
    decided_reason: str | None
    decided_at: datetime | None
    review: Annotated[str | None, Field(examples=["from November 2026, review"])]
    version: int


class Moderations(BaseModel):
    """Moderations of a check, the newest first."""

    items: list[ModerationShape]
    next: str | None


Shape = dict[str, Any]
