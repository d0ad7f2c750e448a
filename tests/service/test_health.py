"""Health and metrics: what an operator reads, and nobody else."""

from __future__ import annotations

import json
import logging
import logging.config

import pytest
from fastapi.testclient import TestClient

from service import schema
from service.app import create_app
from service.database import Database
from service.logs import JsonLines, configuration
from service.settings import Settings


@pytest.fixture
def app(database_url: str):
    database = Database(database_url)
    schema.upgrade(database)
    yield create_app(Settings(database_url=database_url, secret="s", metrics_token="for the collector"), database)
    database.dispose()


def here(app, address: str = "127.0.0.1", **headers: str) -> TestClient:
    return TestClient(app, client=(address, 50000), headers=headers, raise_server_exceptions=False)


def test_it_is_alive_and_ready(app) -> None:
    assert here(app).get("/livez").json() == {"status": "ok"}
    assert here(app).get("/readyz").json() == {"status": "ok"}


def test_it_is_not_ready_where_the_database_is_at_another_version(app) -> None:
    with app.state.database.write() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '0000'")
    answer = here(app).get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_upgraded")
    assert here(app).get("/livez").status_code == 200


@pytest.mark.parametrize(
    "url", ["sqlite:////no/such/folder/roni.db", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"]
)
def test_it_is_alive_but_not_ready_without_its_database(url: str) -> None:
    app = create_app(Settings(database_url=url, secret="s"))
    answer = here(app).get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
    assert here(app).get("/livez").status_code == 200


def test_metrics_are_for_this_machine_and_for_who_has_the_token(app) -> None:
    assert here(app).get("/metrics").status_code == 200
    assert here(app, "::1").get("/metrics").status_code == 200
    assert here(app, "192.0.2.1").get("/metrics").status_code == 404
    assert here(app, "192.0.2.1", authorization="Bearer for the collector").get("/metrics").status_code == 200
    assert here(app, "192.0.2.1", authorization="Bearer for the collectors").get("/metrics").status_code == 404
    assert here(app, **{"x-forwarded-for": "127.0.0.1"}).get("/metrics").status_code == 404


def test_an_administrator_reads_the_metrics_and_an_analyst_does_not(sqlite_service) -> None:
    def status(who: str) -> int:
        headers = {"authorization": f"Bearer {sqlite_service.tokens[who]}"}
        return here(sqlite_service.app, "192.0.2.1", **headers).get("/metrics").status_code

    assert (status("administrator"), status("analyst")) == (200, 404)


def test_requests_are_counted_by_route_and_never_by_address(app) -> None:
    here(app).get("/livez")
    here(app).get("/v1/pupils/pupil-4711")
    here(app).request("BREW", "/livez")
    text = here(app).get("/metrics").text
    assert 'roni_requests_total{method="GET",route="/livez",status="200"} 1.0' in text
    assert 'roni_request_seconds_count{method="GET",route="/livez"} 1.0' in text
    assert 'method="OTHER"' in text
    assert "4711" not in text
    assert "BREW" not in text


def line(logger: str, message: object, *arguments: object, error: Exception | None = None, **extra: object) -> dict:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(logger, logging.INFO, "file", 1, message, arguments, info)
    record.__dict__.update(extra)
    return json.loads(JsonLines().format(record))


def test_a_log_line_has_what_is_allowed_and_nothing_else() -> None:
    found = line("roni.requests", "request", route="/v1/checks/{check}", status=200, upn="Y303999926001")
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "info",
        "logger": "roni.requests",
        "event": "request",
        "route": "/v1/checks/{check}",
        "status": 200,
    }


def test_a_log_line_says_nothing_that_was_put_into_a_message() -> None:
    assert line("roni.service", "pupil %s", "Rowan Ash")["event"] == "pupil %s"
    assert line("somebody.else", "pupil Rowan Ash")["event"] == "message of another package"
    assert line("uvicorn.error", OSError("Rowan Ash"))["event"] == "message of another package"


def test_an_error_is_logged_by_its_kind_and_place_without_its_words() -> None:
    try:
        int("Rowan Ash")
    except ValueError as error:
        found = line("uvicorn.error", "Exception in ASGI application\n", error=error)
    assert (found["kind"], found["event"]) == ("ValueError", "Exception in ASGI application")
    assert found["where"][0].startswith("test_health.py:")
    assert "Rowan" not in json.dumps(found)


def test_the_configuration_is_one_that_python_takes(capsys: pytest.CaptureFixture[str]) -> None:
    before = {name: logging.getLogger(name).level for name in ("", "roni", "uvicorn.error", "uvicorn.access")}
    handlers = logging.getLogger().handlers[:]
    try:
        logging.config.dictConfig(configuration())
        logging.getLogger("roni.requests").info("request", extra={"status": 200, "name_of": "Rowan"})
    finally:
        logging.getLogger().handlers[:] = handlers
        logging.getLogger("uvicorn.access").propagate = True
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
    assert json.loads(capsys.readouterr().err)["status"] == 200
