"""No name, UPN or cell's value in any log line, metric, address or refusal: sentinels are put in, and looked for.

Every route is called: as those who may see the sentinels, as those who may not, and wrongly.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from service.checks import queries
from service.logs import JsonLines
from tests.service.conftest import Service
from tests.service.walking import SENTINELS, Walk

CELLS = ("Qxvalueqx", "Qxnoteqx")  # written into cells, one where a number belongs
TYPED = "Qxtypedqx"  # what somebody types into the wrong place
LOOKED_FOR = tuple(word.casefold() for word in (*SENTINELS, *CELLS, TYPED))
FILE = (
    "UPN,Surname,Forename,Year,Attendance,SEN,Comments\n"
    f"{SENTINELS[2]},{SENTINELS[0]},{SENTINELS[1]},11,{CELLS[0]},K,{CELLS[1]}\n"
    f"{SENTINELS[2]},{SENTINELS[0]},{SENTINELS[1]},11,91.5,{CELLS[0]},{CELLS[1]}\n"
)
READERS = ("nobody", "returns3", "coach_south", "send", "analyst", "administrator", "returns2")
STRANGERS = ("nobody", "returns2")  # whose pupils they are not
WRITERS = ("returns3", "coach_south", "analyst", "administrator")
LINKS = re.compile(r'(?:href|action|src)="([^"]*)"')


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What would be logged, of our own loggers at every level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root, names = logging.getLogger(), ("roni", "uvicorn")
    before = {name: logging.getLogger(name).level for name in names}
    root.addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


class Answers:
    """Answers looked through as they come."""

    def __init__(self) -> None:
        self.count, self.wrong = 0, []

    def add(self, told: str, answer: Any, *, stranger: bool = False) -> None:
        """Look through an answer. A form that is shown again, with what was typed, is no refusal of that kind: only
        whose pupils these are not must find nothing in it."""
        self.count += 1
        refused = answer.status_code >= 400 and (stranger or "json" in answer.headers.get("content-type", ""))
        addresses = " ".join([*LINKS.findall(answer.text), answer.headers.get("location", "")])
        for where, text in (("address", addresses), ("refusal", answer.text if refused else "")):
            if found := said(text):
                self.wrong.append(f"{told} ({answer.status_code}): {found} in {where}")


def said(text: str) -> list[str]:
    return [word for word in LOOKED_FOR if word in text.casefold()]


@pytest.fixture
def walk(sqlite_service: Service) -> Walk:
    return Walk(sqlite_service)


def test_nothing_personal_is_in_logs_metrics_addresses_or_refusals(
    walk: Walk, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers()
    for route, method in walk.calls():
        for who in READERS if method == "GET" else STRANGERS:
            answer = walk.send(who, route, method)
            answers.add(f"{method} {route.path} as {who}", answer, stranger=who in STRANGERS)
    send_file(walk.service, answers)
    send_wrongly(walk, answers)
    for route, method in walk.calls():
        for who in WRITERS if method != "GET" else ():
            answers.add(f"{method} {route.path} as {who}", walk.send(who, route, method, body=True))
    fail(walk.service, answers, monkeypatch)
    assert answers.wrong == [], "\n".join(answers.wrong)
    assert said(lines.getvalue()) == []
    assert '"status": 500' in lines.getvalue()
    assert said(walk.service.app.state.measures.text().decode()) == []
    assert answers.count > 300


def send_file(service: Service, answers: Answers) -> None:
    """A file with sentinels in its cells, read in its own process, and one that cannot be read."""
    analyst = service.as_("analyst")
    check = analyst.post("/v1/checks", json={"academic_year": "2026/27", "name": "january"}).json()["ref"]
    for name, content in (("a.csv", FILE.encode()), ("b.xlsx", FILE.encode()), ("c.csv", FILE[:40].encode())):
        form = {"files": {"file": (name, content)}, "data": {"school": "100003"}}
        answer = analyst.post(f"/v1/checks/{check}/uploads", **form)
        answers.add(f"upload of {name}", answer)
        if answer.status_code == 201:
            path = f"/v1/uploads/{answer.json()['ref']}"
            found = analyst.get(f"{path}/problems")
            assert found.json()["items"]
            assert said(found.text) == [], "a problem repeats what is in the cell"
            answers.add("confirmation", analyst.post(f"{path}/confirmation", json={"registrations_confirmed": True}))


def send_wrongly(walk: Walk, answers: Answers) -> None:
    """What was typed where it does not belong: in bodies, forms, headers and addresses."""
    wrong = ({"json": {TYPED: TYPED}}, {"json": [TYPED]}, {"data": {TYPED: TYPED}}, {"content": f'{{"{TYPED}'})
    for route, method in walk.calls():
        for sent in wrong if method != "GET" else ({"params": {"limit": TYPED, "cursor": TYPED, "year": TYPED}},):
            request = {"headers": {"if-match": TYPED, "accept": "text/plain"}, "follow_redirects": False, **sent}
            if isinstance(sent.get("content"), str):
                request["headers"] = {"content-type": "application/json"}
            answer = walk.service.as_("analyst").request(method, walk.address(route), **request)
            if answer.status_code >= 400:
                answers.add(f"{method} {route.path} wrongly", answer)
    for address in (f"/v1/{TYPED}", f"/v1/checks/{TYPED}", f"/v1/pupils/{TYPED}/history"):
        answer = walk.service.as_("analyst").get(address)
        assert answer.status_code == 404
        answers.add(address, answer)


def fail(service: Service, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours whose words hold a name."""

    def broken(*_: object) -> None:
        raise ValueError(SENTINELS[0])

    monkeypatch.setattr(queries, "list_checks", broken)
    answer = service.as_("analyst").get("/v1/checks")
    assert answer.status_code == 500
    answers.add("an error of ours", answer)
