"""The service over a real database: SQLite always; PostgreSQL too where it is installed, and in CI it must be."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, make_url, select, text

pytest.importorskip("fastapi", reason="the service is not installed: pip install 'roni[service]'")

from fastapi import FastAPI
from fastapi.testclient import TestClient

from service import row_security, schema
from service import tables as t
from service.access import ROLES, Access
from service.accounts.credentials import cookie_name, create_token, start_session
from service.app import create_app
from service.database import Database
from service.demo.council import Council
from service.demo.making import make
from service.refs import new_ref
from service.settings import Settings

REQUIRED = os.environ.get("CI") == "true" or os.environ.get("RONI_REQUIRE_ALL") == "1"


APPLICATION = "roni_application"
TEMPLATE = "roni_migrated"  # a database of every table and nothing in them, made once and copied


@dataclass
class Service:
    """A running app, its database, and a token for each of some invented people."""

    app: FastAPI
    settings: Settings
    database: Database
    owner: Database  # of the tables: on PostgreSQL the application's role is another
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
    """Three schools, and somebody of every role: `returns` and `careers` are of the first, `returns2` of the second."""
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


def become(service: Service, made: Service) -> None:
    """Give a service on SQLite a copy of all that is in another's database, and the keys to it."""
    paths = [each.settings.database_url.removeprefix("sqlite:///") for each in (made, service)]
    with closing(sqlite3.connect(paths[0])) as source, closing(sqlite3.connect(paths[1])) as target:
        source.backup(target)
    service.schools, service.tokens, service.people = dict(made.schools), dict(made.tokens), dict(made.people)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, on a socket in a temporary folder."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    pg_ctl = str(found[-1]) if found else shutil.which("pg_ctl")
    if pg_ctl is None:
        if REQUIRED:
            pytest.fail("PostgreSQL is not installed, and these tests must run here")
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="roni-pg-"))  # not pytest's: the server's own user must reach it
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
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
    url = f"postgresql://owner@/postgres?host={folder}"
    owner = Database(url)
    with owner.write() as connection:
        connection.execute(text(f"create role {APPLICATION} login"))
    owner.dispose()
    yield url
    subprocess.run([*as_user, pg_ctl, "-D", data, "-m", "immediate", "stop"], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


_count = iter(range(1_000_000))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'roni.db'}"
        return
    server: str = request.getfixturevalue("postgresql")
    name = f"test{next(_count)}"
    on_server(server, f"create database {name}")
    yield server.replace("/postgres?", f"/{name}?")
    on_server(server, f"drop database {name} with (force)")  # eight megabytes each


def on_server(url: str, *statements: str) -> None:
    """Run what cannot stand in a transaction."""
    server = Database(url)
    with server.engine.connect() as connection:
        apart = connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in statements:
            apart.execute(text(statement))
    server.dispose()


_tables: list[Path] = []  # an SQLite file with every table and nothing in them, made once and copied
_made: set[str] = set()  # servers that have the template
_idle: dict[Settings, list[tuple[FastAPI, dict[str, Any]]]] = {}  # apps that no service uses now: dear to make


def start(url: str, **settings: Any) -> Service:
    made = replace(Settings.read({"RONI_DATABASE_URL": url, "RONI_SECRET": "a secret of the tests"}), **settings)
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        shutil.copyfile(_empty_tables(), url.removeprefix("sqlite:///"))
    owner = _quick(Database(url))
    if not owner.sqlite:
        made = replace(made, database_url=_for_the_application(owner, url))
    database = _quick(AsTheService(made.database_url))
    return Service(_app(made, _quick(Database(made.database_url))), made, database, owner)


def _quick(database: Database) -> Database:
    """The database without waiting for the disk at each commit: no test here takes the power away."""
    if database.sqlite:
        event.listen(database.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    return database


class AsTheService(Database):
    """What tests put in and look at is the service's own work, unless they say whose it is."""

    def _say_who(self, connection: Connection, access: Access | None) -> None:
        super()._say_who(connection, Access.system() if access is None else access)


def _for_the_application(owner: Database, url: str) -> str:
    """A copy of the migrated tables, and the URL of a role that owns none and is held to the policies."""
    owner.dispose()
    name = make_url(url).database
    server = url.replace(f"/{name}?", "/postgres?")
    if server not in _made:
        on_server(server, f"create database {TEMPLATE}")
        _make_template(url.replace(f"/{name}?", f"/{TEMPLATE}?"))
        _made.add(server)
    on_server(server, f"drop database {name}", f"create database {name} template {TEMPLATE}")
    return url.replace("//owner@", f"//{APPLICATION}@")


def _make_template(url: str) -> None:
    database = Database(url)
    schema.upgrade(database)
    with database.write() as connection:
        row_security.let_work(connection, APPLICATION)
    database.dispose()


def _empty_tables() -> Path:
    if not _tables:
        file = Path(tempfile.mkdtemp(prefix="roni-tests-")) / "tables.db"
        database = Database(f"sqlite:///{file}")
        schema.upgrade(database)
        database.dispose()
        _tables.append(file)
    return _tables[0]


def _app(settings: Settings, database: Database) -> FastAPI:
    """An app of these settings, over this database: one that is idle, as it was when it was new."""
    idle = _idle.setdefault(replace(settings, database_url=""), [])
    if not idle:
        app = create_app(settings, database)
        idle.append((app, {**app.state._state, "routes": len(app.routes)}))
    app, fresh = idle.pop()
    app.state._state.clear()
    app.state._state.update({**fresh, "settings": settings, "database": database, "fresh": fresh})
    return app


def stop(service: Service) -> None:
    for database in (service.database, service.owner, service.app.state.database):
        database.dispose()
    if len(service.app.routes) == service.app.state.routes:  # a test that gave it routes of its own has made it another
        _idle[replace(service.settings, database_url="")].append((service.app, service.app.state.fresh))


@pytest.fixture
def start_service() -> Iterator[Callable[..., Service]]:
    """Start services with settings of their own."""
    started: list[Service] = []

    def make(url: str, **settings: Any) -> Service:
        started.append(start(url, **settings))
        return started[-1]

    yield make
    for service in started:
        stop(service)


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
    stop(service)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Council]:
    """The invented council of the demo, with all that a council has by January. Only to be read, or copied."""
    return make(tmp_path_factory.mktemp("demo"), lambda _: None)
