"""The page of extracts: what one holds and does not, which fields, and who took which."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from service.access import Access, Permission, allow
from service.checks.queries import require_check
from service.models import extracts
from service.models.routes import file_answer
from service.problems import Refusal
from service.web import render

router = APIRouter(include_in_schema=False)
Chosen = Annotated[list[str], Form(max_length=500)]
NONE_CHOSEN = "Choose at least one field."


@router.get("/checks/{check}/extract")
def show_extracts(request: Request, check: str, access: Access = allow(Permission.EXTRACTS)) -> Response:
    return _page(request, access, check)


def _page(request: Request, access: Access, ref: str, status: int = 200, **context: Any) -> Response:
    with request.app.state.database.read(access) as connection:
        check, taken = require_check(connection, ref), extracts.list_extracts(connection, ref)
    allowed = extracts.fields_for(access)
    by_family = sorted(allowed, key=lambda item: item.family)
    families = [
        (name.capitalize(), [(item.name, item.label) for item in group])
        for name, group in groupby(by_family, lambda item: item.family)
    ]
    base: dict[str, Any] = {
        "chosen": [item.name for item in allowed if item.scored or item.name == "year_group"],
        "errors": {},
    }
    return render(
        request, "models/extract.html", status, title=f"Extract for notebooks: {check.label}", back="/reports",
        part="/reports", check=check, taken=taken, families=families, **(base | context),
    )  # fmt: skip


@router.post("/checks/{check}/extract")
def make_extract(
    request: Request,
    check: str,
    fields: Chosen = [],  # noqa: B006 - FastAPI copies it
    format: Annotated[str, Form(max_length=10)] = "parquet",  # noqa: A002 - the control's name
    access: Access = allow(Permission.EXTRACTS),
) -> Response:
    if not fields:
        return _page(request, access, check, 422, errors={"fields": NONE_CHOSEN}, chosen=[])
    try:
        with request.app.state.database.write(access) as connection:
            kind = format if format in extracts.KINDS else "parquet"
            return file_answer(extracts.make_extract(connection, access, check, fields, kind))
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return _page(request, access, check, refusal.status, errors={"fields": refusal.detail}, chosen=fields)
