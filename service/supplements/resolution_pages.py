"""Pages of what is to be resolved: the list with its filters, the two sides of an entry, the decision."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, select

from service import audit
from service import tables as t
from service.access import Access, Permission, allow
from service.checks.links import has_page
from service.checks.queries import list_checks
from service.forms import Typed, require_version
from service.idempotency import FormRoute
from service.problems import Refusal
from service.supplements import resolutions, wording
from service.supplements.resolution_schemas import Kind
from service.supplements.row_pages import MOST, reason_wanted
from service.supplements.sides import sides_of
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
Text = Annotated[str, Query(max_length=64)]
HERE = "/resolutions"
DONE = "Your decision is kept, and what rests on it is worked out again."


@router.get("/resolutions")
def list_resolutions(
    request: Request, kind: Kind | Literal[""] = "", school: Text = "", check: Text = "",
    state: Literal["open", "closed"] = "open", cursor: str | None = None, done: Text = "",
    access: Access = allow(Permission.PUPILS_READ),
) -> Response:  # fmt: skip
    """What is to be resolved about pupils that the caller may see; the filters stay in the address."""
    app = request.app.state
    asked = {"kind": kind, "school": school, "check": check, "state": state}
    with app.database.read(access) as connection:
        found = resolutions.listed(connection, access, asked, app.settings.page_size, cursor)
        choices = _choices(connection, access)
    with app.database.write(access) as connection:
        audit.record(connection, access, "resolution.read", pupils=found["pupils"])
    kept = {name: said for name, said in asked.items() if said and (name, said) != ("state", "open")}
    return render(
        request, "supplements/resolutions.html",
        title="To resolve", items=found["items"], asked=asked, choices=choices, kinds=wording.KINDS,
        chosen=_chosen(kept, choices), decides=Permission.RESOLVE in access.permissions,
        pupil_page=has_page(request, "/pupils/{pupil}"), notice=Notice(DONE) if done else None,
        next=f"{HERE}?{urlencode({**kept, 'cursor': found['next']})}" if found["next"] else "", wide=True,
    )  # fmt: skip


def _choices(connection: Connection, access: Access) -> dict[str, list[tuple[str, str]]]:
    """What the filters offer, by their names."""
    schools = t.schools.c
    of_lists = access.everything or access.team is not None
    query = select(schools.urn, schools.name).where(access.may_read_school(schools.id)).order_by(schools.name)
    return {
        "kind": [item for item in wording.KINDS.items() if of_lists or item[0] != "list_row"],
        "check": [(item["ref"], item["label"]) for item in list_checks(connection, access)],
        "school": [(row.urn, row.name) for row in connection.execute(query)],
        "state": [("open", "To resolve"), ("closed", "Closed")],
    }


def _chosen(kept: Mapping[str, str], choices: Mapping[str, list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Filters in use, each with the address of the list without it."""
    found = []
    for name, said in kept.items():
        rest = urlencode({key: one for key, one in kept.items() if key != name})
        found.append((dict(choices[name]).get(said, "Another filter"), f"{HERE}?{rest}" if rest else HERE))
    return found


@router.get("/resolutions/{resolution}")
def show_resolution(request: Request, resolution: str, access: Access = allow(Permission.PUPILS_READ)) -> Response:
    return _page(request, access, resolution)


def _page(
    request: Request, access: Access, ref: str, status: int = 200, typed: Mapping[str, str] | None = None,
    **errors: str,
) -> Response:  # fmt: skip
    with request.app.state.database.read(access) as connection:
        row = resolutions.require_entry(connection, access, ref)
    if row.kind == "list_row" and row.list_ref is not None and row.row_ref is not None and row.closed_at is None:
        return RedirectResponse(f"/supplements/{row.list_ref}/rows/{row.row_ref}", 303)
    with request.app.state.database.write(Access.system()) as connection:
        sides = sides_of(connection, access, row)
        audit.record(connection, access, "resolution.read", row.ref, [row.pupil_id] if row.pupil_id else [])
    entry = resolutions.told(row)
    settled = entry["closed_itself"] or row.kind == "list_row"
    return render(
        request, "supplements/resolution.html", status,
        title=wording.KINDS[row.kind], back=HERE, entry=entry, sides=sides, errors=errors, most=MOST,
        typed={"decision": entry["decision"] or "", "reason": "", **(typed or {})},
        options=[(name, words) for name, words in _words(row).items() if name in entry["decisions"]],
        decides=Permission.RESOLVE in access.permissions and not settled, words=_words(row).get(row.decision or "", ""),
        pupil_page=has_page(request, "/pupils/{pupil}"), reason_needed=row.kind != "alert",
    )  # fmt: skip


def _words(row: Any) -> dict[str, str]:
    """What may be decided, in words."""
    school, other = row.school or "The council’s own roll", row.other or "the other school"
    if row.kind == "two_schools":
        return {
            "school": f"The pupil is at {school}. {other} sees only what it sent",
            "other_school": f"The pupil is at {other}. {school} sees only what it sent",
            "both": f"The pupil is at both, and both see the pupil. {other} is the main school",
        }
    if row.kind == "sources_disagree":
        said, heard = ("yes", "no") if row.says["school"] else ("no", "yes")
        return {"school": f"{school} is right: {said}", "council": f"The list is right: {heard}"}
    return {
        "followed_up": "Followed up: we know where the pupil is, or are looking",
        "acknowledged": "Seen: somebody is looking into it",
        "link": "Linked to a pupil",
        "dismiss": "Left out",
        "own_roll": "Put on the council’s own roll",
        "died": "The pupil has died: the roll is wrong",
        "on_roll": "The pupil is on roll: put them back in every list",
    }


@router.post("/resolutions/{resolution}")
def decide(request: Request, resolution: str, typed: Typed, access: Access = allow(Permission.RESOLVE)) -> Response:
    """Decide, with a reason; a decision may be changed by another."""
    state, reason = request.app.state, typed.get("reason", "").strip()
    again = partial(_page, request, access, resolution, 422, typed)
    try:
        with state.database.write(Access.system()) as connection:
            row = resolutions.require_entry(connection, access, resolution)
            require_version(typed, row.version)
            _require_answer(row, typed, reason)
            resolutions.decide(connection, access, state.settings, row, typed["decision"], reason or None)
    except Refusal as refusal:
        if refusal.status != 422:
            raise
        return again(**{refusal.more.get("where", "decision"): refusal.detail})
    return RedirectResponse(f"{HERE}?done=1", 303)


def _require_answer(row: Any, typed: Mapping[str, str], reason: str) -> None:
    if row.kind == "list_row":
        raise Refusal(409, "on_its_own_page", "Decide about this on the page of the row.")
    if typed.get("decision") not in resolutions.DECISIONS[row.kind]:
        raise Refusal(422, "decision_needed", "Choose what is right.", where="decision")
    reason_wanted(reason, needed=row.kind != "alert")
