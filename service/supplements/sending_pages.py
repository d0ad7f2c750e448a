"""Pages that send a council list: the form, what columns it needs, and a file of those headings to fill in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from service.access import TEAMS, Access, Permission, allow
from service.clock import today
from service.forms import Ticked, Typed, boxes, day_of
from service.idempotency import IdempotentRoute
from service.problems import Refusal
from service.supplements import sending, wording
from service.supplements.said import team_of
from service.uploads.sending_pages import attached
from service.web import render

router = APIRouter(include_in_schema=False)
files = APIRouter(route_class=IdempotentRoute)
WRITE = Permission.SUPPLEMENTS_WRITE
ACCEPTED = ".csv,.txt,.tsv,.xlsx,.xlsm,.parquet"
COLUMNS = "columns"  # of “what being on it means”: the list's own columns say it
NO_FILE = "Choose a file, or drop one on the box."
WHERE = {"team_needed": "team", "another_team": "team", "field_not_allowed": "field", "says_nothing": "field"}
MOST_NAME = 100


@router.get("/supplements/new")
def show_form(request: Request, access: Access = allow(WRITE)) -> Response:
    return _form(request, access)


def _form(
    request: Request, access: Access, status: int = 200, typed: Mapping[str, str] | None = None,
    years: list[str] | None = None, **errors: str,
) -> Response:  # fmt: skip
    team = access.team or ""
    said = {**dict.fromkeys(("team", "field", "name", "complete"), ""), **(typed or {})}
    return render(
        request, "supplements/new.html", status,
        title="Send a list", back="/supplements", errors=errors, typed=said, ticked=years or [],
        as_at=boxes(said, "as_at"), team=team, team_label=TEAMS[team][0] if team else "",
        teams=[(name, words) for name, (words, _) in TEAMS.items()],
        fields=wording.flags(access, team), who=wording.WHO_COLUMNS, years=wording.YEARS, accept=ACCEPTED,
        needed=[(TEAMS[name][0], name, wording.fact_columns(name)) for name in TEAMS if team in ("", name)],
        columns=COLUMNS,
    )  # fmt: skip


@router.get("/supplements/template")
def template(
    request: Request,  # noqa: ARG001 - what every handler of a page takes
    team: Annotated[str | None, Query(max_length=32)] = None,
    access: Access = allow(WRITE),
) -> Response:
    """A CSV of the headings that a team's list may have."""
    whose = team_of(access, team)
    line = ",".join(heading for heading, _ in (*wording.WHO_COLUMNS, *wording.fact_columns(whose))) + "\r\n"
    name = f"roni list {whose.replace('_', ' ')}.csv"
    return Response(line.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=attached(name))


@files.post("/supplements")
def send_list(
    request: Request,
    typed: Typed,
    ticked: Ticked,
    file: Annotated[UploadFile | None, File()] = None,
    access: Access = allow(WRITE),
) -> Response:
    """Take a list in, and show what was understood of it."""
    years = [year for year in ticked.get("years", []) if year in dict(wording.YEARS)]
    errors, on = _wrong(typed, file, access)
    if errors or on is None or file is None:
        return _form(request, access, 422, typed, years, **errors)
    state = request.app.state
    try:
        asked = sending.asked_of(access, as_at=on, file_name=file.filename, **_said(typed, years))
        ref, same = sending.send(state.database, state.settings, access, asked, file.file)
    except Refusal as refusal:
        if refusal.status not in (403, 413, 422):
            raise
        return _form(request, access, refusal.status, typed, years, **{WHERE.get(refusal.code, "file"): refusal.detail})
    return RedirectResponse(f"/supplements/{ref}?done={'same' if same else 'sent'}", 303)


def _said(typed: Mapping[str, str], years: list[str]) -> dict[str, Any]:
    return {
        "team": typed.get("team") or None,
        "field": None if typed["field"] == COLUMNS else typed["field"],
        "complete": typed["complete"] == "yes",
        "years": [int(year) for year in years] if typed["complete"] == "yes" else [],
        "name": typed.get("name", "").strip() or None,
    }


def _wrong(typed: Mapping[str, str], file: UploadFile | None, access: Access) -> tuple[dict[str, str], date | None]:
    """What is missing or cannot be, by control, in the order of the page; and the day."""
    errors: dict[str, str] = {}
    if access.team is None and typed.get("team") not in TEAMS:
        errors["team"] = "Choose whose list it is."
    if not typed.get("field"):
        errors["field"] = "Choose what being on the list means."
    try:
        on = day_of(typed, "as_at")
    except ValueError:
        on, errors["as_at"] = None, "Enter a real date, like 31 10 2026."
    if on is None:
        errors.setdefault("as_at", "Enter the day on which the list was right.")
    elif on > today():
        errors["as_at"] = "The day on which the list was right cannot lie ahead."
    if typed.get("complete") not in ("yes", "no"):
        errors["complete"] = "Say whether everybody is on it."
    if len(typed.get("name", "")) > MOST_NAME:
        errors["name"] = f"Use at most {MOST_NAME} characters."
    if file is None or not file.filename:
        errors["file"] = NO_FILE
    return errors, on


router.include_router(files)
