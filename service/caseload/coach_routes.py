"""/v1/pupils/{pupil}/coach and /v1/caseload: assigning, handing over, my list."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service import etags
from service.access import Access, Permission, allow
from service.caseload import coaches, my_list, rules
from service.caseload.coach_schemas import (
    AssignmentRule,
    Caseload,
    CoachChange,
    CoachEnd,
    Coaches,
    CoachShape,
    HandOver,
    HandOverShape,
    RuleShape,
)
from service.caseload.schemas import Ref, Shape
from service.caseload.transactions import changing, note_read, pupil_of
from service.checks.queries import require_check
from service.idempotency import IdempotentRoute
from service.problems import problem_responses

router = APIRouter(tags=["caseload"], route_class=IdempotentRoute)


@router.get("/pupils/{pupil}/coach", responses=problem_responses(404))
def show_coach(
    request: Request, response: Response, pupil: str, access: Access = allow(Permission.PUPILS_READ)
) -> CoachShape:
    """The pupil's coach now; its ETag is what a change of it must match."""
    row = pupil_of(request, access, pupil)
    with request.app.state.database.read(access) as connection:
        shown = coaches.show(connection, row)
    note_read(request, access, "coach.read", row.ref, [row.id])
    return _coach(response, shown)


@router.put("/pupils/{pupil}/coach", responses=problem_responses(404, 409, 412, 422, 428))
def assign(
    request: Request,
    response: Response,
    pupil: str,
    change: CoachChange,
    access: Access = allow(Permission.CASELOAD_WRITE),
) -> CoachShape:
    """Give the pupil to a coach. Coaches take on pupils without one and pass on their own; the council assigns anybody.
    In place of another coach it needs If-Match, so that of two people at once the second sees what the first did."""
    row = pupil_of(request, access, pupil)
    with changing(request) as connection:
        coach, last = coaches.require_coach(connection, change.coach), coaches.last_of(connection, row.id)
        replaces = last is not None and last.ended_at is None and last.coach_id != coach.id
        etags.require_match(request, coaches.version_of(last), required=replaces)
        coaches.assign(connection, access, row, last, coach, change.reason)
        shown = coaches.show(connection, row)
    return _coach(response, shown)


@router.delete("/pupils/{pupil}/coach", responses=problem_responses(404, 409, 412, 422))
def end(
    request: Request,
    response: Response,
    pupil: str,
    change: CoachEnd,
    access: Access = allow(Permission.CASELOAD_WRITE),
) -> CoachShape:
    """The pupil needs no coach any more. The reason goes in the body, so that no address holds it."""
    row = pupil_of(request, access, pupil)
    with changing(request) as connection:
        last = coaches.last_of(connection, row.id)
        etags.require_match(request, coaches.version_of(last))
        coaches.end(connection, access, row, last, change.reason)
        shown = coaches.show(connection, row)
    return _coach(response, shown)


@router.get("/caseload/coaches", dependencies=[allow(Permission.CASELOAD_READ)], responses=problem_responses())
def list_coaches(request: Request) -> Coaches:
    """Everybody who may have a caseload, and how many pupils each has."""
    with request.app.state.database.read(Access.system()) as connection:  # counts only, of all coaches
        return Coaches.model_validate({"items": coaches.list_coaches(connection)})


@router.post("/caseload/rules", responses=problem_responses(404, 409, 422))
def apply_rule(request: Request, rule: AssignmentRule, access: Access = allow(Permission.CASELOAD_MANAGE)) -> RuleShape:
    """Assign all pupils without a coach who match; or, unless `dry_run` is false, only say who they are."""
    with changing(request) as connection:
        check = require_check(connection, rule.check)
        coach = coaches.require_coach(connection, rule.coach)
        return RuleShape.model_validate(rules.apply(connection, access, check, coach, rule))


@router.post("/caseload/hand-over", responses=problem_responses(404, 409, 412, 422))
def hand_over(request: Request, change: HandOver, access: Access = allow(Permission.CASELOAD_WRITE)) -> HandOverShape:
    """Hand all or some of a coach's pupils over to another. Whoever cannot go stays; the answer says who and why."""
    with changing(request) as connection:
        giving = coaches.require_person(connection, change.giving)
        taking = coaches.require_coach(connection, change.taking)
        found = coaches.hand_over(connection, access, giving, taking, change.pupils, change.reason)
    return HandOverShape.model_validate(found)


@router.get("/caseload", responses=problem_responses(404, 422))
def show_caseload(
    request: Request,
    places: Annotated[int, Query(ge=0, le=500, description="For how many new pupils there is time.")] = 0,
    check: Annotated[Ref | None, Query(description="The check for new pupils; left out: the last published.")] = None,
    coach: Annotated[Ref | None, Query(description="Whose caseload; left out: your own. For the council.")] = None,
    limit: Annotated[int | None, Query(ge=1)] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    access: Access = allow(Permission.CASELOAD_READ),
) -> Caseload:
    """My list: my caseload, then as many new pupils from the top of the register as there are places. Nobody leaves a
    caseload because a rank fell; who has left a school stands in a part of their own; who has died is in no list."""
    settings = request.app.state.settings
    size = min(limit or settings.page_size, settings.page_most)
    with request.app.state.database.read(access) as connection:
        asked = my_list.Asked(places, check, coach, size, cursor)
        found, pupils = my_list.caseload(connection, access, asked)
    note_read(request, access, "caseload.read", found["check"], pupils)
    return Caseload.model_validate(found)


def _coach(response: Response, shown: Shape) -> CoachShape:
    response.headers["etag"] = etags.etag(shown["version"])
    return CoachShape.model_validate(shown)
