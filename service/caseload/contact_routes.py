"""/v1/pupils/{pupil}/contacts and /requests: what was done, and what young people and parents ask."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service import etags
from service.access import Access, Permission, allow
from service.caseload import contacts, requests
from service.caseload.contact_schemas import (
    ContactChange,
    Contacts,
    ContactShape,
    NewContact,
    NewRequest,
    RequestChange,
    Requests,
    RequestShape,
)
from service.caseload.transactions import changing, note_read, pupil_of
from service.idempotency import IdempotentRoute
from service.problems import problem_responses

router = APIRouter(route_class=IdempotentRoute)
Cursor = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int | None, Query(ge=1)]


@router.post("/pupils/{pupil}/contacts", status_code=201, tags=["contacts"], responses=problem_responses(404, 409, 422))
def record_contact(
    request: Request,
    response: Response,
    pupil: str,
    new: NewContact,
    access: Access = allow(Permission.CONTACTS_WRITE),
) -> ContactShape:
    """Record a contact, and what is next. It is not a safeguarding record: worries about safety go to the DSL."""
    row = pupil_of(request, access, pupil)
    with request.app.state.database.write(access) as connection:
        ref = contacts.record(connection, access, row, new)
        shown = contacts.require_contact(connection, access, ref)
    response.headers["location"] = f"/v1/contacts/{ref}"
    response.headers["etag"] = etags.etag(shown.version)
    return ContactShape.model_validate(contacts.shape(shown, access))


@router.get("/pupils/{pupil}/contacts", tags=["contacts"], responses=problem_responses(404, 422))
def list_contacts(
    request: Request,
    pupil: str,
    limit: Limit = None,
    cursor: Cursor = None,
    access: Access = allow(Permission.CONTACTS_READ),
) -> Contacts:
    """The contacts with a pupil, the latest first. A note that is somebody's own is shown only to them."""
    settings = request.app.state.settings
    row = pupil_of(request, access, pupil)
    with request.app.state.database.read(access) as connection:
        size = min(limit or settings.page_size, settings.page_most)
        found = contacts.list_contacts(connection, access, row, size, cursor)
    note_read(request, access, "contacts.read", row.ref, [row.id])
    return Contacts.model_validate(found)


@router.patch("/contacts/{contact}", tags=["contacts"], responses=problem_responses(404, 409, 412, 422))
def change_contact(
    request: Request,
    response: Response,
    contact: str,
    change: ContactChange,
    access: Access = allow(Permission.CONTACTS_WRITE),
) -> ContactShape:
    """Say that the next action is done, or move it; its author may also change the note and the outcome."""
    with request.app.state.database.write(access) as connection:
        row = contacts.require_contact(connection, access, contact)
        etags.require_match(request, row.version)
        contacts.change(connection, access, row, change)
        shown = contacts.require_contact(connection, access, contact)
    response.headers["etag"] = etags.etag(shown.version)
    return ContactShape.model_validate(contacts.shape(shown, access))


@router.post("/pupils/{pupil}/requests", status_code=201, tags=["requests"], responses=problem_responses(404, 409, 422))
def record_request(
    request: Request,
    response: Response,
    pupil: str,
    new: NewRequest,
    access: Access = allow(Permission.REQUESTS_WRITE),
) -> RequestShape:
    """Record a correction or an objection. While an objection is open, every list says so beside the pupil."""
    row = pupil_of(request, access, pupil)
    with changing(request) as connection:
        ref = requests.record(connection, access, request.app.state.settings, row, new)
        shown = requests.require_request(connection, access, ref)
    response.headers["location"] = f"/v1/requests/{ref}"
    response.headers["etag"] = etags.etag(shown.version)
    return RequestShape.model_validate(requests.shape(shown))


@router.get("/pupils/{pupil}/requests", tags=["requests"], responses=problem_responses(404, 422))
def list_requests(
    request: Request,
    pupil: str,
    limit: Limit = None,
    cursor: Cursor = None,
    access: Access = allow(Permission.REQUESTS_WRITE),
) -> Requests:
    """The requests about a pupil and what was decided, the latest first."""
    settings = request.app.state.settings
    row = pupil_of(request, access, pupil)
    with request.app.state.database.read(access) as connection:
        size = min(limit or settings.page_size, settings.page_most)
        found = requests.list_requests(connection, access, row, size, cursor)
    note_read(request, access, "requests.read", row.ref, [row.id])
    return Requests.model_validate(found)


@router.patch("/requests/{pupil_request}", tags=["requests"], responses=problem_responses(404, 409, 412, 422))
def decide_request(
    request: Request,
    response: Response,
    pupil_request: str,
    change: RequestChange,
    access: Access = allow(Permission.REQUESTS_DECIDE),
) -> RequestShape:
    """Decide a correction or an objection, with the reason that the young person is told."""
    with request.app.state.database.read(access) as connection:
        row = requests.require_request(connection, access, pupil_request)
    etags.require_match(request, row.version)
    with changing(request) as connection:
        requests.decide(connection, access, request.app.state.settings, row, change)
        shown = requests.require_request(connection, access, pupil_request)
    response.headers["etag"] = etags.etag(shown.version)
    return RequestShape.model_validate(requests.shape(shown))
