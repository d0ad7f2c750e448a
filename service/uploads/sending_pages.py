"""Pages: a school's own page of a check, and the forms that send its file."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated, Any

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from roni import national, write_template
from service.access import Access, Permission, allow
from service.checks.links import has_page
from service.checks.queries import calendar_check, require_check
from service.clock import today
from service.problems import Refusal
from service.uploads.arrivals import read_arrivals
from service.uploads.leavers import name_of
from service.uploads.receiving import receive, school_for
from service.uploads.routes import FileRoute
from service.uploads.saying import read_again
from service.uploads.standing import standing_of
from service.web import Notice, render

router = APIRouter(include_in_schema=False)
files = APIRouter(route_class=FileRoute)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ACCEPTED = ".csv,.txt,.tsv,.xlsx,.xlsm,.parquet,.xml"
ANSWERED = {
    "add_now": "The pupil is on your roll, which is confirmed again.",
    "next_file": "We have noted that the pupil will be in your next file.",
    "not_ours": "The council knows now that the pupil is not on your roll.",
}
NO_FILE = "Choose a file, or drop one on the box."


@router.get("/checks/{check}/template")
def template(request: Request, check: str, access: Access = allow(Permission.CHECKS_READ)) -> Response:
    """The workbook that a school fills in."""
    with request.app.state.database.read(access) as connection:
        row = require_check(connection, check)
    made = BytesIO()
    write_template(made, national(), calendar_check(row))
    return Response(made.getvalue(), media_type=XLSX, headers=attached(f"roni template {row.label}.xlsx"))


def attached(name: str) -> dict[str, str]:
    """Headers that make a browser save an answer as a file of this (ASCII) name."""
    return {"content-disposition": f'attachment; filename="{name}"'}


@router.get("/checks/{check}/schools/{urn}")
def show_school(
    request: Request, check: str, urn: str, answered: str = "", access: Access = allow(Permission.CHECKS_READ)
) -> Response:
    notice = Notice(ANSWERED[answered]) if answered in ANSWERED else None
    return _school_page(request, access, check, urn, notice=notice)


def _school_page(
    request: Request, access: Access, ref: str, urn: str, status: int = 200, notice: Notice | None = None, **errors: str
) -> Response:
    with request.app.state.database.read(access) as connection:
        check = require_check(connection, ref)
        school = school_for(connection, access, urn)
        if school is None:
            raise Refusal(404, "not_found", "There is no such school, or it is not yours.")
        standing = standing_of(connection, check, school)
    sends = Permission.UPLOADS_WRITE in access.permissions
    arriving = read_arrivals(request.app.state.database, access, check, school) if sends else []
    return render(
        request, "uploads/school.html", status,
        title=f"{check.label} check", back="/", check=check, school=school, standing=standing,
        sends=sends and check.closed_at is None and standing["asked"], accept=ACCEPTED, errors=errors,
        list_page=has_page(request, "/checks/{check}/register"), days_left=(check.due_on - today()).days,
        others=[str(year) for year in check.accepted_years if year not in check.focus_years],
        moderates=Permission.MODERATE in access.permissions, notice=notice,
        arrivals=[(item["ref"], name_of(item), item["year_group"], item["from"]["name"], item["left_on"],
                   item["answer"]) for item in arriving],
    )  # fmt: skip


@files.post("/checks/{check}/schools/{urn}/uploads")
def send_file(
    request: Request,
    check: str,
    urn: str,
    file: Annotated[UploadFile | None, File()] = None,
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> Response:
    """Take a school's file in, and show what was understood of it."""
    if file is None or not file.filename:
        return _school_page(request, access, check, urn, 422, file=NO_FILE)
    return _take(request, access, check, urn, file)


def _take(request: Request, access: Access, ref: str, urn: str | None, file: UploadFile) -> Response:
    state = request.app.state
    with state.database.write(access) as connection:
        check = require_check(connection, ref)
        school = school_for(connection, access, urn)
        upload, new = receive(connection, access, state.settings, check, school, file.filename or "", file.file)
        row = _Received(upload, None if school is None else school.id)
    read_again(request, access, row, new=new)
    return RedirectResponse(f"/uploads/{upload}{'' if new else '?same=1'}", 303)


class _Received:
    """The reference and school of an upload that has only just come."""

    def __init__(self, ref: str, school_id: Any) -> None:
        self.ref, self.school_id = ref, school_id


@router.get("/checks/{check}/upload")
def show_council_form(request: Request, check: str, access: Access = allow(Permission.COUNCIL_UPLOADS)) -> Response:
    return _council_page(request, access, check)


def _council_page(request: Request, access: Access, ref: str, status: int = 200, **errors: str) -> Response:
    with request.app.state.database.read(access) as connection:
        check = require_check(connection, ref)
    return render(
        request, "uploads/council.html", status,
        title="Upload a file for all schools", back=f"/checks/{ref}", check=check, accept=ACCEPTED, errors=errors,
    )  # fmt: skip


@files.post("/checks/{check}/upload")
def send_council_file(
    request: Request,
    check: str,
    file: Annotated[UploadFile | None, File()] = None,
    access: Access = allow(Permission.COUNCIL_UPLOADS),
) -> Response:
    """Take in one file for all schools."""
    if file is None or not file.filename:
        return _council_page(request, access, check, 422, file=NO_FILE)
    return _take(request, access, check, None, file)


router.include_router(files)
