"""Every route of the app in one list, however its routers are nested: what it takes, and who it says may call it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from service.access import Permission, stated_permissions
from service.problems import API


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
