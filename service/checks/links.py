"""Whether a page is there (yet, or in this installation), so that no link is dead."""

from __future__ import annotations

from fastapi import Request

from service.routing import routes_of


def has_page(request: Request, path: str) -> bool:
    """Whether the app has a page at an address, placeholders as in the route: "/checks/{check}/register"."""
    state = request.app.state
    if not hasattr(state, "all_pages"):
        found = (route for route in routes_of(request.app) if route.is_page and "GET" in route.methods)
        state.all_pages = frozenset(route.path for route in found)
    return path in state.all_pages
