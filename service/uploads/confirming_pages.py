"""Pages: the summary before a roll is confirmed, the confirmation, the receipt."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from service.access import Access, Permission, allow
from service.checks.links import has_page
from service.checks.queries import require_check
from service.database import lock_rolls
from service.forms import Typed
from service.idempotency import FormRoute
from service.problems import Refusal
from service.uploads import finishing, queries
from service.uploads.file_pages import not_kept, staged_upload
from service.uploads.leavers import WHERE_TO
from service.uploads.receiving import CONFIRMED, CONFIRMING, school_for
from service.uploads.saying import PATIENCE, read_again, stale_page
from service.uploads.standing import receipt_of, school_names
from service.uploads.steps import steps_of
from service.uploads.work import work_of
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
TICK = "Tick the box to say that the registrations are right."
ROLL_MOVED = "Somebody confirmed this roll meanwhile. We have compared your file with it again: look, then confirm."


@router.get("/uploads/{upload}/summary")
def show_summary(
    request: Request, upload: str, moved: str = "", access: Access = allow(Permission.UPLOADS_WRITE)
) -> Response:
    notice = Notice(ROLL_MOVED, "information") if moved else None
    return _summary(request, staged_upload(request, access, upload), notice=notice)


def _summary(request: Request, shown: dict[str, Any], status: int = 200, **said: Any) -> Response:
    steps = {step.name: step for step in steps_of(shown)}
    with request.app.state.database.read(Access.system()) as connection:
        names = school_names(connection)
    return render(
        request, "uploads/summary.html", status,
        title="Check and confirm", back=f"/uploads/{shown['ref']}", upload=shown, steps=steps, names=names,
        not_kept=not_kept(shown["account"]), **said,
    )  # fmt: skip


@router.post("/uploads/{upload}/confirmation")
def confirm(request: Request, upload: str, typed: Typed, access: Access = allow(Permission.UPLOADS_WRITE)) -> Response:
    """Make this the roll; the receipt is the upload's page from now on."""
    state = request.app.state
    with state.database.read(Access.system()) as connection:
        row = queries.require_upload(connection, access, upload)
        shown = queries.show_upload(connection, access, upload)
    if row.state not in (CONFIRMED, CONFIRMING) and not typed.get("registrations_confirmed"):
        return _summary(request, shown, 422, errors={"registrations_confirmed": TICK})
    try:
        stale = _confirm(request, access, upload, typed.get("version", ""))
    except Refusal as refusal:
        return _not_yet(request, access, row, refusal)
    if stale is not None:
        return stale_page(request, stale, typed)
    if row.school_id is None:
        work_of(request.app).confirm_all(access, upload, PATIENCE)
    return RedirectResponse(f"/uploads/{upload}", 303)


def _confirm(request: Request, access: Access, ref: str, version: str) -> Any:
    """Confirm, once; the row where it is not the version that was looked at."""
    state = request.app.state
    with state.database.write(Access.system()) as connection:
        lock_rolls(connection)
        row = queries.require_upload(connection, access, ref, lock=True)
        if row.state in (CONFIRMED, CONFIRMING):
            return None
        if str(row.version) != version:
            return row
        if row.school_id is None:
            finishing.begin_all(connection, access, row)
        else:
            finishing.confirm_upload(connection, access, state.settings, row)
    return None


def _not_yet(request: Request, access: Access, upload: Any, refusal: Refusal) -> Response:
    """What keeps a roll from being confirmed has a page of its own."""
    if refusal.code == "leavers_unanswered":
        return RedirectResponse(f"/uploads/{upload.ref}/leavers?missing=1", 303)
    if refusal.code != "roll_changed":
        raise refusal
    _compare_again(request, upload)
    done = read_again(request, access, upload)
    return RedirectResponse(f"/uploads/{upload.ref}" + ("/summary?moved=1" if done else ""), 303)


def _compare_again(request: Request, upload: Any) -> None:
    """Say of an upload that its base has moved: it is read again."""
    from service.uploads.changes import change_upload

    with request.app.state.database.write(Access.system()) as connection:
        row = queries.require_upload(connection, Access.system(), upload.ref, lock=True)
        change_upload(connection, Access.system(), row, {})


@router.get("/checks/{check}/schools/{urn}/receipt")
def show_receipt(request: Request, check: str, urn: str, access: Access = allow(Permission.CHECKS_READ)) -> Response:
    """The receipt of the roll that counts now."""
    with request.app.state.database.read(access) as connection:
        row, school = require_check(connection, check), school_for(connection, access, urn)
        receipt = receipt_of(connection, row.id, school.id) if school is not None else None
    if school is None or receipt is None:
        raise Refusal(404, "not_found", "No roll of this school is confirmed for this check yet.")
    home = f"/checks/{check}/schools/{urn}"
    return render(
        request, "uploads/receipt.html",
        title="Your roll is confirmed", back=home, home=home, receipt=receipt,
        confirmed_at=datetime.fromisoformat(receipt["confirmed_at"]), rolls=None, names={}, where_to=WHERE_TO,
        school_name=school.name, check=check, check_label=row.label,
        list_page=has_page(request, "/checks/{check}/register"),
    )  # fmt: skip
