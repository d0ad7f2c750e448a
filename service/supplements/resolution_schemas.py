"""What the API takes and gives about the list “to resolve”."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.supplements.schemas import Reason, Ref

Kind = Literal["two_schools", "moved_unlisted", "list_row", "sources_disagree", "alert", "died_on_roll"]
Decision = Literal[
    "school", "other_school", "both", "council", "followed_up", "acknowledged", "link", "dismiss", "own_roll", "died",
    "on_roll",
]  # fmt: skip


class SchoolName(BaseModel):
    urn: str
    name: str


class Resolution(BaseModel):
    """Something that a person must settle, or has."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ref": "resolution-0f", "version": 1, "kind": "two_schools", "check": "check-0f",
                    "pupil": "pupil-0f", "name": "Testa, Una", "school": {"urn": "100001", "name": "Invented Academy"},
                    "other_school": {"urn": "100002", "name": "Sample High School"}, "field": None, "supplement": None,
                    "row": None,
                    "sentence": "Invented Academy and Sample High School both have this pupil on roll as their own. "
                    "Whose is the pupil? Until that is settled Invented Academy, which listed second, sees only what "
                    "it sent.",
                    "decisions": ["school", "other_school", "both"], "opened_at": "2026-11-02T09:00:00Z",
                    "closed_at": None, "closed_by": None, "closed_itself": False, "decision": None, "reason": None,
                }
            ]
        }
    )  # fmt: skip

    ref: str
    version: int
    kind: Kind
    check: str | None
    pupil: str | None
    name: str | None
    school: SchoolName | None
    other_school: SchoolName | None
    field: Annotated[str | None, Field(description="Of sources_disagree: about what")]
    supplement: str | None
    row: str | None
    sentence: str
    decisions: Annotated[list[Decision], Field(description="What may be decided about this")]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    closed_itself: bool
    decision: str | None
    reason: str | None


class Resolutions(BaseModel):
    items: list[Resolution]
    next: str | None


class ResolutionDecision(BaseModel):
    """What a person decides."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"decision": "school", "reason": "Both schools agree by telephone"}]},
    )

    decision: Decision
    reason: Reason | None = None
    pupil: Annotated[Ref | None, Field(description="To link a row of a list: which pupil")] = None
