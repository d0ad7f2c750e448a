"""/v1/checks and /v1/schools."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from service import etags
from service.access import Access, Permission, allow
from service.checks import queries, schools
from service.checks.schemas import (
    CheckChange,
    Checks,
    CheckWithSchools,
    NewCheck,
    NewSchool,
    SchoolChange,
    Schools,
    SchoolShape,
)
from service.idempotency import IdempotentRoute
from service.problems import problem_responses
from service.uploads.work import work_of

router = APIRouter(prefix="/v1", tags=["checks"], route_class=IdempotentRoute)

MOST_SCHOOLS = 500


@router.post("/checks", status_code=201, responses=problem_responses(404, 409, 422))
def open_check(
    request: Request, response: Response, check: NewCheck, access: Access = allow(Permission.CHECKS_MANAGE)
) -> CheckWithSchools:
    """Open a check: the academic year, November or January, the year groups, the scorecard, the schools asked."""
    with request.app.state.database.write(access) as connection:
        ref = queries.open_check(connection, access, check)
        shown = queries.show_check(connection, access, ref)
    response.headers["location"] = f"/v1/checks/{ref}"
    return _check(response, shown)


@router.get("/checks", responses=problem_responses())
def list_checks(request: Request, access: Access = allow(Permission.CHECKS_READ)) -> Checks:
    """All checks, the newest first; a school's people see how far their own school is."""
    with request.app.state.database.read(access) as connection:
        return Checks.model_validate({"items": queries.list_checks(connection, access)})


@router.get("/checks/{check}", responses=problem_responses(404))
def show_check(
    request: Request, response: Response, check: str, access: Access = allow(Permission.CHECKS_READ)
) -> CheckWithSchools:
    """One check, and which schools have not returned, are in progress, have signed off or are overdue."""
    with request.app.state.database.read(access) as connection:
        return _check(response, queries.show_check(connection, access, check))


@router.patch("/checks/{check}", responses=problem_responses(404, 409, 412, 422))
def change_check(
    request: Request,
    response: Response,
    check: str,
    change: CheckChange,
    access: Access = allow(Permission.CHECKS_MANAGE),
) -> CheckWithSchools:
    """Change a check, move it on to the next stage, or close it.

    Where many pupils are to be scored anew that goes on in the background: `renewal` says how far it is.
    """
    state = request.app.state
    state.catch_up(state.database, state.settings)  # a check that is closed keeps what it has
    with state.database.write(access) as connection:
        row = queries.require_check(connection, check)
        etags.require_match(request, row.version)
        queries.change_check(connection, access, state.settings, row, change)
    work_of(request.app).renewed()
    with state.database.read(access) as connection:
        return _check(response, queries.show_check(connection, access, check))


def _check(response: Response, shown: dict[str, Any]) -> CheckWithSchools:
    response.headers["etag"] = etags.etag(shown["version"])
    return CheckWithSchools.model_validate(shown)


@router.post("/schools", status_code=201, tags=["schools"], responses=problem_responses(409, 422))
def add_school(
    request: Request, response: Response, school: NewSchool, access: Access = allow(Permission.SCHOOLS)
) -> SchoolShape:
    """Add a school of the council."""
    with request.app.state.database.write(access) as connection:
        shown = schools.add_school(connection, access, school)
    response.headers["location"] = f"/v1/schools/{shown['ref']}"
    return _school(response, shown)


@router.get("/schools", tags=["schools"], responses=problem_responses(422))
def list_schools(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MOST_SCHOOLS)] = MOST_SCHOOLS,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    access: Access = allow(Permission.CHECKS_READ),
) -> Schools:
    """The schools that the caller may see, by name."""
    with request.app.state.database.read(access) as connection:
        return Schools.model_validate(schools.list_schools(connection, access, limit, cursor))


@router.get("/schools/{school}", tags=["schools"], responses=problem_responses(404))
def show_school(
    request: Request, response: Response, school: str, access: Access = allow(Permission.CHECKS_READ)
) -> SchoolShape:
    """One school."""
    with request.app.state.database.read(access) as connection:
        return _school(response, schools.show_school(connection, access, school))


@router.patch("/schools/{school}", tags=["schools"], responses=problem_responses(404, 412, 422))
def change_school(
    request: Request,
    response: Response,
    school: str,
    change: SchoolChange,
    access: Access = allow(Permission.SCHOOLS),
) -> SchoolShape:
    """Change a school; `active: false` leaves it out of checks opened from now on."""
    with request.app.state.database.write(access) as connection:
        row = schools.require_school(connection, access, school)
        etags.require_match(request, row.version)
        schools.change_school(connection, access, row, change)
        return _school(response, schools.show_school(connection, access, school))


def _school(response: Response, shown: dict[str, Any]) -> SchoolShape:
    response.headers["etag"] = etags.etag(shown["version"])
    return SchoolShape.model_validate(shown)
