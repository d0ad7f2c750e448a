"""Pages: one's own account, password and tokens."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from service import audit
from service.access import Access, Permission, allow, public
from service.accounts import passwords, sessions, shapes, tokens, wording
from service.accounts.credentials import session_for
from service.accounts.local import client_of, is_password_of, require_local, set_password
from service.accounts.sign_in_pages import half_signed_in, own_after
from service.idempotency import FormRoute
from service.problems import Refusal
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
Text = Annotated[str, Form(max_length=2000)]
DONE = {
    "password": "Your password is changed. You are signed out everywhere else.",
    "revoked": "The token is revoked. Programs that use it are refused from now on.",
}
LASTS = ((7, "7 days"), (30, "30 days"), (90, "90 days"), (366, "a year"))


@router.get("/account")
def show_account(request: Request, done: str = "", access: Access = allow(Permission.ME)) -> Response:
    return _account_page(request, access, notice=Notice(DONE[done]) if done in DONE else None)


def _account_page(request: Request, access: Access, status: int = 200, **context: Any) -> Response:
    state, session = request.app.state, session_for(request)
    with state.database.read(access) as connection:
        person = sessions.person_of(connection, access.person_id)
        roles = [shapes.grant_words(row) for row in sessions.grants_in_force(connection, access.person_id)]
        mine = [shapes.token(row) for row in tokens.mine(connection, access)]
    return render(
        request, "accounts/account.html", status,
        **{
            "title": "My account", "person": person, "roles": roles, "tokens": mine, "lasts": LASTS,
            "organisation": (session.state or {}).get("organisation") if session is not None else None,
            "permissions": wording.choices(access.permissions), "in_words": wording.in_words,
            "typed": {}, "secret": "", "notice": None, **context,
        },
    )  # fmt: skip


@router.post("/account/tokens")
def create_token(
    request: Request,
    name: Text = "",
    days: Annotated[int, Form(ge=1, le=tokens.MOST_DAYS)] = tokens.DAYS,
    scopes: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
    access: Access = allow(Permission.TOKENS),
) -> Response:
    """The answer itself shows the token: it is kept nowhere, so no other page could."""
    typed = {"name": name, "days": days, "scopes": scopes}
    if not name.strip() or len(name) > tokens.LONGEST_NAME:
        words = f"Say what the token is for, in up to {tokens.LONGEST_NAME} characters."
        return _account_page(request, access, 422, errors={"name": words}, typed=typed)
    if not scopes:
        words = "Choose at least one thing that the token may do."
        return _account_page(request, access, 422, errors={"scopes": words}, typed=typed)
    state = request.app.state
    with state.database.write(access) as connection:
        secret, _ = tokens.create(connection, state.settings, access, name, scopes, days)
    return _account_page(request, access, secret=secret)


@router.post("/account/tokens/{token}/revocation")
def revoke_token(request: Request, token: str, access: Access = allow(Permission.TOKENS)) -> Response:
    with request.app.state.database.write(access) as connection:
        tokens.revoke(connection, access, token)
    return RedirectResponse("/account?done=revoked", 303)


@router.post("/account/sign-out-everywhere")
def sign_out_everywhere(request: Request, access: Access = allow(Permission.ME)) -> Response:
    """End every session of the caller, this one too. Tokens stay: they are revoked one by one."""
    with request.app.state.database.write(access) as connection:
        sessions.end_all(connection, access.person_id)
        audit.record(connection, access, "session.end_all", access.person_ref)
    return RedirectResponse("/sign-in", 303)


@router.get("/account/password", dependencies=[public])
def show_password(request: Request) -> Response:
    _, person = half_signed_in(request)
    return _password_page(request, person)


def _password_page(request: Request, person: Any, status: int = 200, **errors: str) -> Response:
    require_local(request.app.state.settings)
    if person.password_hash is None:
        raise Refusal(404, "not_found", "You sign in with another account, which has its own password.")
    return render(
        request, "accounts/password.html", status,
        title="Change your password", errors=errors, must=person.must_change_password, least=passwords.LEAST,
    )  # fmt: skip


@router.post("/account/password", dependencies=[public])
def change_password(request: Request, current: Text = "", password: Text = "", again: Text = "") -> Response:
    """Signs out every other session; this one goes on under a new secret, and with a role where there is only one."""
    session, person = half_signed_in(request)
    if not is_password_of(request.app.state.database, request.app.state.settings, person, current, client_of(request)):
        return _password_page(request, person, 422, current="This is not the password that you have now.")
    if wrong := passwords.fault(password, again, person.email, person.password_hash):
        return _password_page(request, person, 422, password=wrong)
    state = request.app.state
    with state.database.write() as connection:
        set_password(connection, person.id, password, must_change=False)
        sessions.end_all(connection, person.id)
        rows = sessions.grants_in_force(connection, person.id)
        chosen = session.grant_id or (rows[0].id if len(rows) == 1 else None)
        secret = sessions.resume(connection, state.settings, session, chosen)
        audit.record(connection, sessions.acting(connection, person, chosen), "password.change", person.ref)
    if session.grant_id is not None:
        return sessions.signed_in(request, secret, "/account?done=password")
    return sessions.signed_in(request, secret, sessions.ROLE if chosen is None else own_after(session))
