"""The API of the audit: who saw and changed what, and whether the record is whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from service.access import Access, Permission, allow
from service.accounts import schemas, trail
from service.accounts.trail import Search
from service.problems import problem_responses

router = APIRouter(tags=["audit"])


@router.get("/audit", summary="Events, the latest first", responses=problem_responses(422))
def list_events(
    request: Request,
    person: Annotated[str | None, Query(max_length=64, description="Reference of who did it")] = None,
    action: Annotated[str | None, Query(max_length=64, examples=["register.read"])] = None,
    since: schemas.Day | None = None,
    until: schemas.Day | None = None,
    limit: Annotated[int | None, Query(ge=1)] = None,
    cursor: str | None = None,
    access: Access = allow(Permission.AUDIT),
) -> schemas.Events:
    """To ask about a pupil, use POST /v1/audit/search: who a pupil is stands in no address."""
    return _events(request, access, Search(person=person, action=action, since=since, until=until), limit, cursor)


@router.post("/audit/search", summary="Events about a pupil, and every other filter", responses=problem_responses(422))
def search_events(
    request: Request, asked: schemas.AuditSearch, access: Access = allow(Permission.AUDIT)
) -> schemas.Events:
    search = Search(**asked.model_dump(exclude={"limit", "cursor"}))
    return _events(request, access, search, asked.limit, asked.cursor)


def _events(request: Request, access: Access, asked: Search, limit: int | None, cursor: str | None) -> schemas.Events:
    state = request.app.state
    trail.in_order(asked.since, asked.until)
    most = min(limit or state.settings.page_size, state.settings.page_most)
    with state.database.read(Access.system()) as connection:  # to find the audit's reference of a pupil
        rows, more = trail.search(connection, asked, most, cursor)
    with state.database.write(Access.system()) as connection:
        trail.record_search(connection, access, asked)
    return schemas.Events(items=[schemas.Event(**trail.told(row)) for row in rows], next=more)


@router.get("/audit/verification", summary="Whether the record is whole", responses=problem_responses())
def verify(request: Request, access: Access = allow(Permission.AUDIT)) -> schemas.Verification:
    """Works out every hash again: some seconds for a million events."""
    with request.app.state.database.read(access) as connection:
        return schemas.Verification(**trail.state(connection))
