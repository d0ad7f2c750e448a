"""No answer tells a caller of a field that they may not see: not its value, and not by what it does to a score.

Every route that can be read is read by callers of each view. Then the fields outside their audience change for every
pupil, the registers are worked out again, and every answer must be what it was.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from sqlalchemy import select, update

from roni import national
from service import tables as t
from service.access import ROLES, VIEWS, Access
from service.registers.working_out import work_out
from service.routing import routes_of
from tests.service.rolls import add_check, fill, invented

CALLERS = {"returns": "school", "careers": "support", "coach": "support", "analyst": "full"}
PUPILS = 5
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
JSON, OTHERS = "application/json", ("text/csv", "text/plain", WORKBOOK)
CHANGING = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+Z?|\"version\":\s*\d+|nonce=\"[^\"]*\"|nonce-[\w-]+|idempotency_key\" value=\"[^\"]*\""
)
SELF_CHANGING = ("/v1/tokens", "/account", "/metrics")  # say when they were last used


@pytest.fixture
def told(sqlite_service: Any) -> Any:
    """Two checks of a school whose pupils differ in everything."""
    november = add_check(sqlite_service)
    january = add_check(sqlite_service, "january", earlier_id=november)
    for check, name in ((november, "november"), (january, "january")):
        fill(sqlite_service, check, {"100001": invented(PUPILS, name=name)})
    sqlite_service.checks = {"earlier": november, "check": january}
    return sqlite_service


def change(service: Any, hidden: set[str]) -> None:
    """Turn round every value of some audiences in both checks, and work the registers out again."""
    fields = [field for field in national().values() if field.audience in hidden]
    with service.database.write(Access.system()) as connection:
        for row in connection.execute(select(t.roll_pupils)).all():
            values = dict(row.record["values"])
            for field in fields:
                if field.type == "flag":
                    values[field.name] = not values.get(field.name, False)
                elif field.type == "code" and field.codes:
                    values[field.name] = next(code for code in field.codes if code != values.get(field.name))
            record = {**row.record, "values": values}
            connection.execute(update(t.roll_pupils).where(t.roll_pupils.c.id == row.id).values(record=record))
        for check in service.checks.values():
            work_out(connection, service.settings, check)


def addresses(service: Any) -> list[tuple[str, set[str], list[str]]]:
    """Every address that can be read about the checks and one pupil: who may read it, and in which forms."""
    refs = {"school": _ref(service, t.schools, service.schools["100001"]), "urn": "100001"}
    refs |= {name: _ref(service, t.checks, check) for name, check in service.checks.items()}
    with service.database.read(Access.system()) as connection:
        refs["pupil"] = connection.execute(select(t.pupils.c.ref).limit(1)).scalar_one()
    described, found = service.app.openapi()["paths"], []
    for route in routes_of(service.app):
        if "GET" in route.methods and route.permissions and set(re.findall(r"{(\w+)", route.path)) <= set(refs):
            path = re.sub(r"{(\w+)[^}]*}", lambda match: refs[match[1]], route.path)
            answers = described.get(route.path, {}).get("get", {}).get("responses", {}).get("200", {})
            forms = [JSON, *(form for form in OTHERS if form in answers.get("content", {}))]
            if not path.startswith(SELF_CHANGING):
                found.append((path, set(route.permissions), forms))
    return found


def _ref(service: Any, table: Any, key: int) -> str:
    with service.database.read(Access.system()) as connection:
        return str(connection.execute(select(table.c.ref).where(table.c.id == key)).scalar_one())


def answers(service: Any, who: str, asked: Any = None) -> dict[tuple[str, str], str]:
    """What somebody is told at every address that they may read, in every form of it, without what changes anyway."""
    readable = [(path, forms) for path, permissions, forms in addresses(service) if permissions <= ROLES[who]]
    found = {}
    for path, accepted in asked or [(path, form) for path, forms in readable for form in forms]:
        answer = service.as_(who).get(path, headers={"accept": accepted}, follow_redirects=False)
        assert answer.status_code < 500, (who, path)
        if accepted == JSON or answer.headers.get("content-type", "").startswith(accepted):
            found[path, accepted] = CHANGING.sub("*", said(answer))
    return found


def said(answer: Any) -> str:
    """The text of an answer; of a workbook, that of its sheets."""
    if not answer.content.startswith(b"PK"):
        return str(answer.text)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        return "\n".join(book.read(name).decode() for name in book.namelist() if name.startswith("xl/"))


def test_what_a_caller_may_not_see_changes_nothing_that_they_are_told(told: Any) -> None:
    before = {who: answers(told, who) for who in CALLERS}
    for who, found in before.items():  # or nothing was tested
        register = next(text for (path, _), text in found.items() if path.endswith("/register"))
        assert register.count('"pupil-') >= PUPILS, who
    everything = set(VIEWS["full"]) | {"monitoring"}
    for view in ("support", "school"):
        change(told, everything - VIEWS[view] - (everything - VIEWS["support"] if view == "school" else set()))
        for who, of_view in CALLERS.items():
            if VIEWS[of_view] <= VIEWS[view]:
                assert differing(before[who], answers(told, who, before[who])) == [], who
        assert differing(before["analyst"], answers(told, "analyst", before["analyst"])) != []  # or nothing was tested
    assert differing(before["careers"], answers(told, "careers", before["careers"])) != []


def differing(before: dict[tuple[str, str], str], after: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
    return [address for address, text in before.items() if after[address] != text]
