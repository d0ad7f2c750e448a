"""/v1/checks/{check}/register and what belongs to it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from service import audit
from service.access import Access, Permission, allow
from service.checks.queries import require_check
from service.problems import problem_responses
from service.registers import compared, exports, pupil_routes, reading, reference_routes, verifying
from service.registers.answers import accepted
from service.registers.schemas import MovementPage, MovementQuery, RegisterPage, RegisterQuery, Verified

router = APIRouter(prefix="/v1", tags=["registers"])
router.include_router(pupil_routes.router)
router.include_router(reference_routes.router)

OTHER_FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "model": RegisterPage,
        "content": {exports.CSV: {"schema": {"type": "string"}}, exports.XLSX: {"schema": {"type": "string"}}},
    }
}


@router.get("/checks/{check}/register", responses=OTHER_FORMS | problem_responses(404, 406, 422))
def read_register(
    request: Request,
    check: str,
    asked: Annotated[RegisterQuery, Query()],
    access: Access = allow(Permission.REGISTER_READ),
) -> Response:
    """The ranked, explained list of a check: a page of JSON, or the whole list as CSV or XLSX by Accept."""
    state, media = request.app.state, accepted(request, reading.JSON, exports.CSV, exports.XLSX)
    with state.database.read(access) as connection:
        if media == reading.JSON:
            answer = reading.page_of(connection, access, state.settings, check, asked)
        else:
            answer = reading.file_of(connection, access, state.settings, check, asked, media)
    return send(request, access, "register.read" if answer.file is None else "register.export", answer)


@router.get("/checks/{check}/movement/{earlier}", responses=problem_responses(404, 422))
def read_movement(
    request: Request,
    check: str,
    earlier: str,
    asked: Annotated[MovementQuery, Query()],
    access: Access = allow(Permission.REGISTER_READ),
) -> MovementPage:
    """What changed between two checks: who joined, left, went up or down, and why."""
    database = request.app.state.database
    with database.read(access) as connection:
        now, then = (reading.readable_check(connection, access, ref) for ref in (check, earlier))
        readable = compared.readable_pupils(connection, access, now, then, asked.school)
    with database.read(Access.system()) as connection:
        settings = request.app.state.settings
        said, pupils = compared.movement_of(connection, access, settings, now, then, asked, readable)
    with database.write(access) as connection:
        audit.record(connection, access, "movement.read", about=check, pupils=pupils)
    return MovementPage.model_validate(said)


@router.get("/checks/{check}/register/verification", responses=problem_responses(404))
def verify_register(request: Request, check: str, access: Access = allow(Permission.CHECKS_MANAGE)) -> Verified:
    """Score the stored rolls once more and say whether that gives the register that is stored; changes nothing."""
    database, settings = request.app.state.database, request.app.state.settings
    request.app.state.catch_up(database, settings)
    with database.read(Access.system()) as connection:
        said = verifying.verify(connection, access, settings, require_check(connection, check))
    with database.write(access) as connection:
        audit.record(connection, access, "register.verify", about=check, detail={"same": said["same"]})
    return Verified.model_validate(said)


def send(request: Request, access: Access, action: str, answer: reading.Answer) -> Response:
    """Write into the audit who was read, then answer; nothing is sent again to who has it already."""
    headers = {"etag": answer.etag, "cache-control": "private, no-cache", "vary": "accept"}
    if request.headers.get("if-none-match") == answer.etag:
        return Response(status_code=304, headers=headers)
    with request.app.state.database.write(access) as connection:
        audit.record(connection, access, action, about=answer.about, pupils=answer.pupils, refs=answer.audit_refs)
    if answer.file is not None:
        headers["content-disposition"] = f'attachment; filename="{answer.file}"'
    return Response(answer.body, media_type=answer.media, headers=headers)
