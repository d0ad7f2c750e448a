"""/v1/resolutions: what schools and lists leave unsettled, and what people decide about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from service import audit, etags
from service.access import Access, Permission, allow
from service.problems import problem_responses
from service.supplements import resolutions
from service.supplements.resolution_schemas import Kind, Resolution, ResolutionDecision, Resolutions

router = APIRouter(tags=["to resolve"])


@router.get("/resolutions", responses=problem_responses(422))
def list_resolutions(
    request: Request,
    kind: Kind | None = None,
    school: Annotated[str | None, Query(pattern=r"^\d{6}$", description="URN")] = None,
    check: Annotated[str | None, Query(max_length=64)] = None,
    state: Literal["open", "closed"] = "open",
    limit: Annotated[int | None, Query(ge=1)] = None,
    cursor: str | None = None,
    access: Access = allow(Permission.PUPILS_READ),
) -> Resolutions:
    """What is to be resolved about pupils that you may see: the oldest first; closed ones the latest first."""
    app = request.app.state
    most = min(limit or app.settings.page_size, app.settings.page_most)
    asked = {"kind": kind, "school": school, "check": check, "state": state}
    with app.database.read(access) as connection:
        found = resolutions.listed(connection, access, asked, most, cursor)
    with app.database.write(access) as connection:
        audit.record(connection, access, "resolution.read", pupils=found.pop("pupils"))
    return Resolutions.model_validate(found)


@router.get("/resolutions/{resolution}", responses=problem_responses(404))
def show_resolution(
    request: Request, response: Response, resolution: str, access: Access = allow(Permission.PUPILS_READ)
) -> Resolution:
    database = request.app.state.database
    with database.read(access) as connection:
        row = resolutions.require_entry(connection, access, resolution)
    with database.write(access) as connection:
        audit.record(connection, access, "resolution.read", row.ref, [row.pupil_id] if row.pupil_id else [])
    return _shown(response, row)


@router.patch("/resolutions/{resolution}", responses=problem_responses(404, 409, 412, 422, 428))
def decide(
    request: Request,
    response: Response,
    resolution: str,
    decision: ResolutionDecision,
    access: Access = allow(Permission.RESOLVE),
) -> Resolution:
    """Decide (If-Match), with a reason. Where the register rests on it, the pupil is worked out again at once."""
    state = request.app.state
    with state.database.write(Access.system()) as connection:
        row = resolutions.require_entry(connection, access, resolution)
        etags.require_match(request, row.version, required=True)
        resolutions.decide(connection, access, state.settings, row, decision.decision, decision.reason, decision.pupil)
        row = resolutions.require_entry(connection, access, resolution)
    return _shown(response, row)


def _shown(response: Response, row: Any) -> Resolution:
    response.headers["etag"] = etags.etag(row.version)
    return Resolution.model_validate(resolutions.told(row))
