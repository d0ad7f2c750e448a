"""/v1/checks/{check}/schools/{urn}/arrivals: who is said to have moved to a school, and what the school answers."""

from __future__ import annotations

from fastapi import APIRouter, Request

from service import etags
from service.access import Access, Permission, allow
from service.checks.queries import require_check
from service.database import lock_rolls
from service.idempotency import IdempotentRoute
from service.problems import problem_responses
from service.uploads import arrivals
from service.uploads.arrival_schemas import ArrivalAnswer, ArrivalAnswered, Arrivals
from service.uploads.receiving import school_for

router = APIRouter(tags=["uploads"], route_class=IdempotentRoute)


@router.get("/checks/{check}/schools/{urn}/arrivals", responses=problem_responses(404))
def list_arrivals(request: Request, check: str, urn: str, access: Access = allow(Permission.UPLOADS_WRITE)) -> Arrivals:
    """Pupils whom another school says to have moved to this one, which has them on no roll yet: name, year group, last
    day and which school says so, and nothing else of them. Whoever is on a roll of it is no longer here."""
    database = request.app.state.database
    with database.read(access) as connection:
        row, school = require_check(connection, check), school_for(connection, access, urn)
    return Arrivals.model_validate({"items": arrivals.read_arrivals(database, access, row, school)})


@router.patch(
    "/checks/{check}/schools/{urn}/arrivals/{resolution}", responses=problem_responses(404, 409, 412, 422, 428)
)
def answer_arrival(
    request: Request,
    check: str,
    urn: str,
    resolution: str,
    asked: ArrivalAnswer,
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> ArrivalAnswered:
    """Say whether the pupil is on the school's roll (If-Match: the version as an ETag). To add the pupil now confirms
    the roll of this check once more; what is not the school's stays on the council's list “to resolve”."""
    state = request.app.state
    with state.database.write(Access.system()) as connection:
        lock_rolls(connection)
        row, school = require_check(connection, check), school_for(connection, access, urn)
        found = arrivals.require_arrival(connection, access, row, school, resolution)
        etags.require_match(request, found.version, required=True)
        receipt = arrivals.answer(connection, access, state.settings, row, school, found, asked.answer)
    return ArrivalAnswered(ref=resolution, answer=asked.answer, receipt=receipt)
