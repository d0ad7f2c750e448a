"""The service as a whole: nobody gets anything that no route states."""

from __future__ import annotations

import gc

import pytest

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from fastapi.testclient import TestClient

from service.app import create_app


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
