"""What the API of accounts, tokens, schools and the audit takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.accounts.tokens import DAYS, LONGEST_NAME, MOST_DAYS

Role = Literal["returns", "careers", "coach", "team", "panel", "analyst", "administrator"]
Team = Literal["virtual_school", "social_care", "youth_justice", "send", "exclusions", "ehe_cme", "early_help"]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=320, pattern=r"^[^@\s]+@[^@\s]+$"),
    Field(examples=["p.sample@school.example"]),
]  # fmt: skip
Urn = Annotated[str, StringConstraints(pattern=r"^\d{6}$"), Field(examples=["100001"])]
Day = Annotated[date, Field(strict=False, examples=["2026-11-02"])]


class Taken(BaseModel):
    """What is sent: nothing but what is named here, and of the right type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class GrantIn(Taken):
    """A role for a person."""

    role: Annotated[Role, Field(examples=["returns"])]
    school: Urn | None = None
    district: Annotated[Words | None, Field(examples=[None])] = None
    team: Annotated[Team | None, Field(examples=[None])] = None
    own_caseload: bool = False
    youth_justice: bool = False
    ends_on: Annotated[Day | None, Field(examples=[None])] = None


class Grant(BaseModel):
    """A role that a person has."""

    ref: Annotated[str, Field(examples=["grant-4f1a"])]
    role: Role
    label: Annotated[str, Field(examples=["School returns"])]
    school: str | None = None
    school_name: str | None = None
    district: str | None = None
    team: str | None = None
    own_caseload: bool = False
    youth_justice: bool = False
    ends_on: date | None = None


class Grants(BaseModel):
    """The roles of a person."""

    items: list[Grant]
    next: str | None = None


class PersonIn(Taken):
    """Somebody to invite. `password` asks for a first password, where people sign in with one here."""

    name: Annotated[Words, Field(examples=["Pat Sample"])]
    email: Email
    password: bool = False


class PersonChange(Taken):
    """What to change; what is left out stays."""

    name: Annotated[Words, Field(examples=["Pat Sample"])] | None = None
    email: Email | None = None
    disabled: bool | None = None


class Person(BaseModel):
    """Somebody who may sign in."""

    ref: Annotated[str, Field(examples=["person-0c7e"])]
    version: int
    name: str
    email: str
    disabled: bool
    signs_in_elsewhere: bool
    grants: list[Grant]


class NewPerson(Person):
    """A person as invited, with the first password where one was asked for: it is shown this once."""

    password: str | None = None


class People(BaseModel):
    """A page of people by name."""

    items: list[Person]
    next: str | None = None


class Password(BaseModel):
    """A new password, shown this once; it must be changed when it is first used."""

    password: Annotated[str, Field(examples=["k7mf-p3xq-9tnd-wv4h"])]


class Me(BaseModel):
    """Who calls, and what they may do now."""

    ref: str
    name: str
    role: str
    label: str
    via: Literal["session", "token"]
    permissions: list[str]
    view: Annotated[str, Field(description="Which view of a register this caller reads.")]
    schools: Annotated[list[str] | None, Field(description="URNs; null for every school of the council.")]
    team: str | None = None
    own_caseload: bool = False


class TokenIn(Taken):
    """A token to make. Without `scopes` it may do all that the caller's role may."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME)] = Field(
        examples=["Nightly upload"]
    )
    scopes: Annotated[list[str], Field(min_length=1, max_length=50, examples=[["me"]])] | None = None
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = DAYS


class Token(BaseModel):
    """A token, without its secret."""

    ref: Annotated[str, Field(examples=["token-77ab"])]
    name: str
    prefix: Annotated[str, Field(examples=["roni_x7Qp"])]
    role: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class NewToken(Token):
    """A token as made: its secret is shown this once."""

    secret: str


class Tokens(BaseModel):
    """The caller's tokens in force."""

    items: list[Token]
    next: str | None = None


class AuditSearch(Taken):
    """What to look for. `pupil` is a pupil's reference or UPN: it stands in a body, never in an address."""

    person: Annotated[Words | None, Field(examples=[None])] = None
    action: Annotated[Words | None, Field(examples=["register.read"])] = None
    since: Annotated[Day | None, Field(examples=[None])] = None
    until: Annotated[Day | None, Field(examples=[None])] = None
    pupil: Annotated[Words | None, Field(examples=[None])] = None
    limit: Annotated[int, Field(ge=1)] | None = None
    cursor: Annotated[Words | None, Field(examples=[None])] = None


class Event(BaseModel):
    """Something that somebody saw or did. Pupils are counted, never named."""

    event: int
    at: datetime
    person: str | None
    person_name: str | None
    role: str | None
    via: str | None
    action: str
    about: str | None
    pupils: int
    detail: dict[str, Any]
    hash: str


class Events(BaseModel):
    """A page of events, the latest first."""

    items: list[Event]
    next: str | None = None


class Verification(BaseModel):
    """Whether every event is as it was written. `first_break` is the number of the first that is not."""

    events: int
    whole: bool
    first_break: int | None = None
