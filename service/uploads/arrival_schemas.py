"""What the API takes and gives about pupils who are said to have moved to a school."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from service.uploads.schemas import Sent

Answer = Literal["add_now", "next_file", "not_ours"]


class FromSchool(BaseModel):
    """The school that says so."""

    urn: str
    name: str


class Arrival(BaseModel):
    """One pupil who is said to have moved to the school. No more of the pupil is told before it has them on a roll."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ref": "resolution-0f", "version": 1, "surname": "Testa", "forename": "Una", "preferred_name": None,
                    "year_group": 11, "left_on": "2026-12-11", "from": {"urn": "100001", "name": "Invented Academy"},
                    "said_at": "2027-01-12T09:00:00Z", "answer": None,
                    "answers": ["add_now", "next_file", "not_ours"],
                }
            ]
        }
    )  # fmt: skip

    ref: str
    version: int
    surname: str | None
    forename: str | None
    preferred_name: str | None
    year_group: int | None
    left_on: Annotated[date | None, Field(description="The last day on the other roll, where that is known.")]
    from_: Annotated[FromSchool, Field(alias="from")]
    said_at: datetime
    answer: Annotated[Answer | None, Field(description="What the school has said so far.")]
    answers: Annotated[list[Answer], Field(description="“add_now” only where a roll of the check is confirmed.")]


class Arrivals(BaseModel):
    """Who is said to have moved to the school and is on no roll of it, in the order in which it was said."""

    items: list[Arrival]
    next: None = None


class ArrivalAnswer(Sent):
    """Whether the pupil is on the school's roll."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"answer": "next_file"}]})

    answer: Annotated[
        Answer,
        Field(
            description="“add_now”: on our roll, add the pupil to it now. “next_file”: on our roll, and in our next "
            "file. “not_ours”: not on our roll, and for the council to find out."
        ),
    ]


class ArrivalAnswered(BaseModel):
    """What became of the answer. The receipt is that of the roll with the pupil on it."""

    ref: str
    answer: Answer
    receipt: dict[str, JsonValue] | None
