"""/v1/caseload/sheet: a list that goes out as a spreadsheet and is merged when it comes back."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field

from service.access import Access, Permission, allow
from service.caseload import merging, sheets
from service.caseload.my_list import Asked
from service.caseload.schemas import Ref
from service.caseload.sheet_plans import plan
from service.caseload.sheet_reading import MOST_ROWS
from service.caseload.sheet_receiving import rows_of
from service.caseload.sheets import CSV, XLSX
from service.caseload.transactions import note_read
from service.idempotency import IdempotentRoute
from service.problems import problem_responses
from service.registers.answers import accepted

router = APIRouter(tags=["caseload"], route_class=IdempotentRoute)
FILES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The list as XLSX, or as CSV where Accept asks for it", "content": {XLSX: {}, CSV: {}}}
}


class ActionShape(BaseModel):
    """The next action that stands."""

    contact: str
    what: str | None
    on: date


class RowChange(BaseModel):
    """A row of which something was taken."""

    row: int
    pupil: str
    contact: Annotated[bool, Field(description="A contact is added.")]
    action: Annotated[
        Literal["placed", "moved", "done"] | None, Field(description="What becomes of the pupil’s next action.")
    ]


class RowProblem(BaseModel):
    """A row of which something was not taken."""

    row: Annotated[int, Field(description="As a spreadsheet numbers it.")]
    code: str
    column: Annotated[str | None, Field(description="The heading over the cell; none where it is about the whole row.")]
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
    changes: list[RowChange]
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
    preview: Annotated[bool, Query(description="Say what would change, row by row, and change nothing.")] = False,
    access: Access = allow(Permission.CASELOAD_READ, Permission.CONTACTS_WRITE),
) -> SheetReport:
    """Merge a sheet that comes back. What others changed since it went out stays, and is listed as a conflict."""
    rows = rows_of(request.app.state.settings, file.filename or "", file.file)
    if preview:
        with request.app.state.database.read(access) as connection:
            plans = plan(connection, access, rows)
        note_read(request, access, "sheet.read", None, merging.pupils_of(plans))
    else:
        with request.app.state.database.write(access) as connection:
            plans = merging.merge(connection, access, rows)
    return SheetReport.model_validate(merging.report_of(plans))
