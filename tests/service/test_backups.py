"""Backups: made while the service runs, restored only where nothing is, and verified to the last event and register."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, insert, make_url, select, update

from roni import RoniError
from service import audit, backups
from service import tables as t
from service.access import Access
from service.database import Database
from tests.service.conftest import on_server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "monday.backup"


@pytest.fixture
def empty_url(database_url: str, tmp_path: Path) -> str:
    """Another database of the same kind, where nothing is yet."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'restored.db'}"
    name = make_url(database_url).database
    on_server(database_url, f"create database {name}_restored")
    return database_url.replace(f"/{name}?", f"/{name}_restored?")


@pytest.fixture
def used(service):
    """A service in which something has happened."""
    with service.database.write(Access.system()) as connection:
        for number in range(3):
            audit.record(connection, Access.system(), "check.open", about=f"check-{number}")
    return service


def test_a_backup_restored_is_the_same_and_whole(used, file: Path, empty_url: str) -> None:
    before = backups.verify(used.database)
    backups.backup(used.settings.database_url, file)
    backups.restore(empty_url, file)
    restored = Database(empty_url)
    try:
        found = backups.verify(restored)
        assert found == before
        assert found.faults == ()
        assert found.events >= 3
        with restored.read(Access.system()) as connection:
            assert connection.execute(select(func.count()).select_from(t.schools)).scalar() == 3
    finally:
        restored.dispose()
    assert file.stat().st_mode & 0o077 == 0, "a backup is its owner's only"


def test_nothing_is_replaced(used, file: Path) -> None:
    url = used.settings.database_url
    backups.backup(url, file)
    with pytest.raises(RoniError, match="is there already, and is not replaced"):
        backups.backup(url, file)
    with pytest.raises(RoniError, match=r"already, and (is not|nothing is) replaced"):
        backups.restore(url, file)
    assert backups.verify(used.database).faults == ()


def test_a_changed_event_is_found(used) -> None:
    with used.owner.write(Access.system()) as connection:
        first = connection.execute(select(func.min(t.audit_events.c.id))).scalar()
        connection.execute(update(t.audit_events).where(t.audit_events.c.id == first).values(action="check.close"))
    assert backups.verify(used.database).faults == (f"The audit is not what was written, from event {first} on.",)


def test_a_file_that_is_no_backup_is_refused_and_leaves_nothing(file: Path, empty_url: str, tmp_path: Path) -> None:
    file.write_bytes(b"not a database at all" * 400)
    with pytest.raises(RoniError, match=r"is not a whole backup|could not do it"):
        backups.restore(empty_url, file)
    assert not (tmp_path / "restored.db").exists()
    with pytest.raises(RoniError, match="is not there"):
        backups.restore(empty_url, tmp_path / "nothing.backup")


def test_a_damaged_backup_is_refused(sqlite_service, file: Path, tmp_path: Path) -> None:
    with sqlite_service.database.write(Access.system()) as connection:
        rows = [{"ref": f"school-{n}", "urn": str(200000 + n), "name": "x" * 500} for n in range(200)]
        connection.execute(insert(t.schools), rows)
    backups.backup(sqlite_service.settings.database_url, file)
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2 : len(damaged) // 2 + 20_000] = b"\0" * 20_000
    file.write_bytes(damaged)
    with pytest.raises(RoniError, match="is not a whole backup"):
        backups.restore(f"sqlite:///{tmp_path / 'restored.db'}", file)


def test_what_an_earlier_database_left_behind_is_not_taken_for_part_of_the_backup(
    sqlite_service, file: Path, tmp_path: Path
) -> None:
    backups.backup(sqlite_service.settings.database_url, file)
    (tmp_path / "restored.db-wal").write_bytes(b"frames of another database")
    with pytest.raises(RoniError, match="what an earlier database left"):
        backups.restore(f"sqlite:///{tmp_path / 'restored.db'}", file)


def test_a_database_with_rows_of_nothing_is_not_whole(sqlite_service, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "roni.db")) as connection:
        connection.execute("update grants set person_id = 4711")
        connection.commit()
    assert backups.verify(sqlite_service.database).faults == ("Some rows belong to rows that are not there.",)


def test_postgresql_without_its_own_programs_is_a_sentence(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(RoniError, match="needs PostgreSQL’s own pg_dump"):
        backups.backup("postgresql://owner@127.0.0.1:1/none", file)
    assert not file.exists()


def test_the_password_of_postgresql_is_no_argument_of_a_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: Path
) -> None:
    stand_in = tmp_path / "pg_dump"
    stand_in.write_text(
        f'#!{sys.executable}\nimport os, sys\nsys.exit(" ".join(sys.argv) + os.environ["PGPASSWORD"])\n'
    )
    stand_in.chmod(0o700)
    monkeypatch.setattr(shutil, "which", lambda _: str(stand_in))
    with pytest.raises(RoniError) as refused:
        backups.backup("postgresql://owner:hunter2@127.0.0.1:1/none", file)
    said = str(refused.value)
    assert said.count("hunter2") == 1
    assert said.endswith("hunter2"), "it came by the environment"


def test_a_backup_can_be_made_while_somebody_writes(sqlite_service, file: Path) -> None:
    url = sqlite_service.settings.database_url
    with sqlite_service.database.write(Access.system()) as connection:
        connection.execute(insert(t.schools).values(ref="school-x", urn="200001", name="Half-written School"))
        code = f"from pathlib import Path; from service.backups import backup; backup({url!r}, Path({str(file)!r}))"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("select count(*) from schools").fetchone() == (3,)
