"""/v1/models, /v1/scorecards, and what analysts try and take of a check."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Path, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse

from service.access import Access, Permission, allow
from service.idempotency import IdempotentRoute
from service.models import beside, comparisons, extracts, promotions, queries, scorecards, shelf
from service.models import schemas as s
from service.problems import Refusal, problem_responses

router = APIRouter(prefix="/v1", tags=["models"], route_class=IdempotentRoute)

ModelName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
# A report is opened where no page of ours runs: downloaded, or, where a browser shows it all the same, boxed in.
REPORT_HEADERS = {"content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'"}


@router.get("/models", responses=problem_responses())
def list_models(request: Request, access: Access = allow(Permission.MODELS_READ)) -> s.Models:
    """The shelf: the council's models and those that come with the service, promoted or not, refused ones too."""
    state = request.app.state
    with state.database.read(access) as connection:
        return s.Models.model_validate({"items": queries.list_shelf(connection, state.settings)})


@router.get("/models/{model}", responses=problem_responses(404, 422))
def show_model(request: Request, model: ModelName, access: Access = allow(Permission.MODELS_READ)) -> s.ModelShape:
    """One model: its card, what was measured, what each field adds, who promoted it."""
    state = request.app.state
    item = shelf.require_shelved(state.settings, model)
    with state.database.read(access) as connection:
        return s.ModelShape.model_validate(queries.show_model(connection, item))


@router.get(
    "/models/{model}/evaluation",
    dependencies=[allow(Permission.MODELS_READ)],
    response_class=Response,
    responses={**problem_responses(404, 422), 200: {"description": "The report.", "content": {"text/html": {}}}},
)
def get_evaluation(request: Request, model: ModelName) -> Response:
    """The report of the model's evaluation, a page in one file, to download."""
    path = shelf.require_shelved(request.app.state.settings, model).file(shelf.REPORT)
    if path is None:
        raise Refusal(404, "no_report", "There is no report of an evaluation beside this model.")
    headers = {**REPORT_HEADERS, "content-disposition": f'attachment; filename="{model}-evaluation.html"'}
    return Response(path.read_bytes(), media_type="text/html; charset=utf-8", headers=headers)


@router.post("/models/{model}/promotion", status_code=201, responses=problem_responses(404, 409, 412, 422))
def promote(
    request: Request, model: ModelName, asked: s.NewPromotion, access: Access = allow(Permission.MODELS_PROMOTE)
) -> s.Promoted:
    """Put a model to use from a check on; its register, and those of later open checks, are worked out again."""
    state = request.app.state
    found = shelf.require_model(state.settings, model)
    promotions.require_seen(found, asked.digest)
    with state.database.write(access) as connection:
        checks = promotions.promote(connection, access, state.settings, found, asked.note.strip(), asked.check)
    return s.Promoted(model=model, digest=asked.digest, checks=checks)


@router.post("/models/{model}/rollback", responses=problem_responses(404, 409, 422))
def take_back(
    request: Request, model: ModelName, asked: s.TakenBack, access: Access = allow(Permission.MODELS_PROMOTE)
) -> s.Promoted:
    """Take a model back: open checks that use it go back to the one before it, or to none."""
    state = request.app.state
    with state.database.write(access) as connection:
        checks = promotions.take_back(connection, access, state.settings, model, asked.digest, asked.note.strip())
    return s.Promoted(model=model, digest=asked.digest, checks=checks)


@router.get("/models/{model}/comparison/{other}", responses=problem_responses(404, 422))
def compare_models(
    request: Request,
    model: ModelName,
    other: ModelName,
    check: Annotated[str, Query(max_length=64, description="Reference of the check whose pupils are scored.")],
    access: Access = allow(Permission.MODELS_READ),
) -> s.Comparison:
    """Two models on a check's pupils: who changes band, how like the orders are, by school. Nothing is stored."""
    state = request.app.state
    with state.database.read(access) as connection:
        found = comparisons.compare_models(connection, access, state.settings, model, other, check)
    with state.database.write(access) as connection:
        comparisons.note_comparison(connection, access, check, found["models"])
    return s.Comparison.model_validate(found)


@router.post("/scorecards", status_code=201, tags=["scorecards"], responses=problem_responses(409, 413, 422))
def add_scorecard(
    request: Request,
    response: Response,
    file: Annotated[UploadFile, File(description="The TOML file of a scorecard.")],
    access: Access = allow(Permission.SCORECARDS_WRITE),
) -> s.ScorecardShape:
    """Keep a scorecard of the council's own; the answer to a wrong one names each indicator and what is allowed."""
    content = file.file.read(scorecards.MOST_BYTES + 1)
    with request.app.state.database.write(access) as connection:
        ref, new = scorecards.add_scorecard(connection, access, content, "The scorecard")
        shown = scorecards.show_scorecard(connection, ref)
    response.status_code = 201 if new else 200
    response.headers["location"] = f"/v1/scorecards/{ref}"
    return s.ScorecardShape.model_validate(shown)


@router.get("/scorecards", tags=["scorecards"], responses=problem_responses())
def list_scorecards(request: Request, access: Access = allow(Permission.CHECKS_READ)) -> s.Scorecards:
    """Every version of every scorecard: those that come with the service, and the council's own."""
    with request.app.state.database.read(access) as connection:
        return s.Scorecards.model_validate({"items": scorecards.list_scorecards(connection)})


@router.get("/scorecards/{scorecard}", tags=["scorecards"], responses=problem_responses(404))
def show_scorecard(
    request: Request, scorecard: str, access: Access = allow(Permission.CHECKS_READ)
) -> s.ScorecardShape:
    """One version of a scorecard: its text, and the same in words."""
    with request.app.state.database.read(access) as connection:
        return s.ScorecardShape.model_validate(scorecards.show_scorecard(connection, scorecard))


@router.post("/checks/{check}/registers", status_code=201, responses=problem_responses(404, 409, 422))
def try_beside(
    request: Request,
    response: Response,
    check: str,
    asked: s.NewTrial,
    access: Access = allow(Permission.CHECKS_MANAGE),
) -> s.Trial:
    """Score a check's pupils under another card or model, beside the live register, and compare the two."""
    state = request.app.state
    with state.database.write(access) as connection:
        given = asked.model_dump(exclude_unset=True)
        ref = beside.try_beside(connection, access, state.settings, check, given)
        found = beside.compare_beside(connection, access, check, ref, state.settings.page_size)
    response.headers["location"] = f"/v1/checks/{check}/registers/{ref}"
    return s.Trial.model_validate(found)


@router.get("/checks/{check}/registers", responses=problem_responses(404))
def list_trials(request: Request, check: str, access: Access = allow(Permission.CHECKS_MANAGE)) -> s.Trials:
    """What was tried beside a check's live register."""
    with request.app.state.database.read(access) as connection:
        return s.Trials.model_validate({"items": beside.list_beside(connection, check)})


@router.get("/checks/{check}/registers/{register}", responses=problem_responses(404, 409, 422))
def show_trial(
    request: Request,
    check: str,
    register: str,
    limit: Annotated[int | None, Query(ge=1)] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    access: Access = allow(Permission.CHECKS_MANAGE),
) -> s.Trial:
    """What was tried against the live register as it is now: who moves, who is in or out of capacity."""
    state = request.app.state
    most = min(limit or state.settings.page_size, state.settings.page_most)
    with state.database.write(access) as connection:
        return s.Trial.model_validate(beside.compare_beside(connection, access, check, register, most, cursor))


@router.delete("/checks/{check}/registers/{register}", status_code=204, responses=problem_responses(404))
def remove_trial(request: Request, check: str, register: str, access: Access = allow(Permission.CHECKS_MANAGE)) -> None:
    """Take away what was tried."""
    with request.app.state.database.write(access) as connection:
        beside.remove(connection, access, check, register)


@router.post(
    "/checks/{check}/extracts",
    response_class=StreamingResponse,
    responses={**problem_responses(404, 409, 422), **s.FILE_ANSWER},
)
def make_extract(
    request: Request, check: str, asked: s.NewExtract, access: Access = allow(Permission.EXTRACTS)
) -> StreamingResponse:
    """A pseudonymised extract for notebooks, as Parquet or CSV. It is logged, and not kept."""
    with request.app.state.database.write(access) as connection:
        made = extracts.make_extract(connection, access, check, asked.fields, asked.format)
    return file_answer(made)


def file_answer(made: extracts.Extract) -> StreamingResponse:
    """An extract as a download; streamed, so that no answer is kept."""
    headers = {
        "content-disposition": f'attachment; filename="{made.name}"',
        "content-length": str(len(made.content)),
        "x-extract": made.ref,
        "x-sha256": made.digest,
    }
    return StreamingResponse(iter([made.content]), media_type=made.media, headers=headers)


@router.get("/checks/{check}/extracts", responses=problem_responses(404))
def list_extracts(request: Request, check: str, access: Access = allow(Permission.EXTRACTS)) -> s.Extracts:
    """Which extracts of a check were taken, by whom, with which fields."""
    with request.app.state.database.read(access) as connection:
        found: list[dict[str, Any]] = extracts.list_extracts(connection, check)
    return s.Extracts.model_validate({"items": found})
