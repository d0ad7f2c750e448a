"""The invented council: made by the calls of its people, the same every time, and opened by those who are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from roni import RoniError
from service import audit, backups
from service import tables as t
from service.access import Access
from service.app import create_app
from service.database import Database
from service.demo import making
from service.demo.council import Council
from service.demo.making import DATABASE, make
from service.demo.opening import open_demo, told
from service.settings import Settings
from tests.service.processes import free_port


@pytest.fixture(scope="module")
def database(demo: tuple[Settings, Council]) -> Iterator[Database]:
    opened = Database(demo[0].database_url)
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def client(demo: tuple[Settings, Council], database: Database) -> TestClient:
    headers = {"sec-fetch-site": "same-origin"}
    return TestClient(create_app(demo[0], database), headers=headers, follow_redirects=False)


def test_most_schools_have_confirmed_november_and_some_january(database: Database) -> None:
    with database.read(Access.system()) as connection:
        lines = connection.execute(
            select(
                t.checks.c.name, func.count(t.check_schools.c.signed_off_at), func.count(t.check_schools.c.started_at)
            )
            .join(t.checks, t.checks.c.id == t.check_schools.c.check_id)
            .group_by(t.checks.c.name)
        ).all()
    assert {name: (signed, started) for name, signed, started in lines} == {"november": (6, 7), "january": (2, 2)}


def test_everything_of_the_demo_is_audited_and_whole(database: Database) -> None:
    found = backups.verify(database)
    assert found.faults == ()
    with database.read(Access.system()) as connection:
        actions = set(connection.execute(select(t.audit_events.c.action)).scalars())
        assert audit.first_break(connection) is None
    assert {"check.open", "upload.confirm", "register.read"} <= actions


def test_whoever_is_told_can_sign_in(demo: tuple[Settings, Council], client: TestClient) -> None:
    settings, council = demo
    text = told(council, settings.address, kept=False)
    for person in council.people()[:4]:
        assert f"{person.email}  " in text
        assert person.password in text
        answer = client.post("/sign-in", data={"email": person.email, "password": person.password})
        assert answer.status_code == 303, person.who
        assert client.get(answer.headers["location"]).status_code in (200, 303)
    assert council.january[council.schools[0].urn].is_file()


def test_everybody_is_invented_and_every_page_says_so(client: TestClient) -> None:
    assert "invented" in client.get("/sign-in").text


def test_a_demo_that_was_kept_is_opened_again_as_it_is(demo: tuple[Settings, Council]) -> None:
    said: list[str] = []
    folder = demo[1].folder.parent
    before = (folder / DATABASE).stat().st_mtime_ns
    again, _ = make(folder, said.append)
    assert (again.database_url, again.secret) == (demo[0].database_url, demo[0].secret)
    assert (said, (folder / DATABASE).stat().st_mtime_ns) == ([], before)


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(RoniError, match="holds something else"):
        open_demo(tmp_path, "127.0.0.1", free_port(), lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_demo_that_could_not_be_made_is_made_anew_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RoniError("no more")

    monkeypatch.setattr(making, "tell", fail)
    with pytest.raises(RoniError, match="no more"):
        make(tmp_path, lambda _: None)
    assert not (tmp_path / DATABASE).exists()
    monkeypatch.setattr(making, "tell", lambda *_: None)
    make(tmp_path, lambda _: None)
    assert (tmp_path / DATABASE).exists()
