"""What stands at the top of every page: who is signed in and as what, and the links of their role.

The one list of links. A link whose page is not there (yet, or in this installation) is left out, so none is dead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import Request
from sqlalchemy import func, or_, select

from service import tables as t
from service.clock import today
from service.problems import wants_page
from service.routing import page_paths
from service.web import NavigationItem, Shell

if TYPE_CHECKING:
    from service.access import Access
    from service.settings import Settings

CHECKS = ("Checks", "/checks")
PUPILS = ("Find a pupil", "/pupils")
ACCOUNT = ("My account", "/account")
RESOLVE = ("To resolve", "/resolutions")
LINKS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "returns": (CHECKS, RESOLVE, PUPILS, ACCOUNT),
    "careers": (CHECKS, RESOLVE, PUPILS, ACCOUNT),
    "coach": (("My list", "/my-list"), PUPILS, CHECKS, ACCOUNT),
    "team": (("Lists", "/supplements"), RESOLVE, PUPILS, CHECKS, ACCOUNT),
    "panel": (CHECKS, PUPILS, ACCOUNT),
    "analyst": (
        CHECKS, ("Lists", "/supplements"), RESOLVE, PUPILS, ("Models", "/models"),
        ("Reports", "/reports"), ACCOUNT,
    ),
    "administrator": (
        ("People", "/people"), ("Schools", "/schools"), CHECKS, ("Audit", "/audit"), ("Retention", "/retention"),
        ACCOUNT,
    ),
}  # fmt: skip


def navigation(access: Access, pages: frozenset[str]) -> tuple[NavigationItem, ...]:
    """The links of a role among the pages that there are."""
    return tuple(NavigationItem(text, href) for text, href in LINKS.get(access.role, ()) if href in pages)


def pages_of(request: Request) -> frozenset[str]:
    """The addresses of the app's pages, found once."""
    state = request.app.state
    if not hasattr(state, "pages"):
        state.pages = page_paths(request.app)
    pages: frozenset[str] = state.pages
    return pages


def surround(request: Request, access: Access | None) -> None:
    """Put what stands around a page into `request.state.shell`, where `web.render` finds it."""
    if wants_page(request):
        request.state.shell = _stranger(request.app.state.settings) if access is None else _shell(request, access)


def surround_person(request: Request, name: str) -> None:
    """The same for somebody who has signed in and has no role yet: they may only go on, or sign out."""
    settings: Settings = request.app.state.settings
    request.state.shell = Shell(council=settings.council, person=name, demo=settings.demo)


def _stranger(settings: Settings) -> Shell:
    return Shell(council=settings.council, demo=settings.demo)


def _shell(request: Request, access: Access) -> Shell:
    from service.access import ROLE_LABELS

    settings: Settings = request.app.state.settings
    links = navigation(access, pages_of(request))
    return Shell(
        council=settings.council,
        person=access.name,
        role=ROLE_LABELS[access.role],
        navigation=links,
        home="/" if "/" in pages_of(request) or not links else links[0].href,
        switch="/role" if _grants(request, access) > 1 else "",
        demo=settings.demo,
    )


def _grants(request: Request, access: Access) -> int:
    """How many roles somebody may choose between."""
    grants = t.grants.c
    in_force = or_(grants.ends_on.is_(None), grants.ends_on >= today())
    with request.app.state.database.read(access) as connection:
        count: int = connection.execute(
            select(func.count()).where(grants.person_id == access.person_id, grants.ended_at.is_(None), in_force)
        ).scalar_one()
    return count
