"""Pages of one upload: how far it is, what is left to do, who joined and what changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from roni import national
from service.access import Access, Permission, allow
from service.checks.links import has_page
from service.cursors import read_cursor, write_cursor
from service.forms import Typed
from service.idempotency import FormRoute
from service.phrases import day
from service.problems import Refusal
from service.uploads import queries
from service.uploads.changes import withdraw
from service.uploads.leavers import WHERE_TO
from service.uploads.saying import stale_page
from service.uploads.sending_pages import ACCEPTED
from service.uploads.standing import school_names
from service.uploads.steps import address_after, steps_of
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
SECONDS = {"refresh": "3"}  # how soon a page of long work looks again, without scripts
SAME = "This is the file that you sent before: it is not read twice."
PAGE = 50
CHANGES = {"joined": "Joined", "changed": "Changed", "left": "Left", "first": "New to this check"}


@router.get("/uploads/{upload}")
def show_upload(
    request: Request, upload: str, same: str = "", access: Access = allow(Permission.UPLOADS_WRITE)
) -> Response:
    shown = shown_upload(request, access, upload)
    notice = Notice(SAME, "information") if same and shown["state"] in ("staged", "confirmed") else None
    return _STATES[shown["state"]](request, shown, notice)


def shown_upload(request: Request, access: Access, ref: str) -> dict[str, Any]:
    """The upload as it is shown, without its pupils."""
    with request.app.state.database.read(Access.system()) as connection:
        return queries.show_upload(connection, access, ref)


def staged_upload(request: Request, access: Access, ref: str) -> dict[str, Any]:
    """The same; a Refusal that leads to the upload's own page where it is not to be changed now."""
    shown = shown_upload(request, access, ref)
    if shown["state"] != "staged":
        raise Refusal(303, "elsewhere", "See the upload.", headers={"location": f"/uploads/{ref}"})
    return shown


def home_of(shown: dict[str, Any]) -> str:
    """The page that an upload belongs to: its school's of the check, or the check's."""
    own = f"/checks/{shown['check']}"
    return own if shown["school"] is None else f"{own}/schools/{shown['school']}"


def _reading(request: Request, shown: dict[str, Any], notice: Notice | None) -> Response:
    confirming = shown["state"] == "confirming"
    title = "Confirming the rolls" if confirming else "Reading your file"
    return render(
        request, "uploads/reading.html", headers=SECONDS,
        title=title, back=home_of(shown), upload=shown, confirming=confirming, notice=notice,
    )  # fmt: skip


def _staged(request: Request, shown: dict[str, Any], notice: Notice | None) -> Response:
    steps = steps_of(shown)
    go_on = next((f"/uploads/{shown['ref']}/{step.name}" for step in steps if step.open), "")
    return render(
        request, "uploads/staged.html",
        title="Check your file", back=home_of(shown), upload=shown, steps=steps, notice=notice,
        go_on=go_on or f"/uploads/{shown['ref']}/summary", ready=not go_on, not_kept=not_kept(shown["account"]),
        unknown=shown["account"]["unknown_school"],
    )  # fmt: skip


NOT_KEPT = {
    "duplicate": ("the same row twice", "the same rows twice"),
    "merged": ("another row of the same pupil", "other rows of the same pupils"),
    "registered_elsewhere": ("a pupil registered elsewhere", "pupils registered elsewhere"),
    "outside_years": ("a pupil of another year group", "pupils of other year groups"),
    "not_a_pupil": ("a row that is no pupil, such as a total", "rows that are no pupils, such as totals"),
}


def not_kept(account: dict[str, Any]) -> list[str]:
    """Why rows of the file are no pupils of the check, in words.

    >>> not_kept({"not_kept": {"duplicate": 2}})
    ['2: the same rows twice']
    """
    return [f"{number:,}: {NOT_KEPT[code][number != 1]}" for code, number in account["not_kept"].items()]


def _refused(request: Request, shown: dict[str, Any], notice: Notice | None) -> Response:
    title = "We could not read your file"
    return render(
        request, "uploads/refused.html",
        title=title, back=home_of(shown), upload=shown, notice=notice, accept=ACCEPTED,
        action="/uploads" if shown["school"] else "/upload",
    )  # fmt: skip


def _confirmed(request: Request, shown: dict[str, Any], notice: Notice | None) -> Response:
    receipt = shown["receipt"]
    with request.app.state.database.read(Access.system()) as connection:
        names = school_names(connection)
    return render(
        request, "uploads/receipt.html",
        title="Your roll is confirmed" if shown["school"] else "The rolls are confirmed",
        confirmed_at=datetime.fromisoformat(receipt["confirmed_at"]),
        receipt=receipt, rolls=receipt.get("rolls"), where_to=WHERE_TO, names=names, back=home_of(shown), notice=notice,
        school_name=shown["school_name"], check=shown["check"], check_label=shown["check_label"],
        list_page=has_page(request, "/checks/{check}/register"), home=home_of(shown),
    )  # fmt: skip


def _over(request: Request, shown: dict[str, Any], notice: Notice | None) -> Response:
    return render(
        request, "uploads/over.html",
        title="This upload is not used", back=home_of(shown), upload=shown, home=home_of(shown), notice=notice,
    )  # fmt: skip


_STATES = {
    "reading": _reading, "confirming": _reading, "staged": _staged, "refused": _refused, "confirmed": _confirmed,
    "withdrawn": _over, "superseded": _over,
}  # fmt: skip


@router.get("/uploads/{upload}/next")
def go_on(request: Request, upload: str, after: str = "", access: Access = allow(Permission.UPLOADS_WRITE)) -> Response:
    """The next page with something to do."""
    shown = staged_upload(request, access, upload)
    known = after if after in [step.name for step in steps_of(shown)] else ""
    return RedirectResponse(address_after(shown, known), 303)


@router.post("/uploads/{upload}/withdrawal")
def withdraw_upload(
    request: Request, upload: str, typed: Typed, access: Access = allow(Permission.UPLOADS_WRITE)
) -> Response:
    with request.app.state.database.write(Access.system()) as connection:
        row = queries.require_upload(connection, access, upload, lock=True)
        stale = typed.get("version") != str(row.version)
        if not stale:
            withdraw(connection, access, row)
    if stale:
        return stale_page(request, row, typed)
    return RedirectResponse(home_of(shown_upload(request, access, upload)), 303)


@router.get("/uploads/{upload}/changes")
def show_changes(
    request: Request, upload: str, change: str = "", cursor: str = "", access: Access = allow(Permission.UPLOADS_WRITE)
) -> Response:
    """Who joined, and of whom what is said otherwise than last time."""
    shown = staged_upload(request, access, upload)
    counts = shown["account"]["difference"]
    there = [(name, words, counts[name]) for name, words in CHANGES.items() if counts[name] and name != "left"]
    chosen = change if change in CHANGES else there[0][0] if there else "joined"
    after = max(0, read_cursor(cursor, int)[0]) if cursor else 0
    with request.app.state.database.write(access) as connection:
        pupils, more = queries.list_pupils(connection, access, upload, chosen, PAGE, after)
    return render(
        request, "uploads/changes.html",
        title="Who joined and what changed", back=f"/uploads/{upload}", upload=shown, there=there, chosen=chosen,
        rows=[_row(pupil) for pupil in pupils], counts=counts,
        more=f"/uploads/{upload}/changes?change={chosen}&cursor={write_cursor(more)}" if more else "",
        again=f"/uploads/{upload}/changes?change={chosen}" if cursor else "",
    )  # fmt: skip


def _row(pupil: dict[str, Any]) -> tuple[str, str, list[tuple[str, str, str]]]:
    name = ", ".join(filter(None, (pupil["surname"], pupil["preferred_name"] or pupil["forename"])))
    group = pupil["registration_group"] or ""
    about = ", ".join(filter(None, (f"Year {pupil['year_group']}" if pupil["year_group"] else "", group)))
    changes = [
        (item["label"], told(item["field"], item["before"]), told(item["field"], item["now"]))
        for item in pupil["changes"]
    ]
    return name, about, changes or [("something that your role is not shown", "", "")]


def told(field: str, value: Any) -> str:
    """A stored value in words.

    >>> told("young_carer", True), told("attendance", None), told("sen_provision", "K")
    ('yes', 'not known', 'SEN support')
    """
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    known = national()[field]
    if known.type == "date":
        return day(date.fromisoformat(str(value)[:10]))
    return known.codes.get(str(value), str(value))
