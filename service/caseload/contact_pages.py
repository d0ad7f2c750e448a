"""Contacts, corrections and objections of a pupil: forms, in a line of a list or on a page of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.access import Access, Permission, allow
from service.caseload import action_pages, contacts, requests
from service.caseload.contact_schemas import (
    KINDS,
    NOT_SAFEGUARDING,
    OUTCOMES,
    NewContact,
    NewRequest,
    RequestChange,
)
from service.caseload.returning import ENTER, back_of, lead_back, parsed, spoken
from service.caseload.transactions import changing, note_read, pupil_of
from service.clock import today
from service.forms import Typed, boxes, day_of, require_version
from service.idempotency import FormRoute
from service.problems import Refusal
from service.web import render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
router.include_router(action_pages.router)
SHOWN = 50
WANTED = {
    "on": "Enter the day of the contact.",
    "kind": "Choose how you were in touch.",
    "outcome": "Choose what came of it.",
    "note": "Write at most 4,000 characters.",
    "next_action": "Write at most 300 characters.",
    "": "Say both what is next and by when, or neither.",
}
REQUEST_WANTED = {
    "kind": "Choose whether it is a correction or an objection.",
    "said": "Write what was said, in at least three letters and at most 2,000.",
    "decision": "Choose a decision.",
    "reason": "Write the reason, in at least three letters and at most 2,000. The young person is told it.",
}
REQUEST_KINDS = (
    ("correction", "A correction", "Something here is wrong or out of date."),
    ("objection", "An objection", "They object to being on the list. Every list says so until it is decided."),
)
DECISIONS = (
    ("upheld", "Upheld"), ("partly_upheld", "Partly upheld"), ("refused", "Refused"),
    ("withdrawn", "Withdrawn by them"),
)  # fmt: skip


@router.get("/pupils/{pupil}/contacts")
def show_contacts(
    request: Request, pupil: str, back: str = "", access: Access = allow(Permission.CONTACTS_WRITE)
) -> Response:
    row = pupil_of(request, access, pupil)
    return _contacts_page(request, access, row, {"back": back} if back else {})


def _contacts_page(
    request: Request, access: Access, pupil: Any, typed: Mapping[str, str], status: int = 200, **errors: str
) -> Response:
    with request.app.state.database.read(access) as connection:
        found = contacts.list_contacts(connection, access, pupil, SHOWN)
    note_read(request, access, "contacts.read", pupil.ref, [pupil.id])
    days = {name: boxes(typed, name) if f"{name}-day" in typed else None for name in ("on", "next_on")}
    return render(
        request, "caseload/contacts.html", status,
        title=f"Record a contact with {spoken(pupil.name)}", back=back_of(typed, f"/pupils/{pupil.ref}"), ref=pupil.ref,
        typed=typed, days=days | {"on": days["on"] or today()},
        errors={_control(name): said for name, said in errors.items()},
        kinds=list(KINDS.items()), outcomes=list(OUTCOMES.items()), reminder=NOT_SAFEGUARDING,
        contacts=found["items"], kind_words=KINDS, outcome_words=OUTCOMES,
    )  # fmt: skip


def _control(name: str) -> str:
    """A next action without its date, or a date without its action, is said at the action."""
    return name or "next_action"


@router.post("/pupils/{pupil}/contacts")
def record_contact(
    request: Request, pupil: str, typed: Typed, access: Access = allow(Permission.CONTACTS_WRITE)
) -> Response:
    """Record a contact, and go back to where the form stood."""
    row = pupil_of(request, access, pupil)
    said, errors = _said(typed)
    new, wrong = parsed(NewContact, said, WANTED)
    if errors or new is None:
        return _contacts_page(request, access, row, typed, 422, **{**wrong, **errors})
    try:
        with request.app.state.database.write(access) as connection:
            contacts.record(connection, access, row, new)
    except Refusal as refusal:
        return _contacts_page(request, access, row, typed, refusal.status, on=refusal.detail)
    return lead_back(back_of(typed, f"/pupils/{pupil}"), "contact", pupil)


def _said(typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What the form says, and which of its days are none."""
    said: dict[str, Any] = {
        name: typed[name]
        for name in ("kind", "outcome", "note", "note_for", "next_action")
        if typed.get(name, "").strip()
    }
    errors: dict[str, str] = {}
    for name in ("on", "next_on"):
        try:
            day = day_of(typed, name)
        except ValueError:
            errors[name] = ENTER
        else:
            said |= {name: day} if day else {}
    if typed.get("quick"):
        said["on"] = today()
    return said, errors


# --- corrections and objections ---------------------------------------------------------------------------------------


@router.get("/pupils/{pupil}/requests")
def show_requests(request: Request, pupil: str, access: Access = allow(Permission.REQUESTS_WRITE)) -> Response:
    row = pupil_of(request, access, pupil)
    note_read(request, access, "requests.read", row.ref, [row.id])
    return _request_page(request, row, {})


def _request_page(request: Request, pupil: Any, typed: Mapping[str, str], status: int = 200, **errors: str) -> Response:
    return render(
        request, "caseload/request.html", status,
        title=f"Record a correction or an objection: {spoken(pupil.name)}", back=f"/pupils/{pupil.ref}", ref=pupil.ref,
        typed=typed, errors=errors, kinds=REQUEST_KINDS,
    )  # fmt: skip


@router.post("/pupils/{pupil}/requests")
def record_request(
    request: Request, pupil: str, typed: Typed, access: Access = allow(Permission.REQUESTS_WRITE)
) -> Response:
    """Record what a young person or a parent asks to have put right, or objects to."""
    row = pupil_of(request, access, pupil)
    new, errors = parsed(
        NewRequest, {name: typed[name] for name in ("kind", "said") if typed.get(name)}, REQUEST_WANTED
    )
    if new is None:
        return _request_page(request, row, typed, 422, **errors)
    with changing(request) as connection:
        requests.record(connection, access, request.app.state.settings, row, new)
    return lead_back(f"/pupils/{pupil}", "request", pupil)


@router.get("/requests/{pupil_request}")
def show_decision(request: Request, pupil_request: str, access: Access = allow(Permission.REQUESTS_DECIDE)) -> Response:
    with request.app.state.database.read(access) as connection:
        row = requests.require_request(connection, access, pupil_request)
    note_read(request, access, "requests.read", row.pupil_ref, [row.pupil_id])
    return _decision_page(request, row, {})


def _decision_page(request: Request, row: Any, typed: Mapping[str, str], status: int = 200, **errors: str) -> Response:
    return render(
        request, "caseload/decision.html", status,
        title=f"Decide the {row.kind} of {spoken(row.pupil_name)}", back=f"/pupils/{row.pupil_ref}", row=row,
        typed=typed, errors=errors, decisions=DECISIONS,
    )  # fmt: skip


@router.post("/requests/{pupil_request}")
def decide_request(
    request: Request, pupil_request: str, typed: Typed, access: Access = allow(Permission.REQUESTS_DECIDE)
) -> Response:
    """Decide a correction or an objection, with the reason that the young person is told."""
    with request.app.state.database.read(access) as connection:
        row = requests.require_request(connection, access, pupil_request)
    said = {name: typed[name] for name in ("decision", "reason") if typed.get(name)}
    change, errors = parsed(RequestChange, said, REQUEST_WANTED)
    if change is None:
        return _decision_page(request, row, typed, 422, **errors)
    require_version(typed, row.version)
    with changing(request) as connection:
        requests.decide(connection, access, request.app.state.settings, row, change)
    return lead_back(f"/pupils/{row.pupil_ref}", "decided", row.pupil_ref)
