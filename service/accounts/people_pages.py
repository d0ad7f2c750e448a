"""Pages for administrators: people, their roles, their passwords."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from service.access import ROLE_LABELS, TEAMS, Access, Permission, allow
from service.accounts import people, schemas, shapes
from service.accounts.school_pages import choices, districts
from service.etags import STALE
from service.idempotency import FormRoute
from service.problems import Refusal
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
Text = Annotated[str, Form(max_length=2000)]
Ticked = Annotated[bool, Form()]
ROLES = tuple(ROLE_LABELS.items())
TEAM_CHOICES = tuple((name, label) for name, (label, _) in TEAMS.items())
DONE = {
    "added": "The person is added. Now give them a role: without one they can see nothing.",
    "changed": "The changes are saved.",
    "granted": "The role is given. They have it from their next page on.",
    "ended": "The role is ended.",
    "disabled": "The account is disabled, signed out everywhere, and its tokens are refused.",
    "enabled": "The account may be used again.",
}


@router.get("/people")
def list_people(request: Request, cursor: str | None = None, access: Access = allow(Permission.PEOPLE)) -> Response:
    state = request.app.state
    with state.database.read(access) as connection:
        rows, more = people.listed(connection, state.settings.page_size, cursor)
        items = shapes.persons(connection, rows)
        words = {row.id: "; ".join(map(shapes.grant_words, grants)) for row, grants in _with_grants(connection, rows)}
    listed = [(item, words[row.id]) for item, row in zip(items, rows, strict=True)]
    return render(request, "people/list.html", title="People", people=listed, next=more, wide=True)


def _with_grants(connection: Any, rows: Any) -> list[tuple[Any, list[Any]]]:
    grants = people.grants_of(connection, [row.id for row in rows])
    return [(row, grants[row.id]) for row in rows]


@router.get("/people/new")
def show_new(request: Request, access: Access = allow(Permission.PEOPLE)) -> Response:  # noqa: ARG001 - allowed to see
    return _new_page(request)


def _new_page(request: Request, status: int = 200, typed: dict[str, str] | None = None, **errors: str) -> Response:
    settings = request.app.state.settings
    return render(
        request, "people/new.html", status,
        title="Add a person", back="/people", typed=typed or {}, errors=errors,
        local=settings.local_accounts, elsewhere=bool(settings.oidc_issuer),
    )  # fmt: skip


@router.post("/people")
def add_person(
    request: Request,
    name: Text = "",
    email: Text = "",
    password: Ticked = False,
    access: Access = allow(Permission.PEOPLE),
) -> Response:
    typed = {"name": name, "email": email}
    if wrong := _faults(schemas.PersonIn, typed):
        return _new_page(request, 422, typed, **wrong)
    state = request.app.state
    try:
        with state.database.write(access) as connection:
            asked = password and state.settings.local_accounts
            ref, secret = people.invite(connection, access, name, email, password=asked)
    except Refusal as refusal:
        return _new_page(request, refusal.status, typed, email=refusal.detail)
    if secret is None:
        return RedirectResponse(f"/people/{ref}?done=added", 303)
    return _person_page(request, access, ref, secret=secret)


WANTED = {
    "name": "Enter the person’s name.",
    "email": "Enter an e-mail address, like name@school.example.",
}


def _faults(shape: Any, typed: dict[str, str]) -> dict[str, str]:
    try:
        shape(**typed)
    except ValidationError as error:
        return {str(item["loc"][0]): WANTED[str(item["loc"][0])] for item in error.errors()}
    return {}


@router.get("/people/{person}")
def show_person(request: Request, person: str, done: str = "", access: Access = allow(Permission.PEOPLE)) -> Response:
    return _person_page(request, access, person, notice=Notice(DONE[done]) if done in DONE else None)


def _person_page(request: Request, access: Access, ref: str, status: int = 200, **context: Any) -> Response:
    """One person: the `secret` of a new password is shown on this answer only."""
    state = request.app.state
    with state.database.read(access) as connection:
        row = people.find(connection, ref)
        grants = [(grant, shapes.grant_words(grant)) for grant in people.grants_of(connection, [row.id])[row.id]]
        schools, places = choices(connection), districts(connection)
    return render(
        request, "people/person.html", status,
        **{
            "title": row.name, "back": "/people", "person": row, "grants": grants, "roles": ROLES,
            "teams": TEAM_CHOICES, "schools": schools, "districts": [(place, place) for place in places],
            "local": state.settings.local_accounts, "typed": {}, "secret": "", "notice": None, "errors": {},
            "me": row.id == access.person_id, **context,
        },
    )  # fmt: skip


@router.post("/people/{person}")
def change_person(
    request: Request,
    person: str,
    name: Text = "",
    email: Text = "",
    version: Annotated[int, Form()] = 0,
    access: Access = allow(Permission.PEOPLE),
) -> Response:
    typed = {"name": name, "email": email}
    with request.app.state.database.write(access) as connection:
        row = people.find(connection, person)
        wrong = _faults(schemas.PersonIn, typed)
        if not wrong:
            if row.version != version:
                raise Refusal(412, "stale", STALE)
            people.change(connection, access, row, name=name.strip(), email=email)
    if wrong:
        return _person_page(request, access, person, 422, errors=wrong, typed=typed)
    return RedirectResponse(f"/people/{person}?done=changed", 303)


@router.post("/people/{person}/disabling")
def disable(
    request: Request, person: str, disabled: Ticked = False, access: Access = allow(Permission.PEOPLE)
) -> Response:
    """Disable an account, or let it be used again."""
    with request.app.state.database.write(access) as connection:
        people.change(connection, access, people.find(connection, person), disabled=disabled)
    return RedirectResponse(f"/people/{person}?done={'disabled' if disabled else 'enabled'}", 303)


@router.post("/people/{person}/password")
def reset_password(request: Request, person: str, access: Access = allow(Permission.PEOPLE)) -> Response:
    with request.app.state.database.write(access) as connection:
        secret = people.reset_password(connection, access, people.find(connection, person))
    return _person_page(request, access, person, secret=secret)


@router.post("/people/{person}/grants")
def give_role(
    request: Request,
    person: str,
    role: Text = "",
    school: Text = "",
    district: Text = "",
    team: Text = "",
    own_caseload: Ticked = False,
    youth_justice: Ticked = False,
    ends_on_day: Annotated[str, Form(alias="ends_on-day", max_length=4)] = "",
    ends_on_month: Annotated[str, Form(alias="ends_on-month", max_length=4)] = "",
    ends_on_year: Annotated[str, Form(alias="ends_on-year", max_length=4)] = "",
    access: Access = allow(Permission.PEOPLE),
) -> Response:
    ends = {"day": ends_on_day, "month": ends_on_month, "year": ends_on_year}
    typed: dict[str, Any] = {"role": role, "school": school, "district": district, "team": team, "ends_on": ends}
    typed |= {"own_caseload": own_caseload, "youth_justice": youth_justice}
    try:
        with request.app.state.database.write(access) as connection:
            people.grant(
                connection, access, people.find(connection, person), role,
                school=school or None, district=district or None, team=team or None,
                own_caseload=own_caseload, youth_justice=youth_justice, ends_on=typed_day(ends),
            )  # fmt: skip
    except Refusal as refusal:
        if refusal.status != 422:
            raise
        where = str(refusal.more["where"])
        return _person_page(request, access, person, 422, errors={where: refusal.detail}, typed=typed)
    return RedirectResponse(f"/people/{person}?done=granted", 303)


def typed_day(typed: dict[str, str]) -> date | None:
    """A day as it was typed in three boxes; None where all are empty."""
    if not any(typed.values()):
        return None
    try:
        return date(int(typed["year"]), int(typed["month"]), int(typed["day"]))
    except ValueError:
        raise Refusal(422, "date", "Enter a real date, like 31 8 2027.", where="ends_on") from None


@router.post("/people/{person}/grants/{grant}/end")
def end_role(request: Request, person: str, grant: str, access: Access = allow(Permission.PEOPLE)) -> Response:
    with request.app.state.database.write(access) as connection:
        people.end_grant(connection, access, people.find(connection, person), grant)
    return RedirectResponse(f"/people/{person}?done=ended", 303)
