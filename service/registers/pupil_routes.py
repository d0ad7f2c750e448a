"""One pupil: explained for a check, over the checks, and found by name or UPN."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from service import audit
from service.access import Access, Permission, allow
from service.problems import Refusal, problem_responses
from service.registers import explaining
from service.registers.answers import accepted
from service.registers.schemas import ExplanationShape, FoundPupils, History, PupilSearch

router = APIRouter(tags=["pupils"])

JSON, TEXT, SVG = "application/json", "text/plain", "image/svg+xml"
FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "model": ExplanationShape,
        "content": {TEXT: {"schema": {"type": "string"}}, SVG: {"schema": {"type": "string"}}},
    }
}


@router.get("/checks/{check}/pupils/{pupil}", responses=FORMS | problem_responses(404, 406))
def explain_pupil(request: Request, check: str, pupil: str, access: Access = allow(Permission.PUPILS_READ)) -> Response:
    """Why a pupil stands where they stand: JSON, plain English, or the points as a picture, by Accept."""
    database, media = request.app.state.database, accepted(request, JSON, TEXT, SVG)
    with database.read(access) as connection:
        row = access.require_pupil(connection, pupil)
    with database.read(Access.system()) as connection:  # a score may rest on what other schools and teams say
        explained = explaining.explain(connection, access, request.app.state.settings, check, row)
        body = explaining.form(explained, media)
    with database.write(access) as connection:
        audit.record(connection, access, "pupil.read", about=check, pupils=[explained.pupil.id])
    return Response(body, media_type=media, headers={"vary": "accept"})


@router.get("/pupils/{pupil}/history", responses=problem_responses(404))
def pupil_history(request: Request, pupil: str, access: Access = allow(Permission.PUPILS_READ)) -> History:
    """Where a pupil stood in each check."""
    database = request.app.state.database
    with database.read(access) as connection:
        said, pupil_id = explaining.history_of(connection, access, pupil)
    with database.write(access) as connection:
        audit.record(connection, access, "pupil.history", about=None, pupils=[pupil_id])
    return History.model_validate(said)


@router.post("/pupils/search", responses=problem_responses(422))
def search_pupils(request: Request, wanted: PupilSearch, access: Access = allow(Permission.PUPILS_READ)) -> FoundPupils:
    """Find pupils by words of the name, or by UPN: a POST, so that neither stands in an address."""
    if wanted.name is None and wanted.upn is None:
        raise Refusal(422, "nothing_asked", "Give words of a name, or a UPN.")
    upn = wanted.upn and wanted.upn.upper()
    database = request.app.state.database
    with database.read(access) as connection:
        found = explaining.search(connection, access, wanted.name, upn, wanted.limit)
    with database.write(access) as connection:
        audit.record(connection, access, "pupil.search", about=None, pupils=[number for number, _ in found])
    return FoundPupils.model_validate({"items": [item for _, item in found]})
