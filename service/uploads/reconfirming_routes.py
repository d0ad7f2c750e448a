"""/v1/checks/{check}/schools/{urn}/reconfirmation: the last roll, confirmed once more with no file."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service import audit, etags
from service.access import Access, Permission, allow
from service.checks.queries import require_check
from service.cursors import read_cursor, write_cursor
from service.database import lock_rolls
from service.idempotency import IdempotentRoute
from service.problems import problem_responses
from service.uploads.receiving import school_for
from service.uploads.reconfirming import last_of, members_of, reconfirm
from service.uploads.schemas import LastRoll, Receipt, Reconfirmation

router = APIRouter(tags=["uploads"], route_class=IdempotentRoute)


@router.get("/checks/{check}/schools/{urn}/reconfirmation", responses=problem_responses(404, 409, 422))
def show_last_roll(
    request: Request,
    response: Response,
    check: str,
    urn: str,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> LastRoll:
    """Whom a school's last roll has, so that it can say who has left since; of an earlier check where this one has no
    roll of the school yet."""
    after = 0 if cursor is None else max(0, read_cursor(cursor, int)[0])
    with request.app.state.database.write(Access.system()) as connection:
        row, school = require_check(connection, check), school_for(connection, access, urn)
        last = last_of(connection, row, school)
        found, pupils = members_of(connection, row, school)
        audit.record(connection, access, "roll.read", about=last.ref, pupils=pupils[after : after + limit])
    more = write_cursor(after + limit) if len(found) > after + limit else None
    response.headers["etag"] = etags.etag(last.ref)
    said = {"roll": last.ref, "label": last.label, "items": found[after : after + limit], "next": more}
    return LastRoll.model_validate(said)


@router.post(
    "/checks/{check}/schools/{urn}/reconfirmation",
    responses=problem_responses(404, 409, 412, 422),
)
def reconfirm_roll(
    request: Request,
    check: str,
    urn: str,
    reconfirmation: Reconfirmation,
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> Receipt:
    """Confirm the last roll once more, with no file; attendance and other figures of a period do not stand over.

    Whoever has left is named, with the same answers as of a leaver who is not in a file. If-Match, where sent, says
    which roll was looked at.
    """
    state = request.app.state
    leavers = {key: leaver.stored() for key, leaver in reconfirmation.leavers.items() if leaver is not None}
    with state.database.write(Access.system()) as connection:
        lock_rolls(connection)
        row, school = require_check(connection, check), school_for(connection, access, urn)
        seen = partial(etags.require_match, request)
        receipt, changed = reconfirm(connection, access, state.settings, row, school, leavers, seen)
        if not changed:
            audit.record(connection, access, "roll.read", about=receipt["roll"])
    return Receipt(changed=changed, state="confirmed", progress=1.0, receipt=receipt)
