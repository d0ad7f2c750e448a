"""/v1/checks/{check}/reports: counts for analysts. Small counts are shown: apply your own rules before publishing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from service.access import Access, Permission, allow
from service.problems import problem_responses
from service.reports import queries
from service.reports import schemas as s
from service.reports.completeness import completeness

router = APIRouter(prefix="/v1/checks/{check}/reports", tags=["reports"])


def read(request: Request, access: Access, check: str, name: str, of: queries.Report) -> dict[str, Any]:
    """A report in a transaction of its own."""
    with request.app.state.database.write(access) as connection:
        return queries.report_of(connection, access, check, name, of)


@router.get("/bands", responses=problem_responses(404))
def get_bands(request: Request, check: str, access: Access = allow(Permission.REPORTS)) -> s.Bands:
    """How many pupils stand in each band, by school and by district."""
    return s.Bands.model_validate(read(request, access, check, "bands", queries.bands))


@router.get("/movement", responses=problem_responses(404))
def get_movement(request: Request, check: str, access: Access = allow(Permission.REPORTS)) -> s.Movement:
    """What changed since the earlier check, by school, and from which band to which."""
    return s.Movement.model_validate(read(request, access, check, "movement", queries.movement))


@router.get("/completeness", responses=problem_responses(404))
def get_completeness(request: Request, check: str, access: Access = allow(Permission.REPORTS)) -> s.Completeness:
    """How much is known of each field that the scorecard reads, by school."""
    return s.Completeness.model_validate(read(request, access, check, "completeness", completeness))


@router.get("/overrides", responses=problem_responses(404))
def get_overrides(request: Request, check: str, access: Access = allow(Permission.REPORTS)) -> s.Overrides:
    """How often people saw a pupil otherwise than the card and the model, by school and reason."""
    return s.Overrides.model_validate(read(request, access, check, "overrides", queries.overrides))


@router.get("/returns", responses=problem_responses(404))
def get_returns(request: Request, check: str, access: Access = allow(Permission.REPORTS)) -> s.Returns:
    """Which schools have returned, are in progress, have signed off or are overdue."""
    return s.Returns.model_validate(read(request, access, check, "returns", queries.returns))
