"""A list that goes out to a team as a sheet and comes back edited: sent, looked at row by row, confirmed, told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from service.access import Access, Permission, allow
from service.caseload import merging, sheet_staging, sheets
from service.caseload.my_list import caseload
from service.caseload.my_list_pages import MyListQuery, list_asked
from service.caseload.sheet_plans import Plan
from service.caseload.sheet_reading import MOST_ROWS
from service.caseload.sheet_receiving import rows_of
from service.caseload.sheet_wording import finding
from service.caseload.sheets import CSV, XLSX
from service.caseload.transactions import changing, note_read
from service.cursors import read_cursor, write_cursor
from service.idempotency import FormRoute, IdempotentRoute
from service.problems import Refusal
from service.registers.asking import address, asked_of
from service.uploads.receiving import safe_name
from service.uploads.sending_pages import NO_FILE, attached
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
files = APIRouter(route_class=IdempotentRoute)
LIST, MERGE = Permission.CASELOAD_READ, Permission.CONTACTS_WRITE
HOME = "/my-list/sheets"
ACCEPTED, MEDIA = ".xlsx,.csv", {"xlsx": XLSX, "csv": CSV}
LATEST = 10
DONE = {
    "read": "The sheet was read. Nothing of it counts until you confirm it.",
    "same": "This very sheet waits for you here already. Nothing was changed.",
    "removed": "The sheet is removed. Nothing of it was taken in.",
}
Show = Literal["all", "taken", "not-taken"]


@router.get(HOME)
def show_sheets(request: Request, done: str = "", access: Access = allow(LIST, Permission.REGISTER_EXPORT)) -> Response:
    """Where a sheet goes out and comes back."""
    return _home(request, access, done=done)


def _home(request: Request, access: Access, status: int = 200, done: str = "", **errors: str) -> Response:
    asked = asked_of(request, MyListQuery)
    kept = asked.kept()
    with request.app.state.database.read(access) as connection:
        _, pupils = caseload(connection, access, list_asked(asked, MOST_ROWS))
        came = sheet_staging.sheets_of(connection, access, LATEST)
    return render(
        request, "caseload/sheets.html", status,
        title="A sheet for a team", back=address("/my-list", kept), notice=_notice(done), errors=errors,
        pupils=len(pupils), merges=MERGE in access.permissions, accept=ACCEPTED, came=came, here=address(HOME, kept),
        downloads=[(words, address(f"{HOME}/file", kept, format=name)) for name, words in _FORMATS],
    )  # fmt: skip


_FORMATS = (("xlsx", "Download for Excel"), ("csv", "Download as CSV"))


def _notice(done: str) -> Notice | None:
    return Notice(DONE[done], "information" if done == "same" else "success") if done in DONE else None


@router.get(f"{HOME}/file")
def send_sheet(request: Request, access: Access = allow(LIST, Permission.REGISTER_EXPORT)) -> Response:
    """My list, with the filters of its page, as a sheet to be filled in."""
    asked = asked_of(request, MyListQuery)
    with request.app.state.database.read(access) as connection:
        content, pupils = sheets.make(connection, access, list_asked(asked, MOST_ROWS), MEDIA[asked.format])
    note_read(request, access, "sheet.export", None, pupils)
    return Response(content, media_type=MEDIA[asked.format], headers=attached(f"sheet for a team.{asked.format}"))


@files.post(HOME)
def take_sheet(
    request: Request, file: Annotated[UploadFile | None, File()] = None, access: Access = allow(LIST, MERGE)
) -> Response:
    """Take a sheet in, and show what it would change."""
    if file is None or not file.filename:
        return _home(request, access, 422, file=NO_FILE)
    state, digest = request.app.state, sheet_staging.digest_of(file.file)
    try:
        rows = rows_of(state.settings, file.filename, file.file)
    except Refusal as refusal:
        return _home(request, access, refusal.status, file=refusal.detail)
    with changing(request) as connection:
        same = sheet_staging.waiting(connection, access, digest)
        ref = same or sheet_staging.stage(connection, access, safe_name(file.filename), digest, rows)
    return RedirectResponse(f"{HOME}/{ref}?done={'same' if same else 'read'}", 303)


@router.get(HOME + "/{sheet}")
def show_sheet(
    request: Request, sheet: str, show: Show = "all", cursor: Annotated[str | None, Query(max_length=200)] = None,
    done: str = "", access: Access = allow(LIST, MERGE),
) -> Response:  # fmt: skip
    """What a sheet would change, row by row; once it is confirmed, the receipt."""
    state, here = request.app.state, f"{HOME}/{sheet}"
    with state.database.read(Access.system()) as connection:
        row = sheet_staging.require_sheet(connection, access, sheet)
        plans = sheet_staging.plans_of(connection, access, row)
    wanted = sorted((item for item in plans if _is_shown(item, show)), key=_order)
    page, more = _page(wanted, cursor, state.settings.page_size)
    note_read(request, access, "sheet.read", sheet, merging.pupils_of(page))
    return render(
        request, "caseload/sheet.html",
        title="The sheet is taken in" if row.merged_at else "What this sheet would change", back=HOME, wide=True,
        sheet=row, counts=_counts(row, plans), findings=[finding(item, row.merged_at is not None) for item in page],
        show=show, here=here, changes=any(item.changes for item in plans), notice=_notice(done),
        left=sum(item.not_taken for item in plans), next=address(here, {"show": show}, cursor=more) if more else "",
    )  # fmt: skip


def _is_shown(item: Plan, show: Show) -> bool:
    return (item.changes and show != "not-taken") or (item.not_taken and show != "taken")


def _order(item: Plan) -> tuple[int, int]:
    """What a person has to look at stands first."""
    return int(not item.not_taken), item.row


def _page(items: Sequence[Plan], cursor: str | None, size: int) -> tuple[list[Plan], str | None]:
    after = read_cursor(cursor, int, int) if cursor else (-1, -1)
    rest = [item for item in items if _order(item) > after]
    return rest[:size], write_cursor(*_order(rest[size - 1])) if len(rest) > size else None


def _counts(sheet: Any, plans: Sequence[Plan]) -> dict[str, int]:
    if sheet.receipt is not None:
        return dict(sheet.receipt)
    report = merging.report_of(plans)
    return {name: report[name] for name in sheet_staging.COUNTS} | {"not_taken": sum(item.not_taken for item in plans)}


@router.post(HOME + "/{sheet}/confirmation")
def confirm_sheet(request: Request, sheet: str, access: Access = allow(LIST, MERGE)) -> Response:
    """Merge a sheet; its page is then the receipt."""
    with changing(request) as connection:
        sheet_staging.confirm(connection, access, sheet)
    return RedirectResponse(f"{HOME}/{sheet}", 303)


@router.post(HOME + "/{sheet}/withdrawal")
def withdraw_sheet(request: Request, sheet: str, access: Access = allow(LIST, MERGE)) -> Response:
    """Remove a sheet that was not merged."""
    with changing(request) as connection:
        sheet_staging.withdraw(connection, access, sheet)
    return RedirectResponse(f"{HOME}?done=removed", 303)


router.include_router(files)
