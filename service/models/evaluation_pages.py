"""Pages of a model's evaluation: what was measured, in pictures, tables and plain English; and the report as a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from service.access import Permission, allow
from service.models import shelf
from service.models.evaluations import NONE, UNREADABLE, found_of
from service.models.routes import ModelName, get_evaluation
from service.problems import Refusal
from service.web import render

router = APIRouter(include_in_schema=False)


@router.get("/models/{model}/evaluation", dependencies=[allow(Permission.MODELS_READ)])
def show_evaluation(request: Request, model: ModelName, by: Annotated[str, Query(max_length=200)] = "") -> Response:
    """What the evaluation beside a model found; `by` is the list of which groups are shown."""
    item = shelf.require_shelved(request.app.state.settings, model)
    if item.file(shelf.FIGURES) is None:
        raise Refusal(404, "no_report", NONE)
    return render(
        request, "models/evaluation.html", title=f"How well {model} was measured", back=f"/models/{model}", wide=True,
        model=model, found=found_of(item, by), unreadable=UNREADABLE, report=item.file(shelf.REPORT) is not None,
    )  # fmt: skip


router.add_api_route(
    "/models/{model}/evaluation/file",
    get_evaluation,
    response_class=Response,
    dependencies=[allow(Permission.MODELS_READ)],
)
