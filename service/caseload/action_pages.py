"""The next action of a contact, as a page: done, another one, another day, or none any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.access import Access, Permission, allow
from service.caseload import contacts
from service.caseload.contact_schemas import KINDS, NOT_SAFEGUARDING, ContactChange
from service.caseload.returning import ENTER, back_of, lead_back, parsed, spoken
from service.caseload.transactions import note_read
from service.forms import Typed, boxes, day_of, require_version
from service.idempotency import FormRoute
from service.problems import Refusal
from service.web import render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
WANTED = {"next_action": "Write at most 300 characters."}


@router.get("/contacts/{contact}")
def show_action(
    request: Request, contact: str, back: str = "", access: Access = allow(Permission.CONTACTS_WRITE)
) -> Response:
    return _page(request, access, contact, {"back": back} if back else {})


def _page(
    request: Request, access: Access, ref: str, typed: Mapping[str, str], status: int = 200, **errors: str
) -> Response:
    with request.app.state.database.read(access) as connection:
        row = contacts.require_contact(connection, access, ref)
    note_read(request, access, "contacts.read", row.pupil_ref, [row.pupil_id])
    again = "next_action" in typed
    return render(
        request, "caseload/action.html", status,
        title=f"What is next for {spoken(row.pupil_name)}", back=back_of(typed, f"/pupils/{row.pupil_ref}"),
        contact=row, kind=KINDS.get(row.kind, row.kind), reminder=NOT_SAFEGUARDING, errors=errors,
        action=typed["next_action"] if again else row.next_action or "",
        on=boxes(typed, "next_on") if again else row.next_on,
        changed=again and typed.get("version") != str(row.version),
    )  # fmt: skip


@router.post("/contacts/{contact}")
def change_action(
    request: Request, contact: str, typed: Typed, access: Access = allow(Permission.CONTACTS_WRITE)
) -> Response:
    """Say that a next action is done, or is not; or what is next instead, and by when."""
    said, errors = _said(typed)
    change, wrong = parsed(ContactChange, said, WANTED)
    if errors or change is None:
        return _page(request, access, contact, typed, 422, **(wrong | errors))
    try:
        with request.app.state.database.write(access) as connection:
            row = contacts.require_contact(connection, access, contact)
            require_version(typed, row.version)
            contacts.change(connection, access, row, change)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        at = "next_action" if "next_action" in typed else ""
        return _page(request, access, contact, typed, refusal.status, **{at: refusal.detail})
    return lead_back(back_of(typed, f"/pupils/{row.pupil_ref}"), "action", row.pupil_ref)


def _said(typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What the pressed button says, and what is wrong with the day."""
    if "done" in typed:
        return {"done": typed["done"] != "no"}, {}
    try:
        on = day_of(typed, "next_on")
    except ValueError:
        return {}, {"next_on": ENTER}
    return {"next_action": typed.get("next_action", "").strip() or None, "next_on": on, "done": False}, {}
