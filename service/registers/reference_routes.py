"""Scores of rows that are sent, and the data dictionary."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from service.access import Permission, allow
from service.problems import problem_responses
from service.registers.schemas import Fields
from service.registers.scores import RowsToScore, Scores, fields, scores

router = APIRouter(tags=["reference"])

MOST_BYTES = 16 * 1024 * 1024  # of rows in one call: far more than the most rows need


@router.post(
    "/scores",
    dependencies=[allow(Permission.SCORES)],
    responses={200: {"model": Scores}, **problem_responses(413, 422)},
    max_body_size=MOST_BYTES,
)
def score_rows(request: Request, asked: RowsToScore) -> Response:
    """Rows in, scores and reasons out, nothing stored. The model only adds: no band is lower for it."""
    state = request.app.state
    with state.database.read() as connection:
        body = scores(connection, state.settings, asked)
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


@router.get("/fields", dependencies=[allow(Permission.CHECKS_READ)], responses=problem_responses())
def list_fields() -> Fields:
    """Every field that a file may have: what it means, how it reads, who supplies it and who may see it."""
    return Fields.model_validate({"items": list(fields())})
