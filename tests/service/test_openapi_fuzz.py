"""Every operation of the API, called with whatever its description allows, as everybody: never a server error.

`RONI_FUZZ_EXAMPLES` says how many calls of each operation by each role (3 in the usual run; try 200).
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from sqlalchemy import select

schemathesis = pytest.importorskip("schemathesis")

from schemathesis.generation import GenerationMode  # noqa: E402 - after the look whether it is there

from service import operators  # noqa: E402
from service import tables as t  # noqa: E402
from service.access import Access  # noqa: E402
from service.app import create_app  # noqa: E402
from service.database import Database  # noqa: E402
from service.demo.council import Council  # noqa: E402
from service.settings import SQLITE, Settings  # noqa: E402
from tests.service.walking import IN_PATHS  # noqa: E402

EXAMPLES = int(os.environ.get("RONI_FUZZ_EXAMPLES", "3"))
PROBLEM = "application/problem+json"
WHO = ("nobody", "manager", "careers", "coach", "virtual-school", "panel", "analyst", "administrator")
SENDABLE = ("params", "headers", "json", "data", "files", "content")
Call = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    """Method, path with its placeholders, and what is sent: some calls of every operation."""
    description = create_app(Settings(database_url="sqlite://", secret="of no use")).openapi()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the generator's own, of parts of the description that it does not use
        schema = schemathesis.openapi.from_dict(description)
        return [call for found in schema.get_all_operations() for call in drawn(found.ok())]


def drawn(operation: Any) -> list[Call]:
    found: list[Call] = []

    @seed(2026)
    @settings(
        max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def draw(case: Any) -> None:
        request = case.as_transport_kwargs(base_url="http://testserver")
        sent = {name: request[name] for name in SENDABLE if request.get(name) is not None}
        found.append((operation.method.upper(), operation.path, sent))

    draw()
    return found


@pytest.fixture
def council(demo: tuple[Settings, Council], tmp_path: Path) -> Iterator[tuple[FastAPI, Database]]:
    """The service over a copy of the demo: everything that stands in a path is there."""
    file = tmp_path / "roni.db"
    shutil.copyfile(demo[0].database_url.removeprefix(SQLITE), file)
    database = Database(f"{SQLITE}{file}")
    yield create_app(replace(demo[0], database_url=f"{SQLITE}{file}"), database), database
    database.dispose()


def refs_of(database: Database, who: str) -> dict[str, str]:
    """A reference of each kind: of the newest, and of a token that is one's own."""
    found = {"urn": "990001", "model": "demo", "other": "demo"}
    with database.read(Access.system()) as connection:
        for table in t.metadata.sorted_tables:
            if "ref" in table.columns:
                newest = connection.execute(select(table.c.ref).order_by(table.c.id.desc()).limit(1)).scalar()
                found[table.name] = newest or "none"
        whose = select(t.people.c.id).where(t.people.c.email.startswith(f"{who}@"))
        own = connection.execute(select(t.tokens.c.ref).where(t.tokens.c.person_id.in_(whose))).scalars().first()
    return {**found, "tokens": own or "none"}


def addressed(path: str, refs: dict[str, str]) -> str:
    """The path with what is there in its placeholders."""
    names = [part[1:-1] if part.startswith("{") else None for part in path.split("/")]
    parts = [
        part if name is None else refs.get(name) or refs.get(IN_PATHS.get(name, f"{name}s"), "unknown")
        for part, name in zip(path.split("/"), names, strict=True)
    ]
    return "/".join(parts)


def caller(app: FastAPI, database: Database, who: str) -> TestClient:
    headers = {}
    if who != "nobody":
        person = f"{who}@sampleshire.example"
        token = operators.add_token(database, app.state.settings, person, "for this test", 1, None)
        headers = {"authorization": f"Bearer {token}"}
    return TestClient(app, headers=headers, raise_server_exceptions=False)


@pytest.mark.parametrize("who", WHO)
def test_no_call_ends_in_a_server_error_or_another_shape(
    council: tuple[FastAPI, Database], who: str, calls: list[Call]
) -> None:
    app, database = council
    client, refs, wrong = caller(app, database, who), refs_of(database, who), []
    for method, path, sent in calls:
        answer = client.request(method, addressed(path, refs), **sent)
        kind = answer.headers.get("content-type")
        if answer.status_code >= 500 or (answer.status_code >= 400 and kind != PROBLEM):
            wrong.append(f"{method} {path} {sent}: {answer.status_code} as {kind}")
    assert wrong == []
