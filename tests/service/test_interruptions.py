"""The service stopped, or without room, in the middle of something: it is wholly done, or not at all."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg.errors
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import DBAPIError

from roni import AcademicYear, get_check, make_authority, write_files
from service import backups, operators
from service import tables as t
from service.access import Access
from service.database import Database, trouble_of
from service.settings import Settings
from tests.service.conftest import Service
from tests.service.processes import PATIENCE, start_service_process, stop_process

YEAR = AcademicYear(2026)
NOVEMBER = {"academic_year": "2026/27", "name": "november"}
CONFIRMED = {"registrations_confirmed": True}
BOUNDARY = "a-boundary"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The November file of a school of 188."""
    authority = make_authority(7, 3, 50, first_year=YEAR, years=1)
    return write_files(authority, get_check("november", YEAR), tmp_path_factory.mktemp("files"))[0].read_bytes()


def form(file: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="november.csv"\r\n\r\n'
    return head.encode() + file + f"\r\n--{BOUNDARY}--\r\n".encode()


# stopped


class Stopped:
    """A running service with a check and a school, and half of the school's upload already sent."""

    def __init__(self, folder: Path, file: bytes) -> None:
        self.url = f"sqlite:///{folder / 'roni.db'}"
        self.folder, self.temporary = folder, folder / "temporary"
        self.temporary.mkdir()
        self.process, self.port = self.start()
        database, settings = Database(self.url), Settings.read({"RONI_DATABASE_URL": self.url})
        with database.write() as connection:
            connection.exec_driver_sql(
                "insert into schools (ref, version, urn, name, active, mapping) "
                "values ('school-1', 1, '100001', 'Invented Academy', 1, '{}')"
            )
        for email, role in (("a@example.org", "analyst"), ("r@example.org", "returns")):
            grant = {"school": "100001"} if role == "returns" else {}
            operators.add_person(database, email, "Invented", role, **grant)
        token = {role: operators.add_token(database, settings, f"{role[0]}@example.org", "test", 1, role)
                 for role in ("analyst", "returns")}  # fmt: skip
        database.dispose()
        self.check = json.loads(self.ask("POST", "/v1/checks", token["analyst"], json.dumps(NOVEMBER)))["ref"]
        self.body, self.sentinel = form(file), re.findall(rb"[A-Z]\d{12}", file)[0]
        self.connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        head = (
            f"POST /v1/checks/{self.check}/uploads HTTP/1.1\r\nhost: localhost\r\n"
            f"authorization: Bearer {token['returns']}\r\ncontent-length: {len(self.body)}\r\n"
            f"content-type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
        )
        self.half = len(self.body) // 2
        self.connection.sendall(head.encode() + self.body[: self.half])

    def start(self) -> tuple[subprocess.Popen[bytes], int]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RONI_")}
        return start_service_process(self.folder, {**plain, "TMPDIR": str(self.temporary)})

    def readers(self) -> list[int]:
        """The processes that read files for it."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(number) for thread in threads for number in thread.read_text("utf-8").split()]

    def kill(self) -> None:
        """End the service as a power cut does."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def left(self) -> list[Path]:
        """The files of a temporary folder in which anything of the school's file stands."""
        found = [path for path in self.temporary.rglob("*") if path.is_file()]
        return [path for path in found if self.sentinel in path.read_bytes()]

    def ask(self, method: str, path: str, token: str, body: str) -> str:
        address = f"http://127.0.0.1:{self.port}{path}"
        command = ["curl", "-sS", "-X", method, "-H", f"authorization: Bearer {token}", "--json", body, address]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def answer(self) -> bytes:
        with self.connection:
            return b"".join(iter(lambda: self.connection.recv(65536), b""))

    def uploads(self) -> list[str]:
        """The states of the uploads that are stored; of each staged one every pupil must be there."""
        with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as connection:
            assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
            rows = connection.execute("select id, state, account from uploads").fetchall()
            for place, state, account in rows:
                pupils = connection.execute("select count(*) from upload_pupils where upload_id = ?", [place])
                assert state != "staged" or pupils.fetchone() == (json.loads(account)["pupils"],)
        return [state for _, state, _ in rows]


@pytest.fixture
def stopped(tmp_path: Path, file: bytes) -> Iterator[Stopped]:
    made = Stopped(tmp_path, file)
    yield made
    made.connection.close()
    stop_process(made.process)


def test_an_upload_under_way_is_finished_before_the_service_stops(stopped: Stopped) -> None:
    stopped.process.send_signal(signal.SIGTERM)
    stopped.connection.sendall(stopped.body[stopped.half :])
    answer = stopped.answer()
    assert answer.startswith((b"HTTP/1.1 201", b"HTTP/1.1 202")), answer[:200]
    assert stopped.process.wait(PATIENCE) == 0
    assert stopped.uploads() in (["staged"], ["reading"])


def test_an_upload_whose_sender_goes_away_leaves_nothing(stopped: Stopped) -> None:
    stopped.process.send_signal(signal.SIGTERM)
    stopped.connection.close()
    assert stopped.process.wait(PATIENCE) == 0
    assert stopped.uploads() == []


# killed


def until(holds: Callable[[], Any]) -> Any:
    """What it says, once that is something."""
    limit = time.monotonic() + PATIENCE
    while not (found := holds()) and time.monotonic() < limit:
        time.sleep(0.001)
    return found


def ended(number: int) -> bool:
    """Whether a process is no more, or only waits to be counted."""
    try:
        return Path(f"/proc/{number}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_service_killed_while_a_file_comes_in_leaves_nothing_of_it(tmp_path: Path, file: bytes) -> None:
    stopped = Stopped(tmp_path, file * 200)
    stopped.kill()
    stopped.connection.close()
    assert stopped.half > 1 << 20  # more than is held in memory
    assert stopped.left() == []
    assert stopped.uploads() == []


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """One that takes seconds to read, so that a kill comes before the end."""
    authority = make_authority(7, 3, 2500, first_year=YEAR, years=1)
    return write_files(authority, get_check("november", YEAR), tmp_path_factory.mktemp("long"))[0].read_bytes()


@pytest.fixture
def long_stopped(tmp_path: Path, long_file: bytes) -> Iterator[Stopped]:
    made = Stopped(tmp_path, long_file)
    yield made
    made.connection.close()
    stop_process(made.process)


@pytest.mark.parametrize("reached", ["november.csv", "job.json"])
def test_what_a_killed_service_was_reading_is_cleared_away_and_read_at_the_next_start(
    long_stopped: Stopped, reached: str
) -> None:
    """Killed as soon as the file lies in its folder, or once the process that reads it has been told of it."""
    stopped = long_stopped
    readers = until(stopped.readers)
    stopped.connection.sendall(stopped.body[stopped.half :])
    assert until(lambda: list(stopped.temporary.glob(f"*/{reached}")) and stopped.left())  # there, and written
    stopped.kill()
    assert stopped.left(), "killed too late to leave anything"
    assert stopped.uploads() == ["reading"]
    stopped.process, stopped.port = stopped.start()
    assert until(lambda: stopped.uploads() == ["staged"])
    assert until(lambda: not list(stopped.temporary.iterdir())), list(stopped.temporary.rglob("*"))
    assert until(lambda: all(map(ended, readers))), "a reader outlives its service"


# no room


def allow_pages(service: Service, more: int | None) -> None:
    """Let the SQLite file grow by so many pages and no further; None: as far as it likes."""
    database: Database = service.app.state.database
    with database.read() as connection:
        now = connection.exec_driver_sql("pragma page_count").scalar_one()
    database.dispose()
    most = 2**31 if more is None else now + more

    def limit(raw: Any, _record: Any) -> None:
        raw.execute(f"pragma max_page_count={most}")

    event.listen(database.engine, "connect", limit)


def stored(service: Service) -> dict[str, int]:
    with service.database.read(Access.system()) as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (t.uploads, t.upload_pupils, t.upload_files, t.submissions, t.roll_pupils, t.register_rows)
        }


def upload(service: Service, check: str, file: bytes) -> Any:
    return service.as_("returns").post(f"/v1/checks/{check}/uploads", files={"file": ("november.csv", file)})


def confirm(service: Service, shown: Any) -> Any:
    match = {"if-match": f'"{shown["version"]}"'}
    path = f"/v1/uploads/{shown['ref']}/confirmation"
    return service.as_("returns").post(path, json=CONFIRMED, headers=match)


@pytest.mark.parametrize("pages", [1, 12], ids=["for the file", "for its pupils"])
def test_an_upload_without_room_is_refused_and_goes_on_later(sqlite_service: Service, file: bytes, pages: int) -> None:
    service = sqlite_service
    check = service.as_("analyst").post("/v1/checks", json=NOVEMBER).json()["ref"]
    allow_pages(service, pages)
    refused = upload(service, check, file)
    assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
    allow_pages(service, None)
    assert stored(service)["upload_pupils"] == 0
    again = upload(service, check, file)
    assert again.status_code in (200, 201)
    assert again.json()["state"] == "staged"
    assert stored(service)["upload_pupils"] > 100


def test_a_confirmation_without_room_is_refused_whole_and_goes_on_later(sqlite_service: Service, file: bytes) -> None:
    service = sqlite_service
    check = service.as_("analyst").post("/v1/checks", json=NOVEMBER).json()["ref"]
    shown = upload(service, check, file).json()
    staged = stored(service)
    for pages in (1, 30):
        allow_pages(service, pages)
        refused = confirm(service, shown)
        assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
        allow_pages(service, None)
        assert stored(service) == staged
    assert confirm(service, shown).status_code == 200
    assert stored(service)["register_rows"] > 100
    assert backups.verify(service.database).faults == ()


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (psycopg.errors.DiskFull, "full"),
        (psycopg.errors.AdminShutdown, "away"),
        (psycopg.errors.TooManyConnections, "away"),
        (psycopg.errors.SerializationFailure, "away"),
        (psycopg.errors.UniqueViolation, None),
        (psycopg.errors.InsufficientPrivilege, None),
        (psycopg.OperationalError, "away"),
        (ValueError, None),
    ],
)
def test_a_database_that_is_full_or_away_is_told_from_a_mistake_of_ours(
    error: type[Exception], trouble: str | None
) -> None:
    assert trouble_of(DBAPIError("select 1", {}, error())) == trouble
