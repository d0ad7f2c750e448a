"""/v1/caseload/sheet: a list that goes out as a spreadsheet and is merged when it comes back."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from pydantic import BaseModel

from service.access import Access, Permission, allow
from service.caseload import merging, sheets
from service.caseload.my_list import Asked
from service.caseload.schemas import Ref
from service.caseload.sheet_reading import KIND, MOST_ROWS
from service.caseload.sheets import CSV, XLSX
from service.caseload.transactions import note_read
from service.idempotency import IdempotentRoute
from service.problems import Refusal, problem_responses
from service.registers.answers import accepted
from service.settings import Settings
from service.uploads.reading import readers_of, working_folder

router = APIRouter(tags=["caseload"], route_class=IdempotentRoute)
FILES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The list as XLSX, or as CSV where Accept asks for it", "content": {XLSX: {}, CSV: {}}}
}


class ActionShape(BaseModel):
    """The next action that stands."""

    contact: str
    what: str | None
    on: date


class RowProblem(BaseModel):
    """A row of which something was not taken."""

    row: int
    code: str
    message: str


class Conflict(BaseModel):
    """A row whose next action somebody else changed since."""

    row: int
    pupil: str
    message: str
    stands: ActionShape | None


class SheetReport(BaseModel):
    """What became of a sheet that came back."""

    rows: int
    contacts_added: int
    actions_changed: int
    actions_done: int
    unchanged: int
    problems: list[RowProblem]
    conflicts: list[Conflict]


@router.get("/caseload/sheet", response_class=Response, responses=FILES | problem_responses(403, 404, 406, 422))
def send_sheet(
    request: Request,
    places: Annotated[int, Query(ge=0, le=500)] = 0,
    check: Ref | None = None,
    coach: Ref | None = None,
    access: Access = allow(Permission.CASELOAD_READ, Permission.REGISTER_EXPORT),
) -> Response:
    """My list as a spreadsheet for a team to fill in: contacts and next actions, no reasons."""
    media = accepted(request, XLSX, CSV)
    with request.app.state.database.read(access) as connection:
        content, pupils = sheets.make(connection, access, Asked(places, check, coach, MOST_ROWS), media)
    note_read(request, access, "sheet.export", check, pupils)
    name = f"my-list.{'csv' if media == CSV else 'xlsx'}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "vary": "accept"}
    return Response(content, media_type=media, headers=headers)


@router.post("/caseload/sheet", responses=problem_responses(409, 413, 422))
def merge_sheet(
    request: Request,
    file: Annotated[UploadFile, File(description="The sheet as it went out, filled in: XLSX or CSV")],
    access: Access = allow(Permission.CASELOAD_READ, Permission.CONTACTS_WRITE),
) -> SheetReport:
    """Merge a sheet that comes back. What others changed since it went out stays, and is listed as a conflict."""
    rows = _rows(request.app.state.settings, file.filename or "", file.file)
    with request.app.state.database.write(access) as connection:
        report = merging.merge(connection, access, rows)
    return SheetReport.model_validate(asdict(report))


def _rows(settings: Settings, name: str, file: BinaryIO) -> list[dict[str, Any]]:
    """The rows of the file, read in a process of its own."""
    with working_folder() as folder:
        path = folder / f"sheet{'.xlsx' if name.lower().endswith('.xlsx') else '.csv'}"
        _keep(file, path, settings.upload_bytes)
        result = readers_of(settings).read({"kind": KIND}, path, settings.upload_seconds)
    if "refused" in result:
        raise Refusal(422, result["refused"]["code"], result["refused"]["sentence"])
    return list(result["sheet"])


def _keep(file: BinaryIO, path: Path, most: int) -> None:
    with path.open("xb") as kept:
        shutil.copyfileobj(file, kept)
        if kept.tell() > most:
            raise Refusal(413, "too_big", "The file is too big. Send back only the sheet that was sent out.")
