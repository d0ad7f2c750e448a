"""Pages: what is asked about a file, all on one page, in plain words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.access import Access, Permission, allow
from service.forms import Typed, boxes, day_of
from service.idempotency import FormRoute
from service.uploads import mending, queries
from service.uploads.column_pages import NOT_USED, field_choices
from service.uploads.file_pages import staged_upload
from service.uploads.saying import say
from service.web import render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
WRONG_DAY = "Enter a real day, like 2 9 2026."
NOT_BOTH = "Enter the first day and the last day."
BACKWARDS = "The last day must be after the first."
NO_NUMBER = "Enter a whole number of sessions, or leave it empty."
SPOKEN = {
    "blank": {"no": "a blank means no", "not known": "a blank means that we do not know"},
    "would_fall": {"left_out": "left out: what it said before still holds", "right": "right: it holds no more"},
    "reading": {"last": "as last time", "now": "as this file looks"},
}  # fmt: skip


def control(number: str) -> str:
    """The name of a question's control: its own, and the same each time.

    >>> control("blank:Young carer?") == control("blank:Young carer?")
    True
    """
    return "q-" + hashlib.sha256(number.encode()).hexdigest()[:12]


@router.get("/uploads/{upload}/questions")
def show_questions(request: Request, upload: str, access: Access = allow(Permission.UPLOADS_WRITE)) -> Response:
    return _page(request, access, staged_upload(request, access, upload))


def _page(
    request: Request,
    access: Access,
    shown: dict[str, Any],
    status: int = 200,
    typed: Mapping[str, str] = {},
    **said: Any,
) -> Response:
    period = {name: boxes(typed, name) for name in ("from", "to")} | {"sessions": typed.get("sessions", "")}
    return render(
        request, "uploads/questions.html", status,
        title="Questions about your file", back=f"/uploads/{shown['ref']}", upload=shown,
        questions=[(control(item["id"]), item) for item in shown["questions"]], fields=field_choices(),
        who=_who(request, access, shown), answered=list(_answered(shown)), typed=typed, period=period,
        not_used=NOT_USED, **said,
    )  # fmt: skip


def _who(request: Request, access: Access, shown: Mapping[str, Any]) -> dict[str, list[str]]:
    """Of questions about some pupils, who they are."""
    rows = {number for item in shown["questions"] for number in item.get("rows", [])}
    if not rows:
        return {}
    named = {number: mending.Row(number) for number in rows}
    with request.app.state.database.write(access) as connection:
        upload = queries.require_upload(connection, access, shown["ref"])
        mending.name_rows(connection, access, upload, list(named.values()))
    return {
        item["id"]: [f"{named[number].name} (row {number:,})" for number in item["rows"]]
        for item in shown["questions"]
        if item.get("rows")
    }


def _answered(shown: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Id, what it was about, and the answer, of what was answered before."""
    labels = dict(field_choices())
    for number, answer in shown["answers"].items():
        kind, _, about = number.partition(":")
        if kind == "attendance_period":
            yield number, "The days that attendance counts", f"{answer['from']} to {answer['to']}"
        elif kind == "heading":
            yield number, f"“{about}”", "not used" if answer == NOT_USED else labels.get(answer, answer)
        else:
            subject = labels.get(about, about) if kind == "would_fall" else f"“{about}”"
            yield number, subject, SPOKEN.get(kind, {}).get(answer, answer)


@router.post("/uploads/{upload}/questions")
def answer(request: Request, upload: str, typed: Typed, access: Access = allow(Permission.UPLOADS_WRITE)) -> Response:
    """Keep the answers; a question left open may be answered later."""
    shown = staged_upload(request, access, upload)
    if again := typed.get("again"):
        return say(request, access, upload, typed, {"answers": {again: None}}, f"/uploads/{upload}/questions")
    period, errors = _period(typed)
    if errors and typed.get("version") == str(shown["version"]):
        return _page(request, access, shown, 422, typed, errors=errors)
    answers: dict[str, Any] = {"attendance_period": period} if period else {}
    for item in shown["questions"]:
        given = typed.get(control(item["id"]), "")
        if not given and typed.get("rest") and item["kind"] == "field":
            given = NOT_USED
        if given and item["kind"] != "period":
            answers[item["id"]] = given
    return say(request, access, upload, typed, {"answers": answers}, f"/uploads/{upload}/next?after=questions")


def _period(typed: Mapping[str, str]) -> tuple[dict[str, Any] | None, dict[str, str]]:
    days = {}
    for name in ("from", "to"):
        try:
            days[name] = day_of(typed, name)
        except ValueError:
            return None, {name: WRONG_DAY}
    first, last = days["from"], days["to"]
    sessions = typed.get("sessions", "").strip()
    if sessions and not (sessions.isascii() and sessions.isdigit() and int(sessions) <= 400):
        return None, {"sessions": NO_NUMBER}
    if first is None and last is None:
        return None, {}
    if first is None or last is None:
        return None, {"from" if first is None else "to": NOT_BOTH}
    if last < first:
        return None, {"to": BACKWARDS}
    said: dict[str, Any] = {"from": first.isoformat(), "to": last.isoformat()}
    return said | ({"sessions_possible": int(sessions)} if sessions else {}), {}
