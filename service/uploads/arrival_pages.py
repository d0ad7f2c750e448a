"""Pages: one pupil who is said to have moved to a school, and the school's answer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from service import audit
from service.access import Access, Permission, allow
from service.checks.queries import require_check
from service.database import lock_rolls
from service.forms import Typed, require_version
from service.idempotency import FormRoute
from service.problems import Refusal
from service.uploads import arrivals
from service.uploads.leavers import name_of
from service.uploads.receiving import school_for
from service.web import render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
WORDS = {
    arrivals.ADD_NOW: ("Yes: add the pupil to our roll now", "Your roll is confirmed again with the pupil on it. What "
                       "is known of the pupil from before stands until your next file."),
    arrivals.NEXT_FILE: ("Yes: the pupil will be in our next file", "Nothing changes until then."),
    arrivals.NOT_OURS: ("No: the pupil is not on our roll", "The council finds out where the pupil is. We do not ask "
                        "you about this pupil again."),
}  # fmt: skip
CHOOSE = "Choose whether the pupil is on your roll."


@router.get("/checks/{check}/schools/{urn}/arrivals/{resolution}")
def show_arrival(
    request: Request, check: str, urn: str, resolution: str, access: Access = allow(Permission.UPLOADS_WRITE)
) -> Response:
    return _page(request, access, check, urn, resolution)


def _find(connection: Connection, access: Access, check: str, urn: str, ref: str) -> tuple[Any, Any, Any]:
    row, school = require_check(connection, check), school_for(connection, access, urn)
    return row, school, arrivals.require_arrival(connection, access, row, school, ref)


def _page(
    request: Request, access: Access, check: str, urn: str, ref: str, status: int = 200, **errors: str
) -> Response:
    with request.app.state.database.write(Access.system()) as connection:
        row, school, found = _find(connection, access, check, urn, ref)
        shown = arrivals.told(connection, row, school, found)
        audit.record(connection, access, "arrival.read", about=ref, pupils=[found.pupil_id], detail={"school": urn})
    return render(
        request, "uploads/arrival.html", status,
        title="Is this pupil on your roll?", back=f"/checks/{check}/schools/{urn}", check=row, school=school,
        arrival=shown, pupil=name_of(shown), errors=errors,
        options=[(answer, *WORDS[answer]) for answer in shown["answers"]],
    )  # fmt: skip


@router.post("/checks/{check}/schools/{urn}/arrivals/{resolution}")
def answer(
    request: Request, check: str, urn: str, resolution: str, typed: Typed,
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> Response:  # fmt: skip
    """Keep the answer, and lead back to the school's page."""
    state, said = request.app.state, typed.get("answer", "")
    if said not in arrivals.ANSWERS:
        return _page(request, access, check, urn, resolution, 422, answer=CHOOSE)
    try:
        with state.database.write(Access.system()) as connection:
            lock_rolls(connection)
            row, school, found = _find(connection, access, check, urn, resolution)
            require_version(typed, found.version)
            arrivals.answer(connection, access, state.settings, row, school, found, said)
    except Refusal as refusal:
        if refusal.status in (404, 412):
            raise
        return _page(request, access, check, urn, resolution, refusal.status, answer=refusal.detail)
    return RedirectResponse(f"/checks/{check}/schools/{urn}?answered={said}", 303)
