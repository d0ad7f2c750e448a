"""`roni service ...`: what an operator types, and the sentence where it cannot be done."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import ProgrammingError
from typer.testing import CliRunner, Result

from roni import RoniError
from roni.cli import app
from service import commands
from service.database import Database
from service.operators import upgrade_database
from service.running import _make_ready
from service.settings import Settings
from tests.service.conftest import APPLICATION, on_server

SETTINGS = Settings(secret="s")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'roni.db'}"


def run(*words: str, **variables: str) -> Result:
    return CliRunner(env={"COLUMNS": "200", **variables}).invoke(app, list(words))


@pytest.fixture
def database(url: str):
    assert run("service", "upgrade", "--database-url", url).exit_code == 0
    made = Database(url)
    yield made
    made.dispose()


def test_the_service_s_commands_are_listed_with_what_they_do() -> None:
    printed = run("--help").stdout
    assert "│ serve " in printed
    assert "│ service " in printed
    assert "Added by roni" not in printed


@pytest.mark.usefixtures("database")
def test_upgrade_backup_restore_verify(url: str, tmp_path: Path) -> None:
    backup, restored = str(tmp_path / "monday.backup"), f"sqlite:///{tmp_path / 'restored.db'}"
    assert run("service", "backup", backup, "--database-url", url).exit_code == 0
    assert run("service", "restore", backup, "--database-url", restored).exit_code == 0
    done = run("service", "verify", "--database-url", restored)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "Everything is whole.")
    again = run("service", "restore", backup, "--database-url", restored)
    assert again.exit_code == 2
    assert "is there already, and is not replaced" in again.stderr


def test_verifying_a_database_that_is_not_whole_ends_with_1_and_says_what(database: Database, url: str) -> None:
    run("service", "create-user", "a@example.org", "--name", "A", "--role", "analyst", "--database-url", url)
    with database.write() as connection:
        connection.exec_driver_sql("update audit_events set action = 'nothing'")
    done = run("service", "verify", "--database-url", url)
    assert done.exit_code == 1
    assert "The audit is not what was written" in done.stderr


def test_a_database_without_tables_is_not_verified(url: str) -> None:
    done = run("service", "verify", "--database-url", url)
    assert done.exit_code == 2
    assert "roni service upgrade" in done.stderr


def test_a_person_and_a_token_are_made_and_shown_once(database: Database, url: str) -> None:
    made = run("service", "create-user", "Ana@Example.org", "--name", "Ana", "--role", "analyst", "--database-url", url)
    assert made.exit_code == 0, made.output
    token = run("service", "create-token", "ana@example.org", "--days", "2", "--database-url", url).stdout.strip()
    assert token.startswith("roni_")
    with database.read() as connection:
        kept = json.dumps([list(map(str, row)) for row in connection.exec_driver_sql("select * from tokens").all()])
        person = connection.exec_driver_sql("select email, must_change_password from people").one()
    assert token not in kept
    assert tuple(person) == ("ana@example.org", True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["create-user", "b@example.org", "--name", "B", "--role", "headteacher"], "Choose one of the roles"),
        (["create-user", "b@example.org", "--name", "B", "--role", "returns"], "Say which school"),
        (["create-user", "b@example.org", "--name", "B", "--role", "returns", "--school", "999999"], "no school"),
        (["create-user", "b@example.org", "--name", "B", "--role", "team"], "Say which council team"),
        (["create-token", "nobody@example.org"], "Nobody with this e-mail address"),
        (["upgrade", "--application-role", "roni_application"], "SQLite has no roles"),
        (["upgrade", "--database-url", "mysql://x"], "The database is sqlite:///FILE or postgresql://"),
        (["backup", "x", "--database-url", "sqlite:///nowhere.db"], "there is nothing to back up"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    words: list[str], says: str, database: Database, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("service", *words, RONI_DATABASE_URL=url, RONI_SECRET="s")
    assert done.exit_code == 2
    assert says in done.stderr
    with database.read() as connection:
        assert connection.exec_driver_sql("select count(*) from people").scalar() == 0


@pytest.mark.usefixtures("database")
def test_the_same_address_twice_is_refused(url: str) -> None:
    words = ("service", "create-user", "a@example.org", "--name", "A", "--role", "analyst", "--database-url", url)
    assert run(*words).exit_code == 0
    again = run(*words)
    assert again.exit_code == 2
    assert "is there already" in again.stderr


def test_without_its_packages_the_commands_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(commands, "find_spec", lambda name: None if name == "fastapi" else real(name))
    for words in (["serve"], ["service", "upgrade"]):
        done = run(*words)
        assert done.exit_code == 2
        assert "pip install 'roni[service]'" in done.stderr


def test_on_windows_the_service_says_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(commands, "find_spec", lambda name: None if name == "resource" else found(name))
    for words in (["serve"], ["demo"], ["service", "upgrade"]):
        assert "inside WSL" in " ".join(run(*words).output.split()), words


def test_a_demo_leaves_nothing_where_it_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, folder = tmp_path / "here", tmp_path / "demo"
    for each in (here, folder):
        each.mkdir()
    (folder / "mine.txt").write_text("mine", "utf-8")
    monkeypatch.chdir(here)
    done = run("demo", "--folder", str(folder))
    assert "holds something else" in done.stderr
    assert list(here.iterdir()) == []


def test_a_new_database_is_its_owner_s_only(tmp_path: Path) -> None:
    said: list[str] = []
    fresh = Settings(database_url=f"sqlite:///{tmp_path / 'fresh.db'}", secret="s")
    _make_ready(fresh, said.append)
    assert (tmp_path / "fresh.db").stat().st_mode & 0o077 == 0
    assert "The first administrator, said this once" in said[0]
    _make_ready(fresh, said.append)
    assert len(said) == 1


def test_what_is_due_is_counted_before_it_is_deleted(database: Database, url: str) -> None:
    at_once = run("service", "retention", "--delete", "--database-url", url)
    assert at_once.exit_code == 2
    assert "Do a dry run first" in at_once.stderr
    counted = run("service", "retention", "--database-url", url)
    assert counted.exit_code == 0
    assert "Nothing was deleted" in counted.stdout
    deleted = run("service", "retention", "--delete", "--database-url", url)
    assert deleted.exit_code == 0
    assert "Deleted, and recorded" in deleted.stdout
    with database.read() as connection:
        kept = connection.exec_driver_sql("select dry from retention_runs order by id").scalars().all()
    assert kept == [True, False]


def test_serving_as_a_role_that_was_not_let_work_is_refused_with_what_to_do(postgresql: str) -> None:
    on_server(postgresql, "create database served_by_a_role", "create role forgotten login")
    url = postgresql.replace("/postgres?", "/served_by_a_role?")
    owner, forgotten = Database(url), Database(url.replace("//owner@", "//forgotten@"))
    ready = replace(SETTINGS, database_url=url.replace("//owner@", "//forgotten@"))
    with pytest.raises(RoniError, match=r"no tables of this service yet.*“forgotten”.*--application-role forgotten"):
        _make_ready(ready, print)
    upgrade_database(owner, None)
    with pytest.raises(RoniError, match=r"“forgotten” may not work.*--application-role forgotten"):
        _make_ready(ready, print)
    upgrade_database(owner, "forgotten")
    said: list[str] = []
    _make_ready(ready, said.append)
    assert [line for line in said if "Warning" in line] == []
    with owner.write() as connection:  # a table of a later version, of which the role was not told
        connection.exec_driver_sql("revoke all on contacts from forgotten")
    with pytest.raises(RoniError, match=r"may not work in these tables: contacts\. Whoever owns"):
        _make_ready(ready, print)
    owner.dispose()
    forgotten.dispose()


def test_serving_as_the_owner_or_a_superuser_is_said_at_the_start(postgresql: str) -> None:
    on_server(postgresql, "create role plain_owner login", "create database owned owner plain_owner")
    url = postgresql.replace("/postgres?", "/owned?")
    for role, says in (("plain_owner", "owns the tables"), ("owner", "does not check what the role “owner” may see")):
        said: list[str] = []
        _make_ready(replace(SETTINGS, database_url=url.replace("//owner@", f"//{role}@")), said.append)
        assert says in said[0]
        assert "roni service upgrade --application-role NAME" in said[0]


def test_the_help_says_as_whom_to_serve() -> None:
    for words in (("service", "upgrade", "--help"), ("serve", "--help")):
        assert "owns nothing" in " ".join(run(*words).stdout.split())


def test_a_role_that_owns_nothing_is_let_run_the_service(postgresql: str) -> None:
    on_server(postgresql, "create database upgraded_for_a_role")
    url = postgresql.replace("/postgres?", "/upgraded_for_a_role?")
    words = ("service", "upgrade", "--database-url", url, "--application-role")
    assert "There is no such role" in run(*words, "nobody", RONI_SECRET="s").stderr
    assert run(*words, APPLICATION, RONI_SECRET="s").exit_code == 0
    limited = Database(url.replace("//owner@", f"//{APPLICATION}@"))
    with limited.read() as connection:
        assert connection.exec_driver_sql("select count(*) from audit_events").scalar() == 0
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.exec_driver_sql("delete from audit_events")
    limited.dispose()
