"""Files that are broken or meant to break something: each a clear refusal, while another caller is served."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select, update

from service import tables as t
from service.uploads import reading, vault, work
from service.uploads.child import TOO_MUCH_MEMORY
from service.uploads.reading import Readers
from tests.service.uploading import change, csv, open_check, pupil, send, staged

MEGABYTE = 1 << 20
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKED = {
    "[Content_Types].xml": TYPES,
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
    '<sheets><sheet name="Year 11" sheetId="1" r:id="rId1"/></sheets></workbook>',
}


def packed(sheet: str | bytes) -> bytes:
    """A workbook of one sheet, as its XML says."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**PACKED, "xl/worksheets/sheet1.xml": sheet}.items():
            archive.writestr(name, content)
    return stream.getvalue()


def sheet_of(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def formulas() -> bytes:
    """A workbook whose cells are formulas that nobody has worked out."""
    book = Workbook()
    for row in (
        ["UPN", "Surname", "Forename", "Year group", "Attendance %"],
        *([f"=A{n}", "=1+1", "x", "=1", 11] for n in range(5)),
    ):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "empty": ("roll.csv", lambda: b""),
    "zip_bomb": ("roll.xlsx", lambda: packed(sheet_of(" " * (40 * MEGABYTE)))),
    "nested": ("roll.xlsx", lambda: packed(sheet_of("<row>" * 200_000))),
    "image": ("photo.csv", lambda: b"\x89PNG\r\n\x1a\n" + bytes(2000)),
    "pdf": ("roll.csv", lambda: b"%PDF-1.7\n" + b"x" * 2000),
    "binary": ("roll.csv", lambda: bytes(range(256)) * 200),
    "nul": ("roll.csv", lambda: b"\0" * 5000),
    "columns": ("roll.csv", lambda: b",".join(b"c%d" % n for n in range(200_000)) + b"\n1,2\n"),
    "no_headings": ("roll.csv", lambda: b"hello\nworld\n" * 50),
    "web_page": ("roll.xls", lambda: b"<html><table><tr><td>UPN</td></tr></table></html>"),
    "truncated": ("roll.xlsx", lambda: packed(sheet_of(""))[:400]),
    "entities": ("roll.xlsx", lambda: packed('<!DOCTYPE a [<!ENTITY b "c">]>' + sheet_of("&b;"))),
    "old_excel": ("roll.xls", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000)),
}


@pytest.fixture
def check(sqlite_service) -> str:
    return open_check(sqlite_service)


@pytest.mark.parametrize("kind", HOSTILE)
def test_each_is_refused_while_another_caller_is_served(sqlite_service, check, kind) -> None:
    name, make = HOSTILE[kind]
    answers: list[Any] = []
    sender = threading.Thread(target=lambda: answers.append(send(sqlite_service, check, make(), name=name)))
    sqlite_service.as_("returns2")
    sender.start()
    other = send(sqlite_service, check, csv([pupil(1)]), "returns2")
    sender.join()
    problem = answers[0].json()
    assert other.status_code == 201
    assert answers[0].status_code == 422, problem
    assert problem["code"] not in ("unexpected", "reading_failed", "too_slow")
    assert problem["detail"][0].isupper()
    with sqlite_service.database.read() as connection:
        refused = select(t.uploads.c.refusal).where(t.uploads.c.ref == problem["upload"])
        assert connection.execute(refused).scalar_one()["code"] == problem["code"]
        kept = select(func.count()).select_from(t.upload_files)
        assert connection.execute(kept).scalar() == 1  # the other caller's


def test_cells_far_apart_cost_nothing(sqlite_service, check) -> None:
    def cell(reference: str, text: str) -> str:
        return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'

    headings = "".join(
        cell(f"{letter}1", text) for letter, text in zip("ABC", ("UPN", "Surname", "Year group"), strict=True)
    )
    rows = f'<row r="1">{headings}</row><row r="1048576">{cell("XFD1048576", "x")}</row>'
    content = packed(sheet_of(rows))
    assert len(content) < 5000
    started = time.monotonic()
    assert send(sqlite_service, check, content, name="roll.xlsx").status_code in (201, 422)
    assert time.monotonic() - started < 20


def test_formulas_that_nobody_worked_out_are_problems_and_no_values(sqlite_service, check) -> None:
    answer = send(sqlite_service, check, formulas(), name="roll.xlsx")
    assert answer.status_code in (201, 422)
    if answer.status_code == 201:
        assert answer.json()["account"]["problems"]


def test_a_file_is_what_it_holds_whatever_its_name_says(sqlite_service, check) -> None:
    for name in ("roll.xlsx", "roll", "roll.exe", "../../etc/passwd", "a" * 400 + ".csv", "Ünïcode 🙂.csv"):
        answer = send(sqlite_service, check, csv([pupil(len(name))]), name=name)
        assert answer.status_code == 201
        assert "/" not in answer.json()["file_name"]


def test_nul_bytes_between_letters_do_not_stop_the_reader(sqlite_service, check) -> None:
    assert send(sqlite_service, check, csv([pupil(1)]).replace(b"Surname1", b"Sur\0name1")).status_code in (201, 422)


# --- how big, how long ------------------------------------------------------------------------------------------------


def test_a_file_beyond_the_limit_is_refused_before_it_is_taken_in(tmp_path: Path, start_service) -> None:
    from tests.service.conftest import furnish

    service = furnish(
        start_service(f"sqlite:///{tmp_path / 'roni.db'}", upload_bytes=2000, council_upload_bytes=100_000)
    )
    check = open_check(service)
    at_most = csv([pupil(1)])
    at_most += b" " * (2000 - len(at_most))
    assert send(service, check, at_most).status_code == 201
    for content in (at_most + b" ", b"x" * 10_000_000):
        answer = send(service, check, content)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert send(service, check, at_most + b" ", "analyst", school="100001").status_code == 413


def test_a_body_that_says_nothing_of_its_size_is_counted(tmp_path: Path, start_service) -> None:
    from tests.service.conftest import furnish

    service = furnish(start_service(f"sqlite:///{tmp_path / 'roni.db'}", upload_bytes=2000))
    check = open_check(service)
    taken: list[int] = []

    def body():
        yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for _ in range(1000):
            taken.append(1)
            yield b"x" * 10_000

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = service.as_("returns").post(f"/v1/checks/{check}/uploads", content=body(), headers=headers)
    assert answer.status_code == 413


def test_who_may_not_upload_is_refused_before_the_file_is_read(sqlite_service, check) -> None:
    big = b"x" * 5_000_000
    assert send(sqlite_service, check, big, "coach").status_code == 403
    assert send(sqlite_service, check, big, "nobody").status_code == 401


def job(**more: Any) -> dict[str, Any]:
    check = {
        "name": "november", "year": "2026/27", "on": "2026-11-01", "due": "2026-11-30",
        "accepted_years": [11], "focus_years": [11], "few_sessions": 60,
    }  # fmt: skip
    empty: dict[str, Any] = {"mapping": {}, "answers": {}, "edits": {}, "saved": {}, "lasts": {}}
    return {"check": check, "school": "100001", "schools": {}, **empty, **more}


@pytest.fixture
def readers(sqlite_service):
    made = Readers(sqlite_service.settings)
    yield made
    made.kill()


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    file = tmp_path / "upload.csv"
    file.write_bytes(csv([pupil(1), pupil(2)]))
    return file


def test_the_limit_of_memory_holds(sqlite_service, tmp_path: Path, request) -> None:
    from dataclasses import replace

    small = Readers(replace(sqlite_service.settings, upload_memory=700 * MEGABYTE, readers=1))
    request.addfinalizer(small.kill)
    file = tmp_path / "upload.csv"
    with file.open("wb") as stream:
        stream.write(b"UPN,Surname,Forename,Year group\r\n")
        for number in range(40):
            stream.write(
                b"".join(b"%d,surname %d,forename %d,11\r\n" % ((number * 50_000 + n,) * 3) for n in range(50_000))
            )
    refused = small.read(job(), file, 60)["refused"]
    assert refused["code"] in ("too_much_memory", "reading_failed")
    assert refused["sentence"] in (TOO_MUCH_MEMORY, reading.LOST[1])
    good = tmp_path / "good.csv"
    good.write_bytes(csv([pupil(1)]))
    assert small.read(job(), good, 60)["staged"]["account"]["pupils"] == 1


def test_the_limit_of_time_holds_and_a_new_process_takes_its_place(readers, roll) -> None:
    readers.read(job(), roll, 60)
    (first,) = readers.started
    os.kill(first.process.pid, signal.SIGSTOP)  # it will never answer
    started = time.monotonic()
    assert readers.read(job(), roll, 0.5)["refused"]["code"] == "too_slow"
    assert time.monotonic() - started < 10
    assert first.process.poll() == -signal.SIGKILL
    assert readers.read(job(), roll, 60)["staged"]["account"]["pupils"] == 2


def test_a_process_that_dies_is_replaced(readers, roll) -> None:
    readers.read(job(), roll, 60)
    (first,) = readers.started
    os.kill(first.process.pid, signal.SIGSTOP)
    threading.Timer(0.3, lambda: os.kill(first.process.pid, signal.SIGKILL)).start()
    assert readers.read(job(), roll, 60)["refused"]["code"] == "reading_failed"
    assert readers.read(job(), roll, 60)["staged"]["account"]["pupils"] == 2


def test_the_process_that_reads_holds_no_secret(readers, roll, monkeypatch) -> None:
    monkeypatch.setenv("RONI_SECRET", "sentinel-secret")
    readers.read(job(), roll, 60)
    (reader,) = readers.started
    assert b"sentinel-secret" not in Path(f"/proc/{reader.process.pid}/environ").read_bytes()


def test_nothing_is_left_in_the_folder_for_temporary_files(readers, roll, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reading.tempfile, "tempdir", str(tmp_path))
    readers.read(job(), roll, 60)
    assert list(tmp_path.glob(f"{reading.PREFIX}*")) == []
    (tmp_path / f"{reading.PREFIX}999999999-1-x").mkdir()  # of a process that is no more
    (tmp_path / f"{reading.PREFIX}{os.getpid()}-1-x").mkdir()  # of one that had our number before us
    with reading.working_folder() as ours:
        reading.sweep()
        assert list(tmp_path.glob(f"{reading.PREFIX}*")) == [ours]


# --- longer than a caller waits, and stops in between -----------------------------------------------------------------


def test_what_takes_longer_than_a_caller_waits_is_finished_all_the_same(tmp_path: Path, start_service) -> None:
    from tests.service.conftest import furnish

    service = furnish(start_service(f"sqlite:///{tmp_path / 'roni.db'}", answer_within=0.0))
    answer = send(service, open_check(service), csv([pupil(1)]))
    assert (answer.status_code, answer.json()["state"]) == (202, "reading")
    assert until(lambda: _state(service, answer.json()["ref"]) == "staged")


def _state(service, ref: str) -> str:
    return str(service.as_("returns").get(f"/v1/uploads/{ref}").json()["state"])


def until(true: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_while_a_file_is_read_nothing_is_said_of_it(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1)])
    with sqlite_service.database.write() as connection:
        connection.execute(update(t.uploads).values(state="reading"))
    client = sqlite_service.as_("returns")
    assert client.patch(f"/v1/uploads/{upload['ref']}", json={}).json()["code"] == "still_reading"
    headers = {"if-match": f'"{upload["version"]}"'}
    url = f"/v1/uploads/{upload['ref']}/confirmation"
    answer = client.post(url, json={"registrations_confirmed": True}, headers=headers)
    assert answer.json()["code"] == "still_reading"


def test_what_was_being_read_when_the_service_stopped_is_taken_up(service) -> None:
    upload = staged(service, open_check(service), [pupil(1)])
    with service.database.write() as connection:  # as a stop at that moment leaves it
        connection.execute(update(t.uploads).values(state="reading"))
    work.start(service.app)
    assert until(lambda: _state(service, upload["ref"]) == "staged")
    work.stop(service.app)


def test_a_stop_in_the_middle_of_reading_leaves_the_file_to_be_taken_up(tmp_path: Path, start_service) -> None:
    from tests.service.conftest import furnish

    service = furnish(
        start_service(f"sqlite:///{tmp_path / 'roni.db'}", answer_within=0.0, upload_memory=2901 * MEGABYTE)
    )
    check = open_check(service)
    answers = [
        send(service, check, csv([pupil(number)]), who).json() for number, who in ((1, "returns"), (2, "returns2"))
    ]
    work.stop(service.app)
    states = {
        answer["ref"]: service.as_("analyst").get(f"/v1/uploads/{answer['ref']}").json()["state"] for answer in answers
    }
    assert set(states.values()) <= {"reading", "staged"}
    work.start(service.app)
    assert until(
        lambda: all(service.as_("analyst").get(f"/v1/uploads/{ref}").json()["state"] == "staged" for ref in states)
    )
    work.stop(service.app)


def test_a_file_that_waits_is_encrypted_under_its_reference(sqlite_service, check) -> None:
    upload = staged(sqlite_service, check, [pupil(1)])
    with sqlite_service.database.read() as connection:
        kept = connection.execute(select(t.upload_files.c.content)).scalar_one()
    assert b"Surname1" not in kept
    assert vault.unlock(sqlite_service.settings, upload["ref"], kept) == csv([pupil(1)])
    change(sqlite_service, upload, edits={"2": {"attendance": "50"}})
