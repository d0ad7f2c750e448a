"""/v1/checks/{check}/…/moderations and /v1/moderations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service import etags
from service.access import Access, Permission, allow
from service.caseload import listing, moderations
from service.caseload.schemas import (
    Kind,
    ModerationChange,
    Moderations,
    ModerationShape,
    NewModeration,
    Shape,
    State,
    Urn,
)
from service.caseload.transactions import changing, note_read, pupil_of
from service.idempotency import IdempotentRoute
from service.problems import problem_responses

router = APIRouter(tags=["moderation"], route_class=IdempotentRoute)


@router.post("/checks/{check}/pupils/{pupil}/moderations", status_code=201, responses=problem_responses(404, 409, 422))
def ask(
    request: Request,
    response: Response,
    check: str,
    pupil: str,
    asked: NewModeration,
    access: Access = allow(Permission.MODERATE),
) -> ModerationShape:
    """Add a pupil, ask to take one off the list, or state another priority; always with a reason.

    An addition stands at once, first in its band. A removal is a request: the pupil stays, marked, until a coach or the
    council accepts it; whom the scorecard always includes stays until the council does.
    """
    row = pupil_of(request, access, pupil)
    with changing(request) as connection:
        about = moderations.require_readable(connection, access, check)
        ref = moderations.ask(connection, access, request.app.state.settings, about, row, asked)
        shown = listing.show_moderation(connection, access, ref)
    response.headers["location"] = f"/v1/moderations/{ref}"
    return _moderation(response, shown)


@router.get("/checks/{check}/moderations", responses=problem_responses(404, 422))
def list_moderations(
    request: Request,
    check: str,
    kind: Kind | None = None,
    state: State | None = None,
    school: Annotated[Urn | None, Query(description="The URN of the pupils’ main school.")] = None,
    limit: Annotated[int | None, Query(ge=1)] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    access: Access = allow(Permission.REGISTER_READ),
) -> Moderations:
    """What was asked for a check about the pupils whom you may see, the newest first."""
    settings = request.app.state.settings
    size = min(limit or settings.page_size, settings.page_most)
    with request.app.state.database.read(access) as connection:
        row = moderations.require_readable(connection, access, check)
        found, pupils = listing.list_moderations(connection, access, row, size, cursor, kind, state, school)
    note_read(request, access, "moderations.read", check, pupils)
    return Moderations.model_validate(found)


@router.get("/moderations/{moderation}", responses=problem_responses(404))
def show_moderation(
    request: Request, response: Response, moderation: str, access: Access = allow(Permission.REGISTER_READ)
) -> ModerationShape:
    """One moderation; its ETag is what a change of it must match."""
    with request.app.state.database.read(access) as connection:
        row = moderations.require_moderation(connection, access, moderation)
        shown = listing.show_moderation(connection, access, moderation)
    note_read(request, access, "moderation.read", moderation, [row.pupil_id])
    return _moderation(response, shown)


@router.patch("/moderations/{moderation}", responses=problem_responses(404, 409, 412, 422))
def change_moderation(
    request: Request,
    response: Response,
    moderation: str,
    asked: ModerationChange,
    access: Access = allow(Permission.MODERATE),
) -> ModerationShape:
    """Accept or decline it (coaches and the council, with a reason), withdraw what you asked yourself, or keep what was
    carried from the check before. To decline what was accepted puts a pupil back."""
    with request.app.state.database.read(access) as connection:
        row = moderations.require_moderation(connection, access, moderation)
    etags.require_match(request, row.version)
    with changing(request) as connection:
        moderations.change(connection, access, request.app.state.settings, row, asked)
        shown = listing.show_moderation(connection, access, moderation)
    return _moderation(response, shown)


def _moderation(response: Response, shown: Shape) -> ModerationShape:
    response.headers["etag"] = etags.etag(shown["version"])
    return ModerationShape.model_validate(shown)
