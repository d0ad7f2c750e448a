"""/v1/checks/{check}/uploads and /v1/uploads."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from service import etags
from service.access import Access, Permission, allow
from service.checks.queries import require_check
from service.cursors import read_cursor, write_cursor
from service.database import lock_rolls
from service.idempotency import IdempotentRoute
from service.problems import Refusal, problem_responses
from service.uploads import arrival_routes, finishing, queries, reconfirming_routes
from service.uploads.changes import change_upload, withdraw
from service.uploads.receiving import CONFIRMED, CONFIRMING, TOO_BIG, receive, school_for
from service.uploads.schemas import (
    Confirmation,
    LeaverPage,
    ProblemPage,
    PupilPage,
    Receipt,
    UploadChange,
    Uploads,
    UploadShape,
)
from service.uploads.work import work_of

router = APIRouter(prefix="/v1", tags=["uploads"], route_class=IdempotentRoute)

FORM_ROOM = 64 * 1024  # of a form beside its file
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=500)]
Change = Annotated[str | None, Query(pattern="^(joined|left|changed|unchanged|first)$")]


class FileRoute(IdempotentRoute):
    """A route that takes a file: who sends it is looked at before it is taken in, and how much is counted meanwhile."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind the look at who calls."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            most = await run_in_threadpool(_most_bytes, request) + FORM_ROOM
            if int(request.headers.get("content-length", "0")) > most:
                raise Refusal(413, "too_large", TOO_BIG)
            request._receive = _counted(request._receive, most)  # what the form's parser reads from
            try:
                return await handler(request)
            except HTTPException as error:
                if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                    raise Refusal(413, "too_large", TOO_BIG) from None
                raise

        return handle


def _most_bytes(request: Request) -> int:
    from service.accounts.credentials import look_up  # it reads the tables of access.py

    access, settings = look_up(request), request.app.state.settings
    if access is None:
        raise Refusal(401, "not_signed_in", "Sign in, or send a token that is in force.")
    access.require(Permission.UPLOADS_WRITE)
    council = Permission.COUNCIL_UPLOADS in access.permissions
    return int(settings.council_upload_bytes if council else settings.upload_bytes)


def _counted(receive: Receive, most: int) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise HTTPException(413)  # the one kind of error that the form's parser passes on
        return message

    return counted


files = APIRouter(route_class=FileRoute)


@files.post("/checks/{check}/uploads", status_code=201, responses=problem_responses(404, 409, 413, 422))
def upload_file(
    request: Request,
    response: Response,
    check: str,
    file: Annotated[UploadFile, File(description="CSV, XLSX, Parquet, a census or caseload return.")],
    school: Annotated[str | None, Form(pattern=r"^\d{6}$", description="URN, where the caller has several.")] = None,
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> UploadShape:
    """Upload a roll. It is read and compared with the last one; nothing is scored or replaced until it is confirmed."""
    state = request.app.state
    with state.database.write(access) as connection:
        row = require_check(connection, check)
        whose = school_for(connection, access, school)
        ref, new = receive(connection, access, state.settings, row, whose, file.filename or "", file.file)
    work = work_of(request.app)
    done = (work.read if new else work.read_again)(access, ref, whole_council=whose is None)
    shown = _shown(request, response, access, ref)
    if shown.refusal is not None and new:
        raise Refusal(422, shown.refusal.code, shown.refusal.sentence, upload=ref)
    response.status_code = (201 if new else 200) if done and shown.state != "reading" else 202
    response.headers["location"] = f"/v1/uploads/{ref}"
    return shown.model_copy(update={"nothing_new": not new})


def _shown(request: Request, response: Response, access: Access, ref: str) -> UploadShape:
    with request.app.state.database.read(Access.system()) as connection:
        shown = UploadShape.model_validate(queries.show_upload(connection, access, ref))
    response.headers["etag"] = etags.etag(shown.version)
    return shown


router.include_router(files)
router.include_router(arrival_routes.router)
router.include_router(reconfirming_routes.router)


@router.get("/checks/{check}/uploads", responses=problem_responses(404))
def list_uploads(request: Request, check: str, access: Access = allow(Permission.UPLOADS_WRITE)) -> Uploads:
    """The uploads of a check that the caller may see, the newest first."""
    with request.app.state.database.read(access) as connection:
        row = require_check(connection, check)
        return Uploads.model_validate({"items": queries.list_uploads(connection, access, row.id)})


@router.get("/uploads/{upload}", responses=problem_responses(404))
def show_upload(
    request: Request, response: Response, upload: str, access: Access = allow(Permission.UPLOADS_WRITE)
) -> UploadShape:
    """One upload: how each column was read, what is asked, the difference from the last roll in numbers."""
    return _shown(request, response, access, upload)


@router.patch("/uploads/{upload}", responses=problem_responses(404, 409, 412, 422))
def change_an_upload(
    request: Request,
    response: Response,
    upload: str,
    change: UploadChange,
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> UploadShape:
    """Say how columns are read, answer questions, correct cells, say where leavers went. Read again where need be."""
    with request.app.state.database.write(Access.system()) as connection:
        row = queries.require_upload(connection, access, upload, lock=True)
        etags.require_match(request, row.version)
        again = change_upload(connection, access, row, change.stored())
    if again:
        done = work_of(request.app).read(access, upload, whole_council=row.school_id is None)
        response.status_code = 200 if done else 202
    return _shown(request, response, access, upload)


@router.delete("/uploads/{upload}", status_code=204, responses=problem_responses(404, 409, 412))
def withdraw_upload(request: Request, upload: str, access: Access = allow(Permission.UPLOADS_WRITE)) -> None:
    """Take an upload back before it is confirmed: nothing of its pupils is kept."""
    with request.app.state.database.write(Access.system()) as connection:
        row = queries.require_upload(connection, access, upload, lock=True)
        etags.require_match(request, row.version)
        withdraw(connection, access, row)


@router.get("/uploads/{upload}/problems", responses=problem_responses(404, 422))
def list_problems(
    request: Request,
    upload: str,
    limit: Limit = 100,
    cursor: Cursor = None,
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> ProblemPage:
    """What to look at, by row and column; it never keeps anybody from confirming."""
    with request.app.state.database.read(access) as connection:
        items, after = queries.list_problems(connection, access, upload, limit, _after(cursor))
    return ProblemPage.model_validate({"items": items, "next": _cursor(after)})


@router.get("/uploads/{upload}/pupils", responses=problem_responses(404, 422))
def list_pupils(
    request: Request,
    upload: str,
    change: Change = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> PupilPage:
    """The pupils of the file, and what changed since the last roll."""
    with request.app.state.database.write(access) as connection:
        items, after = queries.list_pupils(connection, access, upload, change, limit, _after(cursor))
    return PupilPage.model_validate({"items": items, "next": _cursor(after)})


@router.get("/uploads/{upload}/leavers", responses=problem_responses(404, 422))
def list_leavers(
    request: Request,
    upload: str,
    limit: Limit = 100,
    cursor: Cursor = None,
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> LeaverPage:
    """Who was on the last roll and is not in the file, or left by what the file says; and what is said of each."""
    with request.app.state.database.write(Access.system()) as connection:
        items, after = queries.list_leavers(connection, access, upload, limit, _after(cursor))
    return LeaverPage.model_validate({"items": items, "next": _cursor(after)})


def _after(cursor: str | None) -> int:
    return 0 if cursor is None else max(0, read_cursor(cursor, int)[0])


def _cursor(after: int | None) -> str | None:
    return None if after is None else write_cursor(after)


@router.post("/uploads/{upload}/confirmation", responses=problem_responses(404, 409, 412, 422, 428))
def confirm_upload(
    request: Request,
    response: Response,
    upload: str,
    confirmation: Confirmation,  # noqa: ARG001  (it says all by being sent)
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> Receipt:
    """Make this the school's roll. If-Match says which version was looked at; the same again changes nothing."""
    state = request.app.state
    with state.database.write(Access.system()) as connection:
        lock_rolls(connection)
        row = queries.require_upload(connection, access, upload, lock=True)
        if row.state in (CONFIRMED, CONFIRMING):
            return _receipt(response, row, changed=False)
        etags.require_match(request, row.version, required=True)
        if row.school_id is not None:
            finishing.confirm_upload(connection, access, state.settings, row)
        else:
            finishing.begin_all(connection, access, row)
    if row.school_id is None:
        work_of(request.app).confirm_all(access, upload)
    with state.database.read(access) as connection:
        return _receipt(response, queries.require_upload(connection, access, upload), changed=True)


def _receipt(response: Response, upload: Any, *, changed: bool) -> Receipt:
    response.headers["etag"] = etags.etag(upload.version)
    response.status_code = 200 if upload.state == CONFIRMED else 202
    receipt = upload.receipt if upload.state == CONFIRMED else None
    return Receipt(changed=changed, state=upload.state, progress=upload.progress, receipt=receipt)
