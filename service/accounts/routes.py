"""The API of accounts: who calls, their tokens, people and their roles."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from service.access import Access, Permission, allow
from service.accounts import people, schemas, shapes, tokens, trail_routes
from service.accounts.local import require_local
from service.etags import etag, require_match
from service.idempotency import ANSWER_NOT_KEPT, IdempotentRoute
from service.problems import Refusal, problem_responses
from service.settings import Settings

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=IdempotentRoute)
Limit = Annotated[int | None, Query(ge=1)]


def page_limit(request: Request, limit: int | None) -> int:
    """How many items a page has: as asked, up to the most that the settings allow."""
    settings: Settings = request.app.state.settings
    return min(limit or settings.page_size, settings.page_most)


@router.get("/me", summary="Who calls, and what they may do", responses=problem_responses())
def get_me(request: Request, access: Access = allow(Permission.ME)) -> schemas.Me:
    with request.app.state.database.read(access) as connection:
        return shapes.me(connection, access)


@router.get("/tokens", summary="Your tokens in force", responses=problem_responses())
def list_tokens(request: Request, access: Access = allow(Permission.TOKENS)) -> schemas.Tokens:
    with request.app.state.database.read(access) as connection:
        return schemas.Tokens(items=[schemas.Token(**shapes.token(row)) for row in tokens.mine(connection, access)])


@router.post(
    "/tokens",
    status_code=201,
    summary="Make a token of your role",
    responses=problem_responses(409, 422),
    openapi_extra=ANSWER_NOT_KEPT,
)
def create_token(
    request: Request, asked: schemas.TokenIn, access: Access = allow(Permission.TOKENS)
) -> schemas.NewToken:
    """The secret is in this answer only. Signed-in people make tokens; a token cannot make another."""
    state = request.app.state
    with state.database.write(access) as connection:
        secret, row = tokens.create(connection, state.settings, access, asked.name, asked.scopes, asked.days)
    return schemas.NewToken(secret=secret, **shapes.token(row))


@router.delete(
    "/tokens/{token}", status_code=204, summary="Revoke one of your tokens", responses=problem_responses(404)
)
def revoke_token(request: Request, token: str, access: Access = allow(Permission.TOKENS)) -> None:
    with request.app.state.database.write(access) as connection:
        tokens.revoke(connection, access, token)


@router.get("/people", summary="People who may sign in", responses=problem_responses(422))
def list_people(
    request: Request, limit: Limit = None, cursor: str | None = None, access: Access = allow(Permission.PEOPLE)
) -> schemas.People:
    with request.app.state.database.read(access) as connection:
        rows, more = people.listed(connection, page_limit(request, limit), cursor)
        items = [schemas.Person(**item) for item in shapes.persons(connection, rows)]
    return schemas.People(items=items, next=more)


@router.post(
    "/people",
    status_code=201,
    summary="Invite a person",
    responses=problem_responses(404, 409, 422),
    openapi_extra=ANSWER_NOT_KEPT,
)
def invite(request: Request, asked: schemas.PersonIn, access: Access = allow(Permission.PEOPLE)) -> schemas.NewPerson:
    """They have no role yet, so they can do nothing until they are given one."""
    if asked.password:
        require_local(request.app.state.settings)
    with request.app.state.database.write(access) as connection:
        ref, password = people.invite(connection, access, asked.name, asked.email, password=asked.password)
        return schemas.NewPerson(password=password, **shapes.person(people.find(connection, ref), []))


@router.get("/people/{person}", summary="One person", responses=problem_responses(404))
def get_person(
    request: Request, response: Response, person: str, access: Access = allow(Permission.PEOPLE)
) -> schemas.Person:
    with request.app.state.database.read(access) as connection:
        row = people.find(connection, person)
        response.headers["etag"] = etag(row.version)
        return schemas.Person(**shapes.persons(connection, [row])[0])


@router.patch(
    "/people/{person}", summary="Change or disable a person", responses=problem_responses(404, 409, 412, 422, 428)
)
def change_person(
    request: Request,
    response: Response,
    person: str,
    asked: schemas.PersonChange,
    access: Access = allow(Permission.PEOPLE),
) -> schemas.Person:
    """Disabling signs them out everywhere and ends the use of their tokens."""
    with request.app.state.database.write(access) as connection:
        row = people.find(connection, person)
        require_match(request, row.version, required=True)
        people.change(connection, access, row, **_given(asked))
        row = people.find(connection, person)
        response.headers["etag"] = etag(row.version)
        return schemas.Person(**shapes.persons(connection, [row])[0])


def _given(asked: schemas.PersonChange) -> dict[str, Any]:
    """What was sent; null is no value of any of these."""
    given = asked.model_dump(exclude_none=True)
    if not given:
        raise Refusal(422, "nothing_to_change", "Send at least one thing to change.")
    return given


@router.post(
    "/people/{person}/password",
    status_code=201,
    summary="Give a person a new password",
    responses=problem_responses(404),
    openapi_extra=ANSWER_NOT_KEPT,
)
def reset_password(request: Request, person: str, access: Access = allow(Permission.PEOPLE)) -> schemas.Password:
    """It signs them out everywhere. They must change it when they use it."""
    require_local(request.app.state.settings)
    with request.app.state.database.write(access) as connection:
        row = people.find(connection, person)
        return schemas.Password(password=people.reset_password(connection, access, row))


@router.get("/people/{person}/grants", summary="A person’s roles", responses=problem_responses(404))
def list_grants(request: Request, person: str, access: Access = allow(Permission.PEOPLE)) -> schemas.Grants:
    with request.app.state.database.read(access) as connection:
        row = people.find(connection, person)
        return schemas.Grants(items=[shapes.grant(item) for item in people.grants_of(connection, [row.id])[row.id]])


@router.post("/people/{person}/grants", status_code=201, summary="Give a role", responses=problem_responses(404, 422))
def give_role(
    request: Request, person: str, asked: schemas.GrantIn, access: Access = allow(Permission.PEOPLE)
) -> schemas.Grant:
    with request.app.state.database.write(access) as connection:
        row = people.find(connection, person)
        ref = people.grant(connection, access, row, **asked.model_dump())
        made = people.grants_of(connection, [row.id])[row.id]
        return next(shapes.grant(item) for item in made if item.ref == ref)


@router.delete(
    "/people/{person}/grants/{grant}", status_code=204, summary="End a role", responses=problem_responses(404, 409)
)
def end_role(request: Request, person: str, grant: str, access: Access = allow(Permission.PEOPLE)) -> None:
    """At once: sessions and tokens in this role are over."""
    with request.app.state.database.write(access) as connection:
        people.end_grant(connection, access, people.find(connection, person), grant)


router.include_router(trail_routes.router)
