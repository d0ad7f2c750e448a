"""Pages for administrators: the audit searched, and whether it is whole."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from service.access import ROLE_LABELS, Access, Permission, allow
from service.accounts import trail, wording
from service.accounts.trail import Search
from service.problems import Refusal
from service.web import render

router = APIRouter(include_in_schema=False)
Filter = Annotated[str, Query(max_length=64)]
Text = Annotated[str, Form(max_length=64)]
ROLES = {**ROLE_LABELS, "system": "The service itself", "none": "No role yet"}
FILTERS = ("email", "action", "since", "until")


@router.get("/audit")
def show_audit(
    request: Request,
    email: Annotated[str, Query(max_length=320)] = "",
    action: Filter = "",
    since: Filter = "",
    until: Filter = "",
    cursor: str | None = None,
    access: Access = allow(Permission.AUDIT),
) -> Response:
    typed = {"email": email, "action": action, "since": since, "until": until}
    return _page(request, access, typed, "", cursor)


@router.post("/audit")
def search_pupil(
    request: Request, pupil: Text = "", cursor: Text = "", access: Access = allow(Permission.AUDIT)
) -> Response:
    """Who a pupil is stands in no address, so this search is posted and cannot be kept as a bookmark."""
    return _page(request, access, {}, pupil.strip(), cursor or None)


def _page(request: Request, access: Access, typed: dict[str, str], pupil: str, cursor: str | None) -> Response:
    state = request.app.state
    asked, errors = _asked(request, typed, pupil)
    rows: Any = ()
    more = None
    with state.database.read(Access.system()) as connection:  # to find the audit's reference of a pupil
        actions = trail.actions(connection)
        if not errors:
            rows, more = trail.search(connection, asked, state.settings.page_size, cursor)
    if not errors:
        with state.database.write(Access.system()) as connection:
            trail.record_search(connection, access, asked)
    kept = {name: value for name, value in typed.items() if value}
    return render(
        request, "audit/list.html", 422 if errors else 200,
        title="Audit", errors=errors, typed={**dict.fromkeys(FILTERS, ""), **typed}, pupil=pupil, roles=ROLES,
        events=[trail.told(row) for row in rows], actions=[(name, wording.action(name)) for name in actions],
        action=wording.action, filtered=bool(kept),
        next=more, next_page="/audit?" + urlencode({**kept, "cursor": more or ""}), wide=True,
    )  # fmt: skip


def _asked(request: Request, typed: dict[str, str], pupil: str) -> tuple[Search, dict[str, str]]:
    errors: dict[str, str] = {}
    days: dict[str, date | None] = {}
    for name in ("since", "until"):
        try:
            days[name] = date.fromisoformat(typed[name]) if typed.get(name) else None
        except ValueError:
            days[name], errors[name] = None, "Enter a date like 2026-11-02."
    try:
        trail.in_order(days["since"], days["until"])
    except Refusal as refusal:
        errors["since"] = refusal.detail
    person = None
    if typed.get("email"):
        with request.app.state.database.read() as connection:
            person = trail.person_ref(connection, typed["email"])
        if person is None:
            errors["email"] = "Nobody here has this e-mail address."
    asked = Search(person=person, action=typed.get("action") or None, pupil=pupil or None, **days)
    return asked, errors


@router.get("/audit/verification")
def verify(request: Request, access: Access = allow(Permission.AUDIT)) -> Response:
    with request.app.state.database.read(access) as connection:
        state = trail.state(connection)
    title = "The audit is whole" if state["whole"] else "The audit has been changed"
    return render(request, "audit/verification.html", title=title, back="/audit", state=state)
