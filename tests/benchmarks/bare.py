"""The bare FastAPI app that `bench_service.py` measures against: the same file read, the same lines answered.

    python tests/benchmarks/bare.py LINES

`LINES` is a file of JSON with the lines of a list, there by the time they are asked for. The port is printed.
"""

from __future__ import annotations

import csv
import io
import json
import socket
import sys
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI, UploadFile
from pydantic import BaseModel, BeforeValidator, Field

Day = Annotated[date, BeforeValidator(lambda text: datetime.strptime(text, "%d/%m/%Y").date())]
Yes = Annotated[bool | None, BeforeValidator(lambda text: text if text is None else {"Y": True, "N": False}[text])]


class Pupil(BaseModel):
    """One row of the file, typed by hand."""

    upn: str = Field(alias="UPN", pattern=r"^[A-Z]\d{11}[\dA-Z]$")
    surname: str = Field(alias="Surname")
    forename: str = Field(alias="Forename")
    date_of_birth: Day = Field(alias="Date of birth")
    sex: str | None = Field(alias="Sex")
    year_group: int = Field(alias="Year group", ge=0, le=14)
    registration_group: str | None = Field(alias="Registration group")
    district: str | None = Field(alias="District")
    sen_provision: str | None = Field(alias="SEN provision")
    looked_after: Yes = Field(alias="Looked after")
    young_carer: Yes = Field(alias="Young carer")
    eal: Yes = Field(alias="EAL")
    fsm: Yes = Field(alias="Free school meals")
    attendance: float | None = Field(alias="Attendance %", ge=0, le=100)
    attendance_last_year: float | None = Field(alias="Attendance last year", ge=0, le=100)
    suspensions: int | None = Field(alias="Suspensions", ge=0)
    permanently_excluded: Yes = Field(alias="Permanently excluded")
    alternative_provision: Yes = Field(alias="Alternative provision")
    pregnant_or_parent: Yes = Field(alias="Pregnant or parent")
    youth_justice: Yes = Field(alias="Youth justice (YOT)")
    child_in_need: Yes = Field(alias="Child in need")
    child_protection_plan: Yes = Field(alias="Child protection plan")
    early_help: Yes = Field(alias="Early Help")
    care_leaver: Yes = Field(alias="Care leaver")
    mental_health_need: Yes = Field(alias="Mental health need")
    ks2_reading: int | None = Field(alias="KS2 reading")
    ks2_maths: int | None = Field(alias="KS2 maths")
    english_grade: str | None = Field(alias="English grade")
    maths_grade: str | None = Field(alias="Maths grade")


class Reason(BaseModel):
    """Why."""

    fact: str
    indicator: str | None = None
    label: str | None = None
    points: int | None = None


class Line(BaseModel):
    """What a list shows of one pupil."""

    rank: int | None
    pupil: str
    name: str
    year_group: int | None
    form: str | None
    school: dict[str, str]
    section: str
    band: str
    points: int
    points_max: int
    why: str
    reasons: list[Reason]
    not_known: list[str]
    marks: list[str]


app = FastAPI()


@app.post("/uploads")
def upload(file: UploadFile) -> dict[str, int]:
    """Read a file."""
    rows = csv.DictReader(io.TextIOWrapper(file.file, "utf-8"))
    return {"pupils": len([Pupil(**{name: cell or None for name, cell in row.items()}) for row in rows])}


@app.get("/lines")
def answer() -> list[Line]:
    """Answer a list."""
    return lines()  # type: ignore[return-value]  # FastAPI makes them typed


@cache
def lines() -> list[dict[str, object]]:
    """What the file holds when it is first asked for."""
    return list(json.loads(Path(sys.argv[1]).read_text("utf-8")))


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])
