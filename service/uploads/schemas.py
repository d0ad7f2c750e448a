"""What the API takes and gives about uploads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Heading = Annotated[str, Field(max_length=500)]
Text = Annotated[str, Field(min_length=1, max_length=300)]
To = Literal[
    "school",
    "pru",
    "other_authority",
    "ehe",
    "college_14_16",
    "custody",
    "abroad",
    "died",
    "awaiting_place",
    "not_known",
]
State = Literal[
    "reading", "staged", "refused", "confirming", "confirmed", "withdrawn", "superseded"
]  # fmt: skip
Row = Annotated[str, Field(pattern=r"^\d{1,8}$")]


class Sent(BaseModel):
    """What a caller sends: nothing that is not named here."""

    model_config = ConfigDict(extra="forbid")


class Column(Sent):
    """How one column is read. Without a field it is not used."""

    field: Annotated[str | None, Field(max_length=64)]
    blank: Literal["no", "not known"] | None = None
    scale: Literal["percent", "fraction"] | None = None
    dates: Literal["uk", "us"] | None = None


class Period(Sent):
    """The days that the attendance covers."""

    from_: Annotated[date, Field(alias="from")]
    to: date
    sessions_possible: Annotated[int | None, Field(ge=0, le=400, strict=True)] = None


class Leaver(Sent):
    """When a pupil left, where to, and who confirmed it."""

    date: Annotated[date | Literal["not known"], Field(description="The day, or “not known”.")]
    to: To
    school: Annotated[str | None, Field(pattern=r"^\d{6}$", description="URN of the school or referral unit.")] = None
    authority: Annotated[Text | None, Field(description="The other council.")] = None
    note: Text | None = None
    confirmed_by: Annotated[Text, Field(description="Who confirmed it, by name or role.")]

    def stored(self) -> dict[str, Any]:
        """As it is kept: a date that is not known is none."""
        said = self.model_dump(mode="json", exclude_none=True)
        return {**said, "date": None if self.date == "not known" else said["date"]}


Leavers = Annotated[dict[Annotated[str, Field(max_length=64)], Leaver | None], Field(max_length=20_000)]


class UploadChange(Sent):
    """What a school says of its upload. What is not named stays; null takes a thing away."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"mapping": {"SENprovision": {"field": "sen_provision"}}, "answers": {"blank:Young carer": "no"}}
            ]
        },
    )

    mapping: Annotated[dict[Heading, Column | None] | None, Field(max_length=1000, description="By heading.")] = None
    answers: Annotated[
        dict[Annotated[str, Field(max_length=600)], Annotated[str, Field(max_length=100)] | Period | None] | None,
        Field(max_length=1000, description="By the question’s id."),
    ] = None
    edits: Annotated[
        dict[Row, dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=1000)]] | None] | None,
        Field(max_length=2000, description="Corrected cells: by row of the file, then by field; empty is not known."),
    ] = None
    leavers: Annotated[
        Leavers | None,
        Field(
            description="By reference of the pupil or “row:12”; “*” answers for all who have no answer of their own."
        ),
    ] = None

    def stored(self) -> dict[str, Any]:
        """What was named, as it is kept."""
        said = self.model_dump(mode="json", by_alias=True, include=self.model_fields_set)
        if self.mapping is not None:
            columns = self.mapping.items()
            said["mapping"] = {key: value and _without_none(value) for key, value in columns}
        if self.leavers is not None:
            said["leavers"] = {key: value and value.stored() for key, value in self.leavers.items()}
        return {name: value for name, value in said.items() if value is not None}


def _without_none(column: Column) -> dict[str, Any]:
    return {"field": column.field, **column.model_dump(exclude={"field"}, exclude_none=True)}


class Confirmation(Sent):
    """“Every pupil who is not named as a leaver is on roll as stated.”"""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"registrations_confirmed": True}]})

    registrations_confirmed: Annotated[
        Literal[True], Field(description="The registration of every pupil who has not left, in one action.")
    ]


class Reconfirmation(Confirmation):
    """The same with no file: the last roll, and who has left since."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "registrations_confirmed": True,
                    "leavers": {
                        "pupil-0f": {"date": "2026-12-11", "to": "other_authority", "confirmed_by": "the school office"}
                    },
                }
            ]
        },
    )

    leavers: Annotated[Leavers, Field(description="By reference of the pupil; whoever is not named is on roll.")] = {}


class Option(BaseModel):
    """One of the answers to a question."""

    value: str
    label: str


class Question(BaseModel):
    """What is asked. Until it is answered the cautious reading stands; it never keeps anybody from confirming."""

    id: Annotated[str, Field(examples=["blank:Young carer"])]
    code: Literal["blank_means_no", "heading_unknown", "attendance_period", "reading_differs", "would_fall"]
    kind: Annotated[
        Literal["choice", "field", "period"], Field(description="One of the options; any field; days from and to.")
    ]
    sentence: str
    column: str | None = None
    field: str | None = None
    count: int | None = None
    rows: list[int] = []
    options: list[Option]


class ColumnReading(BaseModel):
    """How one column was read."""

    heading: str
    field: str | None
    label: str | None
    state: Literal["used", "empty", "unmapped"]
    reading: Annotated[str, Field(examples=["174 blank, read as no"])]
    choices: dict[str, str]


class Absent(BaseModel):
    """A field that no column gives."""

    field: str | None
    label: str | None


class UnknownSchool(BaseModel):
    """Rows of a school that is not one of the council's."""

    count: int
    rows: list[int]


class Difference(BaseModel):
    """Against the last roll, within the leaving cohorts asked for in both checks; `first` are of the others."""

    joined: int = 0
    left: int = 0
    changed: int = 0
    unchanged: int = 0
    first: int = 0


class SchoolDifference(Difference):
    """Of one school; none is the council's own roll."""

    school: str | None


class Account(BaseModel):
    """Every row of the file accounted for: rows are pupils, not kept, or of an unknown school."""

    rows: int
    pupils: int
    not_kept: dict[str, int]
    unknown_school: UnknownSchool
    problems: dict[str, int]
    difference: Difference
    read_as: list[str]
    columns: list[ColumnReading]
    absent: list[Absent]


class LeaverCounts(BaseModel):
    """How many left, and of how many it is not said where to."""

    count: int
    unanswered: int


class RefusalShape(BaseModel):
    """Why a file was refused."""

    code: str
    sentence: str


class UploadLine(BaseModel):
    """One upload in a list."""

    ref: str
    state: State
    progress: float
    file_name: str
    created_at: datetime
    school: str | None


class Uploads(BaseModel):
    """Uploads of a check, the newest first."""

    items: list[UploadLine]
    next: None = None


class UploadShape(UploadLine):
    """An upload: what was understood, what is asked, and what is still to be said before it can be confirmed."""

    check: str
    check_label: str
    school_name: str | None
    file_digest: str
    size: int
    mapping: dict[str, JsonValue]
    answers: dict[str, JsonValue]
    edits: dict[str, JsonValue]
    account: Account | None
    questions: list[Question]
    leavers: LeaverCounts
    differences: list[SchoolDifference]
    refusal: RefusalShape | None
    receipt: dict[str, JsonValue] | None
    version: int
    confirmed_at: datetime | None
    nothing_new: Annotated[bool, Field(description="The same file came before, and nothing has changed since.")] = False


class ProblemLine(BaseModel):
    """One thing to look at."""

    school: str | None
    row: int | None
    column: str
    field: str | None
    code: str
    message: str


class ProblemPage(BaseModel):
    """Problems: those of whole columns, then by row."""

    items: list[ProblemLine]
    next: str | None


class Changed(BaseModel):
    """One field of one pupil, before and now."""

    field: str
    label: str
    before: JsonValue
    now: JsonValue


class Who(BaseModel):
    """A pupil of the caller's own school."""

    row: int | None
    surname: str | None
    forename: str | None
    preferred_name: str | None
    year_group: int | None
    registration_group: str | None
    pupil: Annotated[str | None, Field(description="The pupil’s reference, where known from before.")]
    school: str | None


class PupilLine(Who):
    """One pupil of the file."""

    change: Literal["joined", "left", "changed", "unchanged", "first"]
    changes: list[Changed]
    restricted: bool


class PupilPage(BaseModel):
    """Pupils of the file, by row."""

    items: list[PupilLine]
    next: str | None


class LeaverLine(Who):
    """One leaver, what is said, and whether that is enough."""

    leaver: Annotated[str, Field(description="What to name the answer by.")]
    answer: dict[str, JsonValue] | None
    complete: bool


class LeaverPage(BaseModel):
    """Leavers since the last roll."""

    items: list[LeaverLine]
    next: str | None


class Member(BaseModel):
    """One pupil of the last roll; the answer of who left before."""

    leaver: Annotated[str, Field(description="What to name the answer by, if the pupil has left.")]
    surname: str | None
    forename: str | None
    preferred_name: str | None
    year_group: int | None
    registration_group: str | None
    answer: dict[str, JsonValue] | None


class LastRoll(BaseModel):
    """The roll that can be confirmed once more with no file, and whom it has, by name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "roll": "roll-0f", "label": "November 2026",
                    "items": [
                        {"leaver": "pupil-0f", "surname": "Testa", "forename": "Una", "preferred_name": None,
                         "year_group": 11, "registration_group": "11B", "answer": None}
                    ],
                    "next": None,
                }
            ]
        }
    )  # fmt: skip

    roll: Annotated[str, Field(description="Its reference; the ETag is the same.")]
    label: Annotated[str, Field(description="Of the check that it was confirmed for.")]
    items: list[Member]
    next: str | None


class Receipt(BaseModel):
    """What was confirmed. `changed` is false where it was confirmed before."""

    changed: bool
    state: Literal["confirmed", "confirming"]
    progress: float
    receipt: dict[str, JsonValue] | None
