"""Pages: home, the checks, one check with its schools, opening one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection

from roni import AcademicYear
from service.access import Access, Permission, allow
from service.checks import change_pages, choices, queries, worry_pages
from service.checks.links import has_page
from service.checks.schemas import NewCheck
from service.checks.to_do import council_tasks, school_tasks
from service.clock import today
from service.forms import Ticked, Typed, boxes, day_of
from service.idempotency import FormRoute
from service.problems import Refusal
from service.uploads.queries import list_uploads
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
router.include_router(worry_pages.router)
router.include_router(change_pages.router)
OF_SCHOOLS = ("returns", "careers")
NAMES = (("november", "November"), ("january", "January"))
DONE = {
    "opened": "The check is open. Its schools see it when they sign in.",
    "changed": "The changes are saved.",
    "worked_out": "The changes are saved, and every list of this check is worked out again.",
}
FILTERS = ("not_returned", "in_progress", "signed_off", "overdue")
NO_DAY = "Enter a real day, like 27 11 2026."
WANTED = {
    "academic_year": "Choose a school year.",
    "name": "Choose November or January.",
    "capacity": "Enter a whole number from 1, or leave it empty.",
    "focus_years": "Choose at least one year group.",
    "schools": "Choose at least one school.",
}


@router.get("/")
def show_home(request: Request, access: Access = allow(Permission.ME)) -> Response:
    """What there is to do now."""
    with request.app.state.database.read(access) as connection:
        school = access.role in OF_SCHOOLS
        tasks = school_tasks(connection, access) if school else council_tasks(connection, request, access)
    return render(request, "checks/home.html", title="What there is to do", tasks=tasks, school=school)


@router.get("/checks")
def show_checks(request: Request, access: Access = allow(Permission.CHECKS_READ)) -> Response:
    with request.app.state.database.read(access) as connection:
        checks = queries.list_checks(connection, access)
    return render(
        request, "checks/list.html",
        title="Checks", checks=checks, may_open=Permission.CHECKS_MANAGE in access.permissions,
        whole=access.role not in OF_SCHOOLS,
    )  # fmt: skip


# --- opening one ------------------------------------------------------------------------------------------------------


@router.get("/checks/new")
def show_new(request: Request, access: Access = allow(Permission.CHECKS_MANAGE)) -> Response:
    return _new_page(request, access, {}, {})


def _new_page(
    request: Request, access: Access, typed: Mapping[str, str], ticked: Mapping[str, list[str]], status: int = 200,
    **errors: str,
) -> Response:  # fmt: skip
    with request.app.state.database.read(access) as connection:
        offered: dict[str, Any] = {
            "cards": choices.cards(connection),
            "models": choices.models_of_new(connection),
            "in_force": choices.in_force(connection),
            "schools": choices.schools(connection),
        }
    now_in = AcademicYear.containing(today()).start
    years = [(str(AcademicYear(start)), str(AcademicYear(start))) for start in (now_in, now_in + 1)]
    return render(
        request, "checks/new.html", status,
        title="Open a check", back="/checks", typed=typed, ticked=ticked, errors=errors, academic_years=years,
        names=NAMES, years=choices.YEARS, due=boxes(typed, "due"), **offered,
    )  # fmt: skip


@router.post("/checks")
def open_check(
    request: Request, typed: Typed, ticked: Ticked, access: Access = allow(Permission.CHECKS_MANAGE)
) -> Response:
    """Open a check; what is left empty is taken from the calendar."""
    said, errors = _said(typed, ticked, ("academic_year", "name", "scorecard", "model", "capacity"), ("due_on",))
    if typed.get("all_schools") == "no":
        said["schools"] = ticked.get("schools", [])
        errors |= {} if said["schools"] else {"schools": WANTED["schools"]}
    asked = _parsed(NewCheck, said, errors)
    if errors or asked is None:
        return _new_page(request, access, typed, ticked, 422, **errors)
    try:
        with request.app.state.database.write(access) as connection:
            ref = queries.open_check(connection, access, asked)
    except Refusal as refusal:
        return _new_page(request, access, typed, ticked, refusal.status, **{"": refusal.detail})
    return RedirectResponse(f"/checks/{ref}?done=opened", 303)


def _said(
    typed: Mapping[str, str], ticked: Mapping[str, list[str]], texts: tuple[str, ...], days: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, str]]:
    """What a form says, without what is empty, and what of it cannot be read."""
    said: dict[str, Any] = {name: typed[name] for name in texts if typed.get(name)}
    if said.get("model") == choices.NO_MODEL:
        said["model"] = None
    errors: dict[str, str] = {}
    if "capacity" in said:
        said["capacity"] = int(said["capacity"]) if said["capacity"].isdecimal() else said["capacity"]
    for name in days:
        try:
            said |= {name: day} if (day := day_of(typed, name.removesuffix("_on"))) else {}
        except ValueError:
            errors[name.removesuffix("_on")] = NO_DAY
    if years := ticked.get("focus_years"):
        said["focus_years"] = [int(year) for year in years if year.isdecimal()]
    return said, errors


def _parsed(shape: type[Any], said: Mapping[str, Any], errors: dict[str, str]) -> Any:
    """The request that the form makes, as the API takes it; what is wrong with it is added to the errors."""
    try:
        made: BaseModel = shape(**said)
    except ValidationError as error:
        for item in error.errors():
            name = str(item["loc"][0])
            errors[name] = WANTED.get(name, "This cannot be used here.")
        return None
    return made


# --- one check --------------------------------------------------------------------------------------------------------


@router.get("/checks/{check}")
def show_check(
    request: Request, check: str, state: str = "", done: str = "", access: Access = allow(Permission.CHECKS_READ)
) -> Response:
    """One check: a school's people are shown their own school, others how far each school is."""
    with request.app.state.database.read(access) as connection:
        shown = queries.show_check(connection, access, check)
        row = queries.require_check(connection, check)
        waiting = _council_upload(connection, access, row.id)
    if access.role in OF_SCHOOLS and len(shown["schools"]) == 1:
        return RedirectResponse(f"/checks/{check}/schools/{shown['schools'][0]['urn']}", 303)
    chosen = state if state in FILTERS else ""
    schools = [school for school in shown["schools"] if not chosen or _is(school, chosen)]
    reads = Permission.REGISTER_READ in access.permissions and queries.readable_stage(access, row)
    return render(
        request, "checks/check.html",
        title=f"{shown['label']} check", back="/checks", check=shown, chosen=chosen, wide=True, stages=choices.STAGES,
        rows=[(item["urn"], item["name"], item["district"] or "", item["state"], item["overdue"],
               item["signed_off_at"]) for item in schools],
        manages=Permission.CHECKS_MANAGE in access.permissions,
        council=Permission.COUNCIL_UPLOADS in access.permissions,
        waiting=waiting,
        list_page=reads and has_page(request, "/checks/{check}/register"),
        notice=Notice(DONE[done]) if done in DONE else None,
    )  # fmt: skip


def _council_upload(connection: Connection, access: Access, check_id: int) -> dict[str, Any] | None:
    """A file for all schools that is not finished."""
    if Permission.COUNCIL_UPLOADS not in access.permissions:
        return None
    own = [item for item in list_uploads(connection, access, check_id) if item["school"] is None]
    return own[0] if own and own[0]["state"] in ("reading", "staged", "confirming") else None


def _is(school: Mapping[str, Any], state: str) -> bool:
    return bool(school["overdue"]) if state == "overdue" else school["state"] == state
