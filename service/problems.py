"""Every error in one shape: application/problem+json for programs, a page for people; never a value that was sent."""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DataError, DBAPIError
from starlette.exceptions import HTTPException

from roni import FileRefusedError, RoniError
from service.database import trouble_of
from service.places import place

if TYPE_CHECKING:
    from roni import Problem

API = "/v1"
MEDIA = "application/problem+json"
UNMATCHED = "unmatched"  # a request that reached no handler
log = logging.getLogger("roni.service")


class Refusal(Exception):  # noqa: N818  (as FastAPI: what is refused, not an error of ours)
    """What was asked is refused: a status, a stable code, a sentence for the person, and extensions of the shape."""

    def __init__(
        self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.headers, self.more = status, code, detail, headers, more


def row_errors(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems of a file as the extension `errors`: where, which, and the sentence."""
    return [
        {"file": item.file, "row": item.row, "column": item.column, "code": item.code, "message": item.message}
        for item in problems
    ]


def shape(status: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    """The one shape (RFC 9457), with our stable `code`."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }


class ProblemShape(BaseModel):
    """A refusal, as every route answers it (RFC 9457)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"examples": [shape(404, "not_found", "There is nothing here that you may see.")]},
    )

    type: str
    title: str
    status: int
    code: str
    detail: str


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: the refusals that it may answer with, beside 401 and 403, described for OpenAPI."""
    return {
        status: {"description": HTTPStatus(status).phrase, "model": ProblemShape}
        for status in sorted({401, 403, *statuses})
    }


def describe(description: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI description with every refusal as it is answered: in our one shape, under its own media type."""
    reference = {"schema": {"$ref": "#/components/schemas/ProblemShape"}}
    for path in description.get("paths", {}).values():
        for operation in path.values():
            for status, answer in operation.get("responses", {}).items():
                if status.startswith(("4", "5")):
                    answer["content"] = {MEDIA: reference}
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, which is never answered
        schemas.pop(name, None)
    schemas["ProblemShape"] = ProblemShape.model_json_schema()
    return description


def wants_page(request: Request) -> bool:
    """Whether a person's browser asked: everything outside the API is a page."""
    path: str = request.scope["path"]
    return not path.startswith((f"{API}/", "/livez", "/readyz", "/metrics")) and path != API


def problem(
    request: Request, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """The answer to a refusal, for whoever asked."""
    if wants_page(request):
        from service.navigation import surround
        from service.web import error_page

        if not hasattr(request.state, "shell"):
            surround(request, None)
        return error_page(request, status, code, detail, headers, **more)
    return JSONResponse(shape(status, code, detail, **more), status, headers, MEDIA)


def install(app: FastAPI) -> None:
    """Answer every error of the app in the one shape."""
    app.exception_handler(Refusal)(_refusal)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(RequestValidationError)(_validation)
    app.exception_handler(RoniError)(_library)
    app.exception_handler(DBAPIError)(_database)
    app.exception_handler(DataError)(_not_storable)
    app.exception_handler(OverflowError)(_not_storable)  # SQLite's, of a number that is too big
    app.exception_handler(OSError)(_system)
    app.exception_handler(Exception)(_unexpected)


async def _refusal(request: Request, error: Refusal) -> Response:
    if error.status == HTTPStatus.UNAUTHORIZED and wants_page(request):
        from service.accounts.held import sign_in_again

        return await sign_in_again(request)
    return problem(request, error.status, error.code, error.detail, error.headers, **error.more)


async def _http(request: Request, error: HTTPException) -> Response:
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_").replace("-", "_")
    return problem(
        request,
        error.status_code,
        code,
        _SENTENCES.get(error.status_code, HTTPStatus(error.status_code).description),
        error.headers,
    )


async def _validation(request: Request, error: RequestValidationError) -> Response:
    """Where and what is wrong; never what was sent."""
    endpoint = request.scope.get("endpoint")
    errors = [{"where": place(endpoint, item["loc"]), "code": item["type"]} for item in error.errors()]
    detail = "Some of what was sent is missing or cannot be read. “errors” says where."
    return problem(request, 422, "invalid", detail, errors=errors)


async def _library(request: Request, error: RoniError) -> Response:
    code = error.code if isinstance(error, FileRefusedError) else "refused"
    return problem(request, 422, code, str(error))


async def _database(request: Request, error: DBAPIError) -> Response:
    """The disk is full, or the database is away or too busy: the transaction was undone, and can be tried again."""
    trouble = trouble_of(error)
    if trouble is None:
        return await _unexpected(request, error)
    log.error("database trouble", extra={"kind": trouble, "route": route_of(request.scope)})
    return _full(request) if trouble == "full" else _away(request)


async def _not_storable(request: Request, _error: Exception) -> Response:
    """A database keeps no such text or number: nobody typed it on a page."""
    detail = "Some of what was sent cannot be stored: a character that is not text, or a number that is too big."
    return problem(request, 422, "not_storable", detail)


async def _system(request: Request, error: OSError) -> Response:
    return _full(request) if error.errno in (errno.ENOSPC, errno.EDQUOT) else await _unexpected(request, error)


def _full(request: Request) -> Response:
    detail = "There is no room left to store this. Nothing was changed. Tell whoever runs the service, then try again."
    return problem(request, HTTPStatus.INSUFFICIENT_STORAGE, "storage_full", detail)


def _away(request: Request) -> Response:
    detail = "The database does not answer, or is too busy. Nothing was changed. Try again in a minute."
    return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, "database_away", detail, {"retry-after": "60"})


async def _unexpected(request: Request, error: Exception) -> Response:
    """Nothing of the error's own words is logged or shown: they may hold a cell's value."""
    log.error("unexpected", extra={"kind": type(error).__name__, "route": route_of(request.scope)})
    return problem(
        request,
        500,
        "unexpected",
        "Something unexpected went wrong. Nothing was half-written. Try again; if it happens again, tell the council.",
    )


def route_of(scope: Mapping[str, Any]) -> str:
    """The path with its placeholders of the handler that a request reached: what may stand in a log."""
    templates: Mapping[Any, str] = scope["app"].state.templates if "app" in scope else {}
    return templates.get(scope.get("endpoint"), UNMATCHED)


_SENTENCES = {
    404: "There is nothing here. Check the address.",
    405: "This address does not take that kind of request.",
    413: "The file is too big. Send only the pupils and columns that were asked for.",
}
