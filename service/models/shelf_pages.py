"""Pages of the model shelf: each model's card and figures, two compared, one put to use or taken back."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from roni import one_in
from service.access import Access, Permission, allow
from service.checks.queries import list_checks
from service.models import comparisons, promotions, queries, shelf
from service.models.band_pairs import band_pairs
from service.models.evaluations import NONE, UNREADABLE, found_of
from service.models.routes import ModelName
from service.phrases import day
from service.problems import Refusal
from service.web import Notice, render

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=4000)]
MOST_NOTE = 2000
DONE = {
    "promoted": "The model is promoted. Registers that it scores have been worked out again.",
    "back": "The model is taken back. Registers that it scored have been worked out again.",
}
NO_NOTE = "Say why, for those who ask later."
LONG_NOTE = f"Say it in at most {MOST_NOTE} characters."


@router.get("/models")
def list_models(request: Request, access: Access = allow(Permission.MODELS_READ)) -> Response:
    state = request.app.state
    with state.database.read(access) as connection:
        items = queries.list_shelf(connection, state.settings)
    trained = {item["name"]: _day(item["trained_at"]) for item in items}
    return render(request, "models/list.html", title="Models", models=items, trained=trained)


def _day(iso: str | None) -> str:
    """A card's date as people read it; a card may say it otherwise."""
    try:
        return day(date.fromisoformat(iso)) if iso else day(None)
    except ValueError:
        return str(iso)


@router.get("/models/{model}")
def show_model(
    request: Request, model: ModelName, done: str = "", access: Access = allow(Permission.MODELS_READ)
) -> Response:
    state = request.app.state
    item = shelf.require_shelved(state.settings, model)
    with state.database.read(access) as connection:
        shown = queries.show_model(connection, item)
    figures = item.file(shelf.FIGURES) is not None
    return render(
        request, "models/model.html", title=f"Model {model}", back="/models", model=shown,
        found=found_of(item), lacking=UNREADABLE if figures else NONE, starts_from=one_in(shown["starts_from"] or 0),
        trained=_day(shown["trained_at"]), measured=_main_figures(shown),
        notice=Notice(DONE[done]) if done in DONE else None, wide=True,
    )  # fmt: skip


def _main_figures(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """What was measured of all pupils; the groups' figures are in the report and on the card."""
    measured = shown["card"]["measured"] if shown["card"] else []
    whole = ("recall of a list", "precision of a list", "area under", "average precision", "expected calibration")
    return [
        item
        for item in measured
        if item["name"].startswith(whole) and not item["name"].endswith(("difference", "added by"))
    ]


@router.get("/models/{model}/promotion")
def ask_promotion(request: Request, model: ModelName, access: Access = allow(Permission.MODELS_PROMOTE)) -> Response:
    return _promotion_page(request, access, model)


def _promotion_page(request: Request, access: Access, name: str, status: int = 200, **context: Any) -> Response:
    state = request.app.state
    found = shelf.require_model(state.settings, name)
    with state.database.read(access) as connection:
        shown = queries.show_model(connection, shelf.require_shelved(state.settings, name))
        checks = [(item["ref"], item["label"]) for item in list_checks(connection, access) if not item["closed"]]
    base: dict[str, Any] = {"note": "", "check": "", "errors": {}, "digest": found.digest}
    return render(
        request, "models/promotion.html", status, title=f"Put {name} to use", back=f"/models/{name}",
        model=shown, checks=checks, most=MOST_NOTE, **(base | context),
    )  # fmt: skip


@router.post("/models/{model}/promotion")
def promote(
    request: Request,
    model: ModelName,
    note: Text = "",
    check: Text = "",
    digest: Text = "",
    access: Access = allow(Permission.MODELS_PROMOTE),
) -> Response:
    typed = {"note": note, "check": check}
    if wrong := _note_fault(note):
        return _promotion_page(request, access, model, 422, errors={"note": wrong}, **typed)
    state = request.app.state
    found = shelf.require_model(state.settings, model)
    promotions.require_seen(found, digest)
    try:
        with state.database.write(access) as connection:
            promotions.promote(connection, access, state.settings, found, note.strip(), check or None)
    except Refusal as refusal:
        return _promotion_page(request, access, model, refusal.status, errors={"check": refusal.detail}, **typed)
    return RedirectResponse(f"/models/{model}?done=promoted", 303)


def _note_fault(note: str) -> str:
    return NO_NOTE if not note.strip() else LONG_NOTE if len(note.strip()) > MOST_NOTE else ""


@router.get("/models/{model}/rollback")
def ask_back(request: Request, model: ModelName, access: Access = allow(Permission.MODELS_PROMOTE)) -> Response:
    return _back_page(request, access, model)


def _back_page(request: Request, access: Access, name: str, status: int = 200, **context: Any) -> Response:
    state = request.app.state
    with state.database.read(access) as connection:
        shown = queries.show_model(connection, shelf.require_shelved(state.settings, name))
    if not shown["promoted"]:
        raise Refusal(409, "model_not_promoted", "This model is not promoted, so there is nothing to take back.")
    base: dict[str, Any] = {"note": "", "errors": {}}
    return render(
        request, "models/rollback.html", status,
        title=f"Take {name} back", back=f"/models/{name}", model=shown, most=MOST_NOTE, **(base | context),
    )  # fmt: skip


@router.post("/models/{model}/rollback")
def take_back(
    request: Request,
    model: ModelName,
    note: Text = "",
    digest: Text = "",
    access: Access = allow(Permission.MODELS_PROMOTE),
) -> Response:
    if wrong := _note_fault(note):
        return _back_page(request, access, model, 422, errors={"note": wrong}, note=note)
    state = request.app.state
    with state.database.write(access) as connection:
        promotions.take_back(connection, access, state.settings, model, digest, note.strip())
    return RedirectResponse(f"/models/{model}?done=back", 303)


@router.get("/model-comparison")
def compare(
    request: Request,
    first: Annotated[str, Query(max_length=64)] = "",
    second: Annotated[str, Query(max_length=64)] = "",
    check: Annotated[str, Query(max_length=64)] = "",
    access: Access = allow(Permission.MODELS_READ),
) -> Response:
    """Two models on a check's pupils; what is chosen stands in the address, and nothing is stored."""
    state = request.app.state
    chosen = {"first": first, "second": second, "check": check}
    errors = _choices_wanted(chosen)
    found = _compared(request, access, chosen) if all(chosen.values()) and not errors else None
    with state.database.read(access) as connection:
        checks = [(item["ref"], item["label"]) for item in list_checks(connection, access)]
    names = [(item.name, item.name) for item in shelf.shelf(state.settings) if item.model is not None]
    return render(
        request, "models/comparison.html", 422 if errors else 200, title="Compare two models", back="/models",
        names=names, checks=checks, chosen=chosen, errors=errors, found=found, part="/models",
        pairs=found and band_pairs(found["bands"], found["band_names"], f"By {first}", f"By {second}"),
    )  # fmt: skip


def _choices_wanted(chosen: dict[str, str]) -> dict[str, str]:
    """What is still to be chosen, once something is."""
    if not any(chosen.values()):
        return {}
    wanted = {"first": "Choose the first model.", "second": "Choose the second model.", "check": "Choose a check."}
    errors = {name: sentence for name, sentence in wanted.items() if not chosen[name]}
    if chosen["first"] and chosen["first"] == chosen["second"]:
        errors["second"] = "Choose another model than the first."
    return errors


def _compared(request: Request, access: Access, chosen: dict[str, str]) -> dict[str, Any]:
    state = request.app.state
    with state.database.read(access) as connection:
        found = comparisons.compare_models(connection, access, state.settings, *chosen.values())
    with state.database.write(access) as connection:
        comparisons.note_comparison(connection, access, chosen["check"], found["models"])
    return found
