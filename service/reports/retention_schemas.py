"""What the API takes and gives about retention, erasure and subject access."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class RuleLine(BaseModel):
    """One rule of the policy."""

    name: str
    what: str
    after: str
    days: int
    source: str
    unverified: bool


class PolicyShape(BaseModel):
    version: str
    since: date
    rules: list[RuleLine]


class CountedRule(RuleLine):
    count: Annotated[int, Field(description="How many are due to be deleted, or were")]


class RunIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"dry": True}]})

    dry: Annotated[bool, Field(strict=True, description="Count only. A real run needs a dry run of the same day.")]


class RunOut(BaseModel):
    at: datetime
    dry: bool
    policy: str
    rules: list[CountedRule]
    overwritten: Annotated[
        bool | None, Field(description="Whether nothing of it stands in the database’s files any more")
    ] = None


class RunLine(BaseModel):
    at: datetime
    dry: bool
    policy: str
    counts: dict[str, int]
    by: str | None


class Runs(BaseModel):
    items: list[RunLine]
    next: None = None


class Lookup(BaseModel):
    """Exactly one identifier."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"upn": "H801200001001"}]})

    upn: Annotated[str | None, Field(max_length=20)] = None
    uln: Annotated[str | None, Field(max_length=20)] = None

    @model_validator(mode="after")
    def _one(self) -> Lookup:
        if (self.upn is None) == (self.uln is None):
            raise ValueError("send either a UPN or a ULN")
        return self


class Found(BaseModel):
    """References only: whoever may do this may not read pupils."""

    pupils: list[str]


class EraseIn(BaseModel):
    """Why: a code, for the audit keeps it and must never hold a name."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "request"}]})

    reason: Literal["request", "retention", "recorded_in_error", "court_order"]


class Erased(BaseModel):
    counts: Annotated[dict[str, int], Field(description="How many rows of what were deleted")]
    overwritten: Annotated[bool, Field(description="Whether nothing of it stands in the database’s files any more")]
    still_sent: Annotated[
        bool, Field(description="A school has the pupil on a roll of an open check: its next file brings them back")
    ]


class SubjectAccess(BaseModel):
    """Everything that is stored about one pupil. It is about a child: hand it to nobody else."""

    pupil: dict[str, Any]
    rolls: list[dict[str, Any]]
    lists: list[dict[str, Any]]
    files_not_confirmed: list[dict[str, Any]]
    registers: list[dict[str, Any]]
    moderations: list[dict[str, Any]]
    coaches: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    resolutions: list[dict[str, Any]]
    seen_and_changed_by: list[dict[str, Any]]
