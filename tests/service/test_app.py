"""The service as a whole: nobody gets anything that no route states."""

from __future__ import annotations


def test_an_unknown_address_is_a_problem_and_names_nothing(service) -> None:
    answer = service.as_("nobody").get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"
