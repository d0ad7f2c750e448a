"""Pages for who keeps the schools: listed, added, changed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, select

from service import tables as t
from service.access import Access, Permission, allow
from service.checks.schemas import NewSchool, SchoolChange
from service.checks.schools import add_school, change_school, list_schools, require_school
from service.etags import STALE
from service.idempotency import FormRoute
from service.problems import Refusal
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
Text = Annotated[str, Form(max_length=2000)]
DONE = {"added": "The school is added.", "changed": "The changes are saved."}
WANTED = {
    "urn": "Enter the school’s URN: six digits, as on Get Information about Schools.",
    "name": "Enter the school’s name.",
    "laestab": "Enter the local authority and establishment numbers, seven digits, or leave this empty.",
    "district": "Use 100 characters or fewer.",
    "establishment_type": "Use 100 characters or fewer.",
    "contact": "Use 300 characters or fewer.",
}


def choices(connection: Connection) -> list[tuple[str, str]]:
    """URN and name of every school in use, for a form."""
    schools = t.schools.c
    rows = connection.execute(select(schools.urn, schools.name).where(schools.active).order_by(schools.name))
    return [(row.urn, f"{row.name} ({row.urn})") for row in rows]


def districts(connection: Connection) -> list[str]:
    """The districts that schools are in."""
    found = select(t.schools.c.district).where(t.schools.c.district.is_not(None)).distinct()
    return sorted(connection.execute(found).scalars())


@router.get("/schools")
def show_schools(
    request: Request, cursor: str | None = None, done: str = "", access: Access = allow(Permission.SCHOOLS)
) -> Response:
    state = request.app.state
    with state.database.read(access) as connection:
        page = list_schools(connection, access, state.settings.page_size, cursor)
    notice = Notice(DONE[done]) if done in DONE else None
    return render(request, "schools/list.html", title="Schools", notice=notice, wide=True, **page)


@router.get("/schools/new")
def show_new(request: Request, access: Access = allow(Permission.SCHOOLS)) -> Response:  # noqa: ARG001 - allowed to see
    return _page(request, None, {})


def _page(
    request: Request, school: Any, typed: dict[str, str], status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    return render(
        request, "schools/school.html", status,
        title="Add a school" if school is None else school.name, back="/schools",
        school=school, typed=typed, errors=errors or {},
    )  # fmt: skip


@router.post("/schools")
def add(
    request: Request,
    urn: Text = "",
    name: Text = "",
    laestab: Text = "",
    district: Text = "",
    establishment_type: Text = "",
    contact: Text = "",
    access: Access = allow(Permission.SCHOOLS),
) -> Response:
    typed = {
        "urn": urn.strip(), "name": name.strip(), "laestab": laestab.strip(), "district": district.strip(),
        "establishment_type": establishment_type.strip(), "contact": contact.strip(),
    }  # fmt: skip
    school, wrong = _read(NewSchool, typed)
    if school is None:
        return _page(request, None, typed, 422, wrong)
    try:
        with request.app.state.database.write(access) as connection:
            add_school(connection, access, school)
    except Refusal as refusal:
        return _page(request, None, typed, refusal.status, {"urn": refusal.detail})
    return RedirectResponse("/schools?done=added", 303)


def _read(shape: type[BaseModel], typed: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    """What was typed, as the API takes it; an empty control is nothing. Else what is wrong with which control."""
    try:
        return shape(**{key: None if value == "" else value for key, value in typed.items()}), {}
    except ValidationError as error:
        return None, {str(item["loc"][0]): WANTED[str(item["loc"][0])] for item in error.errors()}


@router.get("/schools/{school}")
def show_school(request: Request, school: str, access: Access = allow(Permission.SCHOOLS)) -> Response:
    with request.app.state.database.read(access) as connection:
        row = require_school(connection, access, school)
    names = ("name", "laestab", "district", "establishment_type", "contact")
    return _page(request, row, {key: getattr(row, key) or "" for key in names})


@router.post("/schools/{school}")
def change(
    request: Request,
    school: str,
    name: Text = "",
    laestab: Text = "",
    district: Text = "",
    establishment_type: Text = "",
    contact: Text = "",
    active: Annotated[bool, Form()] = False,
    version: Annotated[int, Form()] = 0,
    access: Access = allow(Permission.SCHOOLS),
) -> Response:
    typed = {
        "name": name.strip(), "laestab": laestab.strip(), "district": district.strip(),
        "establishment_type": establishment_type.strip(), "contact": contact.strip(),
    }  # fmt: skip
    with request.app.state.database.write(access) as connection:
        row = require_school(connection, access, school)
        read, wrong = _read(SchoolChange, {**typed, "active": active})
        if not typed["name"]:
            read, wrong = None, {"name": WANTED["name"], **wrong}
        if read is not None:
            if row.version != version:
                raise Refusal(412, "stale", STALE)
            change_school(connection, access, row, read)
    if read is None:
        return _page(request, row, typed, 422, wrong)
    return RedirectResponse("/schools?done=changed", 303)
