"""Pages: the last roll confirmed once more with no file, and who has left since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from service import audit
from service.access import Access, Permission, allow
from service.checks.queries import require_check, require_open
from service.database import lock_rolls
from service.forms import Ticked, Typed, boxes
from service.idempotency import FormRoute
from service.problems import Refusal
from service.uploads.confirming_pages import TICK
from service.uploads.leaver_pages import TO, about_leaver, answer_typed, said_of
from service.uploads.leavers import name_of
from service.uploads.receiving import school_for
from service.uploads.reconfirming import NO_ROLL, Member, last_of, members_of, reconfirm
from service.uploads.saying import NOT_READABLE
from service.uploads.schemas import Leaver
from service.uploads.standing import school_names, standing_of
from service.web import render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
HERE = "/checks/{check}/schools/{urn}/reconfirmation"
Named = Annotated[list[str], Query(alias="left", max_length=5000)]
NOBODY_NAMED = "Tick at least one pupil who has left."
MOVED_ON = "Somebody confirmed this roll meanwhile. What you typed is still here: look at it, then confirm."
ALL = "all"  # stands where a reference of a pupil does: for all who have no answer of their own
ASKED = ("to", "on-day", "on-month", "on-year", "no_day", "school", "school_choice", "authority", "note")


@router.get(HERE)
def show_reconfirmation(
    request: Request, check: str, urn: str, access: Access = allow(Permission.UPLOADS_WRITE)
) -> Response:
    return _same_page(request, access, check, urn)


def _same_page(request: Request, access: Access, ref: str, urn: str, status: int = 200, **errors: str) -> Response:
    with request.app.state.database.read(access) as connection:
        check, school = require_check(connection, ref), school_for(connection, access, urn)
        standing = standing_of(connection, check, school) if school is not None else {}
    if not standing.get("last"):
        raise Refusal(404, "not_found", NO_ROLL)
    return render(
        request, "uploads/reconfirm.html", status,
        title="Confirm the same roll again", back=f"/checks/{ref}/schools/{urn}", check=check, school=school,
        last=standing["last"], errors=errors,
    )  # fmt: skip


@router.get(HERE + "/leavers")
def choose_leavers(
    request: Request, check: str, urn: str, access: Access = allow(Permission.UPLOADS_WRITE)
) -> Response:
    """Everybody of the last roll, with a box to tick for whoever has left since."""
    return _choice(request, access, check, urn)


def _choice(request: Request, access: Access, ref: str, urn: str, status: int = 200, **errors: str) -> Response:
    check, school, last, members, names = _members(request, access, ref, urn)
    return render(
        request, "uploads/reconfirm_leavers.html", status,
        title="Who has left since?", back=f"/checks/{ref}/schools/{urn}", check=check, school=school, last=last,
        rows=[(item["leaver"], name_of(item), about_leaver(item), said_of(item["answer"], names)) for item in members],
        errors=errors,
    )  # fmt: skip


def _members(
    request: Request, access: Access, ref: str, urn: str
) -> tuple[Any, Any, Any, list[Member], Mapping[str, str]]:
    """The check, the school, its last roll, whom that has, and the names of schools; audited."""
    with request.app.state.database.write(Access.system()) as connection:
        check, school = require_check(connection, ref), school_for(connection, access, urn)
        require_open(check)
        try:
            last = last_of(connection, check, school)
        except Refusal:
            raise Refusal(404, "not_found", NO_ROLL) from None
        members, pupils = members_of(connection, check, school)
        names = school_names(connection)
        audit.record(connection, access, "roll.read", about=last.ref, pupils=pupils)
    return check, school, last, members, names


@router.get(HERE + "/answers")
def ask_where(
    request: Request, check: str, urn: str, left: Named = [], access: Access = allow(Permission.UPLOADS_WRITE)  # noqa: B006
) -> Response:  # fmt: skip
    """Where each of those went who were ticked, and the confirmation."""
    if not left:
        return _choice(request, access, check, urn, 422, left=NOBODY_NAMED)
    return _answers(request, access, check, urn, left, {})


def _answers(
    request: Request, access: Access, ref: str, urn: str, left: Sequence[str], typed: Mapping[str, str],
    status: int = 200, meant: Mapping[str, Mapping[str, str] | None] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """`meant`: by leaver, the schools that what was typed may mean."""
    check, school, last, members, names = _members(request, access, ref, urn)
    chosen = [item for item in members if item["leaver"] in set(left)]
    people = [(item["leaver"], name_of(item), about_leaver(item)) for item in chosen]
    if len(people) > 2:
        people = [(ALL, "The same answer for all who have none of their own", ""), *people]
    blank = {} if typed else {f"{key}-confirmed_by": access.name for key, *_ in people}
    return render(
        request, "uploads/reconfirm_answers.html", status,
        title="Where did they go?", back=f"/checks/{ref}/schools/{urn}/reconfirmation/leavers", check=check,
        school=school, last=last, people=people, typed={**blank, **typed}, to=TO, names=names, meant=meant or {},
        days={key: boxes(typed, f"{key}-on") for key, *_ in people}, errors=dict(errors or {}),
        others=sum(item["answer"] is None for item in members) - sum(item["answer"] is None for item in chosen),
    )  # fmt: skip


@router.post(HERE)
def confirm_again(
    request: Request, check: str, urn: str, typed: Typed, ticked: Ticked,
    access: Access = allow(Permission.UPLOADS_WRITE),
) -> Response:  # fmt: skip
    """Confirm the last roll once more, with no file, but for those who have left."""
    left = ticked.get("left", [])
    leavers, errors, meant = _said(request, access, typed, left)
    if not typed.get("registrations_confirmed"):
        errors["registrations_confirmed"] = TICK
    if errors and not left:
        return _same_page(request, access, check, urn, 422, **errors)
    if errors:
        return _answers(request, access, check, urn, left, typed, 422, meant, errors)
    try:
        _confirm(request, access, check, urn, leavers, typed.get("roll", ""))
    except Refusal as refusal:
        if not left or refusal.status not in (412, 422):
            raise
        return _answers(request, access, check, urn, left, typed, refusal.status, meant, {"": refusal.detail})
    return RedirectResponse(f"/checks/{check}/schools/{urn}/receipt", 303)


def _said(
    request: Request, access: Access, typed: Mapping[str, str], left: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str], dict[str, Mapping[str, str] | None]]:
    """Each leaver's answer, what is wrong with them by control, and the schools that may be meant."""
    with request.app.state.database.read(access) as connection:
        names = school_names(connection)
    leavers: dict[str, Any] = {}
    errors: dict[str, str] = {}
    meant: dict[str, Mapping[str, str] | None] = {}
    for key in left:
        own = _own(typed, key)
        asked = key if any(own.get(name) for name in ASKED) or not any(_own(typed, ALL).values()) else ALL
        answer, wrong, meant[asked] = answer_typed(_own(typed, asked), names)
        try:
            leavers[key] = answer if wrong else Leaver.model_validate(answer).stored()
        except ValidationError:
            wrong["note"] = NOT_READABLE
        errors.update({f"{asked}-{name}": sentence for name, sentence in wrong.items()})
    return leavers, errors, meant


def _own(typed: Mapping[str, str], key: str) -> dict[str, str]:
    """What was typed about one leaver."""
    return {name.removeprefix(f"{key}-"): text for name, text in typed.items() if name.startswith(f"{key}-")}


def _confirm(request: Request, access: Access, check: str, urn: str, leavers: Mapping[str, Any], seen: str) -> None:
    def require_seen(roll: str) -> None:
        if leavers and roll != seen:
            raise Refusal(412, "roll_changed", MOVED_ON)

    state = request.app.state
    with state.database.write(Access.system()) as connection:
        lock_rolls(connection)
        row, school = require_check(connection, check), school_for(connection, access, urn)
        receipt, changed = reconfirm(connection, access, state.settings, row, school, leavers, require_seen)
        if not changed:
            audit.record(connection, access, "roll.read", about=receipt["roll"])
