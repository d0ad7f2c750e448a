"""What a school said stands until somebody says otherwise: in every check, beside other schools, and once more."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from service import tables as t
from service.access import Access
from tests.service.uploading import (
    CONFIRM,
    GONE,
    JANUARY,
    change,
    confirm,
    confirmed,
    open_check,
    pupil,
    send,
    staged,
    upn,
)


@pytest.fixture
def november(sqlite_service) -> str:
    """A check of one school with four pupils, whose registers schools may read."""
    check = open_check(sqlite_service)
    confirmed(sqlite_service, check, [pupil(number) for number in (7, 8, 9, 10)])
    return check


def ref_of(service: Any, number: int) -> str:
    with service.database.read(Access.system()) as connection:
        return str(connection.execute(select(t.pupils.c.ref).where(t.pupils.c.upn == upn(number))).scalar_one())


def publish(service: Any, check: str) -> None:
    for stage in ("moderated", "published"):
        seen = service.as_("analyst").get(f"/v1/checks/{check}").headers["etag"]
        done = service.as_("analyst").patch(f"/v1/checks/{check}", json={"stage": stage}, headers={"if-match": seen})
        assert done.status_code == 200, done.text


def lines(service: Any, check: str, who: str = "analyst") -> dict[str, Any]:
    """The lines of a register by surname."""
    answer = service.as_(who).get(f"/v1/checks/{check}/register")
    assert answer.status_code == 200, answer.text
    return {line["surname"]: line for line in answer.json()["items"]}


def is_reproduced(service: Any, check: str) -> bool:
    return bool(service.as_("analyst").get(f"/v1/checks/{check}/register/verification").json()["same"])


def leave(service: Any, check: str, rows: list[dict[str, Any]], number: int, **said: Any) -> None:
    upload = change(service, staged(service, check, rows), leavers={ref_of(service, number): {**GONE, **said}})
    assert confirm(service, upload).status_code == 200


def reconfirm(service: Any, check: str, **more: Any) -> Any:
    url = f"/v1/checks/{check}/schools/100001/reconfirmation"
    return service.as_("returns").post(url, json={**CONFIRM, **more})


# --- once more, in the same check -------------------------------------------------------------------------------------


def test_naming_a_leaver_afterwards_loses_nothing_of_those_who_stay(sqlite_service, november) -> None:
    """The roll of this very check stands as it is: attendance is of its own period, not of one before."""
    before = lines(sqlite_service, november)
    answer = reconfirm(sqlite_service, november, leavers={ref_of(sqlite_service, 10): GONE})
    assert (answer.json()["changed"], answer.json()["receipt"]["left"]) == (True, 1)
    after = lines(sqlite_service, november)
    assert after["Surname10"]["section"] == "left"
    for name in ("Surname7", "Surname8", "Surname9"):
        assert "attendance" in before[name]["why"]
        assert {**after[name], "rank": 0} == {**before[name], "rank": 0}
    assert is_reproduced(sqlite_service, november)


@pytest.mark.parametrize("to", ["other_authority", "died"])
def test_naming_the_same_leaver_again_changes_nothing(sqlite_service, november, to) -> None:
    leavers = {ref_of(sqlite_service, 10): {**GONE, "to": to}}
    first = reconfirm(sqlite_service, november, leavers=leavers).json()
    again = reconfirm(sqlite_service, november, leavers=leavers).json()
    assert (first["changed"], again["changed"]) == (True, False)
    assert again["receipt"] == first["receipt"]


def test_a_roll_that_was_confirmed_once_more_keeps_its_file(sqlite_service, november) -> None:
    first = sqlite_service.as_("analyst").get(f"/v1/checks/{november}/register").json()["files"]
    reconfirm(sqlite_service, november, leavers={ref_of(sqlite_service, 10): GONE})
    again = sqlite_service.as_("analyst").get(f"/v1/checks/{november}/register").json()["files"]
    assert [(file["file"], file["digest"]) for file in again] == [(file["file"], file["digest"]) for file in first]
