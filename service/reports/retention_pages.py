"""Pages of retention: the policy, a dry run, a run; one pupil found by an identifier, told of, erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic_core import to_json
from sqlalchemy import select

from service import tables as t
from service.access import Access, Permission, allow
from service.forms import Typed
from service.idempotency import FormRoute
from service.problems import Refusal
from service.reports import retention, retention_routes, retention_schemas
from service.reports.erasure import is_still_sent
from service.reports.policy import shipped_policy
from service.web import Notice, render

router = APIRouter(include_in_schema=False, route_class=FormRoute)
RETENTION = Permission.RETENTION
RUNS_SHOWN = 20
Text = Annotated[str, Query(max_length=64)]
REASONS: Mapping[str, str] = {
    "request": "The young person, or a parent, asked for it",
    "retention": "It is kept no longer than needed",
    "recorded_in_error": "It was recorded in error",
    "court_order": "A court ordered it",
}
DONE = {
    "dry": "Counted. Nothing was deleted. Look at the counts below before you delete.",
    "run": "What was due is deleted.",
}
NOT_YET = {
    True: "The database’s own files still hold what was deleted, until nobody uses them for a moment.",
    False: "PostgreSQL’s own files hold what was deleted until it is written over, in PostgreSQL’s own time. The owner "
    "of its tables can have that done at once: VACUUM FULL.",
}  # by whether it is SQLite
STILL_SENT = "A school has the pupil on a roll of an open check: tell the school, or its next file brings them back."


@router.get("/retention")
def show_retention(request: Request, done: Text = "", kept: Text = "", access: Access = allow(RETENTION)) -> Response:
    """What is kept how long; what is due now, as last counted; and the way to one pupil."""
    notice = Notice(DONE[done]) if done in DONE else None
    return _page(request, access, notice=notice, kept=_not_yet(request) if kept else "")


def _not_yet(request: Request) -> str:
    return NOT_YET[request.app.state.database.sqlite]


def _page(request: Request, access: Access, status: int = 200, **said: Any) -> Response:
    policy = shipped_policy()
    with request.app.state.database.read(access) as connection:
        runs = retention.runs(connection, RUNS_SHOWN)
        ready = retention.dry_run_holds(connection, policy)
    last = runs[0] if runs and ready else None
    base: dict[str, Any] = {"errors": {}, "notice": None, "kept": "", "typed": {"upn": "", "uln": ""}}
    return render(
        request, "retention/policy.html", status,
        title="Retention", policy=policy, runs=runs, last=last, due=sum(last["counts"].values()) if last else 0,
        wide=True, **(base | said),
    )  # fmt: skip


@router.post("/retention/dry-run")
def count_due(request: Request, access: Access = allow(RETENTION)) -> Response:
    """Count what is due, and delete nothing."""
    retention_routes.run(request, retention_schemas.RunIn(dry=True), access)
    return RedirectResponse("/retention?done=dry", 303)


@router.get("/retention/run")
def ask_run(request: Request, access: Access = allow(RETENTION)) -> Response:
    return _run_page(request, access)


def _run_page(request: Request, access: Access, status: int = 200, **errors: str) -> Response:
    """What would be deleted, before it is."""
    policy = shipped_policy()
    with request.app.state.database.read(access) as connection:
        if not retention.dry_run_holds(connection, policy):
            return RedirectResponse("/retention", 303)
        counts = retention.runs(connection, 1)[0]["counts"]
    due = [(rule, counts[rule.name]) for rule in policy.rules if counts.get(rule.name)]
    return render(
        request, "retention/run.html", status, title="Delete what is due", back="/retention", due=due, errors=errors
    )


@router.post("/retention/run")
def delete_due(request: Request, typed: Typed, access: Access = allow(RETENTION)) -> Response:
    """Delete what is due."""
    if not typed.get("sure"):
        return _run_page(request, access, 422, sure="Tick the box to say that it may be deleted for good.")
    done = retention_routes.run(request, retention_schemas.RunIn(dry=False), access)
    return RedirectResponse(f"/retention?done=run{'' if done.overwritten else '&kept=1'}", 303)


@router.post("/retention/pupils")
def find_pupil(request: Request, typed: Typed, access: Access = allow(RETENTION)) -> Response:
    """Who a pupil is stands in no address: from here on a reference does."""
    upn, uln = typed.get("upn", "").strip()[:40], typed.get("uln", "").strip()[:40]
    if bool(upn) == bool(uln):
        return _page(request, access, 422, typed={"upn": upn, "uln": uln}, errors={"upn": "Enter a UPN or a ULN."})
    try:
        asked = retention_schemas.Lookup.model_construct(upn=upn or None, uln=uln or None)
        found = retention_routes.look_up(request, asked, access).pupils
    except Refusal as refusal:
        return _page(
            request, access, refusal.status, typed={"upn": upn, "uln": uln},
            errors={"upn" if upn else "uln": refusal.detail},
        )  # fmt: skip
    if len(found) == 1:
        return RedirectResponse(f"/retention/pupils/{found[0]}", 303)
    return render(request, "retention/several.html", title="Several pupils", back="/retention", pupils=found)


@router.get("/retention/pupils/{pupil}")
def show_pupil(request: Request, pupil: str, access: Access = allow(RETENTION)) -> Response:  # noqa: ARG001 - allowed
    return _pupil_page(request, pupil)


def _pupil_page(request: Request, ref: str, status: int = 200, **errors: str) -> Response:
    """What may be done about one pupil. Whoever may do this may not read pupils, so nobody is named."""
    with request.app.state.database.read(Access.system()) as connection:
        row = connection.execute(select(t.pupils).where(t.pupils.c.ref == ref)).one_or_none()
        still_sent = row is not None and is_still_sent(connection, row.id)
    if row is None:
        raise Refusal(404, "not_found", "There is no such pupil.")
    return render(
        request, "retention/pupil.html", status,
        title="One pupil", back="/retention", ref=ref, still_sent=still_sent, errors=errors,
        reasons=tuple(REASONS.items()),
    )  # fmt: skip


@router.post("/retention/pupils/{pupil}/subject-access")
def tell_all(request: Request, pupil: str, access: Access = allow(RETENTION)) -> Response:
    """Everything that is stored about one pupil, as a file."""
    answer = Response(media_type="application/json")
    told = retention_routes.tell_all(request, answer, pupil, access)
    kept = {name: answer.headers[name] for name in ("cache-control", "content-disposition")}
    return Response(to_json(told, indent=2), media_type="application/json", headers=kept)


@router.get("/retention/pupils/{pupil}/erasure")
def ask_erasure(
    request: Request, pupil: str, reason: Text = "",
    access: Access = allow(RETENTION),  # noqa: ARG001 - allowed to see
) -> Response:  # fmt: skip
    """Whether it is really to be done."""
    if reason not in REASONS:
        return _pupil_page(request, pupil, 422, reason="Choose why the pupil is erased.")
    return _erasure_page(request, pupil, reason)


def _erasure_page(request: Request, ref: str, reason: str, status: int = 200, **errors: str) -> Response:
    return render(
        request, "retention/erasure.html", status,
        title="Erase this pupil", back=f"/retention/pupils/{ref}", ref=ref, reason=reason, words=REASONS[reason],
        errors=errors,
    )  # fmt: skip


@router.post("/retention/pupils/{pupil}/erasure")
def erase(request: Request, pupil: str, typed: Typed, access: Access = allow(RETENTION)) -> Response:
    """Erase everything that is stored about one pupil."""
    reason = typed.get("reason", "")
    if reason not in REASONS:
        return _pupil_page(request, pupil, 422, reason="Choose why the pupil is erased.")
    if not typed.get("sure"):
        return _erasure_page(request, pupil, reason, 422, sure="Tick the box to say that it may be erased for good.")
    asked = retention_schemas.EraseIn.model_validate({"reason": reason})
    done = retention_routes.erase_pupil(request, pupil, asked, access)
    said = {"rows": sum(done.counts.values()), "kept": not done.overwritten, "sent": done.still_sent}
    return RedirectResponse(
        f"/retention/erased?{urlencode({name: int(one) for name, one in said.items() if one})}", 303
    )


@router.get("/retention/erased")
def show_erased(
    request: Request, rows: Annotated[int, Query(ge=0, le=10**9)] = 0, kept: bool = False, sent: bool = False,
    access: Access = allow(RETENTION),  # noqa: ARG001 - allowed to see
) -> Response:  # fmt: skip
    return render(
        request, "retention/erased.html",
        title="The pupil is erased", back="/retention", rows=rows, kept=_not_yet(request) if kept else "",
        sent=STILL_SENT if sent else "",
    )  # fmt: skip
