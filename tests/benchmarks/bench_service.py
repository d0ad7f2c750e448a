"""CPU per request of the service on SQLite, against a bare FastAPI app that moves the same bytes, in the same run.

    python tests/benchmarks/bench_service.py [schools]
    python tests/benchmarks/bench_service.py council [schools] [callers]

Both are processes of their own on this machine's loopback, one worker each; their CPU is the system's count for the
process and for those that it has started. They take turns, call by call, so that whatever else the machine does slows
both. Schools of 250 pupils send 29 columns in November and in January: January's
file is also compared with November's roll, which is what is shown. Targets: an upload and a confirmation at most 8
times the bare app that reads the same file with `csv` and pydantic; a ranked list of 250 at most 3 times the bare typed
answer of the same lines; a page out of 100,000 pupils as one out of 1,000; 20,000 pupils scored a second. A
confirmation works out the full register; what its narrower views cost a school when somebody first asks for one, all
schools together, is told beside it.

With `council` a whole council (60 schools of 250) sends November's and January's files, several schools at once, and
confirms them: wall and CPU seconds of one worker, whose target is a minute for either month, and that nothing is lost.
"""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

BARE = Path(__file__).with_name("bare.py")
PUPILS = 250
SCHOOLS = 20
COUNCIL, CALLERS = 60, 8  # schools, and how many of them send at once
REPEATS = 60
SCORED = 5000  # rows of one call
SMALL, LARGE = 1_000, 100_000
TICK = os.sysconf("SC_CLK_TCK")
START_SECONDS = 120


# --- what is measured -------------------------------------------------------------------------------------------------


Call = Callable[[], httpx2.Response]


class Server:
    """One app in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.pid = process.pid
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=600)

    def cpu(self) -> float:
        """Seconds of the process and of those that it has started."""
        children = " ".join(path.read_text() for path in Path(f"/proc/{self.pid}/task").glob("*/children"))
        return sum(_seconds(pid) for pid in (self.pid, *map(int, children.split())))

    def ms(self, calls: Sequence[Call]) -> float:
        """Milliseconds of CPU for one of these calls, in the mean."""
        return in_turns((self, calls))[0]


def in_turns(*jobs: tuple[Server, Sequence[Call]]) -> list[float]:
    """The same of several apps at once, whose calls alternate: each app's are spread over the whole."""
    turns = [(place / len(calls), call) for _, calls in jobs for place, call in enumerate(calls)]
    before = [server.cpu() for server, _ in jobs]
    for _, call in sorted(turns, key=lambda turn: turn[0]):
        answer = call()
        assert answer.is_success, (answer.status_code, answer.text[:300])
    return [1000 * (server.cpu() - then) / len(calls) for (server, calls), then in zip(jobs, before, strict=True)]


def _seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICK


@contextmanager
def served(*words: str | Path) -> Iterator[Server]:
    with subprocess.Popen([sys.executable, *map(str, words)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            server = Server(process, int(process.stdout.readline()))
            _wait(server)
            yield server
        finally:
            process.terminate()


def _wait(server: Server) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            server.client.get("/livez")
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The app did not start.")


def serve(folder: Path) -> None:
    """The service; its port is printed."""
    import uvicorn

    from service.app import create_app

    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        config = uvicorn.Config(create_app(_settings(folder)), log_level="warning", access_log=False)
        uvicorn.Server(config).run(sockets=[listener])


def _settings(folder: Path) -> Any:
    from service.settings import Settings

    return Settings.read({"RONI_DATABASE_URL": f"sqlite:///{folder / 'roni.db'}", "RONI_SECRET": "of the benchmark"})


# --- an invented council ----------------------------------------------------------------------------------------------


def furnish(folder: Path, schools: int) -> str:
    """An empty database with schools and an analyst, whose token is the answer."""
    from sqlalchemy import insert

    from service import schema
    from service import tables as t
    from service.database import Database
    from service.refs import new_ref

    settings = _settings(folder)
    database = Database(settings.database_url)
    schema.upgrade(database)
    with database.write() as connection:
        connection.execute(
            insert(t.schools),
            [
                {
                    "ref": new_ref("school"),
                    "urn": _urn(place),
                    "name": f"Invented School {place + 1}",
                    "district": "North",
                }
                for place in range(schools)
            ],
        )
    database.dispose()
    return joined(folder, "analyst")


def joined(folder: Path, role: str, **grant: str) -> str:
    """Somebody of this role, whose token is the answer."""
    from sqlalchemy import insert

    from service import tables as t
    from service.accounts.credentials import create_token
    from service.database import Database
    from service.refs import new_ref

    settings = _settings(folder)
    database = Database(settings.database_url)
    with database.write() as connection:
        whose = {"ref": new_ref("person"), "name": f"Invented {role}", "email": f"{role}@example.org"}
        person = connection.execute(insert(t.people).values(**whose)).inserted_primary_key[0]
        given = {"ref": new_ref("grant"), "person_id": person, "role": role, **grant}
        granted = connection.execute(insert(t.grants).values(**given)).inserted_primary_key[0]
        token, _ = create_token(connection, settings, person, granted, "benchmark")
    database.dispose()
    return token


def _urn(place: int) -> str:
    return str(100001 + place)


def files(folder: Path, schools: int) -> list[bytes]:
    """One file a school, of Year 11 pupils."""
    from roni.synthetic import write_big_csv

    with write_big_csv(folder / "cohort.csv", 4 * PUPILS * (schools + 1)).open(encoding="utf-8", newline="") as file:
        headings, *rows = csv.reader(file)
    year, school = headings.index("Year group"), headings.index("School")
    rows = [row[:school] + row[school + 1 :] for row in rows if row[year] == "11"]
    del headings[school]
    return [_csv([headings, *rows[place * PUPILS : (place + 1) * PUPILS]]) for place in range(schools)]


def _csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def grow(folder: Path, check: str, sizes: Sequence[int]) -> list[str]:
    """Checks whose registers have this many copies of one line, each of a pupil of its own; their references."""
    from sqlalchemy import insert, select

    from service import tables as t
    from service.database import Database

    database = Database(_settings(folder).database_url)
    with database.write() as connection:

        def one(table: Any, *where: Any) -> dict[str, Any]:
            found = connection.execute(select(table).where(*where).limit(1)).mappings().one()
            return {name: value for name, value in found.items() if name != "id"}

        the_check = one(t.checks, t.checks.c.ref == check)
        number = connection.execute(select(t.checks.c.id).where(t.checks.c.ref == check)).scalar_one()
        register = one(t.registers, t.registers.c.check_id == number, t.registers.c.view == "full")
        line, pupil = one(t.register_rows, t.register_rows.c.section == "ranked"), one(t.pupils)
        ids = range(LARGE, LARGE + max(sizes))
        same = {"upn": None}
        pupils = [{**pupil, **same, "id": each, "ref": f"pupil-{each}", "key": f"pupil-{each}"} for each in ids]
        connection.execute(insert(t.pupils), pupils)
        connection.execute(insert(t.pupil_links), [{"pupil_id": each, "audit_ref": f"audit-{each}"} for each in ids])
        for size in sizes:
            made = {**the_check, "ref": f"check-{size}", "year": the_check["year"] + len(str(size))}
            made_id = connection.execute(insert(t.checks).values(**made)).inserted_primary_key[0]
            its = {**register, "ref": f"register-{size}", "check_id": made_id}
            register_id = connection.execute(insert(t.registers).values(**its)).inserted_primary_key[0]
            lines = [{**line, "register_id": register_id, "pupil_id": each, "sort": f"{each}"} for each in ids[:size]]
            connection.execute(insert(t.register_rows), lines)
    database.dispose()
    return [f"check-{size}" for size in sizes]


# --- the run ----------------------------------------------------------------------------------------------------------


def main(schools: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        token, sent = furnish(folder, schools), files(folder, schools)
        with served(__file__, "serve", folder) as ours, served(BARE, folder / "lines.json") as plain:
            time.sleep(5)  # until the processes that read files are ready
            ours.client.headers["authorization"] = f"Bearer {token}"
            checks = [opened(ours, month) for month in ("november", "january")]
            plain.ms(read := reads(plain, sent))
            coach = {"authorization": f"Bearer {joined(folder, 'coach', district='North')}"}
            for check in checks:
                upload, confirmation = returned(ours, check, sent, (plain, read))
                narrower = ours.ms([lambda: ours.client.get("/v1/caseload", headers=coach)]) / schools
            every = ours.client.get(f"/v1/checks/{checks[1]}/register", params={"limit": PUPILS})
            (folder / "lines.json").write_text(json.dumps(every.json()["items"]))
            lines = [lambda: plain.client.get("/lines")] * REPEATS * 5
            plain.ms(lines[:5])
            ranked = in_turns((ours, [lambda: ours.client.get(every.request.url)] * REPEATS), (plain, lines))
            pages = [page(ours, check) for check in grow(folder, checks[1], (SMALL, LARGE))]
            scored = scores(ours, sent)
    reading, answering = (upload[1] + confirmation[1]) / 2, ranked[1]
    print(f"bare app: {PUPILS} pupils read {reading:.2f} ms, {PUPILS} lines answered {answering:.2f} ms of CPU")
    say("upload read, compared, staged", *upload, 8)
    say("confirmation, scored, stored", *confirmation, 8)
    print(f"its two narrower views, once somebody asks: {narrower:.1f} ms more, ratio {narrower / reading:.1f}")
    say(f"ranked list of {PUPILS}", *ranked, 3)
    for what, small, large in zip(("first page of 50", "page after 500"), *pages, strict=True):
        print(f"{what}: {small:.1f} ms out of {SMALL:,}, {large:.1f} ms out of {LARGE:,}, ratio {large / small:.2f}")
    print(f"/v1/scores: {scored:,.0f} pupils a second (target 20,000)")
    cpu = COUNCIL * (upload[0] + confirmation[0]) / 1000
    print(f"{COUNCIL} schools would be {cpu:.0f} s of CPU; `council` sends them all")


def opened(ours: Server, month: str) -> str:
    answer = ours.client.post("/v1/checks", json={"academic_year": "2026/27", "name": month})
    assert answer.is_success, answer.text
    return str(answer.json()["ref"])


def reads(plain: Server, sent: list[bytes]) -> list[Call]:
    """The same files read by the bare app, each five times."""
    return [
        lambda content=content: plain.client.post("/uploads", files={"file": ("a.csv", content)}) for content in sent
    ] * 5


def returned(ours: Server, check: str, sent: list[bytes], beside: tuple[Server, list[Call]]) -> list[list[float]]:
    """Every school's file uploaded, then every roll confirmed: CPU ms of each, and of what goes on in turn with it.

    Two go first, to warm up.
    """
    uploads: list[httpx2.Response] = []

    def upload(place: int) -> httpx2.Response:
        form = {"school": _urn(place)}
        uploads.append(
            ours.client.post(f"/v1/checks/{check}/uploads", files={"file": ("roll.csv", sent[place])}, data=form)
        )
        return uploads[-1]

    def confirm(answer: httpx2.Response) -> httpx2.Response:
        url = f"/v1/uploads/{answer.json()['ref']}/confirmation"
        return ours.client.post(
            url, json={"registrations_confirmed": True}, headers={"if-match": answer.headers["etag"]}
        )

    found = []
    for part in (range(2), range(2, len(sent))):
        first = len(uploads)
        uploading = in_turns((ours, [lambda place=place: upload(place) for place in part]), beside)
        confirming = in_turns((ours, [lambda answer=answer: confirm(answer) for answer in uploads[first:]]), beside)
        found.append([uploading, confirming])
    return found[1]


def council(schools: int, callers: int) -> None:
    """All schools of a council in both months, several at once."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        token, sent = furnish(folder, schools), files(folder, schools)
        with served(__file__, "serve", folder) as ours, ThreadPoolExecutor(callers) as several:
            time.sleep(5)  # until the processes that read files are ready
            ours.client.headers["authorization"] = f"Bearer {token}"
            coach = {"authorization": f"Bearer {joined(folder, 'coach', district='North')}"}
            for month in ("november", "january"):
                check = opened(ours, month)
                uploads, *reading = timed(ours, several, partial(staged, ours, check), range(schools), sent)
                receipts, *scoring = timed(ours, several, partial(confirmed, ours), uploads)
                found = lost(ours, check, sent, receipts)
                print(f"{month}: {schools} schools of {PUPILS}, {callers} at once")
                for what, (wall, cpu) in (("uploads", reading), ("confirmations", scoring)):
                    print(f"  {what}: {wall:.1f} s, {cpu:.1f} s of CPU")
                wall, cpu = (sum(pair) for pair in zip(reading, scoring, strict=True))
                print(f"  together: {wall:.1f} s, {cpu:.1f} s of CPU (target 60 s); lost: {found or 'none'}")
                _, wall, cpu = timed(ours, several, lambda who: ours.client.get("/v1/caseload", headers=who), [coach])
                print(f"  who first asks for a narrower view waits {wall:.1f} s, {cpu:.1f} s of CPU")
                assert not found


def timed(
    ours: Server, several: ThreadPoolExecutor, call: Callable[..., httpx2.Response], *about: Iterable[Any]
) -> tuple[list[httpx2.Response], float, float]:
    """The answers of calls about each of these, several at once, and their seconds: by the clock, and of CPU."""
    cpu, wall = ours.cpu(), time.monotonic()
    answers = list(several.map(call, *about))
    return answers, time.monotonic() - wall, ours.cpu() - cpu


def staged(ours: Server, check: str, place: int, content: bytes) -> httpx2.Response:
    """A school's file, sent and read."""
    form = {"school": _urn(place)}
    answer = ours.client.post(f"/v1/checks/{check}/uploads", files={"file": ("roll.csv", content)}, data=form)
    while answer.is_success and answer.json()["state"] == "reading":
        time.sleep(0.2)
        answer = ours.client.get(f"/v1/uploads/{answer.json()['ref']}")
    assert answer.is_success, (answer.status_code, answer.text[:300])
    return answer


def confirmed(ours: Server, answer: httpx2.Response) -> httpx2.Response:
    """A roll, confirmed as it was shown."""
    url, seen = f"/v1/uploads/{answer.json()['ref']}/confirmation", {"if-match": answer.headers["etag"]}
    receipt = ours.client.post(url, json={"registrations_confirmed": True}, headers=seen)
    assert receipt.is_success, (receipt.status_code, receipt.text[:300])
    return receipt


def lost(ours: Server, check: str, sent: list[bytes], receipts: Sequence[httpx2.Response]) -> list[str]:
    """What of all that was sent is not there: schools that are not signed off, pupils without a line."""
    pupils = sum(len(rows_of(content)) for content in sent)
    schools = ours.client.get(f"/v1/checks/{check}").json()["schools"]
    listed = ours.client.get(f"/v1/checks/{check}/register", params={"counts": True, "limit": 1}).json()["counts"]
    found = [f"school {line['urn']} is {line['state']}" for line in schools if line["state"] != "signed_off"]
    on_roll = sum(receipt.json()["receipt"]["on_roll"] for receipt in receipts)
    if {pupils, on_roll, listed["pupils"]} != {pupils}:
        found.append(f"{pupils} pupils sent, {on_roll} on rolls, {listed['pupils']} in the register")
    return found


def page(ours: Server, check: str) -> tuple[float, float]:
    """A page of 50: the first, and one further down."""
    url, more = f"/v1/checks/{check}/register", {"limit": 50}
    ours.ms([lambda: ours.client.get(url, params=more)] * 5)
    first = ours.ms([lambda: ours.client.get(url, params=more)] * REPEATS)
    cursor = ours.client.get(url, params={"limit": 500}).json()["next"]
    return first, ours.ms([lambda: ours.client.get(url, params={**more, "cursor": cursor})] * REPEATS)


def scores(ours: Server, sent: list[bytes]) -> float:
    """Pupils a second of one worker."""
    rows = [row for content in sent for row in rows_of(content)]
    rows = (rows * (SCORED // len(rows) + 1))[:SCORED]
    content = json.dumps({"check": "november", "academic_year": "2026/27", "rows": rows}).encode()
    call = lambda: ours.client.post("/v1/scores", content=content, headers={"content-type": "application/json"})  # noqa: E731
    ours.ms([call])
    return 1000 * SCORED / ours.ms([call] * 5)


def say(what: str, ours: float, reference: float, target: float) -> None:
    print(f"{what}: {ours:.1f} ms, ratio {ours / reference:.1f} (target {target:g})")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["council"]:
        council(*(int(word) for word in sys.argv[2:] + [str(COUNCIL), str(CALLERS)][len(sys.argv[2:]) :]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else SCHOOLS)
