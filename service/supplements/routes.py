"""/v1/supplements: council-held lists, in, looked through, confirmed."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile

from service import etags
from service.access import Access, Permission, allow
from service.idempotency import IdempotentRoute
from service.problems import problem_responses
from service.settings import Settings
from service.supplements import (
    confirming,
    own_roll,
    queries,
    resolution_routes,
    rows,
    schemas,
    sending,
)
from service.uploads.work import work_of

router = APIRouter(prefix="/v1", tags=["council lists"], route_class=IdempotentRoute)
Limit = Annotated[int | None, Query(ge=1)]
Text = Annotated[str | None, Form(max_length=200)]
WRITE = Permission.SUPPLEMENTS_WRITE


def page_limit(request: Request, limit: int | None) -> int:
    """How many items a page has: as asked, up to the most that the settings allow."""
    settings: Settings = request.app.state.settings
    return min(limit or settings.page_size, settings.page_most)


@router.post("/supplements", status_code=201, responses=problem_responses(409, 413, 422))
def send_list(
    request: Request,
    response: Response,
    file: Annotated[UploadFile, File(description="CSV, XLSX or another table: a row a pupil, with UPNs")],
    as_at: Annotated[date, Form(description="The day on which the list was right")],
    team: Text = None,
    field: Annotated[
        str | None, Form(max_length=64, description="What being on the list means; left out: its columns say it")
    ] = None,
    complete: Annotated[bool, Form(description="Whoever is not on it is not, within the year groups named")] = False,
    years: Annotated[list[int] | None, Form(description="Year groups that it is complete for; none: all")] = None,
    name: Text = None,
    access: Access = allow(WRITE),
) -> schemas.SupplementWhole:
    """Send a list. It is read, its rows matched, and shown: nothing of it counts until it is confirmed.

    The same file said to be the same list is answered with the one that is there (200, `unchanged`).
    """
    state = request.app.state
    asked = sending.asked_of(
        access, team=team, field=field, as_at=as_at, complete=complete, years=years or (), name=name,
        file_name=file.filename,
    )  # fmt: skip
    ref, same = sending.send(state.database, state.settings, access, asked, file.file)
    with state.database.read(Access.system()) as connection:
        shown = queries.show(connection, access, ref) | {"unchanged": same}
    response.status_code = 200 if same else 201
    response.headers["location"] = f"/v1/supplements/{ref}"
    return _whole(response, shown)


def _whole(response: Response, shown: dict[str, Any]) -> schemas.SupplementWhole:
    response.headers["etag"] = etags.etag(shown["version"])
    return schemas.SupplementWhole.model_validate(shown)


@router.get("/supplements", responses=problem_responses(422))
def list_lists(
    request: Request,
    team: Annotated[str | None, Query(max_length=32)] = None,
    state: schemas.State | None = None,
    limit: Limit = None,
    cursor: str | None = None,
    access: Access = allow(WRITE),
) -> schemas.Supplements:
    """Lists, the latest first: a team's own; an analyst sees all."""
    with request.app.state.database.read(access) as connection:
        found = queries.lists(connection, access, team, state, page_limit(request, limit), cursor)
    return schemas.Supplements.model_validate(found)


@router.get("/supplements/{supplement}", responses=problem_responses(404))
def show_list(
    request: Request, response: Response, supplement: str, access: Access = allow(WRITE)
) -> schemas.SupplementWhole:
    """One list: how it was read, how its rows stand, and what it changes."""
    with request.app.state.database.read(Access.system()) as connection:
        return _whole(response, queries.show(connection, access, supplement))


@router.delete("/supplements/{supplement}", status_code=204, responses=problem_responses(404, 409))
def withdraw_list(request: Request, supplement: str, access: Access = allow(WRITE)) -> None:
    """Delete a list that was not confirmed."""
    with request.app.state.database.write(Access.system()) as connection:
        confirming.withdraw(connection, access, supplement)


@router.post("/supplements/{supplement}/confirmation", responses=problem_responses(404, 409, 412, 428))
def confirm_list(
    request: Request, response: Response, supplement: str, access: Access = allow(WRITE)
) -> schemas.Receipt:
    """Make a list live (If-Match). It takes the place of the team's earlier list of the same field.

    Confirmed already, it stays as it is and says so (`unchanged`). Of many pupils the registers are worked out in the
    background (202): until they are whole the ones from before are read, and say so.
    """
    state = request.app.state
    with state.database.write(Access.system()) as connection:
        seen = partial(etags.require_match, request, required=True)
        receipt = confirming.confirm(connection, access, state.settings, supplement, seen)
    if receipt["renewing"]:
        work_of(request.app).renewed()
        with state.database.read(Access.system()) as connection:
            receipt["renewing"] = confirming.renewing(connection)
    response.status_code = 202 if receipt["renewing"] else 200
    response.headers["etag"] = etags.etag(receipt["version"])
    return schemas.Receipt.model_validate(receipt)


@router.get("/supplements/{supplement}/changes", responses=problem_responses(404, 422))
def list_changes(
    request: Request, supplement: str, limit: Limit = None, cursor: str | None = None, access: Access = allow(WRITE)
) -> schemas.Changes:
    """Who came on, who fell off, and of whom the list says otherwise than the one before."""
    database = request.app.state.database
    with database.read(Access.system()) as connection:
        found, pupils = queries.changes(connection, access, supplement, page_limit(request, limit), cursor)
    with database.write(Access.system()) as connection:
        queries.record_read(connection, access, supplement, pupils)
    return schemas.Changes.model_validate(found)


@router.get("/supplements/{supplement}/rows", responses=problem_responses(404, 422))
def list_rows(
    request: Request,
    supplement: str,
    state: schemas.RowState | None = None,
    limit: Limit = None,
    cursor: str | None = None,
    access: Access = allow(WRITE),
) -> schemas.Rows:
    """The rows of a list in its order; those that a person must decide have the pupils they may be about."""
    database = request.app.state.database
    with database.read(Access.system()) as connection:
        found = queries.rows_of(connection, access, supplement, state, page_limit(request, limit), cursor)
    with database.write(Access.system()) as connection:
        shown = queries.pupils_of_rows(connection, [item["ref"] for item in found["items"]])
        queries.record_read(connection, access, supplement, shown)
    return schemas.Rows.model_validate(found)


@router.patch("/supplements/{supplement}/rows/{row}", responses=problem_responses(404, 409, 412, 422, 428))
def decide_row(
    request: Request,
    response: Response,
    supplement: str,
    row: str,
    decision: schemas.RowDecision,
    access: Access = allow(WRITE),
) -> schemas.RowLine:
    """Say whose a row is: link it to a pupil, leave it out, or put the pupil on the council's own roll."""
    state = request.app.state
    with state.database.write(Access.system()) as connection:
        whole = queries.require_list(connection, access, supplement)
        found = queries.require_row(connection, whole, row)
        etags.require_match(request, found.version, required=True)
        rows.decide(connection, access, state.settings, whole, found, decision)
        line = queries.row_lines(connection, [queries.require_row(connection, whole, row)])[0]
    response.headers["etag"] = etags.etag(line["version"])
    return schemas.RowLine.model_validate(line)


@router.post("/supplements/{supplement}/own-roll", responses=problem_responses(404, 409, 422))
def put_on_own_roll(
    request: Request,
    supplement: str,
    asked: schemas.OwnRollIn,
    access: Access = allow(WRITE, Permission.COUNCIL_UPLOADS),
) -> schemas.OwnRollOut:
    """Put pupils of a live list who have no school onto the council's own roll of the open check."""
    state = request.app.state
    with state.database.write(Access.system()) as connection:
        whole = queries.require_list(connection, access, supplement)
        chosen = rows.rows_to_put(connection, whole, asked.rows)
        check = own_roll.open_check(connection, asked.check)
        why = rows.put_rows(connection, access, state.settings, whole, chosen, check, asked.reason)
    left = [{"code": code, "count": count} for code, count in sorted(why.items())]
    return schemas.OwnRollOut.model_validate({"added": len(chosen) - why.total(), "left": left})


router.include_router(resolution_routes.router)
