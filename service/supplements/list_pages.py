"""Pages of council lists: all of them, and one: how it was read, whose its rows are, what it changes, its receipt."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from service.access import TEAMS, Access, Permission, allow
from service.forms import Typed, require_version
from service.idempotency import FormRoute
from service.registers.renewal import told_of_open
from service.supplements import confirming, queries, wording
from service.supplements.queries import UNDECIDED
from service.supplements.schemas import State
from service.uploads.file_pages import NOT_KEPT, SECONDS
from service.uploads.saying import PATIENCE
from service.uploads.work import work_of
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
WRITE = Permission.SUPPLEMENTS_WRITE
Text = Annotated[str, Query(max_length=64)]
DONE = {
    "sent": "The list was read. Nothing of it counts until you confirm it.",
    "same": "This very list is here already. Nothing was changed.",
    "withdrawn": "The list was taken back, with all of its rows.",
    "linked": "The row is linked to its pupil.",
    "dismissed": "The row is left out.",
    "own_roll": "The pupil is on the council’s own roll.",
}
TEAM_NAMES = tuple((name, label) for name, (label, _) in TEAMS.items())
STATE_NAMES = tuple((name, words) for name, (words, _) in wording.STATES.items())


def notice_of(done: str) -> Notice | None:
    return Notice(DONE[done], "information" if done == "same" else "success") if done in DONE else None


@router.get("/supplements")
def list_lists(
    request: Request, team: Text = "", state: State | None = None, cursor: str | None = None, done: Text = "",
    access: Access = allow(WRITE),
) -> Response:  # fmt: skip
    """Lists, the latest first: a team's own; an analyst sees all."""
    app = request.app.state
    with app.database.read(access) as connection:
        found = queries.lists(connection, access, team or None, state, app.settings.page_size, cursor)
    kept = {name: said for name, said in (("team", team), ("state", state)) if said}
    return render(
        request, "supplements/lists.html",
        title="Council lists", lists=found["items"], states=wording.STATES, label=wording.label,
        undecided=lambda rows: sum(rows.get(name, 0) for name in UNDECIDED), team=team, state=state or "",
        teams=TEAM_NAMES if access.everything else (), state_names=STATE_NAMES, chosen=_chosen(kept),
        next=f"/supplements?{urlencode({**kept, 'cursor': found['next']})}" if found["next"] else "",
        own=TEAMS[access.team][0] if access.team else "", notice=notice_of(done), wide=True,
    )  # fmt: skip


def _chosen(kept: dict[str, str]) -> list[tuple[str, str]]:
    """Filters in use, each with the address of the list without it."""
    words = {**dict(TEAM_NAMES), **dict(STATE_NAMES)}
    rest = [
        (words.get(said, said), {key: one for key, one in kept.items() if key != name}) for name, said in kept.items()
    ]
    return [(said, "/supplements" + (f"?{urlencode(others)}" if others else "")) for said, others in rest]


@router.get("/supplements/{supplement}")
def show_list(request: Request, supplement: str, done: Text = "", access: Access = allow(WRITE)) -> Response:
    return _page(request, access, supplement, done=done)


def _page(request: Request, access: Access, ref: str, status: int = 200, done: str = "", **said: Any) -> Response:
    """One list; after its confirmation, the receipt."""
    with request.app.state.database.read(Access.system()) as connection:
        shown = queries.show(connection, access, ref)
        renewing = told_of_open(connection) if shown["state"] == "live" else None
    account = shown["account"]
    return render(
        request, "supplements/list.html", status, headers=SECONDS if renewing and done == "confirmed" else None,
        **{
            "title": shown["name"], "back": "/supplements", "list": shown, "states": wording.STATES,
            "means": wording.ROW_MEANS, "changes": wording.CHANGES, "label": wording.label,
            "complete": wording.complete_words(shown),
            "said": ", ".join(wording.label(name) for name in shown["fields"]),
            "undecided": sum(shown["rows"].get(name, 0) for name in UNDECIDED),
            "not_kept": [f"{one['count']}: {_why(one)}" for one in account["not_kept"]],
            "readings": [one for one in account["readings"] if one["state"] == "used"],
            "receipt": done == "confirmed" and shown["state"] == "live", "notice": notice_of(done),
            "renewing": renewing,
            "may_own_roll": Permission.COUNCIL_UPLOADS in access.permissions, **said,
        },
    )  # fmt: skip


def _why(counted: dict[str, Any]) -> str:
    words = NOT_KEPT.get(counted["code"])
    return words[counted["count"] != 1] if words else str(counted["code"]).replace("_", " ")


@router.post("/supplements/{supplement}/confirmation")
def confirm_list(request: Request, supplement: str, typed: Typed, access: Access = allow(WRITE)) -> Response:
    """Make a list live; its page is the receipt."""
    state = request.app.state
    with state.database.write(Access.system()) as connection:
        confirming.confirm(connection, access, state.settings, supplement, partial(require_version, typed))
    work_of(request.app).renewed(PATIENCE)
    return RedirectResponse(f"/supplements/{supplement}?done=confirmed", 303)


@router.post("/supplements/{supplement}/withdrawal")
def withdraw_list(request: Request, supplement: str, access: Access = allow(WRITE)) -> Response:
    """Delete a list that was not confirmed."""
    with request.app.state.database.write(Access.system()) as connection:
        confirming.withdraw(connection, access, supplement)
    return RedirectResponse("/supplements?done=withdrawn", 303)


@router.get("/supplements/{supplement}/changes")
def list_changes(
    request: Request, supplement: str, cursor: str | None = None, access: Access = allow(WRITE)
) -> Response:
    """Who came on, who fell off, and of whom the list says otherwise than the one before."""
    state = request.app.state
    with state.database.read(Access.system()) as connection:
        shown = queries.show(connection, access, supplement)
        found, pupils = queries.changes(connection, access, supplement, state.settings.page_size, cursor)
    with state.database.write(Access.system()) as connection:
        queries.record_read(connection, access, supplement, pupils)
    here = f"/supplements/{supplement}"
    return render(
        request, "supplements/changes.html",
        title="What this list changes", back=here, list=shown, items=found["items"], words=wording.CHANGES,
        person=wording.person, next=f"{here}/changes?{urlencode({'cursor': found['next']})}" if found["next"] else "",
    )  # fmt: skip
