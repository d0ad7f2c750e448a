"""What the API takes and gives about contacts, and about corrections and objections."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.caseload.schemas import PupilShape, Sent, Words

NOT_SAFEGUARDING = (
    "This is not a safeguarding record. If you worry about a young person’s safety, tell the school’s DSL now."
)
ContactKind = Literal["phone", "text", "email", "letter", "visit", "meeting", "online", "agency", "other"]
Outcome = Literal[
    "reached", "asked_for_support", "message_left", "no_answer", "did_not_attend", "declined", "wrong_details"
]
KINDS: dict[str, str] = {
    "phone": "Phone call",
    "text": "Text message",
    "email": "E-mail",
    "letter": "Letter",
    "visit": "Visit",
    "meeting": "Meeting at school or college",
    "online": "Online",
    "agency": "Through another agency",
    "other": "Other",
}
OUTCOMES: dict[str, str] = {
    "reached": "Spoke or answered",
    "asked_for_support": "Asked for support",
    "message_left": "Left a message",
    "no_answer": "No answer",
    "did_not_attend": "Did not come",
    "declined": "Does not want support",
    "wrong_details": "Wrong number or address",
}
LONGEST_NOTE, LONGEST_ACTION = 4000, 300
Note = Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE, description=NOT_SAFEGUARDING)]
Action = Annotated[str, Field(min_length=1, max_length=LONGEST_ACTION)]


class NewContact(Sent):
    """A contact, or the attempt at one; what is to be done next and by when."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "on": "2026-11-20",
                    "kind": "phone",
                    "outcome": "reached",
                    "note": "Wants to look at the engineering course.",
                    "note_for": "team",
                    "next_action": "Send the open-day dates",
                    "next_on": "2026-11-27",
                }
            ]
        }
    )

    on: date
    kind: ContactKind
    outcome: Outcome
    note: Note | None = None
    note_for: Annotated[
        Literal["team", "own"], Field(description="Who may read the note: those who work with the pupil, or only you.")
    ] = "team"
    next_action: Action | None = None
    next_on: date | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.next_action is None) != (self.next_on is None):
            raise ValueError("a next action needs its date, and a date its action")
        return self


class ContactChange(Sent):
    """What to change of a contact; what is left out stays. The note and the outcome only its author changes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"done": True}]})

    done: Annotated[bool | None, Field(strict=True, description="Whether the next action is done.")] = None
    next_action: Action | None = None
    next_on: date | None = None
    outcome: Outcome | None = None
    note: Note | None = None
    note_for: Literal["team", "own"] | None = None


class ContactShape(BaseModel):
    """A contact."""

    ref: Annotated[str, Field(examples=["contact-3f0c5b1ad9be4d2f8a6c7e90"])]
    pupil: str
    on: date
    kind: str
    outcome: str
    by: str
    note: str | None
    note_for: str
    note_withheld: Annotated[bool, Field(description="There is a note that only its author reads.")]
    next_action: str | None
    next_on: date | None
    done_at: datetime | None
    reminder: Annotated[str, Field(examples=[NOT_SAFEGUARDING])]
    version: int


class Contacts(BaseModel):
    """The contacts with a pupil, the latest first."""

    items: list[ContactShape]
    next: str | None
    reminder: str


class NewRequest(Sent):
    """What a young person or a parent asks to have put right, or objects to."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "correction", "said": "The attendance leaves out a hospital stay."}]}
    )

    kind: Literal["correction", "objection"]
    said: Words


class RequestChange(Sent):
    """The decision on a request."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"decision": "upheld", "reason": "The school has corrected the sessions."}]}
    )

    decision: Literal["upheld", "partly_upheld", "refused", "withdrawn"]
    reason: Words


class RequestShape(BaseModel):
    """A correction or an objection, and what was decided."""

    ref: Annotated[str, Field(examples=["request-3f0c5b1ad9be4d2f8a6c7e90"])]
    pupil: PupilShape
    kind: str
    said: str
    by: str
    at: datetime
    decision: str | None
    decided_reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    version: int


class Requests(BaseModel):
    """The requests about a pupil, the latest first."""

    items: list[RequestShape]
    next: str | None
