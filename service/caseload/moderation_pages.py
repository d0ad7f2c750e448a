"""Moderation as pages: adding a pupil, asking to take one off, another priority; what waits, and deciding it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from service.access import Access, Permission, allow
from service.caseload import listing, moderations
from service.caseload.returning import lead_back, parsed, spoken
from service.caseload.schemas import WHY, ModerationChange, NewModeration
from service.caseload.transactions import changing, note_read, pupil_of
from service.checks.queries import require_check
from service.forms import Typed, require_version
from service.idempotency import FormRoute
from service.problems import Refusal
from service.registers.asking import Choice, address, chosen
from service.registers.cards import card_of
from service.registers.pupil_pages import MODERATIONS, STATES
from service.web import render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
KINDS = (
    ("add", "Add to the list", "Stands at once, first in the band that you state."),
    ("remove", "Take off the list", "A request: the pupil stays, marked, until it is accepted."),
    ("priority", "Another priority", "In another band. To go down is a request until it is accepted."),
)
WANTED = {
    "kind": "Choose what you want.",
    "band": "Choose a band.",
    "why": "Choose what comes nearest.",
    "reason": "Say why, in at least three letters and at most 2,000.",
    "": "State a band to add a pupil or for another priority; to take one off needs none.",
}
STATE_CHOICES = (
    ("asked", "Waits for a decision"),
    *((name, STATES[name].capitalize()) for name in STATES if name != "asked"),
)
PAGE = 50


@router.get("/checks/{check}/pupils/{pupil}/moderation")
def show_form(request: Request, check: str, pupil: str, access: Access = allow(Permission.MODERATE)) -> Response:
    row = pupil_of(request, access, pupil)
    note_read(request, access, "moderations.read", check, [row.id])
    return _form_page(request, access, check, row, {})


def _form_page(
    request: Request, access: Access, check: str, pupil: Any, typed: Mapping[str, str], status: int = 200, **errors: str
) -> Response:
    with request.app.state.database.read(access) as connection:
        about = moderations.require_readable(connection, access, check)
        bands = [band.name for band in card_of(connection, about.scorecard_digest).bands]
    return render(
        request, "caseload/moderation.html", status,
        title=f"{spoken(pupil.name)}: another place on the list", back=f"/checks/{check}/pupils/{pupil.ref}",
        check=about, ref=pupil.ref, kinds=KINDS, bands=[(name, name.capitalize()) for name in reversed(bands)],
        why=list(WHY.items()), typed=typed, errors=_at_controls(errors),
    )  # fmt: skip


def _at_controls(errors: Mapping[str, str]) -> dict[str, str]:
    return {"band" if not name and said == WANTED[""] else name: said for name, said in errors.items()}


@router.post("/checks/{check}/pupils/{pupil}/moderation")
def ask(
    request: Request, check: str, pupil: str, typed: Typed, access: Access = allow(Permission.MODERATE)
) -> Response:
    """Record what is asked; the pupil's lines are worked out again at once."""
    row = pupil_of(request, access, pupil)
    said = {name: typed[name] for name in ("kind", "band", "why", "reason") if typed.get(name)}
    if said.get("kind") == "remove":
        said.pop("band", None)
    asked, errors = parsed(NewModeration, said, WANTED)
    if asked is None:
        return _form_page(request, access, check, row, typed, 422, **errors)
    try:
        with changing(request) as connection:
            about = moderations.require_readable(connection, access, check)
            moderations.ask(connection, access, request.app.state.settings, about, row, asked)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _form_page(request, access, check, row, typed, refusal.status, **{"": refusal.detail})
    return lead_back(f"/checks/{check}/pupils/{pupil}", "moderation", pupil)


@router.get("/checks/{check}/moderations")
def show_moderations(
    request: Request,
    check: str,
    state: str = "",
    kind: str = "",
    cursor: str = "",
    access: Access = allow(Permission.REGISTER_READ),
) -> Response:
    """What people asked for a check, the newest first."""
    choices = [
        Choice("state", "How it stands", STATE_CHOICES, "All"),
        Choice("kind", "What", tuple(MODERATIONS.items()), "All"),
    ]
    said = {"state": state if state in STATES else None, "kind": kind if kind in MODERATIONS else None}
    with request.app.state.database.read(access) as connection:
        about = moderations.require_readable(connection, access, check)
        found, pupils = listing.list_moderations(
            connection, access, about, PAGE, cursor or None, said["kind"], said["state"]
        )
    note_read(request, access, "moderations.read", check, pupils)
    path, used = request.url.path, {name: value for name, value in said.items() if value}
    return render(
        request, "caseload/moderations.html",
        title=f"What people asked for {about.label}", back=f"/checks/{check}/register", wide=True, check=about,
        items=found["items"], path=path, choices=choices, said=used, chosen=chosen(choices, path, used),
        kinds=MODERATIONS, states=STATES, why=WHY,
        may=Permission.MODERATE in access.permissions and about.closed_at is None,
        next=address(path, used, cursor=found["next"]) if found["next"] else "",
    )  # fmt: skip


@router.get("/moderations/{moderation}")
def show_decision(request: Request, moderation: str, access: Access = allow(Permission.MODERATE)) -> Response:
    with request.app.state.database.read(access) as connection:
        row = moderations.require_moderation(connection, access, moderation)
    note_read(request, access, "moderation.read", moderation, [row.pupil_id])
    return _decision_page(request, access, moderation, {})


def _decision_page(
    request: Request, access: Access, ref: str, typed: Mapping[str, str], status: int = 200, **errors: str
) -> Response:
    with request.app.state.database.read(access) as connection:
        row = moderations.require_moderation(connection, access, ref)
        shown = listing.show_moderation(connection, access, ref)
        closed = require_check(connection, row.check_ref).closed_at is not None
    options = [] if closed else list(_options(access, row))
    return render(
        request, "caseload/moderation_decision.html", status,
        title=f"{MODERATIONS[shown['kind']]}: {spoken(shown['pupil']['name'])}", item=shown, options=options,
        typed=typed, back=f"/checks/{shown['check']}/pupils/{shown['pupil']['ref']}", errors=errors,
        states=STATES, why=WHY, closed=closed,
    )  # fmt: skip


def _options(access: Access, row: Any) -> Any:
    """What the caller may do with a moderation as it stands; the service looks again when it is sent."""
    if Permission.DECIDE in access.permissions:
        if row.state in ("standing", "asked"):
            yield "accept", "Accept"
        if row.state in ("standing", "asked", "accepted"):
            yield "decline", "Decline", "Of what was accepted: puts the pupil back."
    if row.by_id == access.person_id and row.state in ("standing", "asked"):
        yield "withdraw", "Withdraw what I asked"
    if row.carried_from_id is not None and row.reviewed_at is None and row.state in ("standing", "asked", "accepted"):
        yield "keep", "Keep it: still right", "It comes from the check before."


@router.post("/moderations/{moderation}")
def decide(request: Request, moderation: str, typed: Typed, access: Access = allow(Permission.MODERATE)) -> Response:
    """Accept, decline, withdraw or keep; the pupil's lines are worked out again."""
    with request.app.state.database.read(access) as connection:
        row = moderations.require_moderation(connection, access, moderation)
        pupil = listing.show_moderation(connection, access, moderation)["pupil"]["ref"]
    said = {name: typed[name] for name in ("decision", "reason") if typed.get(name, "").strip()}
    wanted = {"decision": "Choose what to do.", "reason": WANTED["reason"], "": "Say why. The school reads it."}
    asked, errors = parsed(ModerationChange, said, wanted)
    if asked is None:
        errors = {name or "reason": sentence for name, sentence in errors.items()}
        return _decision_page(request, access, moderation, typed, 422, **errors)
    require_version(typed, row.version)
    try:
        with changing(request) as connection:
            moderations.change(connection, access, request.app.state.settings, row, asked)
    except Refusal as refusal:
        if refusal.status in (404, 412):
            raise
        return _decision_page(request, access, moderation, typed, refusal.status, **{"": refusal.detail})
    return lead_back(f"/checks/{row.check_ref}/pupils/{pupil}", "decided", pupil)
