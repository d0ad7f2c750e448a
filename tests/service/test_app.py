"""The service as a whole: nobody gets anything that no route states."""

from __future__ import annotations

import gc

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

import anyio
from fastapi.testclient import TestClient
from starlette.routing import Match

from service.access import public
from service.app import create_app
from service.routing import TRACED, Direct, routes_of


def test_an_unknown_address_is_a_problem_and_names_nothing(service) -> None:
    answer = service.as_("nobody").get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


def test_what_stands_until_the_end_is_not_searched_for_garbage(sqlite_service) -> None:
    with TestClient(create_app(sqlite_service.settings)) as client:
        assert client.get("/livez").status_code == 200
        assert gc.get_freeze_count() > 10_000
    assert gc.get_freeze_count() == 0


def test_a_request_goes_to_the_first_route_that_fits(sqlite_service) -> None:
    routes = list(routes_of(sqlite_service.app))
    direct = Direct(sqlite_service.app, routes)
    for each in routes:
        for method in each.methods:
            path = each.path.replace("{", "").replace("}", "")
            scope = {"type": "http", "method": method, "path": path, "headers": []}
            first = next(one for one in routes if one.route.matches(scope)[0] == Match.FULL)
            assert direct.find(scope) is first.route.app
            assert scope["endpoint"] is first.route.endpoint
            assert set(scope["path_params"]) == set(first.route.param_convertors)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/me/", 307), ("PUT", "/v1/me", 405)])
def test_what_fits_no_route_is_left_to_fastapi(service, method: str, path: str, status: int) -> None:
    client = service.as_("nobody")
    assert client.request(method, path, follow_redirects=False).status_code == status


def test_a_route_added_later_is_reached(sqlite_service) -> None:
    sqlite_service.app.get("/later", dependencies=[public])(lambda: "reached")
    assert sqlite_service.as_("nobody").get("/later").json() == "reached"


def test_under_another_path_and_traced_the_same_routes_are_found(sqlite_service) -> None:
    under = TestClient(sqlite_service.app, root_path="/neet")
    assert under.get("/livez").json() == {"status": "ok"}
    direct, traced = Direct(sqlite_service.app.router.app, routes_of(sqlite_service.app)), []

    async def fastapi(scope, _receive, _send) -> None:
        traced.append(scope["path"])

    direct.app = fastapi
    anyio.run(direct, {"type": "http", "method": "GET", "path": "/livez", TRACED: None}, None, None)
    assert traced == ["/livez"]
