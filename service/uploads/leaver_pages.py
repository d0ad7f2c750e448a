"""Pages: where the pupils went who were on the last roll and are not on this one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from service.access import Access, Permission, allow
from service.cursors import read_cursor, write_cursor
from service.forms import Typed, boxes, day_of
from service.idempotency import FormRoute
from service.phrases import short_day
from service.problems import Refusal
from service.uploads import queries
from service.uploads.file_pages import staged_upload
from service.uploads.leavers import BY_URN, EVERYBODY, WHERE_TO, name_of
from service.uploads.saying import say
from service.uploads.standing import school_names
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
PAGE, ALL = 50, 100_000
TO = (
    ("school", "Another school in this council"),
    *((code, words[:1].upper() + words[1:]) for code, words in WHERE_TO.items() if code != "school"),
)
NOT_KNOWN = "not known"
MOST_SUGGESTED = 10
NO_ANSWER = "Say where they went, for everybody on this page, before you confirm the roll."


@router.get("/uploads/{upload}/leavers")
def show_leavers(
    request: Request, upload: str, cursor: str = "", missing: str = "", access: Access = allow(Permission.UPLOADS_WRITE)
) -> Response:
    """Who left, and what is said of each."""
    shown = staged_upload(request, access, upload)
    after = max(0, read_cursor(cursor, int)[0]) if cursor else 0
    with request.app.state.database.write(Access.system()) as connection:
        leavers, more = queries.list_leavers(connection, access, upload, PAGE, after)
        schools = school_names(connection)
    return render(
        request, "uploads/leavers.html",
        title="Pupils who left", back=f"/uploads/{upload}", upload=shown,
        rows=[(item["leaver"], name_of(item), about_leaver(item), said_of(item["answer"], schools), item["complete"])
              for item in leavers],
        more=f"/uploads/{upload}/leavers?cursor={write_cursor(more)}" if more else "",
        again=f"/uploads/{upload}/leavers" if cursor else "",
        notice=Notice(NO_ANSWER, "information") if missing else None,
    )  # fmt: skip


def about_leaver(leaver: Mapping[str, Any]) -> str:
    """Year and form, as far as they are known."""
    year, form = leaver["year_group"], leaver["registration_group"]
    return ", ".join(filter(None, (f"Year {year}" if year else "", str(form) if form else "")))


def said_of(answer: Mapping[str, Any] | None, schools: Mapping[str, str]) -> str:
    """One leaver's answer in a line.

    >>> said_of({"to": "school", "school": "100002", "date": "2026-12-11"}, {"100002": "Ash School"})
    'to a school: Ash School, 11 Dec 2026'
    """
    if not answer or not answer.get("to"):
        return ""
    place = answer.get("authority") or schools.get(answer.get("school", ""), answer.get("school"))
    words = WHERE_TO[answer["to"]]
    lead = (
        words if answer["to"] in ("ehe", "custody", "abroad", "died", "awaiting_place", "not_known") else f"to {words}"
    )
    when = short_day(date.fromisoformat(answer["date"])) if answer.get("date") else "day not known"
    return f"{lead}{f': {place}' if place else ''}, {when}"


@router.get("/uploads/{upload}/leavers/{leaver}")
def show_leaver(
    request: Request, upload: str, leaver: str, access: Access = allow(Permission.UPLOADS_WRITE)
) -> Response:
    shown = staged_upload(request, access, upload)
    found = _find(request, access, upload, leaver)
    return _page(request, access, shown, found, _as_typed(found["answer"] or {}, access))


def _find(request: Request, access: Access, upload: str, key: str) -> dict[str, Any]:
    """One leaver; “*” is everybody who has no answer yet."""
    with request.app.state.database.write(Access.system()) as connection:
        found, _ = queries.list_leavers(connection, access, upload, ALL, 0)
    if key == EVERYBODY:
        open_ones = sum(not item["complete"] for item in found)
        return {"leaver": EVERYBODY, "answer": None, "name": f"The same answer for {open_ones:,} pupils", "about": ""}
    for item in found:
        if item["leaver"] == key:
            return {**item, "name": name_of(item), "about": about_leaver(item)}
    raise Refusal(404, "not_found", "There is no such leaver in this upload.")


def _as_typed(answer: Mapping[str, Any], access: Access) -> dict[str, str]:
    day = date.fromisoformat(answer["date"]) if answer.get("date") else None
    parts = {f"on-{part}": str(getattr(day, part)) for part in ("day", "month", "year")} if day else {}
    unknown = {"no_day": "yes"} if "date" in answer and day is None and answer.get("confirmed_by") else {}
    said = {name: answer.get(name) or "" for name in ("to", "school", "authority", "note")}
    return {**parts, **unknown, **said, "confirmed_by": answer.get("confirmed_by") or access.name}


def _page(
    request: Request, access: Access, shown: dict[str, Any], leaver: dict[str, Any], typed: Mapping[str, str],
    status: int = 200, schools: Mapping[str, str] | None = None, **errors: str,
) -> Response:  # fmt: skip
    """`schools`: those that what was typed may mean."""
    with request.app.state.database.read(access) as connection:
        names = school_names(connection)
    return render(
        request, "uploads/leaver.html", status,
        title=leaver["name"], back=f"/uploads/{shown['ref']}/leavers", upload=shown, leaver=leaver, typed=typed,
        on=boxes(typed, "on"), to=TO, names=names, schools=schools, errors=errors,
    )  # fmt: skip


@router.post("/uploads/{upload}/leavers/{leaver}")
def say_where(
    request: Request, upload: str, leaver: str, typed: Typed, access: Access = allow(Permission.UPLOADS_WRITE)
) -> Response:
    """Keep one leaver's answer, and go on to the next who has none."""
    shown, found = staged_upload(request, access, upload), _find(request, access, upload, leaver)
    with request.app.state.database.read(access) as connection:
        names = school_names(connection)
    answer, errors, meant = answer_typed(typed, names)
    if errors:
        return _page(request, access, shown, found, typed, 422, meant, **errors)
    return say(request, access, upload, typed, {"leavers": {leaver: answer}}, f"/uploads/{upload}/leavers-next")


@router.get("/uploads/{upload}/leavers-next")
def next_leaver(request: Request, upload: str, access: Access = allow(Permission.UPLOADS_WRITE)) -> Response:
    """The next leaver who has no answer, or the list."""
    staged_upload(request, access, upload)
    with request.app.state.database.write(Access.system()) as connection:
        found, _ = queries.list_leavers(connection, access, upload, ALL, 0)
    key = next((item["leaver"] for item in found if not item["complete"]), None)
    return RedirectResponse(f"/uploads/{upload}/leavers{f'/{key}' if key else ''}", 303)


def answer_typed(
    typed: Mapping[str, str], names: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str], Mapping[str, str] | None]:
    """The answer, what is wrong with it, and the schools that may be meant."""
    errors: dict[str, str] = {}
    said: dict[str, Any] = {"date": _day(typed, errors), "to": typed.get("to", "")}
    if said["to"] not in WHERE_TO:
        errors["to"] = "Choose where they went."
    meant = None
    if said["to"] in BY_URN:
        urn, meant = find_school(typed.get("school_choice") or typed.get("school", ""), names)
        if urn is None:
            errors["school"] = (
                "Choose the school." if meant else "Enter the school’s name as it stands here, or its URN."
            )
        said["school"] = urn
    if said["to"] == "other_authority" and typed.get("authority", "").strip():
        said["authority"] = typed["authority"].strip()
    if typed.get("note", "").strip():
        said["note"] = typed["note"].strip()
    said["confirmed_by"] = typed.get("confirmed_by", "").strip()
    if not said["confirmed_by"]:
        errors["confirmed_by"] = "Enter who confirmed it."
    return said, errors, meant


def _day(typed: Mapping[str, str], errors: dict[str, str]) -> str:
    try:
        day = day_of(typed, "on")
    except ValueError:
        errors["on"] = "Enter a real day, like 11 12 2026."
        return NOT_KNOWN
    if day is None and not typed.get("no_day"):
        errors["on"] = "Enter their last day, or tick that it is not known."
    return NOT_KNOWN if day is None else day.isoformat()


def find_school(text: str, names: Mapping[str, str]) -> tuple[str | None, Mapping[str, str] | None]:
    """The URN that is meant by a name or URN; where it is none, the schools that may be meant.

    >>> find_school("ash school", {"100002": "Ash School"}), find_school("999999", {})
    (('100002', None), ('999999', None))
    >>> find_school("ash", {"100002": "Ash School", "100003": "Ash Hall"})
    (None, {'100002': 'Ash School', '100003': 'Ash Hall'})
    """
    wanted = " ".join(text.casefold().split())
    digits = wanted.rpartition("(")[2].strip(" )") if "(" in wanted else wanted
    if len(digits) == 6 and digits.isascii() and digits.isdigit():
        return digits, None
    alike = {urn: name for urn, name in names.items() if wanted and wanted in name.casefold()}
    exact = [urn for urn, name in alike.items() if name.casefold() == wanted]
    if len(exact) == 1 or len(alike) == 1:
        return (exact or list(alike))[0], None
    return None, dict(list(alike.items())[:MOST_SUGGESTED]) or None
