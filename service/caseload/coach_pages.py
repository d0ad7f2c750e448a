"""Who has which coach, as pages: one pupil's coach, pupils handed over, many assigned at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, select

from service import tables as t
from service.access import Access, Permission, allow
from service.caseload import coaches, rules
from service.caseload.coach_schemas import AssignmentRule, CoachChange, CoachEnd, HandOver
from service.caseload.moderations import require_readable
from service.caseload.returning import back_of, lead_back, parsed, spoken
from service.caseload.transactions import changing, note_read, pupil_of
from service.forms import Ticked, Typed, require_version
from service.idempotency import FormRoute
from service.phrases import counted
from service.problems import Refusal
from service.registers.cards import card_of
from service.registers.list_pages import schools_of
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
NOBODY = "none"
WHY = "Write why, in at least three letters and at most 2,000."
WANTED = {
    "coach": "Choose a coach.",
    "reason": WHY,
    "taking": "Choose who takes the pupils.",
    "to": "Choose who takes the pupils.",
    "from": "Choose whose pupils they are.",
    "leavers": "Enter a year, like 2027, or leave it empty.",
}


@router.get("/pupils/{pupil}/coach")
def show_coach(request: Request, pupil: str, access: Access = allow(Permission.CASELOAD_WRITE)) -> Response:
    row = pupil_of(request, access, pupil)
    note_read(request, access, "coach.read", row.ref, [row.id])
    return _coach_page(request, access, row, {})


def _coach_page(
    request: Request, access: Access, pupil: Any, typed: Mapping[str, str], status: int = 200, **errors: str
) -> Response:
    with request.app.state.database.read(Access.system()) as connection:  # counts of all coaches
        shown, everybody = coaches.show(connection, pupil), coaches.list_coaches(connection)
    return render(
        request, "caseload/coach.html", status,
        title=f"The coach of {spoken(pupil.name)}", back=back_of(typed, f"/pupils/{pupil.ref}"), ref=pupil.ref,
        shown=shown, options=_options(access, shown, everybody), typed=typed, errors=errors,
    )  # fmt: skip


def _options(access: Access, shown: Mapping[str, Any], everybody: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Whom the caller may choose: of a pupil without a coach themselves, of their own anybody; the council always."""
    has = shown["coach"] and shown["coach"]["ref"]
    manages = Permission.CASELOAD_MANAGE in access.permissions
    if not manages and has not in (None, access.person_ref):
        return []
    found: list[tuple[str, ...]] = [
        (one["ref"], one["name"], f"{counted(one['pupils'], 'pupil')} now")
        for one in everybody
        if one["ref"] != has and (manages or has is not None or one["ref"] == access.person_ref)
    ]
    return [*found, (NOBODY, "No coach any more", "They stand on the list as before.")] if has else found


@router.post("/pupils/{pupil}/coach")
def change_coach(
    request: Request, pupil: str, typed: Typed, access: Access = allow(Permission.CASELOAD_WRITE)
) -> Response:
    """Take a pupil on, pass them on, or end it."""
    row = pupil_of(request, access, pupil)
    ends = typed.get("coach") == NOBODY
    said = {name: typed[name] for name in ("coach", "reason") if typed.get(name) and not (ends and name == "coach")}
    change, errors = parsed(CoachEnd if ends else CoachChange, said, WANTED)
    if change is None:
        return _coach_page(request, access, row, typed, 422, **errors)
    try:
        with changing(request) as connection:
            last = coaches.last_of(connection, row.id)
            if last is not None and typed.get("version") != "0":
                require_version(typed, coaches.version_of(last))
            _change(connection, access, row, last, change)
    except Refusal as refusal:
        if refusal.status in (404, 412):
            raise
        return _coach_page(request, access, row, typed, refusal.status, **{"": refusal.detail})
    mine = typed.get("coach") == access.person_ref
    return lead_back(back_of(typed, f"/pupils/{pupil}"), "taken" if mine else "coach", pupil)


def _change(connection: Connection, access: Access, pupil: Any, last: Any, change: Any) -> None:
    if isinstance(change, CoachEnd):
        coaches.end(connection, access, pupil, last, change.reason)
    else:
        coaches.assign(connection, access, pupil, last, coaches.require_coach(connection, change.coach), change.reason)


# --- handing over -----------------------------------------------------------------------------------------------------


@router.get("/my-list/hand-over")
def show_hand_over(
    request: Request, giving: str = "", access: Access = allow(Permission.CASELOAD_READ, Permission.CASELOAD_WRITE)
) -> Response:
    return _hand_over_page(request, access, giving or access.person_ref, {}, [])


def _hand_over_page(
    request: Request, access: Access, giving: str, typed: Mapping[str, str], ticked: list[str], status: int = 200,
    **errors: str,
) -> Response:  # fmt: skip
    if giving != access.person_ref:
        access.require(Permission.CASELOAD_MANAGE)
    with request.app.state.database.read(Access.system()) as connection:
        whose = coaches.require_person(connection, giving)
        everybody = coaches.list_coaches(connection)
    with request.app.state.database.read(access) as connection:
        pupils = connection.execute(
            select(t.pupils.c.id, t.pupils.c.ref, t.pupils.c.name)
            .join(t.assignments, t.assignments.c.pupil_id == t.pupils.c.id)
            .where(t.assignments.c.coach_id == whose.id, coaches.OPEN, t.pupils.c.died_at.is_(None))
            .where(access.may_read(t.pupils.c.id))
            .order_by(t.pupils.c.search, t.pupils.c.id)
        ).all()
    note_read(request, access, "caseload.read", whose.ref, [row.id for row in pupils])
    return render(
        request, "caseload/hand_over.html", status,
        title="Hand pupils over", back="/my-list" if giving == access.person_ref else f"/my-list?of={giving}",
        whose=whose, own=giving == access.person_ref, ticked=set(ticked),
        pupils=[(row.ref, row.name) for row in pupils],
        coaches=[(one["ref"], f"{one['name']} ({counted(one['pupils'], 'pupil')} now)") for one in everybody
                 if one["ref"] != giving],
        typed=typed, errors={{"to": "taking", "from": ""}.get(name, name): said for name, said in errors.items()},
    )  # fmt: skip


@router.post("/my-list/hand-over")
def hand_over(
    request: Request,
    typed: Typed,
    ticked: Ticked,
    access: Access = allow(Permission.CASELOAD_READ, Permission.CASELOAD_WRITE),
) -> Response:
    """Hand the ticked pupils over, or all. Who cannot go stays, and is counted."""
    giving, chosen = typed.get("giving") or access.person_ref, ticked.get("pupils", [])
    said: dict[str, Any] = {"from": giving, "to": typed.get("taking"), "reason": typed.get("reason", "")}
    if typed.get("which") != "all":
        said["pupils"] = chosen
    change, errors = parsed(HandOver, said, WANTED)
    if typed.get("which") != "all" and not chosen:
        errors["pupils"] = "Tick at least one pupil, or choose all of them."
    if not typed.get("taking"):
        errors["taking"] = WANTED["taking"]
        errors.pop("to", None)
    if errors or change is None:
        return _hand_over_page(request, access, giving, typed, chosen, 422, **errors)
    try:
        with changing(request) as connection:
            one = coaches.require_person(connection, change.giving)
            other = coaches.require_coach(connection, change.taking)
            found = coaches.hand_over(connection, access, one, other, change.pupils, change.reason)
    except Refusal as refusal:
        if refusal.status in (403, 404, 412):
            raise
        return _hand_over_page(request, access, giving, typed, chosen, refusal.status, **{"": refusal.detail})
    notice = f"{counted(found['handed_over'], 'pupil')} handed over to {other.name}."
    if found["stayed"]:
        notice += f" {counted(len(found['stayed']), 'pupil')} stayed: {other.name} may not see pupils of their school."
    return render(
        request, "caseload/handed_over.html",
        title="Handed over", back="/my-list", words=notice, count=found["handed_over"],
    )  # fmt: skip


# --- many at once -----------------------------------------------------------------------------------------------------


@router.get("/checks/{check}/assign")
def show_assign(
    request: Request, check: str, done: int = -1, access: Access = allow(Permission.CASELOAD_MANAGE)
) -> Response:
    notice = Notice(f"{counted(done, 'pupil')} assigned.") if done >= 0 else None
    return _assign_page(request, access, check, {}, {}, {}, notice=notice)


def _assign_page(
    request: Request, access: Access, ref: str, typed: Mapping[str, str], ticked: Mapping[str, list[str]],
    errors: Mapping[str, str], status: int = 200, found: Mapping[str, Any] | None = None, notice: Notice | None = None,
) -> Response:  # fmt: skip
    with request.app.state.database.read(Access.system()) as connection:
        everybody = coaches.list_coaches(connection)
    with request.app.state.database.read(access) as connection:
        check = require_readable(connection, access, ref)
        bands = [band.name for band in card_of(connection, check.scorecard_digest).bands]
        schools = schools_of(connection, access, check)
    return render(
        request, "caseload/assign.html", status,
        title=f"Assign pupils of {check.label}", back=f"/checks/{ref}/register", check=check, schools=schools,
        bands=[(name, f"{name.capitalize()}{'' if name == bands[-1] else ' or higher'}") for name in reversed(bands)],
        coaches=[(one["ref"], f"{one['name']} ({counted(one['pupils'], 'pupil')} now)") for one in everybody],
        typed=typed, ticked=ticked.get("schools", []), found=found, errors=errors, notice=notice,
    )  # fmt: skip


@router.post("/checks/{check}/assign")
def assign(
    request: Request, check: str, typed: Typed, ticked: Ticked, access: Access = allow(Permission.CASELOAD_MANAGE)
) -> Response:
    """First whom it would be; then, once they are confirmed, the same people or nobody."""
    said: dict[str, Any] = {name: typed[name] for name in ("coach", "band_at_least", "reason") if typed.get(name)}
    said |= {"check": check, "dry_run": typed.get("expected") is None}
    if schools := ticked.get("schools"):
        said["schools"] = schools
    if typed.get("leavers"):
        said["leavers"] = int(typed["leavers"]) if typed["leavers"].isdecimal() else typed["leavers"]
    if typed.get("expected", "").isdecimal():
        said["expected"] = int(typed["expected"])
    rule, errors = parsed(AssignmentRule, said, WANTED)
    if rule is None:
        return _assign_page(request, access, check, typed, ticked, errors, 422)
    try:
        with changing(request) as connection:
            about, coach = require_readable(connection, access, check), coaches.require_coach(connection, rule.coach)
            found = rules.apply(connection, access, about, coach, rule)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _assign_page(request, access, check, typed, ticked, {"": refusal.detail}, refusal.status)
    if rule.dry_run:
        return _assign_page(request, access, check, typed, ticked, {}, found=found)
    return RedirectResponse(f"/checks/{check}/assign?done={found['count']}", 303)
