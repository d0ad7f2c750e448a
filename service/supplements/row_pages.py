"""Pages of the rows of a council list: which need a decision, the decision about one, the council's own roll."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from service.access import Access, Permission, allow
from service.forms import Typed, require_version
from service.idempotency import FormRoute
from service.problems import Refusal
from service.supplements import own_roll, queries, rows, wording
from service.supplements.list_pages import notice_of
from service.supplements.queries import UNDECIDED
from service.supplements.schemas import RowDecision, RowState
from service.supplements.staging import LIVE, RESTRICTED
from service.web import render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
WRITE = Permission.SUPPLEMENTS_WRITE
DONE = {"link": "linked", "dismiss": "dismissed", "own_roll": "own_roll"}
LINK = "link "  # before the reference of a pupil, among the answers of a form
MOST = 1000
NO_REASON = "Say why, in at least three letters, for those who ask later."
LONG_REASON = f"Say it in at most {MOST} characters."
WHERE = {"reason_needed": "reason", "pupil_needed": "decision"}
Text = Annotated[str, Query(max_length=64)]


@router.get("/supplements/{supplement}/rows")
def list_rows(
    request: Request, supplement: str, state: RowState | None = None, cursor: str | None = None, done: Text = "",
    access: Access = allow(WRITE),
) -> Response:  # fmt: skip
    """The rows of a list in its order, those of one state or all."""
    app = request.app.state
    with app.database.read(Access.system()) as connection:
        shown = queries.show(connection, access, supplement)
        found = queries.rows_of(connection, access, supplement, state, app.settings.page_size, cursor)
    with app.database.write(Access.system()) as connection:
        pupils = queries.pupils_of_rows(connection, [item["ref"] for item in found["items"]])
        queries.record_read(connection, access, supplement, pupils)
    here, kept = f"/supplements/{supplement}/rows", {"state": state} if state else {}
    return render(
        request, "supplements/rows.html",
        title="Rows of the list", back=f"/supplements/{supplement}", list=shown, rows=found["items"], here=here,
        state=state or "", states=wording.ROW_STATES, means=wording.ROW_MEANS, person=wording.person,
        decides=UNDECIDED if shown["state"] != "superseded" else (), notice=notice_of(done),
        choices=[(name, wording.ROW_STATES[name][0]) for name in get_args(RowState) if shown["rows"].get(name)],
        next=f"{here}?{urlencode({**kept, 'cursor': found['next']})}" if found["next"] else "",
    )  # fmt: skip


@router.get("/supplements/{supplement}/rows/{row}")
def show_row(request: Request, supplement: str, row: str, access: Access = allow(WRITE)) -> Response:
    return _row_page(request, access, supplement, row)


def _row_page(
    request: Request, access: Access, ref: str, row: str, status: int = 200, typed: Mapping[str, str] | None = None,
    **errors: str,
) -> Response:  # fmt: skip
    with request.app.state.database.write(Access.system()) as connection:
        whole = queries.require_list(connection, access, ref)
        found = queries.require_row(connection, whole, row)
        line = queries.row_lines(connection, [found])[0]
        queries.record_read(connection, access, ref, [found.pupil_id])
    live = whole.state == LIVE
    return render(
        request, "supplements/row.html", status,
        title=f"Row {line['row']} of the list", back=f"/supplements/{ref}/rows?state={line['state']}", row=line,
        list=whole, values=wording.values(line["values"]), means=wording.ROW_MEANS,
        choices=_choices(line, own=live and Permission.COUNCIL_UPLOADS in access.permissions),
        open=whole.state != "superseded" and line["state"] != RESTRICTED, most=MOST,
        typed={"decision": "", "reason": "", **(typed or {})}, errors=errors,
    )  # fmt: skip


def _choices(line: Mapping[str, Any], *, own: bool) -> list[tuple[str, str, str]]:
    """What may be decided about a row: each pupil it may be, nobody, and nobody at a school."""
    by = {"identifier": "An identifier agrees", "names_and_birth_date": "Names and birth date agree"}
    found = [
        (
            f"{LINK}{one['pupil']}",
            f"The pupil at {one['school'] or 'no school'}",
            by[one["by"]],
        )
        for one in line["may_be"]
    ]
    found.append(("dismiss", "Leave this row out", "For example, the pupil has moved to another council. Say why."))
    if own:
        found.append(("own_roll", "Put the pupil on the council’s own roll", "The pupil has no school. Say why."))
    return found


@router.post("/supplements/{supplement}/rows/{row}")
def decide_row(request: Request, supplement: str, row: str, typed: Typed, access: Access = allow(WRITE)) -> Response:
    """Link a row to its pupil, leave it out, or put its pupil on the council's own roll."""
    try:
        decision = _decision(typed)
        _decide(request, access, supplement, row, typed, decision)
    except Refusal as refusal:
        if refusal.status != 422:
            raise
        where = refusal.more.get("where", WHERE.get(refusal.code, "decision"))
        return _row_page(request, access, supplement, row, 422, typed, **{where: refusal.detail})
    query = {"state": typed["state"]} if typed.get("state") in wording.ROW_STATES else {}
    answer = urlencode({**query, "done": DONE[decision.action]})
    return RedirectResponse(f"/supplements/{supplement}/rows?{answer}", 303)


def _decision(typed: Mapping[str, str]) -> RowDecision:
    said, reason = typed.get("decision", ""), typed.get("reason", "").strip()
    action = "link" if said.startswith(LINK) else said
    if action not in DONE:
        raise Refusal(422, "decision_needed", "Choose what is to be done with this row.", where="decision")
    pupil = said.removeprefix(LINK) if action == "link" else None
    reason_wanted(reason, needed=action != "link")
    try:
        return RowDecision(action=action, pupil=pupil, reason=reason or None)  # type: ignore[arg-type]
    except ValidationError:
        raise Refusal(422, "invalid", NO_REASON, where="reason") from None


def reason_wanted(reason: str, *, needed: bool = True) -> None:
    """Refuse a reason that is missing, too short or too long."""
    if len(reason) > MOST:
        raise Refusal(422, "reason_long", LONG_REASON, where="reason")
    if len(reason) < 3 and (needed or reason):
        raise Refusal(422, "reason_needed", NO_REASON, where="reason")


def _decide(
    request: Request, access: Access, ref: str, row: str, typed: Mapping[str, str], decision: RowDecision
) -> None:
    state = request.app.state
    with state.database.write(Access.system()) as connection:
        whole = queries.require_list(connection, access, ref)
        found = queries.require_row(connection, whole, row)
        require_version(typed, found.version)
        rows.decide(connection, access, state.settings, whole, found, decision)


@router.get("/supplements/{supplement}/own-roll")
def ask_own_roll(
    request: Request, supplement: str, access: Access = allow(WRITE, Permission.COUNCIL_UPLOADS)
) -> Response:
    return _own_roll_page(request, access, supplement)


def _own_roll_page(request: Request, access: Access, ref: str, status: int = 200, **said: Any) -> Response:
    """Before: what would be done. After (with counts in the address): what was."""
    left = {code: int(count) for code in rows.WHY_NOT if (count := request.query_params.get(code, "")).isdecimal()}
    added = request.query_params.get("added", "")
    with request.app.state.database.read(Access.system()) as connection:
        shown = queries.show(connection, access, ref)
    base: dict[str, Any] = {"errors": {}, "reason": ""}
    return render(
        request, "supplements/own_roll.html", status,
        title="Put pupils on the council’s own roll", back=f"/supplements/{ref}", list=shown, most=MOST,
        added=int(added) if added.isdecimal() else None,
        left=[(rows.WHY_NOT[code], count) for code, count in left.items()],
        **(base | said),
    )  # fmt: skip


@router.post("/supplements/{supplement}/own-roll")
def put_on_own_roll(
    request: Request, supplement: str, typed: Typed, access: Access = allow(WRITE, Permission.COUNCIL_UPLOADS)
) -> Response:
    """Put pupils of a live list who have no school onto the council's own roll of the open check."""
    state, reason = request.app.state, typed.get("reason", "").strip()
    try:
        reason_wanted(reason)
    except Refusal as refusal:
        return _own_roll_page(request, access, supplement, 422, errors={"reason": refusal.detail}, reason=reason)
    with state.database.write(Access.system()) as connection:
        whole = queries.require_list(connection, access, supplement)
        chosen = rows.rows_to_put(connection, whole, None)
        check = own_roll.open_check(connection, None)
        why = rows.put_rows(connection, access, state.settings, whole, chosen, check, reason)
    said = urlencode({"added": len(chosen) - why.total(), **why})
    return RedirectResponse(f"/supplements/{supplement}/own-roll?{said}", 303)
