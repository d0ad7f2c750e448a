"""The same POST sent twice: done once, answered twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import APIRouter, UploadFile
from sqlalchemy import event, func, insert, select, update

from service import tables as t
from service.access import Permission, allow
from service.clock import now
from service.idempotency import ANSWER_NOT_KEPT, REPLAY, IdempotentRoute
from service.problems import Refusal

ME = [allow(Permission.ME)]


@pytest.fixture
def done(service) -> list[str]:
    """What the routes of a small resource did; they are added to the app here."""
    done: list[str] = []
    router = APIRouter(prefix="/v1/things", route_class=IdempotentRoute)

    @router.post("", status_code=201, dependencies=ME)
    def make(body: dict[str, str]) -> dict[str, int]:
        if body.get("say") == "refuse" and not done:
            done.append("refused")
            raise Refusal(409, "not_now", "Not now.")
        done.append(body.get("say", ""))
        return {"made": len(done)}

    @router.post("/file", dependencies=ME)
    def take(file: UploadFile) -> dict[str, int]:
        done.append(file.file.read().decode())
        return {"made": len(done)}

    @router.post("/secret", openapi_extra=ANSWER_NOT_KEPT, dependencies=ME)
    def secret() -> dict[str, str]:
        done.append("secret")
        return {"secret": "sentinel-secret"}

    service.app.include_router(router)
    return done


KEY = {"Idempotency-Key": "one"}


def test_the_same_request_again_is_answered_as_before_and_not_done(service, done) -> None:
    client = service.as_("analyst")
    first = client.post("/v1/things", json={"say": "a"}, headers=KEY)
    again = client.post("/v1/things", json={"say": "a"}, headers=KEY)
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, {"made": 1})
    assert REPLAY not in first.headers
    assert again.headers[REPLAY] == "true"
    assert done == ["a"]


def test_another_request_with_the_same_key_is_refused(service, done) -> None:
    client = service.as_("analyst")
    client.post("/v1/things", json={"say": "a"}, headers=KEY)
    answer = client.post("/v1/things", json={"say": "b"}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_used")
    assert done == ["a"]


@pytest.mark.usefixtures("done")
def test_another_caller_may_use_the_same_key(service) -> None:
    service.as_("analyst").post("/v1/things", json={"say": "a"}, headers=KEY)
    assert service.as_("coach").post("/v1/things", json={"say": "a"}, headers=KEY).json() == {"made": 2}


@pytest.mark.usefixtures("done")
def test_a_refusal_is_not_kept(service) -> None:
    client = service.as_("analyst")
    assert client.post("/v1/things", json={"say": "refuse"}, headers=KEY).status_code == 409
    assert client.post("/v1/things", json={"say": "refuse"}, headers=KEY).status_code == 201


def test_without_a_key_everything_is_done_each_time(service, done) -> None:
    for _ in range(2):
        service.as_("analyst").post("/v1/things", json={"say": "a"})
    assert done == ["a", "a"]


@pytest.mark.usefixtures("done")
def test_a_caller_who_is_nobody_is_refused_before_the_key_is_looked_at(service) -> None:
    assert service.as_("nobody").post("/v1/things", json={}, headers=KEY).status_code == 401
    with service.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(t.idempotency)).scalar() == 0


@pytest.mark.usefixtures("done")
@pytest.mark.parametrize(("key", "status"), [("", 422), ("k", 201), ("k" * 200, 201), ("k" * 201, 422)])
def test_a_key_has_1_to_200_characters(service, key: str, status: int) -> None:
    answer = service.as_("analyst").post("/v1/things", json={}, headers={"Idempotency-Key": key})
    assert answer.status_code == status


def test_a_file_counts_by_its_content_whatever_the_boundary(service, done) -> None:
    def send(content: bytes):
        return service.as_("analyst").post("/v1/things/file", files={"file": ("a.csv", content)}, headers=KEY)

    assert send(b"x" * 2_000_000).json() == {"made": 1}
    assert send(b"x" * 2_000_000).headers[REPLAY] == "true"
    assert send(b"y").status_code == 422
    assert len(done) == 1


@pytest.mark.usefixtures("done")
def test_an_answer_shown_once_is_not_kept(service) -> None:
    client = service.as_("analyst")
    assert client.post("/v1/things/secret", headers=KEY).json() == {"secret": "sentinel-secret"}
    again = client.post("/v1/things/secret", headers=KEY)
    assert (again.status_code, again.json()["code"]) == (409, "shown_once")
    with service.database.read() as connection:
        assert connection.execute(select(t.idempotency.c.body)).scalar() == ""


def _first_request_unfinished(service, ago: timedelta) -> None:
    service.as_("analyst").post("/v1/things", json={"say": "a"}, headers=KEY)
    with service.database.write() as connection:
        connection.execute(update(t.idempotency).values(status=0, created_at=now() - ago))


@pytest.mark.usefixtures("done")
def test_a_request_still_being_worked_on_is_a_conflict(service) -> None:
    _first_request_unfinished(service, timedelta(minutes=59))
    answer = service.as_("analyst").post("/v1/things", json={"say": "a"}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (409, "in_progress")


@pytest.mark.usefixtures("done")
def test_a_request_that_the_service_never_finished_may_be_sent_again(service) -> None:
    _first_request_unfinished(service, timedelta(minutes=61))
    assert service.as_("analyst").post("/v1/things", json={"say": "a"}, headers=KEY).json() == {"made": 2}


@pytest.mark.usefixtures("done")
def test_answers_are_forgotten_after_a_day(service) -> None:
    with service.database.write() as connection:
        row = {"caller": "c", "key": "k", "request": "r", "status": 200, "headers": {}, "body": "x"}
        connection.execute(insert(t.idempotency).values(**row, created_at=now() - timedelta(hours=25)))
    service.as_("analyst").post("/v1/things", json={}, headers=KEY)
    with service.database.read() as connection:
        assert connection.execute(select(t.idempotency.c.key)).scalars().all() == ["one"]


def test_ten_at_once_are_done_once(service, done) -> None:
    client = service.as_("analyst")
    answers: list[int] = []
    send: Callable[[], None] = lambda: answers.append(  # noqa: E731  (one line says it)
        client.post("/v1/things", json={"say": "a"}, headers=KEY).status_code
    )
    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == ["a"]
    assert set(answers) <= {201, 409}


@pytest.mark.usefixtures("done")
def test_who_calls_is_looked_up_before_the_body_has_come_and_once_after(service) -> None:
    client, asked = service.as_("analyst"), []
    note = lambda *about: asked.append(about[2])  # noqa: E731 - the statement
    event.listen(service.app.state.database.engine, "before_cursor_execute", note)
    for number in range(2):
        assert client.post("/v1/things", json={"say": "a"}, headers={"Idempotency-Key": f"{number}"}).is_success
        assert sum("FROM grants" in statement for statement in asked) == 2 * (number + 1)
    event.remove(service.app.state.database.engine, "before_cursor_execute", note)
