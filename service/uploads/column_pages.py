"""Pages: what was understood of the columns, and saying how one is to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection, select

from roni import national
from service import audit
from service import tables as t
from service.access import Access, Permission, allow
from service.forms import Typed
from service.idempotency import FormRoute
from service.problems import Refusal
from service.uploads import queries
from service.uploads.file_pages import staged_upload
from service.uploads.mending import name_of
from service.uploads.restricted import is_restricted
from service.uploads.saying import say
from service.web import render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
NAMES = 6
NOT_USED = "not_used"
CHOICES: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "blank": ("What does a blank mean?", (("no", "No"), ("not known", "We do not know"))),
    "dates": ("How are dates written?", (("uk", "Day first: 23/02/2010"), ("us", "Month first: 02/23/2010"))),
    "scale": (
        "How is it written?", (("percent", "Per cent: 92.5"), ("fraction", "A fraction of one: 0.925")),
    ),
}  # fmt: skip


def field_choices() -> list[tuple[str, str]]:
    """Every field that a column may be, by label."""
    labelled = [(item.name, item.label[:1].upper() + item.label[1:]) for item in national().values()]
    return sorted(labelled, key=lambda pair: pair[1].casefold())


@router.get("/uploads/{upload}/columns")
def show_columns(request: Request, upload: str, access: Access = allow(Permission.UPLOADS_WRITE)) -> Response:
    """Columns, how they are read, and some names as they were decoded."""
    shown = staged_upload(request, access, upload)
    with request.app.state.database.write(access) as connection:
        names = _names(connection, access, upload)
    columns = list(enumerate(shown["account"]["columns"]))
    return render(
        request, "uploads/columns.html",
        title="What we understood", back=f"/uploads/{upload}", upload=shown, names=names,
        used=[(place, item) for place, item in columns if item["state"] != "unmapped"],
        unused=[(place, item) for place, item in columns if item["state"] == "unmapped"],
        absent=[item["label"] for item in shown["account"]["absent"]],
    )  # fmt: skip


def _names(connection: Connection, access: Access, ref: str) -> list[str]:
    """A few names, those with letters that break most easily first; audited."""
    upload = queries.require_upload(connection, access, ref)
    staged = t.upload_pupils.c
    rows = connection.execute(
        select(staged.record, staged.pupil_id).where(staged.upload_id == upload.id).order_by(staged.id)
    ).all()
    seen = [(name_of(row.record["values"]), row.pupil_id) for row in rows if not is_restricted(row.record)]
    first = sorted(seen, key=lambda pair: (pair[0].isascii(), "'" not in pair[0]))[:NAMES]
    known = [pupil for _, pupil in first if pupil is not None]
    audit.record(connection, access, "upload.read", about=ref, pupils=known)
    return [name for name, _ in first if name]


@router.get("/uploads/{upload}/columns/{place}")
def show_column(
    request: Request, upload: str, place: int, access: Access = allow(Permission.UPLOADS_WRITE)
) -> Response:
    shown = staged_upload(request, access, upload)
    column = _column(shown, place)
    asked = [
        (name, legend, options, column["choices"][name])
        for name, (legend, options) in CHOICES.items()
        if name in column["choices"]
    ]
    return render(
        request, "uploads/column.html",
        title=f"How to read “{column['heading']}”", back=f"/uploads/{upload}/columns", upload=shown,
        column=column, place=place, fields=field_choices(), asked=asked, not_used=NOT_USED,
    )  # fmt: skip


def _column(shown: Mapping[str, Any], place: int) -> dict[str, Any]:
    columns = shown["account"]["columns"]
    if not 0 <= place < len(columns):
        raise Refusal(404, "not_found", "There is no such column in this file.")
    found: dict[str, Any] = columns[place]
    return found


@router.post("/uploads/{upload}/columns/{place}")
def change_column(
    request: Request, upload: str, place: int, typed: Typed, access: Access = allow(Permission.UPLOADS_WRITE)
) -> Response:
    """Say which field a column is, and how it is written."""
    column = _column(staged_upload(request, access, upload), place)
    field = typed.get("field") or NOT_USED
    reading: dict[str, Any] = {"field": None if field == NOT_USED else field}
    if field == column["field"]:
        reading |= {name: typed[name] for name in CHOICES if typed.get(name)}
    change = {"mapping": {column["heading"]: reading}}
    return say(request, access, upload, typed, change, f"/uploads/{upload}/columns")
