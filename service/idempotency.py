"""`Idempotency-Key` on POST: the same request sent again is answered as the first time, and nothing is done twice.

Every API router uses it: `router = APIRouter(prefix="/v1", tags=[...], route_class=IdempotentRoute)`. A refusal changes
nothing and is not kept, so that the same key may be used again once the cause is gone. Answers are kept for a day. A
route whose answer must be shown once only (a new token) says so with `openapi_extra=ANSWER_NOT_KEPT`: there a second
request with the key is a 409.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from sqlalchemy import and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from service import tables as t
from service.access import Access
from service.clock import now
from service.database import Database
from service.problems import Refusal

HEADER = "idempotency-key"
REPLAY = "idempotent-replay"
LONGEST_KEY = 200
KEPT_FOR = timedelta(days=1)
GIVEN_UP_AFTER = timedelta(hours=1)  # a first request that never finished: the service was stopped during it
KEPT_HEADERS = ("content-type", "etag", "location")
ANSWER_NOT_KEPT = {"x-idempotency": "answer shown once"}
CHUNK = 1024 * 1024
FIELD = "idempotency_key"  # of a page's form
MOST_OF_A_FORM = 4 * CHUNK
LOOKS, BETWEEN_LOOKS = 100, 0.3  # seconds

IN_PROGRESS, SHOWN_ONCE = 0, 1  # of `idempotency.status`, beside the statuses of HTTP

_one = t.idempotency.c
_ADD = insert(t.idempotency)
_THIS = and_(_one.caller == bindparam("of_caller"), _one.key == bindparam("of_key"))
_FIND = select(t.idempotency).where(_THIS)
_KEEP = update(t.idempotency).where(_THIS)
_DROP = delete(t.idempotency).where(_THIS)
_OVER = delete(t.idempotency).where(
    or_(
        _one.created_at < bindparam("over"),
        and_(_one.status == IN_PROGRESS, _one.created_at < bindparam("given_up")),
    )
)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class IdempotentRoute(APIRoute):
    """A route whose POST may be sent again with the same `Idempotency-Key`."""

    def get_route_handler(self) -> Handler:
        """The handler, behind the look at the key."""
        handler = super().get_route_handler()
        if "POST" not in (self.methods or ()):
            return handler
        keep = ANSWER_NOT_KEPT.items() - (self.openapi_extra or {}).items()

        async def handle(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None:
                return await handler(request)
            return await _once(request, _checked(key), handler, keep=bool(keep))

        return handle


class FormRoute(APIRoute):
    """A page's route whose form may be sent again with the same hidden `idempotency_key`, and is done once.

    So with a double press, "back", or a form kept over a sign-in. Only an answer that leads on (303) is kept. Of two at
    once the second waits for the first.
    """

    def get_route_handler(self) -> Handler:
        """The handler, behind the look at the form's key."""
        handler = super().get_route_handler()
        if "POST" not in (self.methods or ()):
            return handler

        async def handle(request: Request) -> Response:
            if int(request.headers.get("content-length", "0")) > MOST_OF_A_FORM:
                raise Refusal(413, "too_large", "This form is too long to send. Send it in parts.")
            body = await request.body()
            key = (await request.form()).get(FIELD)
            if not isinstance(key, str) or not 0 < len(key) <= LONGEST_KEY // 2:
                return await handler(request)
            # what was changed after "back" is another form, though the page gave it the same key
            return await _when_free(request, f"{key}-{hashlib.sha256(body).hexdigest()}", handler)

        return handle


async def _when_free(request: Request, key: str, handler: Handler) -> Response:
    for _ in range(LOOKS):
        try:
            return await _once(request, key, _leading_on(handler), keep=True)
        except Refusal as refusal:
            if refusal.code != "in_progress":
                raise
            await asyncio.sleep(BETWEEN_LOOKS)
    raise Refusal(409, "in_progress", "What you sent is still being worked on. Open the page again in a minute.")


def _leading_on(handler: Handler) -> Handler:
    """Pages of their own are not kept: they may name pupils."""

    async def handle(request: Request) -> Response:
        response = await handler(request)
        if response.status_code != HTTPStatus.SEE_OTHER:
            response.not_kept = True  # type: ignore[attr-defined]
        return response

    return handle


async def _once(request: Request, key: str, handler: Handler, *, keep: bool) -> Response:
    from service.accounts.credentials import look_up  # it reads the tables of access.py

    access = await run_in_threadpool(look_up, request)
    if access is None:
        return await handler(request)  # which refuses it
    who = _caller(access)
    database: Database = request.app.state.database
    try:
        earlier = await run_in_threadpool(_begin, database, who, key, await _digest(request))
        return earlier or await _first(request, database, who, key, handler, keep=keep)
    finally:
        await request.close()  # the files of a form


async def _first(request: Request, database: Database, who: str, key: str, handler: Handler, *, keep: bool) -> Response:
    try:
        response = await handler(request)
    except BaseException:
        await run_in_threadpool(_forget, database, who, key)
        raise
    await run_in_threadpool(_finish, database, who, key, response, keep)
    return response


def _checked(key: str) -> str:
    if not 0 < len(key) <= LONGEST_KEY:
        raise Refusal(422, "idempotency_key", f"Idempotency-Key has 1 to {LONGEST_KEY} characters.")
    return key


def _caller(access: Access) -> str:
    """Who may be told an answer again: the same person in the same role, with as much permission."""
    parts = [access.person_ref, str(access.grant_id), *sorted(access.permissions)]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


async def _digest(request: Request) -> str:
    """Of method, address, version asked for and body. A form counts by its parts: boundaries differ each time."""
    found = hashlib.sha256()
    for text in (request.method, request.url.path, request.url.query, request.headers.get("if-match", "")):
        found.update(text.encode() + b"\x1f")
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        for name, value in (await request.form()).multi_items():
            found.update(name.encode() + b"\x1f")
            found.update(await _part(value))
    else:
        found.update(await request.body())
    return found.hexdigest()


async def _part(value: UploadFile | str) -> bytes:
    if isinstance(value, str):
        return value.encode() + b"\x1f"
    found = hashlib.sha256((value.filename or "").encode())
    while chunk := await value.read(CHUNK):
        found.update(chunk)
    await value.seek(0)
    return found.digest()


def _begin(database: Database, who: str, key: str, digest: str) -> Response | None:
    """Claim the key, or give the earlier answer."""
    row = {"caller": who, "key": key, "request": digest, "status": IN_PROGRESS, "headers": {}, "body": ""}
    try:
        with database.write() as connection:
            connection.execute(_OVER, {"over": now() - KEPT_FOR, "given_up": now() - GIVEN_UP_AFTER})
            connection.execute(_ADD, row)
    except IntegrityError:
        return _earlier(database, who, key, digest)
    return None


def _earlier(database: Database, who: str, key: str, digest: str) -> Response:
    with database.read() as connection:
        row = connection.execute(_FIND, _this(who, key)).one_or_none()
    if row is not None and row.request != digest:
        raise Refusal(
            422, "idempotency_key_used", "This Idempotency-Key was used for another request. Send a new one with each."
        )
    if row is not None and row.status == SHOWN_ONCE:
        raise Refusal(409, "shown_once", "This was done. Its answer is shown only once.")
    if row is None or row.status == IN_PROGRESS:
        raise Refusal(
            409, "in_progress", "The first request with this Idempotency-Key is still being worked on. Try again soon."
        )
    return Response(row.body, row.status, {**row.headers, REPLAY: "true"})


def _finish(database: Database, who: str, key: str, response: Response, keep: bool) -> None:
    """Keep the answer. One that is streamed is not kept: the same request is then done again."""
    body = getattr(response, "body", None)
    if not isinstance(body, bytes) or response.status_code >= 400 or hasattr(response, "not_kept"):
        _forget(database, who, key)
        return
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    kept = {"status": response.status_code, "headers": headers, "body": body.decode()}
    with database.write() as connection:
        connection.execute(_KEEP, {**_this(who, key), **(kept if keep else {"status": SHOWN_ONCE})})


def _forget(database: Database, who: str, key: str) -> None:
    with database.write() as connection:
        connection.execute(_DROP, _this(who, key))


def _this(who: str, key: str) -> dict[str, Any]:
    return {"of_caller": who, "of_key": key}
