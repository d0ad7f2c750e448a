"""Pages: changing a check, with what its lists are worked out with and which schools are asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, func, select

from service import tables as t
from service.access import Access, Permission, allow
from service.caseload.returning import parsed
from service.checks import choices, queries
from service.checks.change_form import ChangeForm
from service.checks.schemas import CheckChange
from service.forms import Ticked, Typed, require_version
from service.idempotency import FormRoute
from service.problems import Refusal
from service.web import render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
WANTED = {
    "due_on": "Enter the day by which schools must have confirmed.",
    "capacity": "Enter a whole number from 1, or leave it empty.",
    "few_sessions": "Enter a whole number from 0 to 400.",
    "accepted_years": "Choose at least one year group.",
    "focus_years": "Choose at least one year group.",
    "schools": "Choose at least one school.",
}
NEEDED = ("due_on", "few_sessions", "schools")  # a check cannot do without them


@router.get("/checks/{check}/change")
def show_change(request: Request, check: str, access: Access = allow(Permission.CHECKS_MANAGE)) -> Response:
    return _page(request, access, check, {}, {})


def _page(
    request: Request, access: Access, ref: str, typed: Mapping[str, str], ticked: Mapping[str, list[str]],
    status: int = 200, **errors: str,
) -> Response:  # fmt: skip
    with request.app.state.database.read(access) as connection:
        row, shown = queries.require_check(connection, ref), queries.show_check(connection, access, ref)
        form = ChangeForm(shown, typed, ticked)
        offered: dict[str, Any] = {
            "cards": choices.cards(connection, row),
            "models": choices.models(connection, row),
            "schools": choices.schools_beside(connection, shown),
            "pupils": _listed(connection, row.id),
        }
    return render(
        request, "checks/change.html", status,
        title=f"Change the {shown['label']} check", back=f"/checks/{ref}", check=shown, was=form.now,
        shows=form.shows(), elsewhere=form.elsewhere(), closing=bool(typed.get("closed")), years=choices.YEARS,
        errors={**form.errors, **errors}, stages=list(choices.STAGES.items()),
        confirmed=[line for line in shown["schools"] if line["state"] == "signed_off"], **offered,
    )  # fmt: skip


def _listed(connection: Connection, check_id: int) -> int:
    """How many pupils are worked out again where the scorecard changes."""
    row, register = t.register_rows.c, t.registers.c
    full = (register.check_id == check_id, register.view == "full", register.beside.is_(False))
    query = select(func.count()).select_from(t.register_rows).join(t.registers, register.id == row.register_id)
    return int(connection.execute(query.where(*full)).scalar_one())


@router.post("/checks/{check}/change")
def change_check(
    request: Request, check: str, typed: Typed, ticked: Ticked, access: Access = allow(Permission.CHECKS_MANAGE)
) -> Response:
    """Change what was changed in the form, and nothing else."""
    database, settings = request.app.state.database, request.app.state.settings
    request.app.state.catch_up(database, settings)  # a check that is closed keeps what it has
    with database.read(access) as connection:
        form = ChangeForm(queries.show_check(connection, access, check), typed, ticked)
    said = form.change()
    change, errors = parsed(CheckChange, said, WANTED)
    errors |= form.errors | {name: WANTED[name] for name in NEEDED if said.get(name, "as it was") in (None, [])}
    if errors or change is None:
        return _page(request, access, check, typed, ticked, 422, **errors)
    if not said:
        return RedirectResponse(f"/checks/{check}", 303)
    try:
        with database.write(access) as connection:
            row = queries.require_check(connection, check)
            require_version(typed, row.version)
            queries.change_check(connection, access, settings, row, change)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return _page(request, access, check, typed, ticked, refusal.status, **{"": refusal.detail})
    done = "worked_out" if queries.OF_SCORING & said.keys() else "changed"
    return RedirectResponse(f"/checks/{check}?done={done}", 303)
