"""Every route of the app in one list, however its routers are nested: what it takes, and who it says may call it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.types import ASGIApp, Receive, Scope, Send

from service.access import Permission, stated_permissions
from service.problems import API

TRACED = "fastapi.telemetry"  # in the scope where FastAPI tells OpenTelemetry which route it goes to


@dataclass(frozen=True, slots=True)
class StatedRoute:
    """A route; `permissions` are None where it states nothing, and () where anybody may call."""

    path: str
    methods: frozenset[str]
    permissions: tuple[Permission, ...] | None
    route: Any  # what FastAPI knows of it: its body, its dependant

    @property
    def is_page(self) -> bool:
        return not self.path.startswith(f"{API}/")


def routes_of(app: FastAPI) -> Iterator[StatedRoute]:
    """The routes with a handler of ours. An included router is not a route itself: its routes are."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            methods = frozenset(context.methods or ())
            yield StatedRoute(str(context.path), methods, stated_permissions(context.dependant), context)


def others_of(app: FastAPI) -> list[str]:
    """Paths that are served without a handler of ours: assets, the description of the API."""
    return [
        str(getattr(context.original_route, "path", context.path))
        for context in iter_route_contexts(app.routes)
        if not isinstance(context.original_route, APIRoute)
    ]


def templates_of(app: FastAPI) -> dict[Any, str]:
    """The path with its placeholders of every handler: what may stand in a log, where a path may not."""
    return {route.route.endpoint: route.path for route in routes_of(app)}


def page_paths(app: FastAPI) -> frozenset[str]:
    """The addresses of pages that a link may lead to: those without a placeholder."""
    return frozenset(
        route.path for route in routes_of(app) if "GET" in route.methods and route.is_page and "{" not in route.path
    )


class Direct:
    """Goes to the route of a request in one look; FastAPI tries the routes of all routers one after another, which cost
    more than all else of a small request.

    It is the route that FastAPI finds: the first whose path and method fit. Everything else (assets, a wrong method, an
    address that is none, and whatever stands under another path or is traced) is left to FastAPI.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[StatedRoute]) -> None:
        self.app = app
        self.routes: dict[str, list[Any]] = {}
        for route in routes:
            for method in route.methods:
                self.routes.setdefault(method, []).append(route.route)
        self.patterns = {method: _one_of(those) for method, those in self.routes.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on to its route."""
        plain = scope["type"] == "http" and not scope.get("root_path") and TRACED not in scope
        found = self.find(scope) if plain else None
        await (found or self.app)(scope, receive, send)

    def find(self, scope: Scope) -> ASGIApp | None:
        """The app of the route, which `scope` then says as FastAPI does; None where that is left to FastAPI."""
        pattern = self.patterns.get(scope["method"])
        fits = pattern.match(scope["path"]) if pattern is not None else None
        if fits is None or fits.lastindex is None:
            return None
        route = self.routes[scope["method"]][fits.lastindex - 1]
        _, said = route.matches(scope)
        scope.update(said, route=route.original_route)
        app: ASGIApp = route.app
        return app


def _one_of(routes: Iterable[Any]) -> re.Pattern[str]:
    """The paths of routes as one pattern: a group each, whose number says which. Placeholders are no groups."""
    return re.compile("|".join(f"({re.sub(r'[?]P<[^>]+>', '?:', route.path_regex.pattern)})" for route in routes))


def go_directly(app: FastAPI) -> None:
    """Put `Direct` in front of the app's own look for a route, inside of all that guards the app."""
    app.router.middleware_stack = Direct(app.router.middleware_stack, routes_of(app))
