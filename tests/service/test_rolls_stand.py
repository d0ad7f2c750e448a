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


# --- what is known of a pupil counts in every check ------------------------------------------------------------------


@pytest.fixture
def january(sqlite_service, november) -> str:
    publish(sqlite_service, november)
    return open_check(sqlite_service, JANUARY)


def test_who_has_died_stands_in_no_list_of_any_check(sqlite_service, november, january) -> None:
    leave(sqlite_service, january, [pupil(number) for number in (7, 8, 9)], 10, to="died")
    for check in (november, january):
        assert set(lines(sqlite_service, check)) == {"Surname7", "Surname8", "Surname9"}
        assert is_reproduced(sqlite_service, check)


def test_why_a_coach_was_given_is_kept_when_the_pupil_has_died(sqlite_service, january) -> None:
    with sqlite_service.database.write() as connection:
        number = connection.execute(select(t.pupils.c.id).where(t.pupils.c.upn == upn(10))).scalar_one()
        coach, by = sqlite_service.people["coach"], sqlite_service.people["analyst"]
        given = {"pupil_id": number, "coach_id": coach, "by_id": by, "reason": "asked for"}
        connection.execute(t.assignments.insert().values(**given))
    leave(sqlite_service, january, [pupil(number) for number in (7, 8, 9)], 10, to="died")
    with sqlite_service.database.read() as connection:
        row = connection.execute(select(t.assignments)).one()
    assert (row.reason, row.ended_reason, row.ended_at is None) == ("asked for", "died", False)


def test_what_is_restricted_now_is_shown_in_no_check(sqlite_service, november, january) -> None:
    rows = [pupil(number, Restricted_sharing="Y" if number == 10 else "N") for number in (7, 8, 9, 10)]
    confirmed(sqlite_service, january, rows)
    for check in (november, january):
        line = lines(sqlite_service, check)["Surname10"]
        assert (line["section"], "reasons" in line) == ("restricted", False)
        assert is_reproduced(sqlite_service, check)


def test_another_identifier_changes_no_earlier_register(sqlite_service, november, january) -> None:
    rows = [pupil(number) for number in (7, 8, 9)]
    confirmed(sqlite_service, january, [*rows, {**pupil(10), "UPN": upn(77), "Former UPN": upn(10)}])
    assert is_reproduced(sqlite_service, november)
    assert is_reproduced(sqlite_service, january)


def test_a_late_return_of_the_earlier_check_says_what_changed_since(sqlite_service) -> None:
    november, january = open_check(sqlite_service), open_check(sqlite_service, JANUARY)
    confirmed(sqlite_service, january, [pupil(10), pupil(11)])
    assert lines(sqlite_service, january)["Surname10"]["change"]["kind"] == "no earlier return"
    confirmed(sqlite_service, november, [pupil(10)])
    found = lines(sqlite_service, january)
    assert (found["Surname10"]["change"]["kind"], found["Surname11"]["change"]["kind"]) == ("unchanged", "new")
    assert is_reproduced(sqlite_service, january)


@pytest.mark.parametrize("says", [{}, {"Restricted_sharing": "N"}])
def test_another_school_does_not_lift_a_restriction(service, says) -> None:
    check = open_check(service)
    restricted = pupil(1, Restricted_sharing="Y")
    confirmed(service, check, [restricted, pupil(2, Restricted_sharing="N")])
    confirmed(service, check, [pupil(1, **{**says, "SEN": "E"}), pupil(21, **says)], "returns2")
    assert lines(service, check)["Surname1"]["section"] == "restricted"
    with service.database.read() as connection:
        records = connection.execute(select(t.roll_pupils.c.record).join(t.pupils).where(t.pupils.c.upn == upn(1)))
        assert all("sen_provision" not in record["values"] for (record,) in records)


def test_the_school_itself_lifts_it(sqlite_service) -> None:
    check = open_check(sqlite_service)
    confirmed(sqlite_service, check, [pupil(1, Restricted_sharing="Y"), pupil(2, Restricted_sharing="N")])
    confirmed(sqlite_service, check, [pupil(number, Restricted_sharing="N") for number in (1, 2)])
    assert lines(sqlite_service, check)["Surname1"]["section"] == "ranked"
