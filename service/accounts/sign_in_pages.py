"""Pages: signing in with a password or elsewhere, choosing a role, signing out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from service import audit
from service.access import public
from service.accounts import held, linking, local, oidc, sessions, shapes
from service.accounts.addresses import own_address
from service.accounts.credentials import cookie_name, session_for
from service.navigation import surround_person
from service.problems import Refusal
from service.settings import Settings
from service.web import render

router = APIRouter(include_in_schema=False, dependencies=[public])
Text = Annotated[str, Form(max_length=2000)]
WRONG = "The e-mail address or the password is not right."
NOT_INVITED = (
    "You have proved who you are, but nobody has given you an account here. Ask the person who manages accounts, "
    "and tell them the e-mail address that you sign in with."
)


@router.get("/sign-in")
def show_sign_in(request: Request, next: str = "/") -> Response:  # noqa: A002 - as it stands in addresses
    return _sign_in_page(request, own_address(next))


def _sign_in_page(request: Request, go_on_to: str, status: int = 200, typed: str = "", **errors: str) -> Response:
    settings: Settings = request.app.state.settings
    kept = sessions.named(settings, held.COOKIE) in request.cookies
    return render(
        request,
        "accounts/sign_in.html",
        status,
        title="Sign in",
        errors=errors,
        email=typed,
        go_on_to=go_on_to,
        local=settings.local_accounts,
        elsewhere=settings.oidc_name or "your work account" if settings.oidc_issuer else "",
        kept=kept,
    )


@router.post("/sign-in")
def sign_in(
    request: Request,
    email: Text = "",
    password: Text = "",
    next: Text = "/",  # noqa: A002 - as above
) -> Response:
    state = request.app.state
    local.require_local(state.settings)
    person = local.sign_in(state.database, state.settings, email, password, local.client_of(request))
    if person is None:
        return _sign_in_page(request, own_address(next), 422, email, email=WRONG)
    return _begin(request, person, sessions.BY_PASSWORD, {"next": own_address(next)})


def _begin(request: Request, person: Any, by: str, kept: dict[str, Any]) -> Response:
    """Sign a person in, after leaving whatever session the browser had."""
    state = request.app.state
    before = session_for(request)
    with state.database.write() as connection:
        if before is not None:
            sessions.end(connection, before.id)
        if held.take(connection, request, person.id, first=True):
            kept["next"] = held.PAGE
        secret, where = sessions.begin(connection, state.settings, person, by, kept)
    return sessions.signed_in(request, secret, where)


@router.get("/sign-in/council")
def leave_for_council(request: Request, next: str = "/") -> Response:  # noqa: A002 - as above
    state = request.app.state
    address, kept = oidc.leave(_provider(request))
    with state.database.write() as connection:
        secret = oidc.remember(connection, state.settings, kept, own_address(next))
    response = RedirectResponse(address, 303)
    name, seconds = sessions.named(state.settings, oidc.COOKIE), int(oidc.GOOD_FOR.total_seconds())
    sessions.set_cookie(response, state.settings, name, secret, seconds)
    return response


@router.get("/sign-in/council/answer")
def come_back(
    request: Request,
    code: Annotated[str | None, Query(max_length=4000)] = None,
    state: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    app = request.app.state
    with app.database.write() as connection:
        secret = request.cookies.get(sessions.named(app.settings, oidc.COOKIE))
        kept = oidc.recall(connection, app.settings, secret)
    if kept is None:
        raise Refusal(400, "sign_in_unfinished", "This sign-in took too long, or was finished before. " + oidc.AGAIN)
    claims = oidc.finish(_provider(request), kept, code, state)
    with app.database.write() as connection:
        person = linking.person_for(connection, app.settings.oidc_issuer, claims)
    if person is None:
        raise Refusal(403, "not_invited", NOT_INVITED)
    said = {"next": kept["next"], "organisation": oidc.organisation(claims)}
    response = _begin(request, person, sessions.BY_PROVIDER, said)
    sessions.clear_cookie(response, app.settings, sessions.named(app.settings, oidc.COOKIE))
    return response


def _provider(request: Request) -> oidc.Provider:
    """The provider of the settings, made once: it keeps what the provider says of itself."""
    state = request.app.state
    if not state.settings.oidc_issuer:
        raise Refusal(404, "not_found", "Signing in elsewhere is not set up here.")
    if not hasattr(state, "oidc"):
        state.oidc = oidc.Provider(state.settings)
    provider: oidc.Provider = state.oidc
    return provider


@router.get("/sign-in/held")
def show_held(request: Request) -> Response:
    """What was being sent when the session was over, to be sent now."""
    session, person = half_signed_in(request)
    with request.app.state.database.read() as connection:
        form = held.take(connection, request, person.id)
    if form is None:
        return RedirectResponse(own_address(session.state.get("next")), 303)
    return render(request, "accounts/held.html", title="What you typed has not been sent yet", form=form)


def half_signed_in(request: Request) -> tuple[Any, Any]:
    """The session and person of a caller who may not have a role yet; else 401."""
    session = session_for(request)
    if session is None:
        raise Refusal(401, "not_signed_in", "Sign in first.")
    with request.app.state.database.read() as connection:
        person = sessions.person_of(connection, session.person_id)
    surround_person(request, person.name)
    return session, person


@router.get("/role")
def show_roles(request: Request) -> Response:
    session, person = half_signed_in(request)
    if sessions.must_change(person, session.state["by"]):
        return RedirectResponse(sessions.PASSWORD, 303)
    return _role_page(request, session, person)


def _role_page(request: Request, session: Any, person: Any, status: int = 200, **errors: str) -> Response:
    with request.app.state.database.read() as connection:
        rows = sessions.grants_in_force(connection, person.id)
        now_in = next((row.ref for row in rows if row.id == session.grant_id), "")
    roles = [(row.ref, shapes.grant_words(row)) for row in rows]
    title = "Choose what to work as" if roles else "You have no role here yet"
    organisation = session.state.get("organisation") or {}
    return render(
        request, "accounts/role.html", status,
        title=title, errors=errors, roles=roles, now_in=now_in, organisation=organisation,
    )  # fmt: skip


@router.post("/role")
def choose_role(request: Request, role: Text = "") -> Response:
    session, person = half_signed_in(request)
    if sessions.must_change(person, session.state["by"]):
        return RedirectResponse(sessions.PASSWORD, 303)
    state = request.app.state
    with state.database.write() as connection:
        rows = sessions.grants_in_force(connection, person.id)
        chosen = next((row for row in rows if row.ref == role), None)
        if chosen is not None:
            secret = sessions.resume(connection, state.settings, session, chosen.id)
            audit.record(connection, sessions.acting(connection, person, chosen.id), "session.role", person.ref)
    if chosen is None:
        return _role_page(request, session, person, 422, role="Choose one of your roles.")
    first = session.grant_id is None
    return sessions.signed_in(request, secret, own_after(session) if first else sessions.HOME)


def own_after(session: Any) -> str:
    """Where a session goes on to once it has a role: as asked at sign-in."""
    wanted = (session.state or {}).get("next")
    return held.PAGE if wanted == held.PAGE else own_address(wanted)


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session. It is no error if it was over already."""
    state = request.app.state
    session = session_for(request)
    if session is not None:
        with state.database.write() as connection:
            sessions.end(connection, session.id)
            person = sessions.person_of(connection, session.person_id)
            audit.record(connection, sessions.acting(connection, person, session.grant_id), "session.end", person.ref)
    response = RedirectResponse("/sign-in", 303)
    sessions.clear_cookie(response, state.settings, cookie_name(state.settings))
    return response
