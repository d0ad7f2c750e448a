"""Pages: a school adds a pupil whom it is worried about, or asks to take one off the list, with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlalchemy import Connection, select

from service import audit
from service import tables as t
from service.access import Access, Permission, allow
from service.caseload import listing, moderations
from service.caseload.schemas import WHY, ModerationChange, NewModeration
from service.caseload.transactions import changing, note_read, pupil_of
from service.checks.queries import require_check
from service.forms import Typed, require_version
from service.idempotency import FormRoute
from service.problems import Refusal
from service.registers.cards import card_of
from service.uploads.mending import about
from service.uploads.receiving import school_for
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
MOST_FOUND, MOST_ASKED = 25, 100
KINDS = {"add": "Add to the list", "remove": "Ask to take off the list"}
FOR_ADDING = ("knows_more", "attendance", "home", "wellbeing", "no_plan", "data_wrong", "other")
FOR_REMOVING = ("plan_firm", "support_in_place", "data_wrong", "other")
STATES = {
    "standing": ("On the list", "green"), "asked": ("Waits for the council or coach", "blue"),
    "accepted": ("Accepted", "green"), "declined": ("Declined", "grey"), "withdrawn": ("Withdrawn", "grey"),
}  # fmt: skip
DONE = {
    "add": "The pupil is added, and stands first in that band.",
    "remove": "Your request is sent. The pupil stays on the list until it is accepted.",
    "withdrawn": "It is withdrawn.",
}
WANTED = {"reason": "Write in a few words why.", "band": "Choose a band.", "why": "Choose what it is about."}


@router.get("/checks/{check}/schools/{urn}/worries")
def show_worries(
    request: Request, check: str, urn: str, done: str = "", access: Access = allow(Permission.MODERATE)
) -> Response:
    """What was asked so far, and finding a pupil by name."""
    return _page(request, access, check, urn, notice=Notice(DONE[done]) if done in DONE else None)


def _page(request: Request, access: Access, ref: str, urn: str, status: int = 200, **said: Any) -> Response:
    with request.app.state.database.read(access) as connection:
        check, school = _both(connection, access, ref, urn)
        asked, pupils = listing.list_moderations(connection, access, check, MOST_ASKED, school=urn)
    note_read(request, access, "moderations.read", ref, pupils)
    return render(
        request, "checks/worries.html", status,
        **{
            "title": "Pupils you are worried about", "back": f"/checks/{ref}/schools/{urn}", "check": check,
            "school": school, "asked": asked["items"], "states": STATES, "kinds": KINDS, "why": WHY,
            "me": access.name, "sought": "", "found": None, **said,
        },
    )  # fmt: skip


def _both(connection: Connection, access: Access, ref: str, urn: str) -> tuple[Any, Any]:
    return moderations.require_readable(connection, access, ref), school_for(connection, access, urn)


@router.post("/checks/{check}/schools/{urn}/worries")
def find(request: Request, check: str, urn: str, typed: Typed, access: Access = allow(Permission.MODERATE)) -> Response:
    """Pupils of the confirmed roll whose names hold all the words."""
    words = typed.get("name", "").casefold().split()
    if not words:
        return _page(request, access, check, urn, 422, errors={"name": "Enter a part of the pupil’s name."})
    with request.app.state.database.write(access) as connection:
        row, school = _both(connection, access, check, urn)
        found = _found(connection, access, row.id, school.id, words)
        audit.record(connection, access, "pupil.find", about=check, pupils=[pupil.id for pupil in found])
    shown = [(pupil.ref, pupil.name, about(pupil.record["values"])) for pupil in found]
    return _page(request, access, check, urn, sought=typed["name"], found=shown)


def _found(connection: Connection, access: Access, check_id: int, school_id: int, words: Sequence[str]) -> list[Any]:
    rolls, pupils = t.roll_pupils.c, t.pupils.c
    query = (
        select(pupils.id, pupils.ref, pupils.name, rolls.record)
        .join(t.pupils, pupils.id == rolls.pupil_id)
        .where(rolls.check_id == check_id, rolls.school_id == school_id, rolls.live, rolls.status == "on_roll")
        .where(access.may_read(pupils.id), pupils.died_at.is_(None), pupils.restricted.is_(False))
        .order_by(pupils.name)
    )
    for word in words:
        query = query.where(pupils.search.contains(word, autoescape=True))
    return list(connection.execute(query.limit(MOST_FOUND)))


@router.get("/checks/{check}/schools/{urn}/worries/{pupil}")
def show_form(
    request: Request, check: str, urn: str, pupil: str, kind: str = "add", access: Access = allow(Permission.MODERATE)
) -> Response:
    row = pupil_of(request, access, pupil)
    note_read(request, access, "pupil.read", check, [row.id])
    return _form(request, access, check, urn, row, {"kind": kind if kind in KINDS else "add"})


def _form(
    request: Request, access: Access, ref: str, urn: str, pupil: Any, typed: Mapping[str, str], status: int = 200,
    **errors: str,
) -> Response:  # fmt: skip
    with request.app.state.database.read(access) as connection:
        check, school = _both(connection, access, ref, urn)
        bands = [band.name for band in card_of(connection, check.scorecard_digest).bands]
    kind = typed["kind"]
    codes = FOR_ADDING if kind == "add" else FOR_REMOVING
    return render(
        request, "checks/worry.html", status,
        title=pupil.name, back=f"/checks/{ref}/schools/{urn}/worries", check=check, school=school, pupil=pupil,
        kind=kind, typed=typed, errors=errors, bands=[(name, name.capitalize()) for name in reversed(bands[1:])],
        why=[(code, WHY[code]) for code in codes], words=KINDS[kind],
    )  # fmt: skip


@router.post("/checks/{check}/schools/{urn}/worries/{pupil}")
def ask(
    request: Request, check: str, urn: str, pupil: str, typed: Typed, access: Access = allow(Permission.MODERATE)
) -> Response:
    """Add, or ask to take off."""
    row = pupil_of(request, access, pupil)
    kind = typed.get("kind", "add") if typed.get("kind") in KINDS else "add"
    said = {"kind": kind, "band": typed.get("band") or None, "reason": typed.get("reason", "")}
    said |= {"band": None} if kind == "remove" else {}
    typed = {**typed, "kind": kind}
    try:
        asked = NewModeration.model_validate(said | {"why": typed.get("why", "")})
    except ValidationError as error:
        wrong = {str((item["loc"] or ("band",))[0]) for item in error.errors()}
        wrong |= {"band"} if kind == "add" and not said["band"] else set()
        return _form(
            request, access, check, urn, row, typed, 422, **{name: WANTED.get(name, "Choose.") for name in wrong}
        )
    return _asked(request, access, check, urn, row, typed, asked)


def _asked(
    request: Request, access: Access, ref: str, urn: str, pupil: Any, typed: Mapping[str, str], asked: NewModeration
) -> Response:
    try:
        with changing(request) as connection:
            check = moderations.require_readable(connection, access, ref)
            moderations.ask(connection, access, request.app.state.settings, check, pupil, asked)
    except Refusal as refusal:
        return _form(request, access, ref, urn, pupil, typed, refusal.status, **{"": refusal.detail})
    return RedirectResponse(f"/checks/{ref}/schools/{urn}/worries?done={asked.kind}", 303)


@router.post("/checks/{check}/schools/{urn}/worries-withdrawn/{moderation}")
def withdraw(
    request: Request, check: str, urn: str, moderation: str, typed: Typed, access: Access = allow(Permission.MODERATE)
) -> Response:
    """Take back what one asked oneself."""
    with request.app.state.database.read(access) as connection:
        row = moderations.require_moderation(connection, access, moderation)
        require_check(connection, check)
    require_version(typed, row.version)
    with changing(request) as connection:
        change = ModerationChange(decision="withdraw")
        moderations.change(connection, access, request.app.state.settings, row, change)
    return RedirectResponse(f"/checks/{check}/schools/{urn}/worries?done=withdrawn", 303)
