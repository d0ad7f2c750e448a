"""Pages of scorecards, and of a check tried under another card or model beside its live register."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from service.access import Access, Permission, allow
from service.checks.cards import promoted_digests
from service.checks.queries import require_check
from service.clock import today
from service.models import beside, scorecards, shelf
from service.models.band_pairs import band_pairs
from service.phrases import day
from service.problems import Refusal
from service.settings import Settings
from service.web import Notice, render

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=200)]
NO_FILE = "Choose the TOML file of a scorecard."
MODELS, REPORTS = "/models", "/reports"  # parts of the service
WITHOUT_REASONS = "Reasons are left out of this paper."
KEEP, NONE = "as it is", "none"  # of the model to try


@router.get("/scorecards")
def list_scorecards(request: Request, access: Access = allow(Permission.SCORECARDS_WRITE)) -> Response:
    return _cards_page(request, access)


def _cards_page(request: Request, access: Access, status: int = 200, **context: Any) -> Response:
    with request.app.state.database.read(access) as connection:
        cards = scorecards.list_scorecards(connection)
    base: dict[str, Any] = {"errors": {}, "faults": []}
    return render(
        request,
        "models/scorecards.html",
        status,
        title="Scorecards",
        back="/models",
        part=MODELS,
        cards=cards,
        **(base | context),
    )


@router.post("/scorecards")
def add_scorecard(
    request: Request,
    file: Annotated[UploadFile | None, File()] = None,
    access: Access = allow(Permission.SCORECARDS_WRITE),
) -> Response:
    content = file.file.read(scorecards.MOST_BYTES + 1) if file is not None else b""
    if not content:
        return _cards_page(request, access, 422, errors={"file": NO_FILE})
    try:
        with request.app.state.database.write(access) as connection:
            ref, new = scorecards.add_scorecard(connection, access, content, "The scorecard")
    except Refusal as refusal:
        faults = [fault["message"].removeprefix("The scorecard: ") for fault in refusal.more.get("errors", ())]
        return _cards_page(request, access, refusal.status, errors={"file": refusal.detail}, faults=faults)
    return RedirectResponse(f"/scorecards/{ref}?done={'added' if new else 'known'}", 303)


DONE = {
    "added": "The scorecard is kept. Try it beside a check before you use it.",
    "known": "This scorecard is here already, exactly as you sent it. Nothing changed.",
    "removed": "What was tried is taken away. The live register is as it was.",
}


@router.get("/scorecards/{scorecard}")
def show_scorecard(
    request: Request, scorecard: str, done: str = "", access: Access = allow(Permission.SCORECARDS_WRITE)
) -> Response:
    with request.app.state.database.read(access) as connection:
        card = scorecards.show_scorecard(connection, scorecard)
    notice = Notice(DONE[done]) if done in DONE else None
    return render(
        request, "models/scorecard.html", title=card["title"], back="/scorecards", part=MODELS, card=card, notice=notice
    )


@router.get("/scorecards/{scorecard}/file")
def get_file(request: Request, scorecard: str, access: Access = allow(Permission.SCORECARDS_WRITE)) -> Response:
    """The TOML file as it was sent."""
    with request.app.state.database.read(access) as connection:
        card = scorecards.show_scorecard(connection, scorecard)
    if card["content"] is None:
        raise Refusal(404, "not_found", "This scorecard comes with the service, and has no file here.")
    headers = {"content-disposition": f'attachment; filename="{card["name"]}.toml"'}
    return Response(card["content"], media_type="application/toml; charset=utf-8", headers=headers)


@router.get("/checks/{check}/trials")
def list_trials(
    request: Request, check: str, done: str = "", access: Access = allow(Permission.CHECKS_MANAGE)
) -> Response:
    return _trials_page(request, access, check, notice=Notice(DONE[done]) if done in DONE else None)


def _trials_page(request: Request, access: Access, ref: str, status: int = 200, **context: Any) -> Response:
    state = request.app.state
    with state.database.read(access) as connection:
        check = require_check(connection, ref)
        tried = beside.list_beside(connection, ref)
        cards = [
            (item["ref"], f"{item['title']}, version {item['version']}")
            for item in scorecards.list_scorecards(connection)
            if item["digest"] != check.scorecard_digest
        ]
        models = _models(connection, state.settings, check)
    base: dict[str, Any] = {"scorecard": "", "model": KEEP, "errors": {}, "notice": None}
    return render(
        request, "models/trials.html", status, title=f"Try another scorecard or model: {check.label}",
        back="/reports", part=REPORTS, check=check, tried=tried, cards=cards, models=models, **(base | context),
    )  # fmt: skip


def _models(connection: Connection, settings: Settings, check: Any) -> list[tuple[str, str]]:
    """What may be tried: the check's own way, no model, a promoted one."""
    promoted = promoted_digests(connection)
    now = f"As it is now ({check.model or 'no model'})"
    none = [(NONE, "No model")] if check.model else []
    others = [
        (item.model.digest, item.name)
        for item in shelf.shelf(settings)
        if item.model is not None and item.model.digest in promoted and item.model.digest != check.model_digest
    ]
    return [(KEEP, now), *none, *others]


@router.post("/checks/{check}/trials")
def try_beside(
    request: Request,
    check: str,
    scorecard: Text = "",
    model: Text = KEEP,
    access: Access = allow(Permission.CHECKS_MANAGE),
) -> Response:
    state = request.app.state
    asked: dict[str, str | None] = {"scorecard": scorecard} if scorecard else {}
    if model != KEEP:
        asked["model"] = None if model == NONE else model
    try:
        with state.database.write(access) as connection:
            ref = beside.try_beside(connection, access, state.settings, check, asked)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        errors = {"scorecard": refusal.detail}
        return _trials_page(request, access, check, refusal.status, errors=errors, scorecard=scorecard, model=model)
    return RedirectResponse(f"/checks/{check}/trials/{ref}", 303)


@router.get("/checks/{check}/trials/{register}")
def show_trial(
    request: Request,
    check: str,
    register: str,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    access: Access = allow(Permission.CHECKS_MANAGE),
) -> Response:
    state = request.app.state
    with state.database.write(access) as connection:
        found = beside.compare_beside(connection, access, check, register, state.settings.page_size, cursor)
    label = found["check"]["label"]
    return render(
        request, "models/trial.html", title=f"Tried beside {label}", back=f"/checks/{check}/trials", part=REPORTS,
        found=found, pairs=band_pairs(found["bands"], found["band_names"], "Live", "Tried"), wide=True,
        paper=f"{state.settings.council}. {label}. Printed {day(today())} for {access.name}. {WITHOUT_REASONS}",
    )  # fmt: skip


@router.post("/checks/{check}/trials/{register}/removal")
def remove_trial(
    request: Request, check: str, register: str, access: Access = allow(Permission.CHECKS_MANAGE)
) -> Response:
    with request.app.state.database.write(access) as connection:
        beside.remove(connection, access, check, register)
    return RedirectResponse(f"/checks/{check}/trials?done=removed", 303)
