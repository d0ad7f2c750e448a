"""A file for all schools is read and stored in the background: in parts, with progress, and never half of it shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import func, select, update

from service import audit
from service import tables as t
from service.access import Access
from service.uploads import jobs, storing, work
from service.uploads.reading import Readers
from tests.service.test_uploads_council import ONE, THREE, TWO, everywhere, of, sent
from tests.service.test_uploads_hostile import job, until
from tests.service.uploading import confirm, csv, open_check, send


def state_of(service: Any, upload: dict[str, Any]) -> dict[str, Any]:
    return dict(service.as_("analyst").get(f"/v1/uploads/{upload['ref']}").json())


def rows_of(service: Any, table: Any = t.upload_pupils) -> int:
    with service.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def be_read(service: Any, **values: Any) -> None:
    """Let the only upload be as a stop in the middle of reading leaves it."""
    with service.database.write() as connection:
        connection.execute(update(t.uploads).values(state="reading", progress=0.0, **values))


class Storing:
    """The process that is killed."""

    def __init__(self, service: Any, upload: dict[str, Any]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.service.storing", service.settings.database_url, upload["ref"]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def parts(self, number: int) -> list[str]:
        """Let it come to so many parts, and kill it before the last of them is kept."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        said = []
        for place in range(number):
            if place:
                self.process.stdin.write("\n")
                self.process.stdin.flush()
            said.append(self.process.stdout.readline().strip())
        self.process.kill()
        self.process.communicate()
        return said


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_file_whose_storing_was_killed_is_not_shown_and_taken_up_again(service, kept: int) -> None:
    upload = sent(service, open_check(service), everywhere())
    be_read(service)
    said = Storing(service, upload).parts(kept + 1)
    assert said == ["0.50", "0.75", "1.00"][: kept + 1]
    shown = state_of(service, upload)
    assert (shown["state"], rows_of(service)) == ("reading", [0, 2, 3][kept])
    if kept:
        assert shown["progress"] == pytest.approx(0.6 + 0.4 * [0, 0.5, 0.75][kept])
    else:
        assert 0 <= shown["progress"] < 0.6  # as far as the reading had said by then
    pupils = service.as_("analyst").get(f"/v1/uploads/{upload['ref']}/pupils").json()
    assert (pupils["items"], shown["leavers"]["count"]) == ([], 0)
    work.start(service.app)
    assert until(lambda: state_of(service, upload)["state"] == "staged")
    work.stop(service.app)
    assert rows_of(service) == 4
    with service.database.read() as connection:
        assert audit.first_break(connection) is None
    assert confirm(service, state_of(service, upload), "analyst").json()["receipt"]["on_roll"] == 4


def test_two_processes_at_one_file_store_it_once(service) -> None:
    upload = sent(service, open_check(service), everywhere())
    be_read(service)
    with service.database.read(Access.system()) as connection:
        row = connection.execute(select(t.uploads)).one()
    slow, quick = (storing.InParts(service.database, Event(), row) for _ in range(2))
    slow._claim()
    with pytest.raises(storing.NotOursError):
        quick._claim()
    readers = Readers(service.settings)
    jobs.read_upload(service.database, service.settings, readers, Access.system(), upload["ref"], Event())
    readers.kill()
    with pytest.raises(storing.NotOursError), slow._turn():
        pass
    shown = state_of(service, upload)
    assert (rows_of(service), shown["state"], shown["refusal"]) == (4, "staged", None)


def test_what_was_withdrawn_while_it_was_stored_leaves_nothing(sqlite_service, monkeypatch) -> None:
    service, check = sqlite_service, open_check(sqlite_service)
    monkeypatch.setattr(storing, "PUPILS_AT_ONCE", 1)
    upload = sent(service, check, everywhere())
    be_read(service)
    with service.database.read(Access.system()) as connection:
        row = connection.execute(select(t.uploads)).one()
    parts = storing.InParts(service.database, Event(), row)
    parts._claim()
    assert service.as_("analyst").delete(f"/v1/uploads/{upload['ref']}").status_code == 204
    with pytest.raises(storing.NotOursError), parts._turn():
        pass
    assert (rows_of(service), rows_of(service, t.upload_files)) == (0, 0)


def test_a_file_that_takes_the_place_of_another_leaves_nothing_of_it(sqlite_service) -> None:
    check = open_check(sqlite_service)
    first = sent(sqlite_service, check, everywhere())
    sent(sqlite_service, check, [of(ONE, 1), of(TWO, 12)])
    assert state_of(sqlite_service, first)["state"] == "superseded"
    assert (rows_of(sqlite_service), rows_of(sqlite_service, t.upload_files)) == (2, 1)


def test_a_stop_before_the_file_before_was_wholly_gone_leaves_nothing_of_it_in_the_end(sqlite_service) -> None:
    check = open_check(sqlite_service)
    sent(sqlite_service, check, everywhere())
    second = sent(sqlite_service, check, [of(ONE, 1), of(TWO, 12)])
    be_read(sqlite_service)  # the second; the first stands as a stop after it gave way leaves it
    with sqlite_service.database.write() as connection:
        rows = connection.execute(select(t.uploads).order_by(t.uploads.c.id)).all()
        connection.execute(update(t.uploads).where(t.uploads.c.id == rows[0].id).values(state="superseded"))
        connection.execute(t.upload_files.insert().values(upload_id=rows[0].id, content=b"as it came"))
        connection.execute(t.upload_pupils.insert().values(upload_id=rows[0].id, place=0, change="first", record={}))
    work.start(sqlite_service.app)
    assert until(lambda: state_of(sqlite_service, second)["state"] == "staged")
    work.stop(sqlite_service.app)
    assert (rows_of(sqlite_service), rows_of(sqlite_service, t.upload_files)) == (2, 1)


def test_reading_says_how_far_it_is(service, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_bytes(csv(everywhere()))
    schools = {urn: {"name": f"School {urn}", "laestab": None} for urn in (ONE, TWO, THREE)}
    readers, heard = Readers(service.settings), []
    found = readers.read(job() | {"school": None, "schools": schools}, file, 60, heard.append)
    alone = readers.read(job(), file, 60, heard.append)
    unheard = readers.read(job() | {"school": None, "schools": schools}, file, 60)
    readers.kill()
    assert found["staged"] == unheard["staged"]
    assert found["staged"]["account"]["pupils"] == alone["staged"]["account"]["pupils"] == 4
    assert heard == sorted(heard)
    assert heard[:2] == [0.4, 0.5]
    assert len(heard) == 5  # of three schools, and nothing of a school's own file


def test_a_big_file_is_answered_with_how_far_it_is(tmp_path: Path, start_service) -> None:
    from tests.service.conftest import furnish

    service = furnish(start_service(f"sqlite:///{tmp_path / 'roni.db'}", answer_within=0.0))
    answer = send(service, open_check(service), csv(everywhere()), "analyst")
    assert (answer.status_code, answer.json()["state"]) == (202, "reading")
    assert 0 <= answer.json()["progress"] < 1
    page = service.browser("analyst").get(f"/uploads/{answer.json()['ref']}")
    assert "Reading your file" not in page.text or ("<progress" in page.text and page.headers["refresh"] == "3")
    assert until(lambda: state_of(service, answer.json())["state"] == "staged")


def test_a_page_of_what_is_being_read_shows_how_far_it_is(sqlite_service) -> None:
    upload = sent(sqlite_service, open_check(sqlite_service), everywhere())
    be_read(sqlite_service)
    with sqlite_service.database.write() as connection:
        connection.execute(update(t.uploads).values(progress=0.37))
    page = sqlite_service.browser("analyst").get(f"/uploads/{upload['ref']}")
    assert page.headers["refresh"] == "3"
    assert '<progress class="roni-progress" id="progress" value="37" max="100">' in page.text


@pytest.mark.parametrize("lost", ["the file", "the secret"])
def test_a_file_that_cannot_be_taken_up_again_must_be_sent_again(sqlite_service, lost: str) -> None:
    upload = sent(sqlite_service, open_check(sqlite_service), everywhere())
    be_read(sqlite_service)
    with sqlite_service.database.write() as connection:
        changed = t.upload_files.update().values(content=b"of another secret" * 9)
        connection.execute(t.upload_files.delete() if lost == "the file" else changed)
    work.start(sqlite_service.app)
    assert until(lambda: state_of(sqlite_service, upload)["state"] == "refused")
    work.stop(sqlite_service.app)
    assert state_of(sqlite_service, upload)["refusal"]["code"] == "send_again"
    sent(sqlite_service, open_check_again(sqlite_service), everywhere())


def open_check_again(service: Any) -> str:
    return str(service.as_("analyst").get("/v1/checks").json()["items"][0]["ref"])


def test_each_school_that_is_confirmed_leaves_what_was_staged_of_it(sqlite_service) -> None:
    from service.uploads import finishing
    from tests.service.test_uploads_council import _analyst

    sent(sqlite_service, open_check(sqlite_service), everywhere())
    who = _analyst(sqlite_service)
    with sqlite_service.database.write() as connection:
        finishing.begin_all(connection, who, connection.execute(select(t.uploads)).one())
        finishing._next(connection, who, sqlite_service.settings, connection.execute(select(t.uploads)).one())
    assert rows_of(sqlite_service) == 2
    stopping = Event()
    stopping.set()
    with sqlite_service.database.read() as connection:
        ref = connection.execute(select(t.uploads.c.ref)).scalar_one()
    finishing.go_on(sqlite_service.database, sqlite_service.settings, ref, stopping=stopping)
    assert rows_of(sqlite_service) == 2  # nothing more is begun when the service stops
    finishing.go_on(sqlite_service.database, sqlite_service.settings, ref)
    assert rows_of(sqlite_service) == 0


def test_who_has_waited_longest_writes_next(sqlite_service) -> None:
    import threading
    import time

    line, came = sqlite_service.database._line, []

    def write(number: int) -> None:
        with line.turn():
            came.append(number)

    with line.turn():
        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=write, args=(number,)))
            threads[-1].start()
            while len(line._waiting) < number + 2:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert came == list(range(8))
