"""A form sent after the session was over: kept for some minutes, and offered again once its sender has signed in.

Only a browser that was signed in is kept anything for, and only the same person gets it back. What was typed lies in
a row of `sessions`, encrypted under a key that only the browser's cookie holds. Files and passwords are never kept.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography.fernet import Fernet, InvalidToken
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, delete, insert, select, update
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from service import tables as t
from service.accounts.credentials import SESSION, cookie_name, keyed_hash
from service.accounts.sessions import named, set_cookie
from service.clock import now
from service.settings import Settings

KIND, COOKIE = "held", "roni_form"
KEPT_FOR = timedelta(minutes=30)
MOST_BYTES = 64 * 1024
FORM = "application/x-www-form-urlencoded"
SECRET = ("password", "secret")  # no form with such a control is kept
PAGE = "/sign-in/held"


async def sign_in_again(request: Request) -> Response:
    """Send a page's caller who is not signed in to the sign-in, and keep what they were sending."""
    response = RedirectResponse("/sign-in?next=" + quote(_back_to(request), safe="/"), 303)
    settings: Settings = request.app.state.settings
    cookie = request.cookies.get(cookie_name(settings))
    if cookie and request.method == "POST" and request.headers.get("content-type", "").startswith(FORM):
        fields = await _fields(request)
        if fields and (kept := await run_in_threadpool(_keep, request, settings, cookie, fields)):
            set_cookie(response, settings, named(settings, COOKIE), kept, int(KEPT_FOR.total_seconds()))
    return response


def _back_to(request: Request) -> str:
    """The page itself, or for a form the page that it stood on."""
    if request.method == "GET":
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    came_from = urlsplit(request.headers.get("referer", ""))
    return came_from.path or "/" if came_from.netloc == request.headers.get("host") else "/"


async def _fields(request: Request) -> list[tuple[str, str]]:
    """What was typed; nothing where it is too long, or secret."""
    if int(request.headers.get("content-length") or MOST_BYTES + 1) > MOST_BYTES:
        return []
    try:
        form = await request.form()
    except HTTPException:  # no form that can be read
        return []
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    return [] if any(word in name.casefold() for name, _ in fields for word in SECRET) else fields


def _keep(request: Request, settings: Settings, cookie: str, fields: list[tuple[str, str]]) -> str | None:
    """Keep a form for whoever the session was; the secret of its cookie, or None where there was no session."""
    secret = secrets.token_urlsafe(32)
    text = json.dumps({"action": request.url.path, "fields": fields}).encode()
    with request.app.state.database.write() as connection:
        person = connection.execute(
            select(t.sessions.c.person_id).where(
                t.sessions.c.token_hash == keyed_hash(settings, cookie), t.sessions.c.kind == SESSION
            )
        ).scalar_one_or_none()
        if person is None:
            return None
        _forget(connection, person)
        connection.execute(
            insert(t.sessions).values(
                token_hash=keyed_hash(settings, secret),
                person_id=person,
                kind=KIND,
                expires_at=now() + KEPT_FOR,
                state={"form": _cipher(secret).encrypt(text).decode()},
            )
        )
    return secret


def _forget(connection: Connection, person_id: int) -> None:
    connection.execute(delete(t.sessions).where(t.sessions.c.kind == KIND, t.sessions.c.person_id == person_id))


def take(connection: Connection, request: Request, person_id: int, *, first: bool = False) -> dict[str, Any] | None:
    """The form that this browser was sending as this person: "action" and "fields"; None where there is none.

    `first` asks for one that has not been offered yet, and notes that it now is.
    """
    settings: Settings = request.app.state.settings
    secret = request.cookies.get(named(settings, COOKIE))
    if not secret:
        return None
    sessions = t.sessions.c
    row = connection.execute(
        select(sessions.id, sessions.state)
        .where(sessions.token_hash == keyed_hash(settings, secret), sessions.kind == KIND)
        .where(sessions.person_id == person_id, sessions.expires_at > now())
    ).one_or_none()
    if row is None or (first and row.state.get("offered")):
        return None
    if first:
        offered = {**row.state, "offered": True}
        connection.execute(update(t.sessions).where(sessions.id == row.id).values(state=offered))
    return _opened(secret, row.state["form"])


def _opened(secret: str, form: str) -> dict[str, Any] | None:
    try:
        opened: dict[str, Any] = json.loads(_cipher(secret).decrypt(form.encode()))
    except InvalidToken:
        return None
    return opened


def _cipher(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"form " + secret.encode()).digest()))
