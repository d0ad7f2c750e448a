"""Nobody gets what no grant gives them: every route of the app, whoever calls, and whosever things are asked for.

The routes are those of the running app, so that a new one is walked without being named here (see walking.py).
"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from service import tables as t
from service.access import ROLES, Permission
from service.accounts.credentials import create_token
from service.routing import StatedRoute, others_of
from tests.service.walking import OWNERS, SENTINELS, Walk, things

# Why anybody may call these, without signing in.
OPEN_ROUTES = {
    "/livez": "tells a supervisor that the process runs",
    "/readyz": "tells a load balancer that the database answers",
    "/metrics": "checks its caller itself: this machine, a token of its own, or an administrator",
    "/sign-in": "is where one signs in",
    "/sign-in/council": "leads to the sign-in of a council or school",
    "/sign-in/council/answer": "is where that sign-in comes back to",
    "/sign-in/held": "checks the session itself: a form that was not sent",
    "/sign-out": "ends the session that it is sent, if any",
    "/role": "checks the session itself: it has no role yet",
    "/account/password": "checks the session itself: it may have to change the password first",
}
OPEN_OTHERS = {"/static", "/v1/openapi.json"}  # files of the front end; the description of the API

OUTSIDERS = ("returns", "returns2", "careers", "coach", "coach_own", "virtual_school", "youth_justice", "panel")
INSIDERS = ("returns3", "careers3", "coach_south", "panel_south", "send", "analyst", "administrator")
KNOW_SCHOOLS = {"coach_own", "virtual_school", "youth_justice"}  # which schools there are, but nothing of their pupils
WRONG = "x-not-there"
# Routes that have nothing to show even to those whose things these are.
NOT_IN_EXAMPLE = {"/checks/{check}/schools/{urn}/reconfirmation": "there is no earlier check to confirm again from"}


@pytest.fixture
def walk(sqlite_service: Any) -> Walk:
    return Walk(sqlite_service)


@pytest.fixture(scope="module")
def refused_walk(module_service: Any) -> Walk:
    """One for every test whose calls are all refused, and so change nothing."""
    return Walk(module_service)


def test_what_anybody_may_call_is_named_with_its_reason(refused_walk: Walk) -> None:
    found = {route.path for route in refused_walk.routes if route.permissions == ()}
    assert found <= set(OPEN_ROUTES), "say in OPEN_ROUTES why anybody may call these"
    assert set(others_of(refused_walk.service.app)) <= OPEN_OTHERS


def test_what_stands_in_every_path_is_known(refused_walk: Walk) -> None:
    for route, _ in refused_walk.calls():
        refused_walk.address(route)
    assert refused_walk.unknown == set(), "say in IN_PATHS or VALUES of walking.py what these are"


def test_nobody_gets_anything_without_signing_in(refused_walk: Walk) -> None:
    wrong = []
    for route, method in refused_walk.calls():
        if route.permissions == ():
            continue
        answer = refused_walk.send("nobody", route, method)
        if route.is_page:
            refused = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        else:
            refused = answer.status_code == 401 and answer.json()["code"] == "not_signed_in"
        if not refused:
            wrong.append(f"{method} {route.path}: {answer.status_code}")
    assert wrong == [], "\n".join(wrong)


ONE_OF_EACH = {
    "returns": "returns", "careers": "careers", "coach": "coach", "team": "virtual_school", "panel": "panel",
    "analyst": "analyst", "administrator": "administrator",
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_nothing_that_it_does_not_include(refused_walk: Walk, role: str) -> None:
    wrong = []
    for route, method in refused_walk.calls():
        if set(route.permissions or ()) <= ROLES[role]:
            continue
        status = refused_walk.send(ONE_OF_EACH[role], route, method).status_code
        if status != 403:
            wrong.append(f"{method} {route.path}: {status}")
    assert wrong == [], "\n".join(wrong)


def test_a_token_gets_nothing_beyond_its_scopes(refused_walk: Walk) -> None:
    service = refused_walk.service
    with service.database.write() as connection:
        granted = connection.execute(
            select(t.grants.c.id).where(t.grants.c.person_id == service.people["analyst"])
        ).scalar_one()
        service.tokens["narrow"], _ = create_token(
            connection, service.settings, service.people["analyst"], granted, "narrow", [Permission.ME]
        )
    wrong = []
    for route, method in refused_walk.calls():
        if set(route.permissions or ()) <= {Permission.ME}:
            continue
        status = refused_walk.send("narrow", route, method).status_code
        if status != 403:
            wrong.append(f"{method} {route.path}: {status}")
    assert wrong == [], "\n".join(wrong)


def _allowed(who: str, route: StatedRoute) -> bool:
    return set(route.permissions or ()) <= ROLES[_role(who)]


def _role(who: str) -> str:
    plain = who.rstrip("23").removesuffix("_own").removesuffix("_south")
    return plain if plain in ROLES else "team"


def test_what_belongs_to_others_is_not_there(refused_walk: Walk) -> None:
    """Another school's, coach's or team's things are 404, whatever is asked of them, and stay as they are."""
    before = _counts(refused_walk)
    wrong = []
    for route, method in refused_walk.calls():
        owned = refused_walk.owned(route)
        if not route.permissions or not owned:
            continue
        for who in OUTSIDERS:
            if _allowed(who, route) and not (owned == {"schools"} and who in KNOW_SCHOOLS):
                status = refused_walk.send(who, route, method, body=True).status_code
                if status != 404 and not (status == 403 == _without(refused_walk, who, route, method)):
                    wrong.append(f"{who} {method} {route.path}: {status}")
    assert wrong == [], "\n".join(wrong)
    assert _counts(refused_walk) == before


def _without(walk: Walk, who: str, route: StatedRoute, method: str) -> int:
    """The answer where there is no such thing at all: a role may be refused for whatever is asked for."""
    walk.absent = True
    status: int = walk.send(who, route, method, body=True).status_code
    walk.absent = False
    return status


def test_the_same_things_are_there_for_those_they_belong_to(walk: Walk) -> None:
    """So that the walk above is not merely sent to wrong addresses."""
    wrong = []
    for route, method in sorted(
        walk.calls(), key=lambda call: ("GET", "PATCH", "PUT", "POST", "DELETE").index(call[1])
    ):
        owned = walk.owned(route)
        if not route.permissions or not owned:
            continue
        asked = [who for who in INSIDERS if _allowed(who, route)]
        if owned & set(OWNERS):
            asked = [OWNERS[name] for name in owned & set(OWNERS)]
        statuses = {}
        for who in {*asked[:1], *asked[-1:]}:
            if method != "GET":
                walk.refs = things(walk.service)  # the last call may have used the others up
            statuses[who] = walk.send(who, route, method, body=True).status_code
        if asked and set(statuses.values()) <= {401, 403, 404} and route.path not in NOT_IN_EXAMPLE:
            wrong.append(f"{method} {route.path}: {statuses}")
    assert wrong == [], "\n".join(wrong)


def test_nothing_of_another_schools_pupils_is_in_any_answer(walk: Walk) -> None:
    wrong = []
    for route, method in walk.calls():
        for who in ("returns", "careers", "coach", "coach_own", "virtual_school"):
            if not route.permissions or not _allowed(who, route) or (method != "GET" and walk.owned(route)):
                continue
            said = walk.send(who, route, method, body=True).text
            if any(sentinel.casefold() in said.casefold() for sentinel in SENTINELS):
                wrong.append(f"{who} {method} {route.path}")
    assert wrong == [], "\n".join(wrong)


def _counts(walk: Walk) -> dict[str, int]:
    """How many rows each table has; looking is recorded, and a token's last use."""
    with walk.service.database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in t.metadata.sorted_tables
            if table.name not in ("audit_events", "pupil_links", "idempotency")
        }


def test_a_reference_that_is_not_there_is_not_found(walk: Walk) -> None:
    wrong = []
    known, walk.refs = walk.refs, dict.fromkeys(walk.refs, WRONG)
    for route, method in walk.calls():
        if not route.permissions or "{" not in route.path:
            continue
        who = next((who for who in INSIDERS if _allowed(who, route)), None)
        if who is None or WRONG not in walk.address(route):
            continue
        status = walk.send(who, route, method, body=True).status_code
        if status not in ((404, 422) if route.is_page else (404,)):  # a page may look at its form first
            wrong.append(f"{who} {method} {route.path}: {status}")
    walk.refs = known
    assert wrong == [], "\n".join(wrong)
