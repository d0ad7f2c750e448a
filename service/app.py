"""`create_app(settings)`: the service, wired."""

from __future__ import annotations

import gc
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from roni import RoniError
from service import problems
from service.accounts.credentials import cookie_name
from service.assets import ADDRESS, StaticFiles
from service.database import Database
from service.guards import SameOrigin, secure
from service.measures import Measured, Measures
from service.registers.owed import catch_up
from service.routing import go_directly, routes_of, templates_of
from service.settings import Settings
from service.uploads import work

COLLECT_AFTER = 50_000  # objects: a school's roll is read into as many, and none of them is garbage yet

ROUTERS = (
    "service.accounts.routes",
    "service.accounts.pages",
    "service.checks.routes",
    "service.checks.pages",
    "service.uploads.routes",
    "service.uploads.pages",
    "service.supplements.routes",
    "service.supplements.pages",
    "service.registers.routes",
    "service.registers.pages",
    "service.caseload.routes",
    "service.caseload.pages",
    "service.models.routes",
    "service.models.pages",
    "service.reports.routes",
    "service.reports.pages",
    "service.reports.retention_routes",
    "service.reports.retention_pages",
    "service.health",
)


def create_app(settings: Settings | None = None, database: Database | None = None) -> FastAPI:
    """The service for one council. The database must be at the latest migration (`roni service upgrade`)."""
    settings = settings or Settings.read()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(work.start, app)
        before = gc.get_threshold()
        gc.set_threshold(COLLECT_AFTER)
        gc.freeze()  # what stands to the end is not searched for garbage: that was a third of what a long page cost
        yield
        gc.unfreeze()
        gc.set_threshold(*before)
        await run_in_threadpool(work.stop, app)
        app.state.database.dispose()

    app = FastAPI(
        title="Risk of NEET checks",
        summary="November and January checks: cohorts in, ranked and explained lists out.",
        version="1",
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.database = database or Database(settings.database_url)
    app.state.catch_up = catch_up  # before a route that reads lists, for whoever has a narrower view
    app.state.measures = Measures()
    problems.install(app)
    _guard(app, settings)
    app.mount(ADDRESS, StaticFiles(), name="static")
    for router in _routers():
        app.include_router(router)
    go_directly(app)
    app.state.templates = templates_of(app)
    _refuse_open_routes(app)
    _describe_refusals(app)
    return app


def _guard(app: FastAPI, settings: Settings) -> None:
    """What stands before every route: who may make a browser send us something, and what browsers may do with it."""
    app.add_middleware(SameOrigin, cookie=cookie_name(settings), problem=_other_origin, trusted=(settings.address,))
    app.add_middleware(Measured, measures=app.state.measures)  # outside the guard: its refusals are counted too
    secure(app, https=settings.secure)


def _other_origin(status: int, code: str, _title: str, detail: str, request: Request) -> Response:
    return problems.problem(request, status, code, detail)


def _routers() -> list[APIRouter]:
    """The routers of every resource: its API (`routes`) and its pages (`pages`)."""
    return [importlib.import_module(name).router for name in ROUTERS]


def _describe_refusals(app: FastAPI) -> None:
    """OpenAPI tells of refusals as they are answered."""
    described = app.openapi
    app.openapi = cache(lambda: problems.describe(described()))  # type: ignore[method-assign]


def _refuse_open_routes(app: FastAPI) -> None:
    """Default deny: a route that does not state who may call it is a mistake of ours, found before anybody calls."""
    silent = [route.path for route in routes_of(app) if route.permissions is None]
    if silent:
        raise RoniError(f"These routes do not say who may call them: {', '.join(sorted(silent))}.")
