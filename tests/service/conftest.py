"""The service over a real database: SQLite always; PostgreSQL too where it is installed, and in CI it must be."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from fastapi import FastAPI
from fastapi.testclient import TestClient

from service import tables as t
from service.access import ROLES
from service.accounts.credentials import cookie_name, create_token, start_session
from service.app import create_app
from service.database import Database
from service.refs import new_ref
from service.settings import Settings

REQUIRED = os.environ.get("CI") == "true" or os.environ.get("RONI_REQUIRE_ALL") == "1"


@dataclass
class Service:
    """A running app, its database, and a token for each of some invented people."""

    app: FastAPI
    settings: Settings
    database: Database
    schools: dict[str, int] = field(default_factory=dict)  # URN -> id
    tokens: dict[str, str] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    clients: dict[str, TestClient] = field(default_factory=dict)

    def as_(self, who: str) -> TestClient:
        """A client that calls with the token of one of the people; the app's own lifespan is running."""
        if who not in self.clients:
            headers = {"authorization": f"Bearer {self.tokens[who]}"} if who != "nobody" else {}
            self.clients[who] = TestClient(self.app, headers=headers, raise_server_exceptions=False)
        return self.clients[who]

    def browser(self, who: str) -> TestClient:
        """A client that calls as a browser signed in by session, and follows no redirect."""
        with self.database.write() as connection:
            granted = connection.execute(
                select(t.grants.c.id).where(t.grants.c.person_id == self.people[who]).limit(1)
            ).scalar_one()
            secret = start_session(connection, self.settings, self.people[who], granted)
        client = self.stranger()
        client.cookies.set(cookie_name(self.settings), secret)
        return client

    def stranger(self) -> TestClient:
        """A browser that nobody has signed in with."""
        headers = {"sec-fetch-site": "same-origin"}
        return TestClient(self.app, headers=headers, raise_server_exceptions=False, follow_redirects=False)

    def add_school(self, urn: str, name: str, district: str = "North") -> int:
        with self.database.write() as connection:
            row = {"ref": new_ref("school"), "urn": urn, "name": name, "district": district}
            self.schools[urn] = connection.execute(insert(t.schools).values(**row)).inserted_primary_key[0]
        return self.schools[urn]

    def add_person(self, who: str, role: str, **grant: Any) -> str:
        """A person with one grant and a token of all its permissions; returns the token."""
        with self.database.write() as connection:
            person = connection.execute(
                insert(t.people).values(ref=new_ref("person"), name=f"Invented {who}", email=f"{who}@example.org")
            ).inserted_primary_key[0]
            granted = connection.execute(
                insert(t.grants).values(ref=new_ref("grant"), person_id=person, role=role, **grant)
            ).inserted_primary_key[0]
            self.tokens[who], _ = create_token(connection, self.settings, person, granted, f"tests of {who}")
        self.people[who] = person
        return self.tokens[who]


SCHOOLS = (
    ("100001", "Invented Academy", "North"),
    ("100002", "Sample High School", "North"),
    ("100003", "Example School", "South"),
)


def furnish(service: Service) -> Service:
    """Three schools, and somebody of every role: `returns` and `careers` of the first school, `returns2` of the second."""
    for urn, name, district in SCHOOLS:
        service.add_school(urn, name, district)
    one, two = service.schools["100001"], service.schools["100002"]
    service.add_person("returns", "returns", school_id=one)
    service.add_person("returns2", "returns", school_id=two)
    service.add_person("careers", "careers", school_id=one)
    service.add_person("coach", "coach", district="North")
    service.add_person("coach_south", "coach", district="South")
    service.add_person("coach_own", "coach", own_caseload=True)
    service.add_person("virtual_school", "team", team="virtual_school")
    service.add_person("youth_justice", "team", team="youth_justice")
    service.add_person("panel", "panel", district="North")
    service.add_person("analyst", "analyst")
    service.add_person("administrator", "administrator")
    assert {"returns", "careers", "coach", "team", "panel", "analyst", "administrator"} == set(ROLES)
    return service


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, on a socket in a temporary folder."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    pg_ctl = str(found[-1]) if found else shutil.which("pg_ctl")
    if pg_ctl is None:
        if REQUIRED:
            pytest.fail("PostgreSQL is not installed, and these tests must run here")
        pytest.skip("PostgreSQL is not installed")
    folder = tmp_path_factory.mktemp("pg")
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        for path in (folder, *folder.parents):  # the server's own user must reach its folder
            if str(path).startswith(str(tmp_path_factory.getbasetemp().parent)) or path == folder:
                path.chmod(0o755)
        shutil.chown(folder, "postgres")
    data = folder / "data"
    subprocess.run(
        [*as_user, str(Path(pg_ctl).with_name("initdb")), "-D", data, "-U", "owner", "-A", "trust", "-N"],
        check=True,
        capture_output=True,
    )
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=200"
    subprocess.run(
        [*as_user, pg_ctl, "-D", data, "-w", "-l", folder / "log", "-o", options, "start"],
        check=True,
        capture_output=True,
    )
    yield f"postgresql://owner@/postgres?host={folder}"
    subprocess.run([*as_user, pg_ctl, "-D", data, "-m", "immediate", "stop"], check=False, capture_output=True)


_count = iter(range(1_000_000))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'roni.db'}"
    server: str = request.getfixturevalue("postgresql")
    name = f"test{next(_count)}"
    owner = Database(server)
    with owner.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(f"create database {name}"))
    owner.dispose()
    return server.replace("/postgres?", f"/{name}?")


def start(url: str, **settings: Any) -> Service:
    made = replace(Settings.read({"RONI_DATABASE_URL": url, "RONI_SECRET": "a secret of the tests"}), **settings)
    database = Database(url)
    t.metadata.create_all(database.engine)
    return Service(create_app(made, database), made, database)


@pytest.fixture
def start_service() -> Iterator[Callable[..., Service]]:
    """Start services with settings of their own."""
    started: list[Service] = []

    def make(url: str, **settings: Any) -> Service:
        started.append(start(url, **settings))
        return started[-1]

    yield make
    for service in started:
        service.database.dispose()


@pytest.fixture
def service(database_url: str, start_service: Callable[..., Service]) -> Service:
    """The service with three schools and somebody of every role, on each database in turn."""
    return furnish(start_service(database_url))


@pytest.fixture
def sqlite_service(tmp_path: Path, start_service: Callable[..., Service]) -> Service:
    """The same, only on SQLite: for what does not depend on the database."""
    return furnish(start_service(f"sqlite:///{tmp_path / 'roni.db'}"))


@pytest.fixture(scope="module")
def module_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The same once for a whole file of tests that change nothing."""
    service = furnish(start(f"sqlite:///{tmp_path_factory.mktemp('module') / 'roni.db'}"))
    yield service
    service.database.dispose()
