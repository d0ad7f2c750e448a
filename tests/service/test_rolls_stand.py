"""What a school said stands until somebody says otherwise: in every check, beside other schools, and once more."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from service import tables as t
from service.access import Access
from tests.service.council_lists import decide, listed, live_list, to_resolve
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


@pytest.mark.parametrize("decision", ["on_roll", "died"])
def test_who_is_said_to_have_died_and_is_on_roll_is_for_a_person_to_settle(
    sqlite_service, november, january, decision
) -> None:
    """A stale file brings nobody back by itself, and a mistake loses nobody for good."""
    leave(sqlite_service, january, [pupil(number) for number in (7, 8, 9)], 10, to="died")
    everybody = [pupil(number) for number in (7, 8, 9, 10)]
    assert confirmed(sqlite_service, january, everybody)["to_resolve"] == {"died_on_roll": 1}
    assert "Surname10" not in lines(sqlite_service, january)
    (entry,) = to_resolve(sqlite_service)
    assert (entry["kind"], entry["decisions"]) == ("died_on_roll", ["died", "on_roll"])
    page = sqlite_service.browser("analyst").get(f"/resolutions/{entry['ref']}")
    assert (page.status_code, "The pupil has died: the roll is wrong" in page.text) == (200, True)
    assert decide(sqlite_service, entry, decision=decision, reason="Asked the school").status_code == 200
    for check in (november, january):
        assert ("Surname10" in lines(sqlite_service, check)) is (decision == "on_roll")
        assert is_reproduced(sqlite_service, check)
    assert to_resolve(sqlite_service) == []


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


def test_what_was_worked_out_from_a_value_falls_with_it(sqlite_service, january) -> None:
    rows = [pupil(number) for number in (7, 8, 9)]
    upload = staged(sqlite_service, january, [*rows, pupil(10, SEN=None)])
    upload = change(sqlite_service, upload, answers={"would_fall:sen_provision": "right"})
    assert confirm(sqlite_service, upload).status_code == 200
    url = f"/v1/checks/{january}/pupils/{ref_of(sqlite_service, 10)}"
    said = {item["field"]: item["value"] for item in sqlite_service.as_("analyst").get(url).json()["values"]}
    assert (said["sen_support"], said["ehcp"], said.get("sen_provision")) == (False, False, "N")
    again = staged(sqlite_service, january, [*rows, pupil(10, SEN=None, Surname="Another")])
    assert [item["id"] for item in again["questions"] if item["id"].startswith("would_fall")] == []


def test_a_later_council_list_changes_no_check_that_is_closed(sqlite_service, november) -> None:
    live_list(sqlite_service, listed(9))
    seen = sqlite_service.as_("analyst").get(f"/v1/checks/{november}").headers["etag"]
    url = f"/v1/checks/{november}"
    closed = sqlite_service.as_("analyst").patch(url, json={"closed": True}, headers={"if-match": seen})
    assert closed.status_code == 200, closed.text
    live_list(sqlite_service, listed(10))
    assert is_reproduced(sqlite_service, november)
    found = lines(sqlite_service, november)
    assert ("looked after" in found["Surname9"]["why"], "looked after" in found["Surname10"]["why"]) == (True, False)
    january = open_check(sqlite_service, JANUARY)
    confirmed(sqlite_service, january, [pupil(number) for number in (7, 8, 9, 10)])
    now = lines(sqlite_service, january)
    assert ("looked after" in now["Surname9"]["why"], "looked after" in now["Surname10"]["why"]) == (False, True)


# --- who reads on ----------------------------------------------------------------------------------------------------


def move(service: Any, january: str) -> None:
    """Pupil 10 leaves the first school for the second, which lists the pupil."""
    leave(service, january, [pupil(number) for number in (7, 8, 9)], 10, to="school", school="100002")
    assert "Surname10" in lines(service, january, "careers")  # until another school has the pupil
    confirmed(service, january, [pupil(10, SEN="E"), pupil(21)], "returns2")
    publish(service, january)


def test_what_another_school_says_of_a_pupil_who_moved_there_is_not_for_the_school_before(service) -> None:
    november = open_check(service)
    confirmed(service, november, [pupil(number) for number in (7, 8, 9, 10)])
    publish(service, november)
    january = open_check(service, JANUARY)
    move(service, january)
    moved = ref_of(service, 10)
    for who in ("returns", "careers"):
        assert set(lines(service, january, who)) == {"Surname7", "Surname8", "Surname9"}
        assert service.as_(who).get(f"/v1/checks/{january}/pupils/{moved}").status_code == 404
        assert service.as_(who).get(f"/v1/pupils/{moved}/history").status_code == 404
    assert "EHC plan" in lines(service, january, "returns2")["Surname10"]["why"]
    assert {"Surname10"} <= set(lines(service, january, "coach"))  # who helps a pupil does so wherever they are
    back = [pupil(number) for number in (7, 8, 9, 10)]
    confirmed(service, january, back)
    assert "Surname10" in lines(service, january, "careers")


def test_nobody_learns_how_many_there_are_of_whom_they_read_few(sqlite_service, november) -> None:
    publish(sqlite_service, november)
    heads = {
        who: sqlite_service.as_(who).get(f"/v1/checks/{november}/register").json() for who in ("coach", "coach_own")
    }
    assert any("each of 4 pupils" in note for note in heads["coach"]["notes"])
    assert heads["coach_own"]["notes"] == []
    assert sqlite_service.as_("virtual_school").get(f"/v1/checks/{november}/register").json()["notes"] == []


def test_problems_stay_visible_after_the_roll_was_confirmed(sqlite_service) -> None:
    check = open_check(sqlite_service)
    upload = staged(sqlite_service, check, [pupil(1, **{"Attendance %": "often"}), pupil(2)])
    url = f"/v1/uploads/{upload['ref']}/problems"
    before = sqlite_service.as_("returns").get(url).json()["items"]
    assert confirm(sqlite_service, upload).status_code == 200
    assert sqlite_service.as_("returns").get(url).json()["items"] == before != []
    assert "often" not in str(before)
