"""/v1/retention, and what is done about one pupil: found by an identifier, erased, told what is stored."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection, or_, select

from service import audit
from service import tables as t
from service.access import Access, Permission, allow
from service.database import Database
from service.idempotency import ANSWER_NOT_KEPT, IdempotentRoute
from service.problems import Refusal, problem_responses
from service.reports import retention, retention_schemas, subject_access
from service.reports.erasure import erase, is_still_sent
from service.reports.policy import shipped_policy

router = APIRouter(prefix="/v1", tags=["retention"], route_class=IdempotentRoute)
RETENTION = Permission.RETENTION


@router.get("/retention/policy", responses=problem_responses())
def show_policy(_request: Request, _access: Access = allow(RETENTION)) -> retention_schemas.PolicyShape:
    """What is kept how long after what, and why."""
    return retention_schemas.PolicyShape.model_validate(shipped_policy(), from_attributes=True)


@router.get("/retention/runs", responses=problem_responses(422))
def list_runs(
    request: Request, limit: Annotated[int, Query(ge=1, le=500)] = 50, access: Access = allow(RETENTION)
) -> retention_schemas.Runs:
    """The runs so far, the latest first."""
    with request.app.state.database.read(access) as connection:
        return retention_schemas.Runs.model_validate({"items": retention.runs(connection, limit)})


@router.post("/retention/runs", status_code=201, responses=problem_responses(409, 422))
def run(
    request: Request, asked: retention_schemas.RunIn, access: Access = allow(RETENTION)
) -> retention_schemas.RunOut:
    """Count what is due to be deleted; then, with `dry` false within a day of that, delete it."""
    database = request.app.state.database
    with database.write(Access.system()) as connection:
        done = retention.run(connection, access, shipped_policy(), dry=asked.dry)
    overwritten = None if asked.dry else _overwrite(database, whole=True)
    return retention_schemas.RunOut.model_validate({**done, "overwritten": overwritten})


@router.post("/pupils/lookup", responses=problem_responses(404, 422), openapi_extra=ANSWER_NOT_KEPT)
def look_up(
    request: Request, asked: retention_schemas.Lookup, access: Access = allow(RETENTION)
) -> retention_schemas.Found:
    """The references of the pupils with an identifier: to erase one, or to answer a subject access request."""
    pupils = t.pupils.c
    text = "".join((asked.upn or asked.uln or "").split()).upper()
    same = or_(pupils.upn == text, pupils.former_upn == text) if asked.upn is not None else pupils.uln == text
    with request.app.state.database.write(Access.system()) as connection:
        found = connection.execute(select(pupils.id, pupils.ref).where(same).order_by(pupils.id)).all()
        audit.record(connection, access, "pupil.lookup", pupils=[row.id for row in found])
    if not found:
        raise Refusal(404, "not_found", "There is no such pupil. Try a former UPN, or the ULN.")
    return retention_schemas.Found(pupils=[row.ref for row in found])


@router.get("/pupils/{pupil}/subject-access", responses=problem_responses(404))
def tell_all(
    request: Request, response: Response, pupil: str, access: Access = allow(RETENTION)
) -> retention_schemas.SubjectAccess:
    """Everything that is stored about one pupil, notes of restricted visibility too."""
    with request.app.state.database.write(Access.system()) as connection:
        row = _pupil(connection, pupil)
        told = subject_access.export(connection, row)
        audit.record(connection, access, "pupil.subject_access", row.ref, [row.id])
    response.headers["cache-control"] = "no-store"
    response.headers["content-disposition"] = 'attachment; filename="subject-access.json"'
    return retention_schemas.SubjectAccess.model_validate(told)


@router.delete("/pupils/{pupil}", responses=problem_responses(404, 422))
def erase_pupil(
    request: Request, pupil: str, asked: retention_schemas.EraseIn, access: Access = allow(RETENTION)
) -> retention_schemas.Erased:
    """Erase everything that is stored about one pupil. It cannot be undone; the audit stays whole and names nobody."""
    database = request.app.state.database
    with database.write(Access.system()) as connection:
        row = _pupil(connection, pupil)
        still_sent = is_still_sent(connection, row.id)
        refs = audit.audit_refs(connection, [row.id])
        counts = erase(connection, [row.id])
        audit.record(connection, access, "pupil.erase", detail={"reason": asked.reason}, refs=refs)
    overwritten = _overwrite(database)
    return retention_schemas.Erased(counts=dict(counts), overwritten=overwritten, still_sent=still_sent)


def _overwrite(database: Database, *, whole: bool = False) -> bool:
    """Whether nothing of what was deleted stands in the database's files. PostgreSQL writes over it in its own time:
    only the owner of its tables could have that done at once, which the service need not be.
    """
    return database.overwrite_erased(whole=whole) and database.sqlite


def _pupil(connection: Connection, ref: str) -> Any:
    row = connection.execute(select(t.pupils).where(t.pupils.c.ref == ref)).one_or_none()
    if row is None:
        raise Refusal(404, "not_found", "There is no such pupil.")
    return row
